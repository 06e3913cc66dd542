//! `POST /api/v1/jobs/{job_id}/replay`

use identity::Identity;
use identity::model::dead_job::QueuedJob;
use identity::permission::IntegrationsManage;
use identity::usecase::replay_job as usecase;
use kernel::StoredReply;
use kernel::ids::JobId;

use crate::wire::identity::JobWire;
use crate::{Accepted, Env, Guard, Id, Problem, operation};

/// Try a dead letter again
///
/// It goes back into the queue as if it had never been tried; mend the cause first.
#[operation(refuses(Conflict), keyed)]
pub async fn replay_job(
    guard: Guard<IntegrationsManage>,
    identity: Env<Identity>,
    id: Id<JobId>,
) -> Result<Accepted<JobWire>, Problem> {
    let permit = guard.permit(&());
    Ok(usecase::replay_job(&identity, &permit, id.0, replayed).await?.into())
}

fn replayed(job: &QueuedJob) -> StoredReply {
    Accepted::reply(&JobWire::from(job))
}
