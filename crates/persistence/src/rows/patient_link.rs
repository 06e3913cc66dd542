//! A link that lets a caregiver or guardian reach a patient.

use chrono::NaiveDate;
use kernel::Reach;
use patients::model::PatientLink;
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
        }
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
