//! A time that is taken in one agenda (B1).

use chrono::{DateTime, Utc};
use kernel::Reach;
use scheduling::model::appointment::Appointment;
use scheduling::model::claim::Claim;
use scheduling::ports::Firmness;
use sea_orm::Condition;
use sea_orm::entity::prelude::*;

use crate::reach::{Reachable, Reaching};

/// A row of `busy`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "busy")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub appointment_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub resource_id: Uuid,
    pub session_id: Uuid,
    pub seat: i32,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// It excludes others.
    pub active: bool,
    /// It excludes nobody and still shows.
    pub overbooked: bool,
}

/// Foreign keys live in the schema.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Whose time it is would tell of patients: only the whole company may look; decisions do so by a query of their own.
impl Reachable for Entity {
    fn tenant() -> Option<Column> {
        Some(Column::TenantId)
    }

    fn reach(reaching: &Reaching) -> Condition {
        match reaching.reach {
            Reach::Company => Condition::all(),
            _ => Condition::all().add(Column::Seat.lt(0)),
        }
    }
}

impl Model {
    /// The rows of an appointment.
    pub fn all_of(appointment: &Appointment, firmness: Firmness, tenant: Uuid) -> Vec<Self> {
        let holds = appointment.parts().status.is_active();
        let row = |claim: Claim| Self {
            tenant_id: tenant,
            appointment_id: appointment.parts().id.uuid(),
            resource_id: claim.claimed.uuid(),
            session_id: claim.seating_id.uuid(),
            seat: i32::try_from(claim.seat).unwrap_or(i32::MAX),
            starts_at: claim.span.start(),
            ends_at: claim.span.end(),
            active: holds && firmness == Firmness::Exclusive,
            overbooked: holds && firmness == Firmness::Overbooked,
        };
        appointment.claims().into_iter().map(row).collect()
    }
}
