//! The appointments of the demo company: booked, and for some confirmed or cancelled.

use chrono::{DateTime, Duration, Utc};
use kernel::ids::{AppointmentId, PatientId};
use kernel::unheard;
use scheduling::model::requested_start::RequestedStart;
use scheduling::model::words::Note;
use scheduling::usecase::{Book, CancelAppointment, ConfirmAppointment, book, cancel_appointment, confirm_appointment};

use super::agenda::{Fate, Plan};
use super::company::Company;
use super::error::{At, DemoError};
use super::offers::Opened;
use super::staff::PRACTICES;
use super::stage::{Stage, permit};

/// A booked appointment that has something before it.
struct Booked {
    id: AppointmentId,
    start: DateTime<Utc>,
    fate: Fate,
}

/// Books all plans at the stage's present time, then lets each meet its fate a day before it starts, at the latest `now`.
pub(super) async fn book_all(
    stage: &Stage,
    company: &Company,
    opened: &Opened,
    patients: &[PatientId],
    plans: &[Plan],
    now: DateTime<Utc>,
) -> Result<(), DemoError> {
    let mut all = Vec::with_capacity(plans.len());
    for plan in plans {
        let ask = ask(company, opened, patients, plan)?;
        let appointment = book(&stage.scheduling, &permit(company.tenant), ask, unheard).await.at("book")?;
        let parts = appointment.value().parts();
        all.push(Booked { id: parts.id, start: parts.interval.start(), fate: plan.fate });
    }
    all.sort_by_key(|booked| booked.start);
    for booked in &all {
        stage.clock.set(now.min(booked.start - Duration::days(1)));
        meet(stage, company, booked).await?;
    }
    Ok(())
}

async fn meet(stage: &Stage, company: &Company, booked: &Booked) -> Result<(), DemoError> {
    let permit = permit(company.tenant);
    match booked.fate {
        Fate::Booked => {}
        Fate::Confirmed => {
            let ask = ConfirmAppointment { appointment_id: booked.id, seen_version: None };
            drop(confirm_appointment(&stage.scheduling, &permit, ask, unheard).await.at("confirm")?);
        }
        Fate::Cancelled => {
            let ask = CancelAppointment {
                appointment_id: booked.id,
                seen_version: None,
                requested_by: None,
                reason_code: None,
                reason: Some(Note::parse("Paciente pediu para desmarcar.").at("read a reason")?),
            };
            drop(cancel_appointment(&stage.scheduling, &permit, ask, unheard).await.at("cancel")?);
        }
    }
    Ok(())
}

fn ask(company: &Company, opened: &Opened, patients: &[PatientId], plan: &Plan) -> Result<Book, DemoError> {
    let practice = PRACTICES.get(plan.practice).at("find a practice")?;
    let offer = practice.usual_offer().at("find an offer")?;
    Ok(Book {
        service_id: opened.services.get(offer.name).copied().at("find a service")?,
        practitioner_id: Some(opened.practitioners.get(plan.practice).copied().at("find a practitioner")?),
        patient_id: patients.get(plan.person).copied().at("find a patient")?,
        clinic_id: Some(company.clinic(practice.town)),
        start: RequestedStart::Local { local: plan.date.and_time(plan.time), utc_offset: None },
        beneficiary_id: None,
        reason: None,
        notes: None,
        origin: None,
        overbooking: None,
    })
}
