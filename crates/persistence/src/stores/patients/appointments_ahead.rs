//! Appointments that are still to come, and calling them off for a patient who is archived (PT10).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::ids::{AppointmentId, MembershipId, PatientId, PractitionerId};
use kernel::{Change, StoreError};
use patients::model::AppointmentAhead;
use patients::ports::{CancelAppointments, CancelledAppointment};
use scheduling::model::appointment::{Appointment, CancelAsk, Outcome, RequestedBy};
use scheduling::model::status::{AppointmentStatus, Step};
use scheduling::model::words::Label;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ExprTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::SeaTx;
use crate::rows::scheduling::{appointment, busy};

/// The states in which an appointment may still take place or is going on.
const OPEN: [AppointmentStatus; 5] = [
    AppointmentStatus::Requested,
    AppointmentStatus::Booked,
    AppointmentStatus::Confirmed,
    AppointmentStatus::CheckedIn,
    AppointmentStatus::InProgress,
];

/// Those of the patient and for the patient that have not ended, by their start.
pub(super) async fn list(
    tx: &SeaTx,
    patient: PatientId,
    now: DateTime<Utc>,
) -> Result<Vec<AppointmentAhead>, StoreError> {
    use appointment::Column;
    let of_patient =
        Condition::any().add(Column::PatientId.eq(patient.uuid())).add(Column::BeneficiaryId.eq(patient.uuid()));
    let select = tx
        .select::<appointment::Entity>()
        .filter(of_patient)
        .filter(Column::EndsAt.gt(now))
        .filter(Column::Status.is_in(OPEN.map(AppointmentStatus::as_str)))
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Id);
    let rows = tx.all(select).await?;
    let mut agendas: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    if !rows.is_empty() {
        let select =
            tx.select::<busy::Entity>().filter(busy::Column::AppointmentId.is_in(rows.iter().map(|row| row.id)));
        for taken in tx.all(select).await? {
            agendas.entry(taken.appointment_id).or_default().push(taken.resource_id);
        }
    }
    rows.into_iter().map(|row| ahead(&row, agendas.remove(&row.id).unwrap_or_default())).collect()
}

fn ahead(row: &appointment::Model, agendas: Vec<Uuid>) -> Result<AppointmentAhead, StoreError> {
    let status = AppointmentStatus::parse(&row.status);
    let status = status.ok_or_else(|| StoreError::broken("an appointment in no state"))?;
    Ok(AppointmentAhead {
        id: AppointmentId::from_uuid(row.id),
        start: row.starts_at,
        end: row.ends_at,
        status: status.as_str(),
        practitioner: PractitionerId::from_uuid(row.practitioner_id),
        patient: PatientId::from_uuid(row.patient_id),
        can_be_cancelled: status.may(Step::Cancel, AppointmentStatus::Cancelled),
        agendas,
    })
}

/// Each as a cancellation by the clinic decides it, all in two statements.
pub(super) async fn cancel(tx: &SeaTx, ask: &CancelAppointments<'_>) -> Result<Vec<CancelledAppointment>, StoreError> {
    use appointment::Column;
    if ask.appointments.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = ask.appointments.iter().map(|one| one.id.uuid()).collect();
    let select = tx.select::<appointment::Entity>().filter(Column::Id.is_in(ids.clone()));
    let rows = tx.all(select.order_by_asc(Column::StartsAt).order_by_asc(Column::Id).lock_exclusive()).await?;
    let reason = Label::parse(ask.reason_code).map_err(StoreError::broken)?;
    let cancelled: Vec<CancelledAppointment> =
        rows.into_iter().map(|row| called_off(&row.try_into()?, ask, &reason)).collect::<Result<_, _>>()?;
    if cancelled.len() != ids.len() {
        return Err(StoreError::Contended);
    }
    let update = tx
        .update_where::<appointment::Entity>()
        .col_expr(Column::Status, Expr::val(AppointmentStatus::Cancelled.as_str()))
        .col_expr(Column::CancelledFor, Expr::val(RequestedBy::Clinic.as_str()))
        .col_expr(Column::CancelledBy, Expr::val(ask.by.map(MembershipId::uuid)))
        .col_expr(Column::CancelledAt, Expr::val(ask.at))
        .col_expr(Column::CancellationCode, Expr::val(reason.as_str()))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, Expr::val(ask.at))
        .filter(Column::Id.is_in(ids.clone()));
    tx.exec(update).await?;
    let free = tx
        .update_where::<busy::Entity>()
        .col_expr(busy::Column::Active, Expr::val(false))
        .col_expr(busy::Column::Overbooked, Expr::val(false))
        .filter(busy::Column::AppointmentId.is_in(ids));
    tx.exec(free).await?;
    Ok(cancelled)
}

fn called_off(
    before: &Appointment,
    ask: &CancelAppointments<'_>,
    reason: &Label,
) -> Result<CancelledAppointment, StoreError> {
    let words =
        CancelAsk { requested_by: RequestedBy::Clinic, by: ask.by, reason_code: Some(reason.clone()), reason: None };
    match before.cancel(words, ask.at) {
        Ok(Outcome::Changed(after)) => Ok(CancelledAppointment {
            change: Change::updated(after.parts().id, after.parts().version, &before.facts(), &after.facts()),
            state: after.state(),
        }),
        // It went on since it was listed.
        _ => Err(StoreError::Contended),
    }
}
