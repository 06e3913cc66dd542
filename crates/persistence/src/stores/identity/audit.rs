//! The journal as its company reads it, by position, with the proof of its chain.

use async_trait::async_trait;
use identity::model::audit::{
    Act, AuditActor, AuditChange, AuditEntry, AuditFilter, BrokenLink, ChainProof, EntityKind, PersonalFields,
    RefusalFilter, RefusedAttempt, Touched,
};
use identity::model::dead_job::QueuedJob;
use identity::ports::audit::AuditReader;
use kernel::ids::{AccountId, ApiKeyId, EntryId, JobId, MembershipId, SessionId};
use kernel::{Page, PageAsk, StoreError, Total};
use sea_orm::{DbErr, QueryResult};
use serde_json::Map;
use uuid::Uuid;

use super::narrowed::Narrowed;
use super::{dead_jobs, refusals};
use crate::data_keys::Personal;
use crate::errors::store;
use crate::session::SeaTx;
use crate::verify::{Broken, walk};

/// The entries of the chosen links `l`, each with its changes: rows of the same entry follow each other.
const ENTRIES: &str = "\
    SELECT l.position, e.id, e.at, e.act, e.membership_id, e.account_id, e.session_id, e.api_key_id, e.system_reason, \
    e.request_id, e.ip, e.user_agent, e.entity_kind, e.entity_id, e.version, m.display_name AS actor_name, \
    c.id AS change_id, c.entity_kind AS change_kind, c.entity_id AS change_entity, c.version AS change_version, \
    c.before, c.after, c.sealed FROM chosen l \
    JOIN journal_entry e ON e.tenant_id = $1 AND e.id = l.entry_id \
    LEFT JOIN membership m ON m.tenant_id = $1 AND m.id = e.membership_id \
    LEFT JOIN journal_change c ON c.tenant_id = $1 AND c.entry_id = e.id \
    ORDER BY l.position DESC, c.ordinal";

#[async_trait]
impl AuditReader for SeaTx {
    async fn audit_page(&self, filter: &AuditFilter, ask: &PageAsk<i64>) -> Result<Page<AuditEntry>, StoreError> {
        let from = "journal_link l JOIN journal_entry e ON e.tenant_id = l.tenant_id AND e.id = l.entry_id";
        let narrowed = matching(filter, self.tenant());
        let total = match ask.total {
            Total::Skip => None,
            Total::Count => Some(narrowed.count(self, from).await?),
        };
        let (chosen, values) =
            narrowed.page(&format!("l.position, l.entry_id FROM {from}"), "l.position", ask, |p| (*p).into());
        let rows = self.rows(&format!("WITH chosen AS ({chosen}) {ENTRIES}"), values).await?;
        let sealed: Vec<_> = rows.iter().map(sealed).collect::<Result<_, _>>().map_err(store)?;
        let personal = self.opened(&sealed).await?;
        let entries = gathered(&rows, personal).map_err(store)?;
        Ok(Page::from_surplus(entries, ask.limit, total, |entry| entry.position))
    }

    async fn chain_proof(&self, after: i64, limit: u16) -> Result<ChainProof, StoreError> {
        let numbered = self.database.numbered_before().await?;
        let seen = walk(self, self.tenant(), after, u32::from(limit), numbered).await?;
        let broken = seen.broken.map(|broken| match broken {
            Broken::Missing(position) => BrokenLink::Missing(position),
            Broken::Altered(position) => BrokenLink::Altered(position),
            Broken::Foreign(entry) => BrokenLink::Foreign(EntryId::from_uuid(entry)),
            Broken::Keyless => BrokenLink::Keyless,
        });
        Ok(ChainProof { position: seen.head.position, mac: seen.head.mac, broken, complete: seen.complete })
    }

    async fn refusals_page(
        &self,
        filter: &RefusalFilter,
        ask: &PageAsk<Uuid>,
    ) -> Result<Page<RefusedAttempt>, StoreError> {
        refusals::page(self, filter, ask).await
    }

    async fn dead_jobs_page(&self, ask: &PageAsk<JobId>) -> Result<Page<QueuedJob>, StoreError> {
        dead_jobs::page(self, ask).await
    }
}

fn matching(filter: &AuditFilter, tenant: Uuid) -> Narrowed {
    let mut all = Narrowed::to("l.tenant_id", tenant);
    if let Some(actor) = filter.actor {
        all.and("(e.membership_id = $ OR e.api_key_id = $)", actor);
    }
    let changed = "EXISTS (SELECT 1 FROM journal_change c WHERE c.tenant_id = e.tenant_id AND c.entry_id = e.id AND";
    if let Some(entity) = filter.entity {
        // By its own index: an entity's history is short, the journal is long.
        all.and(
            "(e.entity_id = $ OR e.id IN (SELECT c.entry_id FROM journal_change c WHERE c.tenant_id = $1 AND c.entity_id = $))",
            entity,
        );
    }
    if let Some(kind) = filter.entity_kind.map(EntityKind::name) {
        all.and(&format!("(e.entity_kind = $ OR {changed} c.entity_kind = $))"), kind);
    }
    if let Some(act) = filter.act.map(Act::name) {
        all.and("e.act = $", act);
    }
    all.between("e.at", filter.from, filter.to);
    all
}

fn sealed(row: &QueryResult) -> Result<(Uuid, Option<Vec<u8>>), DbErr> {
    let change: Option<Uuid> = row.try_get("", "change_id")?;
    Ok((change.unwrap_or_default(), row.try_get("", "sealed")?))
}

fn gathered(rows: &[QueryResult], personal: Vec<Personal>) -> Result<Vec<AuditEntry>, DbErr> {
    let mut entries: Vec<AuditEntry> = Vec::new();
    for (row, personal) in rows.iter().zip(personal) {
        let position: i64 = row.try_get("", "position")?;
        if entries.last().is_none_or(|last| last.position != position) {
            entries.push(entry(row, position)?);
        }
        if let (Some(entry), Some(_)) = (entries.last_mut(), row.try_get::<Option<Uuid>>("", "change_id")?) {
            entry.changes.push(change(row, personal)?);
        }
    }
    Ok(entries)
}

fn entry(row: &QueryResult, position: i64) -> Result<AuditEntry, DbErr> {
    let id = |column: &str| row.try_get::<Option<Uuid>>("", column);
    Ok(AuditEntry {
        position,
        id: EntryId::from_uuid(row.try_get("", "id")?),
        at: row.try_get("", "at")?,
        act: row.try_get("", "act")?,
        actor: AuditActor {
            membership: id("membership_id")?.map(MembershipId::from_uuid),
            name: row.try_get("", "actor_name")?,
            account: id("account_id")?.map(AccountId::from_uuid),
            session: id("session_id")?.map(SessionId::from_uuid),
            api_key: id("api_key_id")?.map(ApiKeyId::from_uuid),
            system_reason: row.try_get("", "system_reason")?,
        },
        ip: row.try_get("", "ip")?,
        user_agent: row.try_get("", "user_agent")?,
        request_id: id("request_id")?,
        entity: touched(row, ["entity_kind", "entity_id", "version"])?,
        changes: Vec::new(),
    })
}

fn change(row: &QueryResult, personal: Personal) -> Result<AuditChange, DbErr> {
    Ok(AuditChange {
        entity: touched(row, ["change_kind", "change_entity", "change_version"])?,
        before: fields(row, "before")?,
        after: fields(row, "after")?,
        personal: match personal {
            Personal::None => PersonalFields::None,
            Personal::Open(fields) => PersonalFields::Shown { before: fields.before, after: fields.after },
            Personal::Erased => PersonalFields::Erased,
            Personal::Damaged => PersonalFields::Damaged,
        },
    })
}

fn touched(row: &QueryResult, [kind, id, version]: [&str; 3]) -> Result<Touched, DbErr> {
    Ok(Touched { kind: row.try_get("", kind)?, id: row.try_get("", id)?, version: row.try_get("", version)? })
}

/// What somebody wrote there who is no friend of JSON is shown as it is: the proof of the chain says the rest.
fn fields(row: &QueryResult, column: &str) -> Result<Map<String, serde_json::Value>, DbErr> {
    let text: String = row.try_get("", column)?;
    Ok(serde_json::from_str(&text).unwrap_or_else(|_| Map::from_iter([("damaged".to_owned(), text.into())])))
}
