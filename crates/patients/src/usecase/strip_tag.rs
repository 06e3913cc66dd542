//! Taking a removed tag from the records that carry it, as work after the commit.

use async_trait::async_trait;
use events::patients::PatientUpdated;
use kernel::ids::TagId;
use kernel::jobs::{Failure, Job, JobHandler};
use kernel::retry::ATTEMPTS;
use kernel::{Change, Committed, Origin, Permit, StoreError, commit, unheard};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Patients;
use crate::model::{CataloguedTag, Tag, TagKey};
use crate::permission::SettingsManage;

/// The kind of the job.
pub const KIND: &str = "patients.strip_tag";

/// Records that lose the tag in one transaction.
const BATCH: u16 = 50;

/// Takes removed tags from records.
pub struct StripTag {
    /// The registry.
    pub patients: Patients,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    id: TagId,
    name: String,
}

/// What the job is told.
pub(super) fn payload(tag: &CataloguedTag) -> Value {
    let payload = Payload { id: tag.id, name: tag.name.as_str().to_owned() };
    serde_json::to_value(payload).unwrap_or(Value::Null)
}

#[async_trait]
impl JobHandler for StripTag {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// Works in short transactions until no record carries the tag, or until the catalogue has it again. Run twice, it finds
    /// fewer records, or none.
    async fn run(&self, job: &Job) -> Result<(), Failure> {
        let payload: Option<Payload> = serde_json::from_value(job.payload.clone()).ok();
        let Payload { id, name } = payload.ok_or(Failure::Final("unreadable payload"))?;
        let key = TagKey::of(&Tag::from_stored(name));
        let permit = Permit::system(job.tenant, "a removed tag is taken from the records", Origin::default());
        let mut left = ATTEMPTS;
        loop {
            match stripped(&self.patients, &permit, id, &key).await {
                Ok(0) => return Ok(()),
                Ok(_) => left = ATTEMPTS,
                // Somebody else saved one of them.
                Err(error) if left > 1 && error.is_contended() => left -= 1,
                // The queue tries again, from where this one ended.
                Err(_) => return Err(Failure::Retry("the records could not be saved")),
            }
        }
    }
}

/// Takes the tag from some records; how many they were.
async fn stripped(
    env: &Patients,
    permit: &Permit<SettingsManage>,
    id: TagId,
    key: &TagKey,
) -> Result<usize, StoreError> {
    let now = env.clock.now();
    let tx = env.db.begin(permit.scope()).await?;
    if tx.tag_by_key(key).await?.is_some() {
        return Ok(0);
    }
    let (mut journal, mut saved) = (permit.journal(id, now), 0);
    for before in tx.patients_carrying(key, BATCH).await? {
        let Some(after) = before.without_tag(key, now) else { continue };
        if !tx.patient_save(&after).await? {
            return Err(StoreError::Contended);
        }
        let change = Change::updated(after.id, after.version, &before.facts(), &after.facts());
        let fields = vec!["tags".to_owned()];
        let event = PatientUpdated { patient_id: after.id, version: after.version, fields };
        (journal, saved) = (journal.changed(change).with(&event), saved + 1);
    }
    if saved > 0 { commit(tx, journal, saved, unheard).await.map(Committed::into_value) } else { Ok(0) }
}
