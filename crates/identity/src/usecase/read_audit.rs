//! Reading the audit, which is an act of its own: whoever looks is seen (I11).

use kernel::{
    Change, Committed, Entity, Facts, Grants, Page, PageAsk, Permit, StoreError, commit, unheard, unit_of_work,
};

use crate::Identity;
use crate::model::audit::{AuditEntry, AuditFilter};
use crate::permission;

/// A page of entries, the latest first, with what the caller's grants let them see. It is answered only once the journal says
/// which entries were read.
pub async fn read_audit(
    env: &Identity,
    permit: &Permit<permission::AuditRead>,
    grants: &Grants,
    filter: &AuditFilter,
    ask: &PageAsk<i64>,
) -> Result<Page<AuditEntry>, StoreError> {
    let page = env.db.view(permit.scope()).await?.audit_page(filter, ask).await?;
    let page = page.map(|entry| entry.seen_with(grants));
    unit_of_work(async || note(env, permit, read(&page, filter)).await).await?;
    Ok(page)
}

async fn note(env: &Identity, permit: &Permit<permission::AuditRead>, what: Facts) -> Result<(), StoreError> {
    let tx = env.db.begin(permit.scope()).await?;
    let company = permit.scope().tenant();
    let journal = permit.journal(company, env.clock.now()).changed(Change {
        entity: Entity::of(company),
        version: 0,
        before: Facts::new(),
        after: what,
    });
    commit(tx, journal, (), unheard).await.map(Committed::into_value)
}

fn read(page: &Page<AuditEntry>, filter: &AuditFilter) -> Facts {
    Facts::new()
        .open("audit_filter", filter.recorded())
        .open("audit_entries", page.items.len())
        .open("audit_from_position", page.items.last().map(|entry| entry.position))
        .open("audit_to_position", page.items.first().map(|entry| entry.position))
}
