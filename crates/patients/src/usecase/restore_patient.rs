//! Taking an archived record back into use (PT10).

use events::patients::PatientRestored;
use kernel::ids::PatientId;
use kernel::{
    Change, Committed, FromStore, Kind, Permit, Refusal, Reply, StoreError, StoredReply, commit, unchanged,
    unit_of_work,
};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::Patients;
use crate::model::{Changed, Closed, Patient};
use crate::permission::PatientsWrite;

/// Why a record was not restored.
#[derive(Debug, Error)]
pub enum RestorePatientError {
    /// Only who reaches the whole company restores.
    #[error("not the caller's to restore")]
    OutOfReach,
    /// Not there.
    #[error("no such patient")]
    NotFound,
    /// The record has changed since the caller read it.
    #[error("the record has changed")]
    Stale,
    /// It was merged: undoing the merge brings it back.
    #[error(transparent)]
    Refused(#[from] Closed),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Restores; repeating it changes nothing and leaves no entry. Appointments that were cancelled stay so.
pub async fn restore_patient(
    env: &Patients,
    permit: &Permit<PatientsWrite>,
    id: PatientId,
    seen_version: Option<i64>,
    reply: Reply<Patient>,
) -> Result<Committed<Patient>, RestorePatientError> {
    if !permit.scope().reach().is_company() {
        return Err(RestorePatientError::OutOfReach);
    }
    unit_of_work(async || restore(env, permit, id, seen_version, reply).await).await
}

async fn restore(
    env: &Patients,
    permit: &Permit<PatientsWrite>,
    id: PatientId,
    seen_version: Option<i64>,
    reply: Reply<Patient>,
) -> Result<Committed<Patient>, RestorePatientError> {
    let now = env.clock.now();
    let tx = env.db.begin(permit.scope()).await?;
    let before = tx.patient_by_id(id).await?.ok_or(RestorePatientError::NotFound)?;
    if seen_version.is_some_and(|seen| seen != before.version) {
        return Err(RestorePatientError::Stale);
    }
    let Changed::To(after) = before.restore(now)? else {
        return Ok(unchanged(tx, before, reply).await?);
    };
    if !tx.patient_save(&after).await? {
        return Err(StoreError::Contended.into());
    }
    let journal = permit
        .journal(id, now)
        .changed(Change::updated(id, after.version, &before.facts(), &after.facts()))
        .with(&PatientRestored { patient_id: id, version: after.version });
    Ok(commit(tx, journal, *after, reply).await?)
}

impl Refusal for RestorePatientError {
    fn kind(&self) -> Kind {
        match self {
            Self::OutOfReach => Kind::Forbidden,
            Self::NotFound => Kind::NotFound,
            Self::Stale => Kind::Stale,
            Self::Refused(_) => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::OutOfReach => "patients.out_of_reach",
            Self::NotFound => "not_found",
            Self::Stale => "stale",
            Self::Refused(closed) => closed.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn details(&self) -> Map<String, Value> {
        match self {
            Self::Refused(closed) => closed.details(),
            _ => Map::new(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for RestorePatientError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
