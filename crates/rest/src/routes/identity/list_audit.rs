//! `GET /api/v1/audit`

use chrono::{DateTime, Utc};
use identity::Identity;
use identity::model::audit::{Act, AuditFilter, EntityKind};
use identity::permission::AuditRead;
use identity::usecase::read_audit as usecase;
use uuid::Uuid;

use crate::wire::identity::{AuditEntryWire, AuditPage};
use crate::{Env, FromQuery, Guard, PageParams, Params, Problem, Read, operation};

/// Which entries
#[derive(Debug, FromQuery)]
pub struct AuditQuery {
    /// Done by this membership or API key.
    actor_id: Option<Uuid>,
    /// On an entity of this kind, such as `patient`, or with a change of one.
    entity_kind: Option<EntityKind>,
    /// On this entity, or with a change of it.
    entity_id: Option<Uuid>,
    /// Under this permission, such as `patients:write`.
    permission: Option<Act>,
    /// Not before this instant.
    from: Option<DateTime<Utc>>,
    /// Before this instant.
    to: Option<DateTime<Utc>>,
    #[query(flatten)]
    page: PageParams,
}

/// Read the audit
///
/// Who did what, the latest first, with the fields that changed. An entry appears once it has its place in the chain, some
/// 200 ms after the act. Reading the audit is an act itself: it leaves an entry.
#[operation]
pub async fn list_audit(
    guard: Guard<AuditRead>,
    identity: Env<Identity>,
    params: Params<AuditQuery>,
) -> Result<Read<AuditPage>, Problem> {
    let ask = params.0.page.ask()?;
    let filter = params.0.filter();
    let grants = &guard.session()?.principal().grants;
    let page = usecase::read_audit(&identity, &guard.reading(), grants, &filter, &ask).await?;
    Ok(Read::page(page, AuditEntryWire::from))
}

impl AuditQuery {
    fn filter(self) -> AuditFilter {
        AuditFilter {
            actor: self.actor_id,
            entity_kind: self.entity_kind,
            entity: self.entity_id,
            act: self.permission,
            from: self.from,
            to: self.to,
        }
    }
}
