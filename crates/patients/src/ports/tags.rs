//! The company's catalogue of tags.

use async_trait::async_trait;
use kernel::ids::TagId;
use kernel::{Page, PageAsk, StoreError};
use serde::{Deserialize, Serialize};

use crate::model::{CataloguedTag, Patient, TagKey};

/// Two tags of one name in the catalogue: the constraint's name.
pub const TAG_ONCE: &str = "tag_key_unique";

/// The key of a tag in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagPlace {
    /// The tag's key.
    pub key: String,
    /// The tag.
    pub id: TagId,
}

/// Which tags.
#[derive(Debug, Clone)]
pub struct TagList {
    /// Only those whose key begins so.
    pub prefix: Option<String>,
    /// The page, by name.
    pub page: PageAsk<TagPlace>,
}

/// Reads of the catalogue.
#[async_trait]
pub trait TagReads: Send + Sync {
    /// A page of the catalogue.
    async fn tag_list(&self, ask: &TagList) -> Result<Page<CataloguedTag>, StoreError>;
    /// The tag of the catalogue with this key.
    async fn tag_by_key(&self, key: &TagKey) -> Result<Option<CataloguedTag>, StoreError>;
    /// How many records of the company carry this tag, counted no further than `most`, whatever the caller's reach; archived
    /// ones too, merged ones not.
    async fn tag_carriers(&self, key: &TagKey, most: u16) -> Result<u64, StoreError>;
    /// Up to `most` of these records.
    async fn patients_carrying(&self, key: &TagKey, most: u16) -> Result<Vec<Patient>, StoreError>;
}

/// Writes of the catalogue.
#[async_trait]
pub trait TagWrites: Send + Sync {
    /// Adds a tag; [`TAG_ONCE`] refuses a name that is there.
    async fn tag_add(&self, tag: &CataloguedTag) -> Result<(), StoreError>;
    /// A tag of the catalogue, which nobody else changes until this transaction has ended.
    async fn tag_locked(&self, id: TagId) -> Result<Option<CataloguedTag>, StoreError>;
    /// Removes a tag from the catalogue.
    async fn tag_remove(&self, id: TagId) -> Result<(), StoreError>;
}
