//! The data keys of the persons that the journal tells of (I11): made in the statement that first uses them, kept opened in
//! this process for the next one, read from their rows, never from memory, when something is to be opened.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use kernel::seal::{CannotOpen, Place};
use kernel::{Change, DataKey, StoreError, SubjectKeys};
use sea_orm::Value;
use serde::{Deserialize, Serialize};
use serde_json::Map;
use uuid::Uuid;

use crate::claims::lock_key;
use crate::errors::store;
use crate::session::SeaTx;

/// What the lock is for that a first key shares and its destruction has alone.
pub(crate) const FIRST_KEY: &str = "data key";

/// Opened keys in each of two generations: some megabytes.
const KEPT: usize = 10_000;

/// The opened keys of this process, those that were used last.
#[derive(Debug, Default)]
pub(crate) struct DataKeys(Mutex<Generations>);

type ByOwner = HashMap<(Uuid, Uuid), Arc<DataKey>>;

/// What is used moves to the young; when they are full, the old are dropped and the young become old.
#[derive(Debug, Default)]
struct Generations {
    young: ByOwner,
    old: ByOwner,
}

/// The keys that one entry is sealed under.
pub(crate) struct Sealing<'a> {
    tx: &'a SeaTx,
    tenant: Uuid,
    known: BTreeMap<Uuid, Arc<DataKey>>,
    fresh: BTreeMap<Uuid, Arc<DataKey>>,
}

/// The personal fields of a change, as they are sealed together.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct PersonalFields {
    pub(crate) before: Map<String, serde_json::Value>,
    pub(crate) after: Map<String, serde_json::Value>,
}

/// What became of the personal fields of a change.
#[derive(Debug, PartialEq)]
pub(crate) enum Personal {
    /// There were none.
    None,
    /// They are these.
    Open(PersonalFields),
    /// Their key was destroyed.
    Erased,
    /// Their key is there and does not open them: value or key were changed or moved.
    Damaged,
}

impl DataKeys {
    pub(crate) fn of(&self, tenant: Uuid, subject: Uuid) -> Option<Arc<DataKey>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let owner = (tenant, subject);
        if let Some(key) = kept.young.get(&owner) {
            return Some(key.clone());
        }
        let key = kept.old.remove(&owner)?;
        kept.keep(owner, key.clone());
        Some(key)
    }

    pub(crate) fn keep(&self, tenant: Uuid, subject: Uuid, key: Arc<DataKey>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keep((tenant, subject), key);
    }

    pub(crate) fn forget(&self, tenant: Uuid, subject: Uuid) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.young.remove(&(tenant, subject));
        kept.old.remove(&(tenant, subject));
    }
}

impl Generations {
    fn keep(&mut self, owner: (Uuid, Uuid), key: Arc<DataKey>) {
        if self.young.len() >= KEPT {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(owner, key);
    }
}

impl<'a> Sealing<'a> {
    /// Of an entry of this tenant.
    pub(crate) fn new(tx: &'a SeaTx, tenant: Uuid) -> Self {
        Self { tx, tenant, known: BTreeMap::new(), fresh: BTreeMap::new() }
    }

    /// The sealed personal fields of a change; none when it has none.
    pub(crate) fn seal(&mut self, change: &Change, row: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        let (before, after) = (change.before.personal_fields(), change.after.personal_fields());
        if before.is_empty() && after.is_empty() {
            return Ok(None);
        }
        let plain = serde_json::json!({ "before": before, "after": after }).to_string();
        let key = self.key_of(change.subject());
        key.seal(place(self.tenant, row), plain.as_bytes()).map(Some).map_err(StoreError::broken)
    }

    /// The rows of the keys that were made for this entry: tenant, id, subject, sealed key.
    pub(crate) fn rows(&self) -> Result<Vec<[Value; 4]>, StoreError> {
        let row = |(subject, key): (&Uuid, &Arc<DataKey>)| {
            let place = Place { tenant: self.tenant, purpose: "data key", column: "data_key.sealed", row: key.id() };
            let sealed = self.tx.keys().seal(place, key.as_bytes()).map_err(StoreError::broken)?;
            Ok([self.tenant.into(), key.id().into(), (*subject).into(), sealed.into()])
        };
        self.fresh.iter().map(row).collect()
    }

    /// The ids of the keys that were there before, as far as this process remembers.
    pub(crate) fn known(&self) -> Vec<Uuid> {
        self.known.values().map(|key| key.id()).collect()
    }

    /// The subjects that keys were made for.
    pub(crate) fn fresh(&self) -> Vec<Uuid> {
        self.fresh.keys().copied().collect()
    }

    /// Drops what was remembered: a key of it is gone from the database.
    pub(crate) fn forget_known(&self) {
        for subject in self.known.keys() {
            self.tx.database.data_keys().forget(self.tenant, *subject);
        }
    }

    /// The keys that were made, to be remembered once their rows are committed.
    pub(crate) fn into_fresh(self) -> Vec<MadeKey> {
        self.fresh.into_iter().map(|(subject, key)| MadeKey { tenant: self.tenant, subject, key }).collect()
    }

    fn key_of(&mut self, subject: Uuid) -> Arc<DataKey> {
        if let Some(key) = self.known.get(&subject).or_else(|| self.fresh.get(&subject)) {
            return key.clone();
        }
        if let Some(key) = self.tx.database.data_keys().of(self.tenant, subject) {
            return self.known.entry(subject).or_insert(key).clone();
        }
        let id = self.tx.database.ids().uuid();
        self.fresh.entry(subject).or_insert_with(|| Arc::new(DataKey::generate(id))).clone()
    }
}

/// A key whose row is written and not yet committed.
#[derive(Debug)]
pub(crate) struct MadeKey {
    pub(crate) tenant: Uuid,
    pub(crate) subject: Uuid,
    pub(crate) key: Arc<DataKey>,
}

#[async_trait]
impl SubjectKeys for SeaTx {
    async fn subject_keys_destroy(&self, subject: Uuid) -> Result<u64, StoreError> {
        let Some((tenant, _)) = self.confined else {
            return Err(StoreError::broken("keys are destroyed in a transaction of their company"));
        };
        if self.is_postgres() {
            // An entry that makes a key of the subject has committed, so that its key is seen, or makes it after this has.
            let sql = "SELECT pg_advisory_xact_lock($1)";
            self.run(sql, [lock_key(FIRST_KEY, tenant, subject).into()]).await?;
        }
        let sql = "DELETE FROM data_key WHERE tenant_id = $1 AND subject_id = $2";
        let destroyed = self.run(sql, [tenant.into(), subject.into()]).await?;
        self.database.data_keys().forget(tenant, subject);
        Ok(destroyed)
    }
}

impl SeaTx {
    /// Opens the personal fields of changes of the tenant, given as row and sealed value, in two statements at most.
    pub(crate) async fn opened(&self, changes: &[(Uuid, Option<Vec<u8>>)]) -> Result<Vec<Personal>, StoreError> {
        let ids: BTreeSet<Uuid> = changes.iter().filter_map(|(_, sealed)| DataKey::id_in(sealed.as_deref()?)).collect();
        let keys = self.data_keys_by_id(&ids).await?;
        Ok(changes.iter().map(|(row, sealed)| self.personal(*row, sealed.as_deref(), &keys)).collect())
    }

    /// The same with the keys at hand, given as id and sealed key: no statement at all.
    pub(crate) fn opened_under(
        &self,
        changes: &[(Uuid, Option<Vec<u8>>)],
        keys: impl IntoIterator<Item = (Uuid, Vec<u8>)>,
    ) -> Vec<Personal> {
        let keys = keys.into_iter().map(|(id, sealed)| (id, self.data_key(id, &sealed))).collect();
        changes.iter().map(|(row, sealed)| self.personal(*row, sealed.as_deref(), &keys)).collect()
    }

    fn data_key(&self, id: Uuid, sealed: &[u8]) -> Result<DataKey, CannotOpen> {
        let place = Place { tenant: self.tenant(), purpose: "data key", column: "data_key.sealed", row: id };
        self.keys().open(place, sealed).and_then(|bytes| DataKey::from_bytes(id, &bytes))
    }

    fn personal(&self, row: Uuid, sealed: Option<&[u8]>, keys: &Found) -> Personal {
        let Some(sealed) = sealed else { return Personal::None };
        let place = place(self.tenant(), row);
        let plain = match DataKey::id_in(sealed) {
            // Told before there were data keys.
            None => self.keys().open(place, sealed),
            Some(id) => match keys.get(&id) {
                None => return Personal::Erased,
                Some(key) => key.as_ref().map_err(|error| *error).and_then(|key| key.open(place, sealed)),
            },
        };
        plain.ok().and_then(|plain| serde_json::from_slice(&plain).ok()).map_or(Personal::Damaged, Personal::Open)
    }

    async fn data_keys_by_id(&self, ids: &BTreeSet<Uuid>) -> Result<Found, StoreError> {
        if ids.is_empty() {
            return Ok(Found::new());
        }
        let tenant = self.tenant();
        let places: Vec<String> = (2..).take(ids.len()).map(|n| format!("${n}")).collect();
        let sql = format!("SELECT id, sealed FROM data_key WHERE tenant_id = $1 AND id IN ({})", places.join(", "));
        let values = std::iter::once(tenant.into()).chain(ids.iter().map(|id| (*id).into()));
        let read = |row: &sea_orm::QueryResult| {
            let (id, sealed): (Uuid, Vec<u8>) = (row.try_get("", "id")?, row.try_get("", "sealed")?);
            Ok((id, self.data_key(id, &sealed)))
        };
        self.rows(&sql, values).await?.iter().map(read).collect::<Result<_, _>>().map_err(store)
    }
}

type Found = HashMap<Uuid, Result<DataKey, CannotOpen>>;

fn place(tenant: Uuid, row: Uuid) -> Place<'static> {
    Place { tenant, purpose: "journal", column: "journal_change.sealed", row }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i11_opened_keys_are_bounded_and_those_in_use_stay() {
        let (keys, tenant) = (DataKeys::default(), Uuid::from_u128(1));
        let key = |n| Arc::new(DataKey::generate(Uuid::from_u128(n)));
        let used = Uuid::from_u128(0);
        keys.keep(tenant, used, key(0));
        for n in 1..=3 * u128::try_from(KEPT).unwrap() {
            keys.keep(tenant, Uuid::from_u128(n), key(n));
            if n % 1_000 == 0 {
                assert!(keys.of(tenant, used).is_some(), "{n}");
            }
        }
        let kept = keys.0.lock().unwrap();
        assert!(kept.young.len() + kept.old.len() <= 2 * KEPT);
        drop(kept);
        assert!(keys.of(tenant, Uuid::from_u128(1)).is_none());
        assert!(keys.of(Uuid::from_u128(2), used).is_none(), "another tenant's");
        keys.forget(tenant, used);
        assert!(keys.of(tenant, used).is_none());
    }
}
