//! Registering a patient.

use events::patients::PatientRegistered;
use kernel::ids::PatientId;
use kernel::{
    Change, Committed, Fault, FromStore, Kind, Permit, Refusal, Reply, StoreError, StoredReply, commit, unit_of_work,
};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::Patients;
use crate::model::matching::{Finding, Match, Traits, best_matches};
use crate::model::{Closed, Patient, PatientDetails, PatientRefused};
use crate::permission::PatientsWrite;
use crate::ports::{IDENTIFIER_UNIQUE, PatientReads, PatientsTx};

/// Whom to register.
#[derive(Debug, Clone)]
pub struct RegisterPatient {
    /// The record.
    pub details: PatientDetails,
    /// Whether it may be a second record of one person.
    pub duplicates: Duplicates,
}

/// Whether a record may be registered that seems to be there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// Not without asking.
    Refused,
    /// The caller has seen the candidates, or does not mind.
    Allowed,
}

/// Why a patient was not registered.
#[derive(Debug, Error)]
pub enum RegisterPatientError {
    /// The record is not acceptable, or not the caller's to make.
    #[error(transparent)]
    Refused(#[from] PatientRefused),
    /// CPF, CNS or INS is another patient's; which one, if the caller may read it.
    #[error("identifier in use")]
    DuplicateIdentifier(Option<PatientId>),
    /// Records that the caller may read are certainly or probably the same person's, the best first.
    #[error("seems to be registered already")]
    PossibleDuplicate(Vec<Match>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Registers a patient. The same CPF, CNS or INS twice in a company is refused, also when both come at once (PT1); a record that
/// is certainly or probably there already is refused unless the caller allows it (PT6).
pub async fn register_patient(
    env: &Patients,
    permit: &Permit<PatientsWrite>,
    ask: RegisterPatient,
    reply: Reply<Patient>,
) -> Result<Committed<Patient>, RegisterPatientError> {
    unit_of_work(async || register(env, permit, &ask, reply).await).await
}

async fn register(
    env: &Patients,
    permit: &Permit<PatientsWrite>,
    ask: &RegisterPatient,
    reply: Reply<Patient>,
) -> Result<Committed<Patient>, RegisterPatientError> {
    let now = env.clock.now();
    let patient = Patient::register(env.ids.next(), ask.details.clone(), permit.scope().reach(), now)?;
    let tx = env.db.begin(permit.scope()).await?;
    if ask.duplicates == Duplicates::Refused {
        warn(&*tx, &patient).await?;
    }
    match tx.patient_add(&patient).await {
        Err(StoreError::Constraint(IDENTIFIER_UNIQUE)) => {
            drop(tx);
            let view = env.db.view(permit.scope()).await?;
            return Err(RegisterPatientError::DuplicateIdentifier(holder(&*view, &patient).await?));
        }
        added => added?,
    }
    let journal = permit
        .journal(patient.id, now)
        .changed(Change::created(patient.id, patient.version, patient.facts()))
        .with(&PatientRegistered { patient_id: patient.id, stage: patient.details.stage.as_str() });
    Ok(commit(tx, journal, patient, reply).await?)
}

/// Refuses a record that seems to be there already. One with the same CPF, CNS or INS is left to the store, which refuses it
/// whatever the caller allows.
async fn warn(tx: &dyn PatientsTx, patient: &Patient) -> Result<(), RegisterPatientError> {
    let traits = Traits::from(patient);
    let mut matches = best_matches(&traits, tx.match_candidates(&traits.keys(), None).await?);
    matches.retain(|found| found.likeness.grade().warns());
    let unique = [Finding::CpfEqual, Finding::CnsEqual, Finding::InsEqual];
    let is_same = |found: &Match| unique.iter().any(|finding| found.likeness.findings().contains(finding));
    if matches.is_empty() || matches.iter().any(is_same) {
        return Ok(());
    }
    Err(RegisterPatientError::PossibleDuplicate(matches))
}

/// Who else has one of the patient's unique identifiers, as far as the caller may read.
pub(super) async fn holder(
    store: &(impl PatientReads + ?Sized),
    patient: &Patient,
) -> Result<Option<PatientId>, StoreError> {
    for identifier in patient.details.identifiers.iter().filter(|i| i.kind().is_unique_in_company()) {
        let found = store.patient_with_identifier(identifier.kind(), identifier.value()).await?;
        if found.is_some_and(|id| id != patient.id) {
            return Ok(found);
        }
    }
    Ok(None)
}

impl PatientRefused {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::OutOfReach | Self::FieldsOutOfReach(_) => Kind::Forbidden,
            Self::Stage(_) | Self::Custom(_) => Kind::Invalid,
            Self::Closed(_) => Kind::Conflict,
        }
    }

    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::OutOfReach | Self::FieldsOutOfReach(_) => "patients.out_of_reach",
            Self::Stage(_) | Self::Custom(_) => "invalid",
            Self::Closed(closed) => closed.code(),
        }
    }

    pub(super) fn faults(&self) -> Vec<Fault> {
        match self {
            Self::OutOfReach | Self::Closed(_) => Vec::new(),
            Self::FieldsOutOfReach(fields) => {
                fields.iter().map(|field| Fault::at(format!("/{field}"), "out_of_reach")).collect()
            }
            Self::Stage(error) => vec![Fault::at("/stage", error.code())],
            Self::Custom(error) => vec![Fault::at("/custom", error.code())],
        }
    }
}

/// What a caller is told of the candidates: which they are and how sure it is, nothing of what stands in them.
fn candidates(matches: &[Match]) -> Map<String, Value> {
    let reason = |finding: &Finding| json!({ "finding": finding.as_str(), "weight": finding.bits() });
    let item = |found: &Match| {
        json!({
            "id": found.patient.id,
            "grade": found.likeness.grade().as_str(),
            "score": found.likeness.bits(),
            "reasons": found.likeness.findings().iter().map(reason).collect::<Vec<_>>(),
        })
    };
    std::iter::once(("candidates".to_owned(), matches.iter().map(item).collect())).collect()
}

impl Closed {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Archived => "patients.archived",
            Self::Merged(_) => "patients.merged",
        }
    }

    /// Which record lives on for a merged one.
    pub(super) fn details(self) -> Map<String, Value> {
        match self {
            Self::Archived => Map::new(),
            Self::Merged(into) => Map::from_iter([("merged_into".to_owned(), Value::String(into.to_string()))]),
        }
    }
}

pub(super) fn existing(holder: Option<PatientId>) -> Map<String, Value> {
    holder.into_iter().map(|id| ("existing_id".to_owned(), Value::String(id.to_string()))).collect()
}

impl Refusal for RegisterPatientError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(refused) => refused.kind(),
            Self::DuplicateIdentifier(_) | Self::PossibleDuplicate(_) => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Refused(refused) => refused.code(),
            Self::DuplicateIdentifier(_) => "patients.duplicate_identifier",
            Self::PossibleDuplicate(_) => "patients.possible_duplicate",
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::Refused(refused) => refused.faults(),
            _ => Vec::new(),
        }
    }

    fn details(&self) -> Map<String, Value> {
        match self {
            Self::DuplicateIdentifier(holder) => existing(*holder),
            Self::PossibleDuplicate(matches) => candidates(matches),
            _ => Map::new(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for RegisterPatientError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
