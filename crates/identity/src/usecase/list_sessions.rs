//! The devices on which one is signed in to this company.

use kernel::ids::SessionId;
use kernel::{Actor, Page, PageAsk, Permit, StoreError};

use super::note_seen;
use crate::Identity;
use crate::model::session::DeviceSession;
use crate::permission;

/// A session and whether it is the caller's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSession {
    /// The session.
    pub session: DeviceSession,
    /// True for the session of the request.
    pub is_current: bool,
}

/// A page of the caller's sessions that may still be used, newest first.
pub async fn list_sessions(
    env: &Identity,
    permit: &Permit<permission::ListSessions>,
    ask: &PageAsk<SessionId>,
) -> Result<Page<ListedSession>, StoreError> {
    let Actor::Member { membership, session: own, .. } = permit.actor() else {
        return Ok(Page { items: Vec::new(), next: None, total: None });
    };
    // So that what is told, and what counts as idle, is of now.
    note_seen::note_seen(env).await?;
    let now = env.clock.now();
    let view = env.db.view(permit.scope()).await?;
    let idle = view.company_settings(permit.scope().tenant()).await?.idle_time();
    let page = view.sessions_page(membership, now, idle.map(|idle| now - idle), ask).await?;
    Ok(page.map(|session| ListedSession { is_current: session.id == own, session }))
}
