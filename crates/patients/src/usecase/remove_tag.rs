//! Removing a tag from the catalogue, and from the records that carry it.

use kernel::ids::TagId;
use kernel::{
    Change, Committed, FromStore, Kind, NewJob, Permit, Refusal, Reply, StoreError, StoredReply, commit, unit_of_work,
};
use serde_json::{Map, Value};
use thiserror::Error;

use super::strip_tag;
use crate::Patients;
use crate::permission::SettingsManage;

/// How far a refusal counts the records that carry a tag: so many stand for so many or more.
pub const MOST_COUNTED: u16 = 1_000;

/// What becomes of the records that carry a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carriers {
    /// While there are any, the tag stays.
    Keep,
    /// The worker takes the tag from them.
    Strip,
}

/// Why a tag was not removed.
#[derive(Debug, Error)]
pub enum RemoveTagError {
    /// The catalogue has no such tag.
    #[error("no such tag")]
    NotFound,
    /// So many records carry it; [`MOST_COUNTED`] stands for more.
    #[error("{0} records carry the tag")]
    InUse(u64),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Removes a tag from the catalogue. Where records carry it and are to lose it, a job of the worker does that afterwards, so
/// that the transaction is short however many they are.
pub async fn remove_tag(
    env: &Patients,
    permit: &Permit<SettingsManage>,
    id: TagId,
    carriers: Carriers,
    reply: Reply<TagId>,
) -> Result<Committed<TagId>, RemoveTagError> {
    unit_of_work(async || removed(env, permit, id, carriers, reply).await).await
}

async fn removed(
    env: &Patients,
    permit: &Permit<SettingsManage>,
    id: TagId,
    carriers: Carriers,
    reply: Reply<TagId>,
) -> Result<Committed<TagId>, RemoveTagError> {
    let now = env.clock.now();
    let tx = env.db.begin(permit.scope()).await?;
    let tag = tx.tag_locked(id).await?.ok_or(RemoveTagError::NotFound)?;
    let carrying = tx.tag_carriers(&tag.key(), MOST_COUNTED).await?;
    if carrying > 0 && carriers == Carriers::Keep {
        return Err(RemoveTagError::InUse(carrying));
    }
    tx.tag_remove(id).await?;
    let mut journal = permit.journal(id, now).changed(Change::removed(id, tag.version + 1, tag.facts()));
    if carrying > 0 {
        journal = journal.job(NewJob { kind: strip_tag::KIND, payload: strip_tag::payload(&tag), run_at: now });
    }
    Ok(commit(tx, journal, id, reply).await?)
}

impl Refusal for RemoveTagError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::InUse(_) => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::InUse(_) => "patients.tag_in_use",
            Self::Store(error) => error.code(),
        }
    }

    fn details(&self) -> Map<String, Value> {
        match self {
            Self::InUse(records) => Map::from_iter([("in_use".to_owned(), Value::from(*records))]),
            _ => Map::new(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for RemoveTagError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
