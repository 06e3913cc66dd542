//! `GET /api/v1/invitations`

use identity::Identity;
use identity::model::invitation::InvitationStatus;
use identity::permission::UsersRead;
use identity::usecase::list_invitations as usecase;

use crate::wire::identity::members::{InvitationPage, InvitationWire};
use crate::{Env, FromQuery, Guard, PageParams, Params, Problem, Read, operation};

/// Which invitations
#[derive(Debug, FromQuery)]
pub struct InvitationFilter {
    /// Only those that stand so.
    status: Vec<InvitationStatus>,
    #[query(flatten)]
    page: PageParams,
}

/// List invitations
///
/// Oldest first, those that are over too; never the secrets of their links.
#[operation]
pub async fn list_invitations(
    guard: Guard<UsersRead>,
    identity: Env<Identity>,
    params: Params<InvitationFilter>,
) -> Result<Read<InvitationPage>, Problem> {
    let InvitationFilter { status, page } = params.0;
    let page = usecase::list_invitations(&identity, &guard.reading(), &status, &page.ask()?).await?;
    Ok(Read::page(page, |invitation| InvitationWire::from(&invitation)))
}
