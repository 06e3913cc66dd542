//! Booking an appointment (B1 to B4, B13).

use chrono::{DateTime, TimeDelta, Utc};
use events::scheduling::AppointmentBooked;
use kernel::ids::{ClinicId, PatientId, PractitionerId, ServiceId};
use kernel::{Change, Committed, Fault, Permit, Reach, Reply, StoreError, commit, unit_of_work};

use super::book_refused::BookError;
use crate::Scheduling;
use crate::model::appointment::{Appointment, BookingAsk, book as booked};
use crate::model::claim::Claimed;
use crate::model::interval::Interval;
use crate::model::overbook::overbook;
use crate::model::placement::{Placement, Slot};
use crate::model::pool;
use crate::model::reason::Reason;
use crate::model::requested_start::RequestedStart;
use crate::model::situation::{Agendas, Situation, StartRefused, possible_starts};
use crate::model::slots::{Audience, list_slots};
use crate::model::words::{BookingOrigin, Note};
use crate::permission::{AppointmentsOverride, AppointmentsWrite, audience};
use crate::ports::{BUSY_NO_OVERLAP, BUSY_SEAT_ONCE, Detail, Firmness, SchedulingTx, SituationAsk, Who};

/// How many other slots a refusal names (B2).
const ALTERNATIVES: usize = 3;
/// How far after the wanted start they may lie.
const ALTERNATIVES_WITHIN: TimeDelta = TimeDelta::days(7);
/// How far around the wanted start the load of a pool is looked at: no window is longer.
const POOL_AROUND: TimeDelta = TimeDelta::hours(24);

/// What to book.
#[derive(Clone, Debug)]
pub struct Book {
    /// The service.
    pub service_id: ServiceId,
    /// With whom; nothing for anyone who gives the service (A7).
    pub practitioner_id: Option<PractitionerId>,
    /// Who comes.
    pub patient_id: PatientId,
    /// Where; nothing for wherever a window holds it.
    pub clinic_id: Option<ClinicId>,
    /// When.
    pub start: RequestedStart,
    /// For whom it is, where that is someone else.
    pub beneficiary_id: Option<PatientId>,
    /// Why the patient comes.
    pub reason: Option<Note>,
    /// Notes of the clinic; not for patients to write.
    pub notes: Option<Note>,
    /// Where the booking comes from; nothing for the side that the caller is on. Patients cannot book as staff.
    pub origin: Option<BookingOrigin>,
    /// In spite of a refusal (B13).
    pub overbooking: Option<Overbooking>,
}

/// The permission and the reason to book in spite of a refusal (B13).
#[derive(Clone, Debug)]
pub struct Overbooking {
    /// That the caller may.
    pub permit: Permit<AppointmentsOverride>,
    /// Why.
    pub reason: Note,
}

/// What was decided about a place.
struct Decided {
    situation: Situation,
    agendas: Agendas,
    placement: Placement,
    firmness: Firmness,
}

/// Books a place: locks the agendas, reads, decides, writes. A place that is taken is refused with others that are free.
pub async fn book(
    env: &Scheduling,
    permit: &Permit<AppointmentsWrite>,
    ask: Book,
    reply: Reply<Appointment>,
) -> Result<Committed<Appointment>, BookError> {
    let ask = within_reach(permit.scope().reach(), ask)?;
    let booked = match ask.practitioner_id {
        Some(practitioner) => unit_of_work(async || book_with(env, permit, &ask, practitioner, reply).await).await,
        None => book_any(env, permit, &ask, reply).await,
    };
    match booked {
        Err(BookError::Taken(reason, _)) => {
            let alternatives = alternatives(env, permit, &ask).await.unwrap_or_default();
            Err(BookError::Taken(reason, alternatives))
        }
        other => other,
    }
}

/// Chooses unlocked, then books with the best; another who was taken meanwhile gives way to the next (A7, B1).
async fn book_any(
    env: &Scheduling,
    permit: &Permit<AppointmentsWrite>,
    ask: &Book,
    reply: Reply<Appointment>,
) -> Result<Committed<Appointment>, BookError> {
    let candidates = match choose(env, permit, ask).await {
        Ok(candidates) if !candidates.is_empty() => candidates,
        refused => {
            // A view does not look at the key: of what the first try took the repeat must be told first (C10).
            if permit.scope().claim().is_some() {
                drop(env.db.begin(permit.scope()).await?);
            }
            return Err(refused.err().unwrap_or(BookError::Refused(Reason::NotOffered)));
        }
    };
    let mut refusal = BookError::Refused(Reason::NotOffered);
    for practitioner in candidates {
        match unit_of_work(async || book_with(env, permit, ask, practitioner, reply).await).await {
            Err(taken @ BookError::Taken(..)) => refusal = taken,
            done => return done,
        }
    }
    Err(refusal)
}

async fn choose(
    env: &Scheduling,
    permit: &Permit<AppointmentsWrite>,
    ask: &Book,
) -> Result<Vec<PractitionerId>, BookError> {
    let now = env.clock.now();
    let (from, to) = possible_starts(&ask.start);
    let view = env.db.view(permit.scope()).await?;
    let question = situation_ask(permit, ask, Who::Pool, around(from, -POOL_AROUND), around(to, POOL_AROUND));
    let situation = view.situation(&question).await?;
    references(permit.scope().reach(), ask, &situation)?;
    let start = start_of(&situation, ask)?;
    let range = Interval::lasting(start, TimeDelta::minutes(1)).ok_or(BookError::Refused(Reason::OutsideHours))?;
    let Some(agendas) = situation.into_agendas(&range, ask.clinic_id) else { return Ok(Vec::new()) };
    let audience = audience(Some(permit.scope().reach()));
    match pool::candidates(&agendas, ask.clinic_id, start, now, audience) {
        Err(_) if ask.overbooking.is_some() => Ok(agendas.members().iter().map(|(one, _)| one.id()).collect()),
        chosen => Ok(chosen?),
    }
}

async fn book_with(
    env: &Scheduling,
    permit: &Permit<AppointmentsWrite>,
    ask: &Book,
    practitioner: PractitionerId,
    reply: Reply<Appointment>,
) -> Result<Committed<Appointment>, BookError> {
    let reach = permit.scope().reach();
    let mut locks = vec![Claimed::Practitioner(practitioner), Claimed::Patient(ask.patient_id)];
    // So that nobody archives or merges the beneficiary meanwhile.
    locks.extend(ask.beneficiary_id.map(Claimed::Patient));
    let tx = env.db.begin_on_agendas(permit.scope(), &locks).await?;
    // The time is told after the wait for the locks.
    let now = env.clock.now();
    let decided = decide(&*tx, permit, ask, practitioner, now).await?;
    let Decided { situation, agendas, placement, firmness } = decided;
    let time_zone = situation.zone(placement.clinic_id).ok_or(BookError::Refused(Reason::NotOffered))?;
    let booking = BookingAsk {
        id: env.ids.next(),
        patient_id: ask.patient_id,
        beneficiary_id: ask.beneficiary_id,
        practitioner_id: practitioner,
        resources: Vec::new(),
        time_zone,
        origin: ask.origin.clone().unwrap_or_else(|| BookingOrigin::of(reach)),
        reason: ask.reason.clone(),
        notes: ask.notes.clone(),
    };
    let appointment = booked(booking, agendas.service(), &placement, now);
    match tx.appointment_add(&appointment, firmness).await {
        Err(StoreError::Constraint(BUSY_NO_OVERLAP | BUSY_SEAT_ONCE)) => return Err(Reason::Busy.into()),
        added => added?,
    }
    let id = appointment.parts().id;
    let mut facts = appointment.facts();
    if let Some(overbooking) = ask.overbooking.as_ref().filter(|_| firmness == Firmness::Overbooked) {
        facts = facts.personal("override_reason", overbooking.reason.expose());
    }
    let journal =
        permit.journal(id, now).changed(Change::created(id, 1, facts)).with(&AppointmentBooked(appointment.state()));
    Ok(commit(tx, journal, appointment.seen_from(reach), reply).await?)
}

async fn decide(
    tx: &dyn SchedulingTx,
    permit: &Permit<AppointmentsWrite>,
    ask: &Book,
    practitioner: PractitionerId,
    now: DateTime<Utc>,
) -> Result<Decided, BookError> {
    let reach = permit.scope().reach();
    let (from, to) = possible_starts(&ask.start);
    let mut situation = tx.situation(&situation_ask(permit, ask, Who::One(practitioner), from, to)).await?;
    references(reach, ask, &situation)?;
    let start = start_of(&situation, ask)?;
    let hidden_patient = !situation.patient.readable;
    let range = Interval::lasting(start, TimeDelta::minutes(1)).ok_or(BookError::Refused(Reason::OutsideHours))?;
    let (clinics, patient) = (situation.clinics.clone(), situation.patient.clone());
    let agendas = std::mem::take(&mut situation)
        .into_agendas(&range, ask.clinic_id)
        .ok_or(BookError::Refused(Reason::NotOffered))?;
    let situation = Situation { clinics, patient, ..Situation::default() };
    let (who, agenda) = agendas.members().first().ok_or(BookError::Refused(Reason::NotOffered))?;
    let decision = agendas.search(who, agenda, now, audience(Some(reach))).decide(ask.clinic_id, start);
    let (placement, firmness) = match decision {
        Ok(placement) => (placement, Firmness::Exclusive),
        Err(_) if ask.overbooking.is_some() => {
            (overbook(who, agendas.service(), agenda, ask.clinic_id, start)?, Firmness::Overbooked)
        }
        // Who may not read the patient is not told where the patient is (A9).
        Err(Reason::PatientBusy) if hidden_patient => return Err(Reason::Busy.into()),
        Err(reason) => return Err(reason.into()),
    };
    Ok(Decided { situation, agendas, placement, firmness })
}

/// Other slots of the same kind, free for the same patient, from the wanted start on (B2).
async fn alternatives(
    env: &Scheduling,
    permit: &Permit<AppointmentsWrite>,
    ask: &Book,
) -> Result<Vec<Slot>, BookError> {
    let now = env.clock.now();
    let (from, to) = possible_starts(&ask.start);
    let to = around(to, ALTERNATIVES_WITHIN);
    let who = ask.practitioner_id.map_or(Who::Pool, Who::One);
    let view = env.db.view(permit.scope()).await?;
    let mut situation = view.situation(&situation_ask(permit, ask, who, from, to)).await?;
    if !situation.patient.readable {
        // Else the gaps between the slots would tell where the patient is (A9).
        situation.patient.busy.clear();
    }
    let start = start_of(&situation, ask)?;
    let Some(range) = Interval::between(start, to) else { return Ok(Vec::new()) };
    let Some(agendas) = situation.into_agendas(&range, ask.clinic_id) else { return Ok(Vec::new()) };
    let audience: Audience = audience(Some(permit.scope().reach()));
    Ok(list_slots(&agendas.searches(now, audience), &range, ALTERNATIVES).slots)
}

/// What the caller may name at all: `agenda` only itself, `self` only its own patient; a patient no override and no notes.
fn within_reach(reach: Reach, mut ask: Book) -> Result<Book, BookError> {
    let mut faults = Vec::new();
    if let Reach::Agenda(own) = reach
        && *ask.practitioner_id.get_or_insert(own) != own
    {
        faults.push(Fault::at("/practitioner_id", "out_of_reach"));
    }
    if let Reach::Own(own) = reach
        && ask.patient_id != own
    {
        faults.push(Fault::at("/patient_id", "out_of_reach"));
    }
    if reach.is_patient_side() && ask.notes.is_some() {
        faults.push(Fault::at("/notes", "out_of_reach"));
    }
    if reach.is_patient_side() && ask.origin == Some(BookingOrigin::of(Reach::Company)) {
        faults.push(Fault::at("/origin", "out_of_reach"));
    }
    let overridden = ask.overbooking.as_ref().map(|one| one.permit.scope().reach());
    let may_override = overridden.is_none_or(|reach| match reach {
        Reach::Company => true,
        Reach::Agenda(own) => ask.practitioner_id == Some(own),
        _ => false,
    });
    if !may_override || (overridden.is_some() && reach.is_patient_side()) {
        faults.push(Fault::at("/override", "out_of_reach"));
    }
    if faults.is_empty() && reach != Reach::Nothing { Ok(ask) } else { Err(BookError::OutOfReach(faults)) }
}

/// Whether what the request names is there; a patient-side caller's patients must be theirs.
fn references(reach: Reach, ask: &Book, situation: &Situation) -> Result<(), BookError> {
    if reach.is_patient_side() && !situation.patient.readable {
        return Err(BookError::OutOfReach(vec![Fault::at("/patient_id", "out_of_reach")]));
    }
    if reach.is_patient_side() && !situation.beneficiary_known {
        return Err(BookError::OutOfReach(vec![Fault::at("/beneficiary_id", "out_of_reach")]));
    }
    let named = ask.practitioner_id.is_none() || !situation.practitioners.is_empty();
    let clinic = ask.clinic_id.is_none_or(|id| situation.zone(id).is_some());
    let known = [
        (situation.service.is_some(), "/service_id"),
        (named, "/practitioner_id"),
        (situation.patient.known, "/patient_id"),
        (situation.beneficiary_known, "/beneficiary_id"),
        (clinic, "/clinic_id"),
    ];
    let faults: Vec<Fault> =
        known.iter().filter(|(known, _)| !known).map(|(_, at)| Fault::at(*at, "unknown_reference")).collect();
    if !faults.is_empty() {
        return Err(BookError::UnknownReference(faults));
    }
    if situation.patient.closed { Err(BookError::PatientClosed) } else { Ok(()) }
}

fn start_of(situation: &Situation, ask: &Book) -> Result<DateTime<Utc>, BookError> {
    situation.start(&ask.start, ask.clinic_id).map_err(|refused| match refused {
        StartRefused::Local(error) => BookError::LocalTime(error),
        StartRefused::ClinicWanted => BookError::ClinicWanted,
    })
}

fn situation_ask(
    permit: &Permit<AppointmentsWrite>,
    ask: &Book,
    who: Who,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> SituationAsk {
    SituationAsk {
        service_id: ask.service_id,
        who,
        patient_id: Some(ask.patient_id),
        beneficiary_id: ask.beneficiary_id,
        patient_reach: permit.scope().reach(),
        from,
        to,
        detail: Detail::Bookings,
    }
}

fn around(instant: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    instant.checked_add_signed(by).unwrap_or(instant)
}
