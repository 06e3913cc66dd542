//! A link that lets a caregiver or guardian reach a patient.

use chrono::NaiveDate;
use kernel::ids::{MembershipId, PatientId, PatientLinkId};
use kernel::{Reach, StoreError};
use patients::model::{Days, LinkKind, PatientLink};
use sea_orm::Condition;
use sea_orm::entity::prelude::*;

use super::patient::reached;
use crate::reach::{Reachable, Reaching};

/// A row of `patient_link`: valid from a day on, and until the day before another, in UTC.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "patient_link")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub membership_id: Uuid,
    pub patient_id: Uuid,
    pub kind: String,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub version: i64,
}

/// Foreign keys live in the schema.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The row of a link of this tenant.
    pub fn of(link: &PatientLink, tenant_id: Uuid) -> Self {
        Self {
            tenant_id,
            id: link.id().uuid(),
            membership_id: link.membership().uuid(),
            patient_id: link.patient().uuid(),
            kind: link.kind().as_str().to_owned(),
            valid_from: link.valid_from(),
            valid_to: link.valid_to(),
            version: link.version(),
        }
    }
}

impl TryFrom<Model> for PatientLink {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let kind = LinkKind::parse(&row.kind).ok_or_else(|| StoreError::broken("a link of no kind"))?;
        let who = (MembershipId::from_uuid(row.membership_id), PatientId::from_uuid(row.patient_id));
        let days = Days { from: row.valid_from, to: row.valid_to };
        Ok(Self::from_stored(PatientLinkId::from_uuid(row.id), who, kind, days, row.version))
    }
}

impl Reachable for Entity {
    fn tenant() -> Option<Column> {
        Some(Column::TenantId)
    }

    fn reach(reaching: &Reaching) -> Condition {
        match reaching.reach {
            Reach::Linked(membership) => Condition::all().add(Column::MembershipId.eq(membership.uuid())),
            _ => reached(reaching, &Expr::col((Entity, Column::PatientId))),
        }
    }
}
