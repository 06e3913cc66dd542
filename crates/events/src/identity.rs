//! Events of identity: companies, clinics and the people who work there.

use kernel::ids::{AccountId, MembershipId, TenantId};
use kernel::{Entity, EventPayload};
use serde::Serialize;

/// A company was founded, with its first clinic and its admin.
#[derive(Debug, Clone, Serialize)]
pub struct CompanyFounded {
    /// The company.
    pub company_id: TenantId,
    /// Its first admin.
    pub membership_id: MembershipId,
    /// The admin's account.
    pub account_id: AccountId,
}

impl EventPayload for CompanyFounded {
    const KIND: &'static str = "identity.company_founded";
    fn aggregate(&self) -> Entity {
        Entity::of(self.company_id)
    }
    fn version(&self) -> i64 {
        1
    }
}
