//! Weekly windows of one practitioner in one clinic.

use chrono::NaiveDate;
use kernel::StoreError;
use kernel::ids::{ClinicId, PractitionerId, ScheduleId};
use scheduling::model::weekly::{DayWindow, WeeklySchedule, WeeklyWindow, parse_weekday, weekday_name};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{from_json, to_json, unreadable};
use crate::reach::Unrestricted;

/// A row of `schedule`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schedule")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub practitioner_id: Uuid,
    pub clinic_id: Uuid,
    #[sea_orm(column_type = "JsonBinary")]
    pub weekly: Json,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
}

/// Foreign keys live in the schema.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unrestricted for Entity {
    fn tenant_column() -> Option<Column> {
        Some(Column::TenantId)
    }
}

/// One weekly window as it is stored.
#[derive(Serialize, Deserialize)]
pub struct StoredWindow {
    weekday: String,
    start: String,
    end: String,
}

impl Model {
    /// The row of a schedule.
    pub fn of(
        practitioner: PractitionerId,
        id: ScheduleId,
        schedule: &WeeklySchedule,
        tenant: Uuid,
    ) -> Result<Self, StoreError> {
        let stored = |one: &WeeklyWindow| StoredWindow {
            weekday: weekday_name(one.weekday).to_owned(),
            start: one.window.start().to_string(),
            end: one.window.end().to_string(),
        };
        let weekly: Vec<StoredWindow> = schedule.windows().iter().map(stored).collect();
        Ok(Self {
            tenant_id: tenant,
            id: id.uuid(),
            practitioner_id: practitioner.uuid(),
            clinic_id: schedule.clinic_id().uuid(),
            weekly: to_json(&weekly)?,
            valid_from: schedule.valid_from(),
            valid_to: schedule.valid_to(),
        })
    }
}

impl TryFrom<Model> for (ScheduleId, WeeklySchedule) {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let weekly = from_json(row.weekly)?;
        let schedule = schedule(ClinicId::from_uuid(row.clinic_id), weekly, row.valid_from, row.valid_to)?;
        Ok((ScheduleId::from_uuid(row.id), schedule))
    }
}

/// The schedule of stored windows.
pub fn schedule(
    clinic: ClinicId,
    weekly: Vec<StoredWindow>,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
) -> Result<WeeklySchedule, StoreError> {
    let window = |one: StoredWindow| {
        let window = DayWindow::parse(&one.start, &one.end).ok()?;
        parse_weekday(&one.weekday).map(|weekday| WeeklyWindow { weekday, window })
    };
    let windows: Option<Vec<WeeklyWindow>> = weekly.into_iter().map(window).collect();
    WeeklySchedule::try_new(clinic, windows.ok_or_else(unreadable)?, valid_from, valid_to).map_err(StoreError::broken)
}
