//! `GET /api/v1/access-log`

use chrono::{DateTime, Utc};
use identity::Identity;
use identity::model::audit::RefusalFilter;
use identity::permission::AuditRead;
use identity::usecase::list_refusals as usecase;
use uuid::Uuid;

use crate::wire::identity::{RefusedAttemptPage, RefusedAttemptWire};
use crate::{Env, FromQuery, Guard, PageParams, Params, Problem, Read, operation};

/// Which refused attempts
#[derive(Debug, FromQuery)]
pub struct AccessLogQuery {
    /// Of this membership or API key.
    actor_id: Option<Uuid>,
    /// With this code, such as `forbidden`.
    code: Option<String>,
    /// With this HTTP status.
    status: Option<u16>,
    /// Not before this instant.
    from: Option<DateTime<Utc>>,
    /// Before this instant.
    to: Option<DateTime<Utc>>,
    #[query(flatten)]
    page: PageParams,
}

/// Read the access log
///
/// What the company's members and API keys were refused in the last 90 days, the latest first.
#[operation]
pub async fn list_access_log(
    guard: Guard<AuditRead>,
    identity: Env<Identity>,
    params: Params<AccessLogQuery>,
) -> Result<Read<RefusedAttemptPage>, Problem> {
    let ask = params.0.page.ask()?;
    let page = usecase::list_refusals(&identity, &guard.reading(), &params.0.filter(), &ask).await?;
    Ok(Read::page(page, RefusedAttemptWire::from))
}

impl AccessLogQuery {
    fn filter(self) -> RefusalFilter {
        RefusalFilter { actor: self.actor_id, code: self.code, status: self.status, from: self.from, to: self.to }
    }
}
