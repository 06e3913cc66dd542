//! Adding a tag to the catalogue.

use kernel::ids::TagId;
use kernel::{
    Change, Committed, FromStore, Kind, Permit, Refusal, Reply, StoreError, StoredReply, commit, unit_of_work,
};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::Patients;
use crate::model::{CataloguedTag, Colour, Tag};
use crate::permission::SettingsManage;
use crate::ports::TAG_ONCE;

/// A tag that is wanted.
#[derive(Debug, Clone)]
pub struct AddTag {
    /// The label.
    pub name: Tag,
    /// How clients paint it.
    pub colour: Option<Colour>,
}

/// Why no tag was added.
#[derive(Debug, Error)]
pub enum AddTagError {
    /// The catalogue has it; which one, unless it went meanwhile.
    #[error("the tag is there already")]
    Exists(Option<TagId>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds a tag. Records that carry its label already carry this tag from now on.
pub async fn add_tag(
    env: &Patients,
    permit: &Permit<SettingsManage>,
    ask: AddTag,
    reply: Reply<CataloguedTag>,
) -> Result<Committed<CataloguedTag>, AddTagError> {
    unit_of_work(async || added(env, permit, &ask, reply).await).await
}

async fn added(
    env: &Patients,
    permit: &Permit<SettingsManage>,
    ask: &AddTag,
    reply: Reply<CataloguedTag>,
) -> Result<Committed<CataloguedTag>, AddTagError> {
    let now = env.clock.now();
    let AddTag { name, colour } = ask.clone();
    let tag = CataloguedTag { id: env.ids.next(), name, colour, version: 1, created_at: now };
    let tx = env.db.begin(permit.scope()).await?;
    match tx.tag_add(&tag).await {
        Err(StoreError::Constraint(TAG_ONCE)) => {
            drop(tx);
            let there = env.db.view(permit.scope()).await?.tag_by_key(&tag.key()).await?;
            return Err(AddTagError::Exists(there.map(|tag| tag.id)));
        }
        added => added?,
    }
    let journal = permit.journal(tag.id, now).changed(Change::created(tag.id, tag.version, tag.facts()));
    Ok(commit(tx, journal, tag, reply).await?)
}

impl Refusal for AddTagError {
    fn kind(&self) -> Kind {
        match self {
            Self::Exists(_) => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Exists(_) => "patients.tag_exists",
            Self::Store(error) => error.code(),
        }
    }

    fn details(&self) -> Map<String, Value> {
        match self {
            Self::Exists(tag) => {
                tag.iter().map(|id| ("existing_id".to_owned(), Value::String(id.to_string()))).collect()
            }
            Self::Store(_) => Map::new(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for AddTagError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Exists(_) => None,
        }
    }
}
