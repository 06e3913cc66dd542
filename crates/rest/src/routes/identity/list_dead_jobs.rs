//! `GET /api/v1/jobs/dead`

use identity::Identity;
use identity::permission::IntegrationsManage;
use identity::usecase::list_dead_jobs as usecase;

use crate::wire::identity::{JobPage, JobWire};
use crate::{Env, FromQuery, Guard, PageParams, Params, Problem, Read, operation};

/// Which dead letters
#[derive(Debug, FromQuery)]
pub struct DeadJobsQuery {
    #[query(flatten)]
    page: PageParams,
}

/// List dead letters
///
/// Work that was given up after its last try, the latest first.
#[operation]
pub async fn list_dead_jobs(
    guard: Guard<IntegrationsManage>,
    identity: Env<Identity>,
    params: Params<DeadJobsQuery>,
) -> Result<Read<JobPage>, Problem> {
    let ask = params.0.page.ask()?;
    let page = usecase::list_dead_jobs(&identity, &guard.reading(), &ask).await?;
    Ok(Read::page(page, |job| JobWire::from(&job)))
}
