//! The records that the rows of a batch are about: what is known of them, and what they become.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use kernel::ids::PatientId;
use kernel::{Ids, Reach, StoreError};

use crate::model::import::{Import, ImportKind, NamedBy, PatientInput, Plan, RowFault, fingerprint, hex, read_patient};
use crate::model::matching::{Grade, Likeness, Traits};
use crate::model::patient::Closed;
use crate::model::{Changed, Contact, Identifier, IdentifierKind, Patient, PatientDetails, PatientRefused};
use crate::ports::imports::{ExternalReference, ImportsTx, MOST_SHARING, ReferenceKey};
use crate::ports::tables::TableRow;

/// The namespace of rows that have no identifier.
const ROWS: &str = "row";

/// A row of patients, read.
pub(super) struct ReadRow<'a> {
    pub(super) row: &'a TableRow,
    pub(super) fingerprint: String,
    pub(super) input: Result<PatientInput, RowFault>,
    /// By what the file knows its patient.
    key: ReferenceKey,
    kind: ImportKind,
}

/// What the file's identifier of a patient stands for.
#[derive(Debug, Clone)]
struct Known {
    patient: PatientId,
    print: String,
    file: [u8; 32],
}

/// What became of the patient of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    /// It is new.
    Made(PatientId),
    /// It changed.
    Changed(PatientId),
    /// It is there, and says the same.
    Same(PatientId),
}

/// What a dry run would have made in earlier batches.
#[derive(Default)]
pub(in super::super) struct Imagined {
    references: HashMap<ReferenceKey, Known>,
    identifiers: HashMap<(IdentifierKind, String), PatientId>,
}

struct Slot {
    before: Option<Patient>,
    now: Patient,
}

/// The records of a batch.
#[derive(Default)]
pub(super) struct Desk {
    namespace: String,
    file: [u8; 32],
    references: HashMap<ReferenceKey, Known>,
    identifiers: HashMap<(IdentifierKind, String), PatientId>,
    contacts: HashMap<String, Vec<PatientId>>,
    slots: BTreeMap<PatientId, Slot>,
    learnt: HashMap<ReferenceKey, Known>,
}

impl<'a> ReadRow<'a> {
    pub(super) fn of(row: &'a TableRow, plan: &Plan, import: &Import) -> Self {
        let (fingerprint, input) = (fingerprint(&row.cells, plan), read_patient(&row.cells, plan));
        let (namespace, value) = match &input {
            Ok(PatientInput { external_id: Some(id), .. }) => (import.options.namespace.as_str(), id.clone()),
            // Without an identifier, rows of one patient differ in their appointments alone: the patient's own fields are the key.
            Ok(input) if import.kind == ImportKind::Appointments => (ROWS, input.print()),
            _ => (ROWS, fingerprint.clone()),
        };
        let key = ReferenceKey { kind: ImportKind::Patients, namespace: namespace.to_owned(), value };
        Self { row, fingerprint, input, key, kind: import.kind }
    }
}

impl Settled {
    pub(super) fn patient(self) -> PatientId {
        match self {
            Self::Made(id) | Self::Changed(id) | Self::Same(id) => id,
        }
    }
}

impl Desk {
    /// All that is known of the patients of these rows, in a handful of queries.
    pub(super) async fn load(
        tx: &dyn ImportsTx,
        rows: &[&ReadRow<'_>],
        import: &Import,
        imagined: &Mutex<Imagined>,
    ) -> Result<Self, StoreError> {
        let namespace = import.options.namespace.as_str().to_owned();
        let mut desk = Self { namespace, file: import.sha256, ..Self::default() };
        let good: Vec<(&ReadRow<'_>, &PatientInput)> =
            rows.iter().filter_map(|row| Some((*row, row.input.as_ref().ok()?))).collect();
        let identifiers = good.iter().flat_map(|(_, input)| input.unique_identifiers());
        let identifiers: HashSet<_> = identifiers.map(|one| (one.kind(), one.value().to_owned())).collect();
        desk.known(tx, &good).await?;
        for held in tx.identifiers_held(&identifiers.iter().cloned().collect::<Vec<_>>()).await? {
            desk.identifiers.insert((held.kind, held.value), held.patient);
        }
        desk.imagine(&good, &identifiers, &imagined.lock().unwrap_or_else(PoisonError::into_inner));
        let strangers = good.iter().filter(|(row, input)| desk.is_stranger(row, input));
        let contacts: HashSet<String> = strangers.flat_map(|(_, input)| input.contact_keys()).collect();
        for (key, patient) in tx.contacts_held(&contacts.into_iter().collect::<Vec<_>>()).await? {
            desk.contacts.entry(key).or_default().push(patient);
        }
        let mut wanted: HashSet<PatientId> =
            desk.identifiers.values().chain(desk.contacts.values().flatten()).copied().collect();
        for (row, _) in &good {
            let known = desk.references.get(&row.key);
            wanted.extend(known.filter(|known| row.asks_about(known)).map(|known| known.patient));
        }
        desk.fetch(tx, wanted).await?;
        Ok(desk)
    }

    /// What the file's identifiers stand for, and which of the rows that changed since were applied from this very file.
    async fn known(&mut self, tx: &dyn ImportsTx, good: &[(&ReadRow<'_>, &PatientInput)]) -> Result<(), StoreError> {
        let keys: HashSet<ReferenceKey> = good.iter().map(|(row, _)| row.key.clone()).collect();
        self.keep(tx.references_known(&keys.into_iter().collect::<Vec<_>>()).await?);
        let differs =
            |row: &&ReadRow<'_>| self.references.get(&row.key).is_some_and(|known| known.print != row.fingerprint);
        let patients = good.iter().map(|(row, _)| *row).filter(|row| row.kind == ImportKind::Patients);
        let applied: HashSet<ReferenceKey> =
            patients.filter(differs).map(|row| self.applied(&row.fingerprint)).collect();
        if !applied.is_empty() {
            self.keep(tx.references_known(&applied.into_iter().collect::<Vec<_>>()).await?);
        }
        Ok(())
    }

    fn keep(&mut self, references: Vec<ExternalReference>) {
        for ExternalReference { key, fingerprint, record, file } in references {
            self.references.insert(key, Known { patient: PatientId::from_uuid(record), print: fingerprint, file });
        }
    }

    /// Adds what earlier batches of a dry run would have made.
    fn imagine(
        &mut self,
        good: &[(&ReadRow<'_>, &PatientInput)],
        identifiers: &HashSet<(IdentifierKind, String)>,
        imagined: &Imagined,
    ) {
        for (row, _) in good {
            for key in [row.key.clone(), self.applied(&row.fingerprint)] {
                if let Some(known) = imagined.references.get(&key) {
                    self.references.insert(key, known.clone());
                }
            }
        }
        for key in identifiers {
            if let Some(patient) = imagined.identifiers.get(key) {
                self.identifiers.entry(key.clone()).or_insert(*patient);
            }
        }
    }

    /// Remembers for the next batches of a dry run what this one would have made.
    pub(super) fn remember(&self, imagined: &mut Imagined) {
        imagined.references.extend(self.learnt.iter().map(|(key, known)| (key.clone(), known.clone())));
        for slot in self.slots.values() {
            for one in slot.now.details.identifiers.iter().filter(|one| one.kind().is_unique_in_company()) {
                imagined.identifiers.insert((one.kind(), one.value().to_owned()), slot.now.id);
            }
        }
    }

    /// Finds, makes or changes the patient of a row.
    pub(super) fn settle(&mut self, row: &ReadRow<'_>, ids: &dyn Ids, now: DateTime<Utc>) -> Result<Settled, RowFault> {
        let input = row.input.clone()?;
        let known = self.references.get(&row.key).cloned();
        let settled = match &known {
            Some(known) if known.print == row.fingerprint => return Ok(Settled::Same(known.patient)),
            // A later row of this file has gone over it.
            Some(known) if self.references.contains_key(&self.applied(&row.fingerprint)) => {
                return Ok(Settled::Same(known.patient));
            }
            Some(known) => self.change(known.patient, input, now)?,
            None => match self.recognised(&input)? {
                Some(patient) => self.change(patient, input, now)?,
                None => self.make(input.details(NamedBy::Name)?, ids, now)?,
            },
        };
        if let Some(known) = known.filter(|known| known.file == self.file) {
            self.learn(self.applied(&known.print), settled.patient(), &known.print);
        }
        self.learn(row.key.clone(), settled.patient(), &row.fingerprint);
        Ok(settled)
    }

    /// Finds the patient of a row of appointments, or makes them; such a row changes nobody.
    pub(super) fn meet(&mut self, row: &ReadRow<'_>, ids: &dyn Ids, now: DateTime<Utc>) -> Result<Settled, RowFault> {
        let input = row.input.clone()?;
        if let Some(known) = self.references.get(&row.key) {
            return self.open(known.patient).map(Settled::Same);
        }
        let settled = match self.recognised(&input)? {
            Some(patient) => Settled::Same(patient),
            None => self.make(input.details(NamedBy::Number)?, ids, now)?,
        };
        self.learn(row.key.clone(), settled.patient(), &row.key.value);
        Ok(settled)
    }

    /// Takes back a patient who was made for nothing.
    pub(super) fn unmake(&mut self, patient: PatientId) {
        if self.slots.get(&patient).is_some_and(|slot| slot.before.is_none()) {
            self.slots.remove(&patient);
            self.learnt.retain(|_, known| known.patient != patient);
            self.references.retain(|_, known| known.patient != patient);
            self.identifiers.retain(|_, known| *known != patient);
            for sharing in self.contacts.values_mut() {
                sharing.retain(|known| *known != patient);
            }
        }
    }

    /// The version that a record has after the batch; 0 where it is not here.
    pub(super) fn version(&self, patient: PatientId) -> i64 {
        self.slots.get(&patient).map_or(0, |slot| slot.now.version)
    }

    /// New records.
    pub(super) fn made(&self) -> Vec<Patient> {
        self.slots.values().filter(|slot| slot.before.is_none()).map(|slot| slot.now.clone()).collect()
    }

    /// Changed records, before and after.
    pub(super) fn changed(&self) -> impl Iterator<Item = (&Patient, &Patient)> {
        let pairs = self.slots.values().filter_map(|slot| slot.before.as_ref().map(|before| (before, &slot.now)));
        pairs.filter(|(before, after)| before != after)
    }

    /// What the file's identifiers stand for from now on.
    pub(super) fn learnt(&self) -> Vec<ExternalReference> {
        let reference = |(key, known): (&ReferenceKey, &Known)| ExternalReference {
            key: key.clone(),
            fingerprint: known.print.clone(),
            record: known.patient.uuid(),
            file: known.file,
        };
        self.learnt.iter().map(reference).collect()
    }

    async fn fetch(&mut self, tx: &dyn ImportsTx, wanted: HashSet<PatientId>) -> Result<(), StoreError> {
        let mut wanted: Vec<PatientId> = wanted.into_iter().collect();
        // A record that was merged is followed to the one that lives on for it; chains of them are short.
        for _ in 0..3 {
            if wanted.is_empty() {
                break;
            }
            let found = tx.patients_by_ids(&wanted).await?;
            wanted = found
                .iter()
                .filter_map(|patient| patient.merged_into)
                .filter(|id| !self.slots.contains_key(id))
                .collect();
            for patient in found {
                self.slots.insert(patient.id, Slot { before: Some(patient.clone()), now: patient });
            }
        }
        Ok(())
    }

    fn is_stranger(&self, row: &ReadRow<'_>, input: &PatientInput) -> bool {
        let held = |kind, value: &str| self.identifiers.contains_key(&(kind, value.to_owned()));
        !self.references.contains_key(&row.key) && !input.unique_identifiers().any(|one| held(one.kind(), one.value()))
    }

    /// Who has the row's identifiers; else the one person who shares a contact with it and is certainly the same.
    fn recognised(&self, input: &PatientInput) -> Result<Option<PatientId>, RowFault> {
        let held =
            input.unique_identifiers().filter_map(|one| self.identifiers.get(&(one.kind(), one.value().to_owned())));
        let held: HashSet<PatientId> = held.copied().collect();
        if held.len() > 1 {
            return Err(RowFault { column: None, code: "identifier_conflict" });
        }
        if let Some(patient) = held.into_iter().next() {
            return self.open(patient).map(Some);
        }
        let sharing: HashSet<PatientId> =
            input.contact_keys().iter().filter_map(|key| self.contacts.get(key)).flatten().copied().collect();
        if sharing.is_empty() {
            return Ok(None);
        }
        let Ok(draft) = input.clone().details(NamedBy::Number) else { return Ok(None) };
        let draft = Traits::of_details(&draft);
        let is_same = |id: &PatientId| {
            let details = self.slots.get(id).filter(|slot| slot.now.closed().is_none()).map(|slot| &slot.now.details);
            let likeness = details.and_then(|details| Likeness::of(&draft, &Traits::of_details(details)));
            likeness.is_some_and(|likeness| likeness.grade() == Grade::Certain)
        };
        let same: Vec<PatientId> = sharing.into_iter().filter(is_same).collect();
        Ok(match same.as_slice() {
            [only] => Some(*only),
            _ => None,
        })
    }

    fn make(&mut self, details: PatientDetails, ids: &dyn Ids, now: DateTime<Utc>) -> Result<Settled, RowFault> {
        let made = Patient::register(ids.next(), details, Reach::Company, now);
        let patient = made.map_err(|refused| fault(&refused))?;
        let id = patient.id;
        self.note(&patient);
        self.slots.insert(id, Slot { before: None, now: patient });
        Ok(Settled::Made(id))
    }

    fn change(&mut self, patient: PatientId, input: PatientInput, now: DateTime<Utc>) -> Result<Settled, RowFault> {
        let patient = self.living(patient);
        let holder = |one: &Identifier| self.identifiers.get(&(one.kind(), one.value().to_owned()));
        if input.unique_identifiers().filter_map(holder).any(|holder| self.living(*holder) != patient) {
            return Err(RowFault { column: None, code: "identifier_conflict" });
        }
        let Some(slot) = self.slots.get_mut(&patient) else {
            // Of an earlier batch of a dry run.
            return Ok(Settled::Changed(patient));
        };
        let patch = input.patch(&slot.now.details)?;
        let changed = slot.now.change(patch, Reach::Company, now).map_err(|refused| fault(&refused))?;
        let Changed::To(after) = changed else { return Ok(Settled::Same(patient)) };
        let version = slot.before.as_ref().map_or(1, |before| before.version + 1);
        slot.now = Patient { version, ..*after };
        let now = slot.now.clone();
        self.note(&now);
        Ok(Settled::Changed(patient))
    }

    fn living(&self, patient: PatientId) -> PatientId {
        let mut living = patient;
        for _ in 0..3 {
            match self.slots.get(&living).and_then(|slot| slot.now.merged_into) {
                Some(next) => living = next,
                None => break,
            }
        }
        living
    }

    /// The patient who lives on for this one; an archived record takes nothing more.
    fn open(&self, patient: PatientId) -> Result<PatientId, RowFault> {
        let living = self.living(patient);
        match self.slots.get(&living).and_then(|slot| slot.now.closed()) {
            Some(closed) => Err(fault(&PatientRefused::Closed(closed))),
            None => Ok(living),
        }
    }

    fn note(&mut self, patient: &Patient) {
        for one in patient.details.identifiers.iter().filter(|one| one.kind().is_unique_in_company()) {
            self.identifiers.insert((one.kind(), one.value().to_owned()), patient.id);
        }
        for key in patient.details.contacts.as_slice().iter().flat_map(Contact::match_keys) {
            let sharing = self.contacts.entry(key).or_default();
            if sharing.len() < MOST_SHARING && !sharing.contains(&patient.id) {
                sharing.push(patient.id);
            }
        }
    }

    fn learn(&mut self, key: ReferenceKey, patient: PatientId, print: &str) {
        let known = Known { patient, print: print.to_owned(), file: self.file };
        self.references.insert(key.clone(), known.clone());
        self.learnt.insert(key, known);
    }

    /// The key of a row of this file that a later one has gone over; no namespace of a sender's has a colon.
    fn applied(&self, fingerprint: &str) -> ReferenceKey {
        let namespace = format!("file:{}", hex(&self.file));
        ReferenceKey { kind: ImportKind::Patients, namespace, value: format!("{}:{fingerprint}", self.namespace) }
    }
}

impl ReadRow<'_> {
    /// True where what is known of its patient has to be looked at.
    fn asks_about(&self, known: &Known) -> bool {
        self.kind == ImportKind::Appointments || known.print != self.fingerprint
    }
}

fn fault(refused: &PatientRefused) -> RowFault {
    let code = match refused {
        PatientRefused::OutOfReach | PatientRefused::FieldsOutOfReach(_) => "out_of_reach",
        PatientRefused::Stage(error) => error.code(),
        PatientRefused::Custom(error) => error.code(),
        PatientRefused::Closed(Closed::Archived) => "record_is_archived",
        PatientRefused::Closed(Closed::Merged(_)) => "record_is_merged",
    };
    RowFault { column: None, code }
}
