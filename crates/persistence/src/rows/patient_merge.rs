//! A merge of two records, with the sealed snapshot that undoing it needs.

use chrono::{DateTime, Utc};
use kernel::StoreError;
use kernel::ids::{MembershipId, MergeId};
use kernel::seal::{Keyring, Place};
use patients::model::{Merge, MergeSnapshot};
use sea_orm::Condition;
use sea_orm::entity::prelude::*;

use crate::reach::{Reachable, Reaching, whole_company};

/// A row of `patient_merge`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "patient_merge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub source_id: Uuid,
    pub target_id: Uuid,
    /// Both records as they were, sealed.
    pub snapshot: Vec<u8>,
    pub merged_at: DateTime<Utc>,
    pub merged_by: Option<Uuid>,
    pub undone_at: Option<DateTime<Utc>>,
    pub undone_by: Option<Uuid>,
    pub version: i64,
}

/// Foreign keys live in the schema.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Two whole records are in it.
impl Reachable for Entity {
    fn tenant() -> Option<Column> {
        Some(Column::TenantId)
    }

    fn reach(reaching: &Reaching) -> Condition {
        whole_company(reaching)
    }
}

fn place(tenant: Uuid, row: Uuid) -> Place<'static> {
    Place { tenant, purpose: "patient merge", column: "patient_merge.snapshot", row }
}

impl Model {
    /// The row of a merge of this tenant.
    pub fn of(merge: &Merge, tenant_id: Uuid, keys: &Keyring) -> Result<Self, StoreError> {
        let id = merge.id.uuid();
        // The cause stays behind, because it would quote the value.
        let plain =
            serde_json::to_vec(&merge.snapshot).ok().ok_or_else(|| StoreError::broken("a snapshot without JSON"))?;
        Ok(Self {
            tenant_id,
            id,
            source_id: merge.snapshot.source.id.uuid(),
            target_id: merge.snapshot.target.id.uuid(),
            snapshot: keys.seal(place(tenant_id, id), &plain).map_err(StoreError::broken)?,
            merged_at: merge.merged_at,
            merged_by: merge.merged_by.map(MembershipId::uuid),
            undone_at: merge.undone_at,
            undone_by: merge.undone_by.map(MembershipId::uuid),
            version: merge.version,
        })
    }

    /// The merge of a row, its snapshot opened.
    pub fn opened(self, keys: &Keyring) -> Result<Merge, StoreError> {
        let plain = keys.open(place(self.tenant_id, self.id), &self.snapshot).map_err(StoreError::broken)?;
        let snapshot: Option<MergeSnapshot> = serde_json::from_slice(&plain).ok();
        Ok(Merge {
            id: MergeId::from_uuid(self.id),
            snapshot: snapshot.ok_or_else(|| StoreError::broken("a snapshot that cannot be read"))?,
            merged_at: self.merged_at,
            merged_by: self.merged_by.map(MembershipId::from_uuid),
            undone_at: self.undone_at,
            undone_by: self.undone_by.map(MembershipId::from_uuid),
            version: self.version,
        })
    }
}
