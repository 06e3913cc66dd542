//! An override of a date, or a leave.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::StoreError;
use kernel::ids::{ClinicId, PractitionerId, ScheduleExceptionId};
use scheduling::model::availability::{Effect, ScheduleException};
use scheduling::model::interval::Interval;
use scheduling::model::weekly::DayWindow;
use scheduling::model::words::Note;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{from_json, to_json, unreadable};
use crate::reach::Unrestricted;

/// A row of `schedule_exception`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schedule_exception")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub practitioner_id: Uuid,
    pub kind: String,
    pub clinic_id: Option<Uuid>,
    pub on_date: Option<NaiveDate>,
    #[sea_orm(column_type = "JsonBinary")]
    pub windows: Option<Json>,
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: Option<DateTime<Utc>>,
    pub note: Option<String>,
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

/// One window of a date as it is stored.
#[derive(Serialize, Deserialize)]
pub struct StoredDayWindow {
    start: String,
    end: String,
}

impl Model {
    /// The row of an exception.
    pub fn of(practitioner: PractitionerId, one: &ScheduleException, tenant: Uuid) -> Result<Self, StoreError> {
        let mut row = Self {
            tenant_id: tenant,
            id: one.id.uuid(),
            practitioner_id: practitioner.uuid(),
            kind: one.effect.kind().to_owned(),
            clinic_id: None,
            on_date: None,
            windows: None,
            starts_at: None,
            ends_at: None,
            note: one.note.as_ref().map(|note| note.expose().to_owned()),
        };
        match &one.effect {
            Effect::Override { clinic_id, date, windows } => {
                let stored =
                    |one: &DayWindow| StoredDayWindow { start: one.start().to_string(), end: one.end().to_string() };
                row.clinic_id = Some(clinic_id.uuid());
                row.on_date = Some(*date);
                row.windows = Some(to_json(&windows.iter().map(stored).collect::<Vec<_>>())?);
            }
            Effect::Leave(interval) => {
                row.starts_at = Some(interval.start());
                row.ends_at = Some(interval.end());
            }
        }
        Ok(row)
    }
}

impl TryFrom<Model> for ScheduleException {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let effect = match (row.clinic_id, row.on_date, row.windows, row.starts_at.zip(row.ends_at)) {
            (Some(clinic), Some(date), Some(windows), _) => Effect::Override {
                clinic_id: ClinicId::from_uuid(clinic),
                date,
                windows: day_windows(from_json(windows)?)?,
            },
            (.., Some((start, end))) => Effect::Leave(Interval::between(start, end).ok_or_else(unreadable)?),
            _ => return Err(unreadable()),
        };
        let note = row.note.map(|note| Note::parse(&note).ok().ok_or_else(unreadable)).transpose()?;
        Ok(Self { id: ScheduleExceptionId::from_uuid(row.id), effect, note })
    }
}

/// The windows that were stored for a date.
pub fn day_windows(stored: Vec<StoredDayWindow>) -> Result<Vec<DayWindow>, StoreError> {
    stored.into_iter().map(|one| DayWindow::parse(&one.start, &one.end).map_err(StoreError::broken)).collect()
}
