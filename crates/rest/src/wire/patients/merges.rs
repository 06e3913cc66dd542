//! Merges on the wire.

use chrono::{DateTime, Utc};
use kernel::ids::PatientId;
use patients::model::{Merge, Reference, ReferenceKind};
use patients::usecase::{Merged, Run, Unmerged};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{PatientWire, SAMPLE_ID};
use crate::{Ask, FromJson, Wire};

/// Which duplicate to merge
#[derive(Debug, FromJson)]
pub struct MergeAsk {
    /// The duplicate, which becomes `merged`.
    source_id: Uuid,
}

/// A merge of two records
#[derive(Serialize, ToSchema)]
#[schema(as = Merge)]
pub struct MergeWire {
    /// Its id, by which it is undone; `null` in a dry run.
    id: Option<Uuid>,
    /// True when nothing was done.
    dry_run: bool,
    /// The duplicate.
    source_id: Uuid,
    /// The record that lives on.
    target_id: Uuid,
    /// That record right after the merge.
    patient: PatientWire,
    /// What named the duplicate and names the other record now.
    moved: Vec<PatientReferenceWire>,
    /// The moved appointments that overlap one of the other record.
    overbooked: Vec<PatientReferenceWire>,
    /// What still names the duplicate, because the other record has its like: links of the same member that end no later.
    kept: Vec<PatientReferenceWire>,
    /// The fields of which a record has one value and both had their own: the duplicate's gave way, and is kept for undoing.
    overruled: Vec<String>,
    /// When it was done; `null` in a dry run.
    merged_at: Option<DateTime<Utc>>,
}

/// A merge that was undone
#[derive(Serialize, ToSchema)]
#[schema(as = UndoneMerge)]
pub struct UnmergedWire {
    /// Its id.
    id: Uuid,
    /// The duplicate, which has its own record again.
    source_id: Uuid,
    /// The other record.
    target_id: Uuid,
    /// When it was done.
    merged_at: DateTime<Utc>,
    /// When it was undone.
    undone_at: Option<DateTime<Utc>>,
    /// What names the first record again.
    returned: Vec<PatientReferenceWire>,
    /// Which of these were changed since the merge; what was done to them stays.
    changed_since: Vec<PatientReferenceWire>,
    /// What the merge had moved and is no longer there.
    gone: Vec<PatientReferenceWire>,
}

/// Something that names a patient
#[derive(Serialize, ToSchema)]
#[schema(as = PatientReference)]
pub struct PatientReferenceWire {
    /// `appointment`, `beneficiary` (of somebody else's appointment), `link`, `membership` or `invitation`.
    #[schema(value_type = String)]
    kind: ReferenceKind,
    /// The appointment's, link's, member's or invitation's id.
    id: Uuid,
    /// First instant, of an appointment.
    start: Option<DateTime<Utc>>,
    /// Instant after the last, of an appointment.
    end: Option<DateTime<Utc>>,
}

impl MergeAsk {
    /// The duplicate.
    pub fn source(&self) -> PatientId {
        PatientId::from_uuid(self.source_id)
    }
}

impl From<&Reference> for PatientReferenceWire {
    fn from(reference: &Reference) -> Self {
        let (start, end) = reference.time.unzip();
        Self { kind: reference.kind, id: reference.id, start, end }
    }
}

fn list<'a>(references: impl IntoIterator<Item = &'a Reference>) -> Vec<PatientReferenceWire> {
    references.into_iter().map(Into::into).collect()
}

impl From<&Merged> for MergeWire {
    fn from(merged: &Merged) -> Self {
        let Merge { id, snapshot, merged_at, .. } = &merged.merge;
        let is_done = merged.run == Run::Real;
        Self {
            id: is_done.then(|| id.uuid()),
            dry_run: !is_done,
            source_id: snapshot.source.id.uuid(),
            target_id: snapshot.target.id.uuid(),
            patient: PatientWire::from(&snapshot.united),
            moved: list(merged.merge.moved()),
            overbooked: list(merged.merge.moved().filter(|one| one.overbooked)),
            kept: list(snapshot.references.iter().filter(|one| !one.is_touched())),
            overruled: merged.merge.overruled().into_iter().map(str::to_owned).collect(),
            merged_at: is_done.then_some(*merged_at),
        }
    }
}

impl From<&Unmerged> for UnmergedWire {
    fn from(unmerged: &Unmerged) -> Self {
        let Merge { id, snapshot, merged_at, undone_at, .. } = &unmerged.merge;
        Self {
            id: id.uuid(),
            source_id: snapshot.source.id.uuid(),
            target_id: snapshot.target.id.uuid(),
            merged_at: *merged_at,
            undone_at: *undone_at,
            returned: list(&unmerged.returned),
            changed_since: list(&unmerged.changed_since),
            gone: list(&unmerged.gone),
        }
    }
}

const SAMPLE_MERGE: Uuid = Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0011);
const SAMPLE_SOURCE: Uuid = Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0012);

fn sample_reference() -> PatientReferenceWire {
    let at = |seconds| DateTime::from_timestamp(seconds, 0);
    let id = Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0013);
    PatientReferenceWire { kind: ReferenceKind::Appointment, id, start: at(1_804_104_000), end: at(1_804_105_800) }
}

impl Ask for MergeAsk {
    fn sample() -> Value {
        json!({ "source_id": SAMPLE_SOURCE })
    }
}

impl Wire for MergeWire {
    fn sample() -> Self {
        Self {
            id: Some(SAMPLE_MERGE),
            dry_run: false,
            source_id: SAMPLE_SOURCE,
            target_id: SAMPLE_ID,
            patient: PatientWire::sample(),
            moved: vec![sample_reference()],
            overbooked: Vec::new(),
            kept: Vec::new(),
            overruled: vec!["birth_date".to_owned()],
            merged_at: DateTime::from_timestamp(1_804_010_000, 0),
        }
    }
}

impl Wire for UnmergedWire {
    fn sample() -> Self {
        Self {
            id: SAMPLE_MERGE,
            source_id: SAMPLE_SOURCE,
            target_id: SAMPLE_ID,
            merged_at: DateTime::from_timestamp(1_804_010_000, 0).unwrap_or_default(),
            undone_at: DateTime::from_timestamp(1_804_020_000, 0),
            returned: vec![sample_reference()],
            changed_since: Vec::new(),
            gone: Vec::new(),
        }
    }
}
