//! Taking a patient's record out of use (PT10).

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use events::patients::PatientArchived;
use events::scheduling::AppointmentCancelled;
use kernel::ids::{MembershipId, PatientId};
use kernel::{
    Actor, Change, Committed, FromStore, Journal, Kind, Permit, Refusal, Reply, StoreError, StoredReply, commit,
    unchanged, unit_of_work,
};
use serde_json::{Map, Value, json};
use thiserror::Error;
use uuid::Uuid;

use crate::Patients;
use crate::model::{AppointmentAhead, ArchiveRefused, Changed, Closed, Patient};
use crate::permission::PatientsWrite;
use crate::ports::{CancelAppointments, PatientsTx};

/// The reason that is kept with an appointment which was called off because its patient was archived.
const REASON: &str = "patient_archived";

/// What to archive.
#[derive(Debug, Clone, Copy)]
pub struct ArchivePatient {
    /// Whose record.
    pub patient_id: PatientId,
    /// The version the caller has seen; none stands for whichever is there.
    pub seen_version: Option<i64>,
    /// What becomes of appointments that are ahead.
    pub appointments: Ahead,
    /// How a refusal tells of them.
    pub telling: Telling,
}

/// How a refusal tells of appointments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// One by one.
    Each,
    /// Their number alone: the caller may not read them.
    Number,
}

/// What becomes of appointments that are ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ahead {
    /// They stay, and the record in use with them.
    Keep,
    /// They are called off in the same transaction.
    Cancel,
    /// They are to be called off by a caller who may not.
    Forbidden,
}

/// Why a record was not archived.
#[derive(Debug, Error)]
pub enum ArchivePatientError {
    /// Only who reaches the whole company archives.
    #[error("not the caller's to archive")]
    OutOfReach,
    /// Not there.
    #[error("no such patient")]
    NotFound,
    /// The record has changed since the caller read it.
    #[error("the record has changed")]
    Stale,
    /// Calling appointments off needs its own permission, for the whole company.
    #[error("not the caller's to call off")]
    CannotCancel,
    /// So many appointments are ahead, which the caller may not read.
    #[error("appointments are ahead")]
    CountAhead(usize),
    /// The state of the record forbids it.
    #[error(transparent)]
    Refused(#[from] ArchiveRefused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Archives; repeating it changes nothing and leaves no entry. What is ahead stands in the way unless it is to be cancelled.
pub async fn archive_patient(
    env: &Patients,
    permit: &Permit<PatientsWrite>,
    ask: ArchivePatient,
    reply: Reply<Patient>,
) -> Result<Committed<Patient>, ArchivePatientError> {
    if !permit.scope().reach().is_company() {
        return Err(ArchivePatientError::OutOfReach);
    }
    if ask.appointments == Ahead::Forbidden {
        return Err(ArchivePatientError::CannotCancel);
    }
    unit_of_work(async || archive(env, permit, ask, reply).await).await
}

async fn archive(
    env: &Patients,
    permit: &Permit<PatientsWrite>,
    ask: ArchivePatient,
    reply: Reply<Patient>,
) -> Result<Committed<Patient>, ArchivePatientError> {
    let id = ask.patient_id;
    let locks = match ask.appointments {
        Ahead::Keep | Ahead::Forbidden => BTreeSet::from([id.uuid()]),
        Ahead::Cancel => {
            agendas(id, &env.db.view(permit.scope()).await?.appointments_ahead(id, env.clock.now()).await?)
        }
    };
    let agenda_ids: Vec<Uuid> = locks.iter().copied().collect();
    let tx = env.db.begin_on(permit.scope(), &agenda_ids).await?;
    // The time is told after the wait for the locks.
    let now = env.clock.now();
    let before = tx.patient_by_id(id).await?.ok_or(ArchivePatientError::NotFound)?;
    if ask.seen_version.is_some_and(|seen| seen != before.version) {
        return Err(ArchivePatientError::Stale);
    }
    let ahead = if before.closed().is_none() { tx.appointments_ahead(id, now).await? } else { Vec::new() };
    let (cancelled, staying) = match ask.appointments {
        Ahead::Keep | Ahead::Forbidden => (Vec::new(), ahead),
        Ahead::Cancel => ahead.into_iter().partition(|one| one.can_be_cancelled),
    };
    let Changed::To(after) = before.archive(staying, now).map_err(|refused| told(refused, ask.telling))? else {
        return Ok(unchanged(tx, before, reply).await?);
    };
    if !agendas(id, &cancelled).is_subset(&locks) || !tx.patient_save(&after).await? {
        // Booked or moved before the agenda was locked, or changed: again, with that one's lock.
        return Err(StoreError::Contended.into());
    }
    let journal = permit
        .journal(id, now)
        .changed(Change::updated(id, after.version, &before.facts(), &after.facts()))
        .with(&PatientArchived { patient_id: id, version: after.version });
    let journal = call_off(&*tx, journal, &cancelled, member(permit), now).await?;
    Ok(commit(tx, journal, *after, reply).await?)
}

fn told(refused: ArchiveRefused, telling: Telling) -> ArchivePatientError {
    match (refused, telling) {
        (ArchiveRefused::AppointmentsAhead(ahead), Telling::Number) => ArchivePatientError::CountAhead(ahead.len()),
        (refused, _) => refused.into(),
    }
}

async fn call_off(
    tx: &dyn PatientsTx,
    journal: Journal,
    appointments: &[AppointmentAhead],
    by: Option<MembershipId>,
    at: DateTime<Utc>,
) -> Result<Journal, StoreError> {
    let ask = CancelAppointments { appointments, by, at, reason_code: REASON };
    let cancelled = tx.appointments_cancel(&ask).await?;
    Ok(cancelled
        .into_iter()
        .fold(journal, |journal, one| journal.changed(one.change).with(&AppointmentCancelled(one.state))))
}

/// The patient's agenda, and those of all who are met.
fn agendas(patient: PatientId, ahead: &[AppointmentAhead]) -> BTreeSet<Uuid> {
    ahead.iter().flat_map(|one| one.agendas.iter().copied()).chain([patient.uuid()]).collect()
}

/// The member who acts; a program is none.
pub(super) fn member<P: kernel::Permission>(permit: &Permit<P>) -> Option<MembershipId> {
    match permit.actor() {
        Actor::Member { membership, .. } => Some(membership),
        Actor::ApiKey(_) | Actor::System(_) => None,
    }
}

fn shown(one: &AppointmentAhead) -> Value {
    json!({
        "id": one.id,
        "start": one.start,
        "end": one.end,
        "status": one.status,
        "patient_id": one.patient,
        "practitioner_id": one.practitioner,
        "can_be_cancelled": one.can_be_cancelled,
    })
}

impl Refusal for ArchivePatientError {
    fn kind(&self) -> Kind {
        match self {
            Self::OutOfReach | Self::CannotCancel => Kind::Forbidden,
            Self::NotFound => Kind::NotFound,
            Self::Stale => Kind::Stale,
            Self::Refused(_) | Self::CountAhead(_) => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::OutOfReach => "patients.out_of_reach",
            Self::CannotCancel => "forbidden",
            Self::NotFound => "not_found",
            Self::Stale => "stale",
            Self::Refused(ArchiveRefused::Merged(into)) => Closed::Merged(*into).code(),
            Self::Refused(ArchiveRefused::AppointmentsAhead(_)) | Self::CountAhead(_) => "patients.appointments_ahead",
            Self::Store(error) => error.code(),
        }
    }

    fn details(&self) -> Map<String, Value> {
        match self {
            Self::Refused(ArchiveRefused::Merged(into)) => Closed::Merged(*into).details(),
            Self::Refused(ArchiveRefused::AppointmentsAhead(ahead)) => {
                let appointments: Value = ahead.iter().map(shown).collect();
                Map::from_iter([("count".to_owned(), ahead.len().into()), ("appointments".to_owned(), appointments)])
            }
            Self::CountAhead(count) => Map::from_iter([("count".to_owned(), (*count).into())]),
            _ => Map::new(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for ArchivePatientError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
