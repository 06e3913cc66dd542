//! `GET /api/v1/appointments`

use chrono::{DateTime, Utc};
use kernel::Start;
use kernel::ids::{ClinicId, PatientId, PractitionerId};
use scheduling::Scheduling;
use scheduling::permission::AppointmentsRead;
use scheduling::ports::{AppointmentKey, AppointmentList, AppointmentSort};
use scheduling::usecase;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::Env;
use crate::wire::scheduling::{AppointmentPage, AppointmentStatus, AppointmentWire};
use crate::{FromJson, FromQuery, Guard, PageParams, Params, Problem, Read, operation};

/// The order of appointments; `-` turns it round
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, FromJson, ToSchema)]
pub enum AppointmentOrder {
    /// By start.
    #[serde(rename = "start")]
    Start,
    /// By start, last first.
    #[serde(rename = "-start")]
    StartDescending,
}

/// Which appointments
#[derive(Debug, FromQuery)]
pub struct AppointmentFilter {
    /// Those that end after this instant.
    from: Option<DateTime<Utc>>,
    /// Those that start before this instant.
    to: Option<DateTime<Utc>>,
    /// With this practitioner.
    practitioner_id: Option<PractitionerId>,
    /// Of this patient.
    patient_id: Option<PatientId>,
    /// In this clinic.
    clinic_id: Option<ClinicId>,
    /// In one of these states.
    status: Vec<AppointmentStatus>,
    /// The order.
    sort: Option<AppointmentOrder>,
    #[query(flatten)]
    page: PageParams,
}

/// List appointments
///
/// All within the caller's reach.
#[operation]
pub async fn list_appointments(
    guard: Guard<AppointmentsRead>,
    scheduling: Env<Scheduling>,
    params: Params<AppointmentFilter>,
) -> Result<Read<AppointmentPage>, Problem> {
    let ask = params.0.ask()?;
    let page = usecase::list_appointments(&scheduling, &guard.reading(), &ask).await?;
    Ok(Read::page(page, |appointment| AppointmentWire::from(&appointment)))
}

impl AppointmentFilter {
    fn ask(self) -> Result<AppointmentList, Problem> {
        let page = self.page.ask::<AppointmentKey>()?;
        // A made-up key may lie beyond what a database can compare with.
        if matches!(&page.start, Start::After(key) if !(0..=253_402_300_799).contains(&key.at.timestamp())) {
            return Err(Problem::invalid_at("cursor", "invalid_cursor"));
        }
        Ok(AppointmentList {
            from: self.from,
            to: self.to,
            practitioner_id: self.practitioner_id,
            patient_id: self.patient_id,
            clinic_id: self.clinic_id,
            statuses: self.status.into_iter().map(|status| status.0).collect(),
            sort: match self.sort {
                None | Some(AppointmentOrder::Start) => AppointmentSort::Start,
                Some(AppointmentOrder::StartDescending) => AppointmentSort::StartDescending,
            },
            page,
        })
    }
}
