//! Whose data a unit of work may touch, and how much of it.

use crate::idempotency::Claim;
use crate::ids::{MembershipId, PatientId, PractitionerId, TenantId};

/// How much of a company's personal data a caller reaches with one permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Everything of the company.
    Company,
    /// The practitioner's own agenda and the patients on it: an appointment that starts within the last 90 days or
    /// later and is neither cancelled nor entered in error.
    Agenda(PractitionerId),
    /// The patients linked to this membership today.
    Linked(MembershipId),
    /// The membership's own patient record.
    Own(PatientId),
    /// Nothing: the role's reach needs a practitioner or patient that the membership does not name.
    Nothing,
}

impl Reach {
    /// The practitioner that an `agenda` caller is confined to.
    pub fn practitioner(self) -> Option<PractitionerId> {
        match self {
            Self::Agenda(practitioner) => Some(practitioner),
            _ => None,
        }
    }

    /// True when the caller sees the whole company.
    pub fn is_company(self) -> bool {
        self == Self::Company
    }

    /// True for patients and caregivers, whom booking rules bind that staff may pass.
    pub fn is_patient_side(self) -> bool {
        matches!(self, Self::Linked(_) | Self::Own(_) | Self::Nothing)
    }
}

/// What a transaction opens with: one tenant, the caller's reach, and the idempotency key to claim first.
///
/// It can be had only from a [`crate::Permit`], so that nobody passes a tenant id by hand.
#[derive(Debug, Clone)]
pub struct TenantScope {
    tenant: TenantId,
    reach: Reach,
    claim: Option<Claim>,
}

impl TenantScope {
    pub(crate) fn new(tenant: TenantId, reach: Reach, claim: Option<Claim>) -> Self {
        Self { tenant, reach, claim }
    }

    /// The company.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// How much of it.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// The idempotency key of the request, when it has one.
    pub fn claim(&self) -> Option<&Claim> {
        self.claim.as_ref()
    }
}
