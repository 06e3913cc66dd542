//! `GET /api/v1/auth/sessions`

use identity::Identity;
use identity::permission::ListSessions;
use identity::usecase::list_sessions as usecase;

use crate::wire::identity::account::DeviceSessionWire;
use crate::{Env, FromQuery, Guard, Own, PageParams, Params, Problem, Read, operation, pages};

pages! {
    /// A page of sessions
    DeviceSessionPage of DeviceSessionWire;
}

/// Which sessions
#[derive(Debug, FromQuery)]
pub struct SessionFilter {
    #[query(flatten)]
    page: PageParams,
}

/// List one's sessions
///
/// The devices on which one is signed in to this company, newest first.
#[operation]
pub async fn list_sessions(
    guard: Guard<Own<ListSessions>>,
    identity: Env<Identity>,
    params: Params<SessionFilter>,
) -> Result<Read<DeviceSessionPage>, Problem> {
    let ask = params.0.page.ask()?;
    let page = usecase::list_sessions(&identity, &guard.reading(), &ask).await?;
    Ok(Read::page(page, |listed| DeviceSessionWire::from(&listed)))
}
