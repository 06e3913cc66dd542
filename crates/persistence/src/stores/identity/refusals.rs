//! The access log as its company reads it. Its ids are made in the order of time.

use identity::model::audit::{RefusalFilter, RefusedAttempt};
use kernel::ids::{ApiKeyId, MembershipId};
use kernel::{Page, PageAsk, StoreError, Total};
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use super::narrowed::Narrowed;
use crate::errors::store;
use crate::session::SeaTx;

const COLUMNS: &str =
    "id, at, request_id, membership_id, api_key_id, method, route, status, code, ip, user_agent FROM access_log";

pub(super) async fn page(
    tx: &SeaTx,
    filter: &RefusalFilter,
    ask: &PageAsk<Uuid>,
) -> Result<Page<RefusedAttempt>, StoreError> {
    let mut all = Narrowed::to("tenant_id", tx.tenant());
    if let Some(actor) = filter.actor {
        all.and("(membership_id = $ OR api_key_id = $)", actor);
    }
    if let Some(code) = &filter.code {
        all.and("code = $", code.clone());
    }
    if let Some(status) = filter.status {
        all.and("status = $", i32::from(status));
    }
    all.between("at", filter.from, filter.to);
    let total = match ask.total {
        Total::Skip => None,
        Total::Count => Some(all.count(tx, "access_log").await?),
    };
    let (sql, values) = all.page(COLUMNS, "id", ask, |id| (*id).into());
    let rows = tx.rows(&sql, values).await?;
    let attempts = rows.iter().map(attempt).collect::<Result<Vec<_>, _>>().map_err(store)?;
    Ok(Page::from_surplus(attempts, ask.limit, total, |attempt| attempt.id))
}

fn attempt(row: &QueryResult) -> Result<RefusedAttempt, DbErr> {
    let id = |column: &str| row.try_get::<Option<Uuid>>("", column);
    let status: i32 = row.try_get("", "status")?;
    Ok(RefusedAttempt {
        id: row.try_get("", "id")?,
        at: row.try_get("", "at")?,
        request_id: id("request_id")?,
        membership: id("membership_id")?.map(MembershipId::from_uuid),
        api_key: id("api_key_id")?.map(ApiKeyId::from_uuid),
        method: row.try_get("", "method")?,
        route: row.try_get("", "route")?,
        status: u16::try_from(status).map_err(|error| DbErr::Custom(error.to_string()))?,
        code: row.try_get("", "code")?,
        ip: row.try_get("", "ip")?,
        user_agent: row.try_get("", "user_agent")?,
    })
}
