//! Finding duplicates (PT6): the keys of records, what is due, candidates and pairs.

use std::collections::BTreeMap;

use async_trait::async_trait;
use kernel::ids::{PatientId, TenantId};
use kernel::{Page, Start, StoreError, Total};
use patients::model::matching::{Candidate, DuplicatePair, FoundPair, MatchKey};
use patients::model::{Patient, PatientSummary};
use patients::ports::{
    DuplicateKey, DuplicateList, LARGEST_BLOCK, MOST_CANDIDATES, MatchDue, MatchQueue, MatchReads, MatchSubject,
    MatchWrites, TELLING_BLOCK,
};
use sea_orm::sea_query::{Expr, OnConflict, Order};
use sea_orm::{ColumnTrait, Condition, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select, Value};
use uuid::Uuid;

use crate::errors::store;
use crate::rows::patient::{Column, Compared, Entity, SUMMARY, Summary};
use crate::rows::{
    patient, patient_contact, patient_duplicate, patient_identifier, patient_match_due, patient_match_key,
};
use crate::{Database, SeaTx};

/// Ids of one statement: SQLite takes 32,766 parameters.
const AT_ONCE: usize = 5_000;
/// Alternatives of one condition: SQLite nests no deeper than 1,000.
const TERMS: usize = 500;
/// Pairs of one statement.
const PAIRS: usize = 2_000;

#[async_trait]
impl MatchQueue for Database {
    async fn companies_to_match(&self, after: Option<TenantId>, most: u16) -> Result<Vec<TenantId>, StoreError> {
        let tx = self.look_across("duplicates").await?;
        let after = after.map_or_else(Uuid::nil, TenantId::uuid);
        let rows = tx.rows(&companies(most), [after.into()]).await?;
        rows.iter().map(|row| Ok(TenantId::from_uuid(row.try_get("", "tenant_id").map_err(store)?))).collect()
    }
}

#[async_trait]
impl MatchReads for SeaTx {
    async fn match_candidates(
        &self,
        keys: &[MatchKey],
        except: Option<PatientId>,
    ) -> Result<Vec<Candidate>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let (sql, values) = blocks(self, keys);
        let mut select = compared(self).filter(Expr::cust_with_values(sql, values));
        if let Some(own) = except {
            select = select.filter(Column::Id.ne(own.uuid()));
        }
        let rows: Vec<Compared> = self.all_as(select).await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    async fn duplicate_list(&self, ask: &DuplicateList) -> Result<Page<DuplicatePair>, StoreError> {
        let page = pairs(self, ask).await?;
        let ids = page.items.iter().flat_map(|row| [row.first_id, row.second_id]);
        // A pair of which a record was archived between the two reads is left out.
        let select = live(self).filter(Column::Id.is_in(ids)).select_only().columns(SUMMARY);
        let records: Vec<Summary> = if page.items.is_empty() { Vec::new() } else { self.all_as(select).await? };
        let mut found: BTreeMap<Uuid, PatientSummary> = BTreeMap::new();
        for row in records {
            found.insert(row.id, row.try_into()?);
        }
        let pair = |row: &patient_duplicate::Model| {
            let patients = [found.get(&row.first_id)?.clone(), found.get(&row.second_id)?.clone()];
            Some(row.likeness().map(|likeness| DuplicatePair { patients, likeness }))
        };
        let items = page.items.iter().filter_map(pair).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next, total: page.total })
    }

    async fn match_due(&self, most: u16) -> Result<Vec<MatchDue>, StoreError> {
        use patient_match_due::{Column, Entity};
        let select = self.select::<Entity>().order_by_asc(Column::Id).limit(u64::from(most));
        Ok(self.all(select).await?.into_iter().map(Into::into).collect())
    }

    async fn match_records(&self, ids: &[PatientId]) -> Result<Vec<Candidate>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(AT_ONCE) {
            let select = compared(self).filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())));
            let rows: Vec<Compared> = self.all_as(select).await?;
            found.extend(rows.into_iter().map(Candidate::try_from).collect::<Result<Vec<_>, _>>()?);
        }
        Ok(found)
    }

    async fn duplicates_of(&self, ids: &[PatientId]) -> Result<Vec<(PatientId, PatientId)>, StoreError> {
        use patient_duplicate::{Column, Entity};
        let ids = || ids.iter().map(|id| id.uuid());
        let either = Condition::any().add(Column::FirstId.is_in(ids())).add(Column::SecondId.is_in(ids()));
        let rows = self.all(self.select::<Entity>().filter(either)).await?;
        Ok(rows.iter().map(|row| (PatientId::from_uuid(row.first_id), PatientId::from_uuid(row.second_id))).collect())
    }

    async fn match_subjects(&self, ids: &[PatientId]) -> Result<Vec<MatchSubject>, StoreError> {
        let records = self.match_records(ids).await?;
        let stored = {
            use patient_match_key::{Column, Entity};
            self.all(self.select::<Entity>().filter(Column::PatientId.is_in(ids.iter().map(|id| id.uuid())))).await?
        };
        let subject = |record: Candidate| {
            let own = stored.iter().filter(|key| key.patient_id == record.patient.id.uuid());
            let keys = own.map(|row| MatchKey::from_stored(row.key)).collect();
            MatchSubject { record, keys }
        };
        Ok(records.into_iter().map(subject).collect())
    }
}

#[async_trait]
impl MatchWrites for SeaTx {
    async fn match_keys_replace(&self, patient: PatientId, keys: &[MatchKey]) -> Result<(), StoreError> {
        self.remove_match_keys(patient).await?;
        self.insert_all(patient_match_key::Model::all(patient.uuid(), keys, self.tenant())).await
    }

    async fn match_versions(&self, ids: &[PatientId]) -> Result<Vec<(PatientId, i64)>, StoreError> {
        let ids = ids.iter().map(|id| id.uuid());
        let mut select = self
            .select::<Entity>()
            .filter(Column::Id.is_in(ids))
            .select_only()
            .columns([Column::Id, Column::Version])
            .order_by_asc(Column::Id);
        if self.is_postgres() {
            use sea_orm::sea_query::{LockBehavior, LockType};
            select = select.lock_with_behavior(LockType::Share, LockBehavior::SkipLocked);
        }
        let rows: Vec<patient::Versioned> = self.all_as(select).await?;
        Ok(rows.into_iter().map(|row| (PatientId::from_uuid(row.id), row.version)).collect())
    }

    async fn duplicates_save(&self, gone: &[(PatientId, PatientId)], pairs: &[FoundPair]) -> Result<(), StoreError> {
        use patient_duplicate::{ActiveModel, Column, Entity, Model};
        for gone in gone.chunks(TERMS) {
            let is_pair = |pair: &(PatientId, PatientId)| {
                Condition::all().add(Column::FirstId.eq(pair.0.uuid())).add(Column::SecondId.eq(pair.1.uuid()))
            };
            let any = gone.iter().fold(Condition::any(), |any, pair| any.add(is_pair(pair)));
            self.exec(self.delete_where::<Entity>().filter(any)).await?;
        }
        // It was found before, or another worker found it from its other side at once.
        let again = OnConflict::columns([Column::TenantId, Column::FirstId, Column::SecondId])
            .update_columns([Column::Grade, Column::Score, Column::Findings, Column::FoundAt])
            .to_owned();
        for pairs in pairs.chunks(PAIRS) {
            let rows = pairs.iter().map(|pair| Model::of(pair, self.tenant(), self.now()));
            self.insert_or::<ActiveModel, Model>(rows, again.clone()).await?;
        }
        Ok(())
    }

    async fn match_done(&self, done: &[MatchDue]) -> Result<(), StoreError> {
        use patient_match_due::{Column, Entity};
        if !done.is_empty() {
            let ids = done.iter().map(|due| due.id);
            self.exec(self.delete_where::<Entity>().filter(Column::Id.is_in(ids))).await?;
        }
        Ok(())
    }
}

impl SeaTx {
    /// Writes the keys of new records, and that their duplicates are to be found. One that takes no part in matching has no
    /// keys, so that it fills no block.
    pub(super) async fn add_match_keys(&self, patients: &[&Patient]) -> Result<(), StoreError> {
        let takes_part = |patient: &&&Patient| patient.closed().is_none();
        let keys = patients
            .iter()
            .filter(takes_part)
            .flat_map(|patient| patient_match_key::Model::all_of(patient, self.tenant()));
        let due = patients.iter().map(|patient| patient_match_due::Model {
            tenant_id: self.tenant(),
            id: self.database.ids().uuid(),
            patient_id: patient.id.uuid(),
        });
        self.insert_all(keys).await?;
        self.insert_all(due).await
    }

    /// Removes the keys of a record.
    pub(super) async fn remove_match_keys(&self, patient: PatientId) -> Result<(), StoreError> {
        use patient_match_key::{Column, Entity};
        self.exec(self.delete_where::<Entity>().filter(Column::PatientId.eq(patient.uuid()))).await.map(drop)
    }
}

/// A page of the companies behind `$1` that have something due: one look into the index for each, whatever waits.
fn companies(most: u16) -> String {
    format!(
        "WITH RECURSIVE company (tenant_id) AS (\
         SELECT tenant_id FROM (SELECT tenant_id FROM patient_match_due WHERE tenant_id > $1 ORDER BY tenant_id LIMIT 1) first \
         UNION ALL \
         SELECT (SELECT d.tenant_id FROM patient_match_due d WHERE d.tenant_id > c.tenant_id ORDER BY d.tenant_id LIMIT 1) \
         FROM company c WHERE c.tenant_id IS NOT NULL) \
         SELECT tenant_id FROM company WHERE tenant_id IS NOT NULL LIMIT {most}"
    )
}

/// The records within reach that are neither archived nor merged.
fn live(tx: &SeaTx) -> Select<Entity> {
    tx.select::<Entity>().filter(Column::ArchivedAt.is_null()).filter(Column::Stage.ne("merged"))
}

/// A select of what is compared of the records within reach that take part in matching.
fn compared(tx: &SeaTx) -> Select<Entity> {
    let (identifiers, contacts) = if tx.is_postgres() {
        (patient_identifier::PARTS_POSTGRES, patient_contact::PARTS_POSTGRES)
    } else {
        (patient_identifier::PARTS_SQLITE, patient_contact::PARTS_SQLITE)
    };
    live(tx)
        .select_only()
        .columns(SUMMARY)
        .columns([Column::MotherName, Column::Addresses])
        .expr_as(Expr::cust(identifiers), "identifiers")
        .expr_as(Expr::cust(contacts), "contacts")
}

/// The condition that a record shares keys: of each block the youngest records, of these the ones that share most, a block
/// counting the more the smaller it is. Each record costs several looks into tables, so that who shares one large block alone,
/// whose score would not be worth a look, is left out. Limits stand in the text, so that the plan is kept.
fn blocks(tx: &SeaTx, keys: &[MatchKey]) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = Vec::with_capacity(keys.len() * 2);
    let mut place = |value: Value| {
        values.push(value);
        if tx.is_postgres() { format!("${}", values.len()) } else { "?".to_owned() }
    };
    let tenant = tx.is_postgres().then(|| place(tx.tenant().into()));
    let mut block = |(number, key): (usize, &MatchKey)| {
        let tenant = tenant.clone().unwrap_or_else(|| place(tx.tenant().into()));
        let key = place(key.as_i64().into());
        format!(
            "SELECT patient_id, {number} AS block FROM (SELECT patient_id FROM patient_match_key \
             WHERE tenant_id = {tenant} AND key = {key} ORDER BY patient_id DESC LIMIT {LARGEST_BLOCK}) b{number}"
        )
    };
    let union = keys.iter().enumerate().map(&mut block).collect::<Vec<_>>().join(" UNION ALL ");
    let id = r#""patient"."id""#;
    let sql = format!(
        "{id} IN (SELECT patient_id FROM (SELECT patient_id, 1.0 / count(*) OVER (PARTITION BY block) AS rarity \
         FROM ({union}) blocks) shared GROUP BY patient_id \
         HAVING count(*) > 1 OR max(rarity) >= 1.0 / {TELLING_BLOCK} ORDER BY sum(rarity) DESC, patient_id DESC LIMIT {MOST_CANDIDATES})"
    );
    (sql, values)
}

/// A page of pairs of live records, the best first.
async fn pairs(tx: &SeaTx, ask: &DuplicateList) -> Result<Page<patient_duplicate::Model>, StoreError> {
    use patient_duplicate::{Column, Entity};
    let mut all = tx.select::<Entity>().filter(Expr::cust(
        "NOT EXISTS (SELECT 1 FROM patient p WHERE p.tenant_id = patient_duplicate.tenant_id \
         AND p.id IN (patient_duplicate.first_id, patient_duplicate.second_id) \
         AND (p.archived_at IS NOT NULL OR p.stage = 'merged'))",
    ));
    if !ask.grades.is_empty() {
        all = all.filter(Column::Grade.is_in(ask.grades.iter().map(|grade| grade.as_str())));
    }
    let total = match ask.page.total {
        Total::Skip => None,
        Total::Count => Some(tx.count(all.clone()).await?),
    };
    let order = [Column::Score, Column::FirstId, Column::SecondId];
    let mut select = all.limit(u64::from(ask.page.limit) + 1);
    match &ask.page.start {
        Start::First => {}
        Start::Offset(rows) => select = select.offset(*rows),
        Start::After(DuplicateKey { score, first, second }) => {
            let row = Expr::tuple(order.map(|column| Expr::col((Entity, column))));
            let key = [Expr::value(*score), Expr::value(first.uuid()), Expr::value(second.uuid())];
            select = select.filter(row.lt(Expr::tuple(key)));
        }
    }
    for column in order {
        select = select.order_by(column, Order::Desc);
    }
    let rows = tx.all(select).await?;
    Ok(Page::from_surplus(rows, ask.page.limit, total, |row| DuplicateKey {
        score: row.score,
        first: PatientId::from_uuid(row.first_id),
        second: PatientId::from_uuid(row.second_id),
    }))
}
