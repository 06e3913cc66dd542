//! `POST /api/v1/invitations/accept`

use identity::Identity;
use identity::model::membership::Profile;
use identity::model::name::DisplayName;
use identity::model::password::Password;
use identity::model::session::Secret;
use identity::usecase::accept_invitation::{self as usecase, AcceptInvitationError};
use kernel::StoredReply;
use serde_json::json;

use crate::maybe_caller::MaybeCaller;
use crate::wire::identity::UserWire;
use crate::{Ask, Body, Created, Env, FromJson, Guard, Problem, Public, operation};

/// Who accepts which invitation
#[derive(FromJson)]
pub struct AcceptInvitation {
    /// The token of the link.
    token: String,
    /// The name to be shown in the company; a new account needs one.
    name: Option<DisplayName>,
    /// 12 to 128 characters, none of the common ones; a new account needs one, another keeps its own.
    password: Option<Password>,
}

impl Ask for AcceptInvitation {
    fn sample() -> serde_json::Value {
        json!({
            "token": "43-characters-that-left-by-mail-and-work-1x",
            "name": "Bia Lima",
            "password": "três tigres tristes",
        })
    }
}

/// Accept an invitation
///
/// Makes the account, where the address has none yet, and the place in the company. Where the address has an account, its owner
/// accepts signed in (`sign_in_first`). Sign in, or switch to the company, afterwards.
#[operation(class = SignIn, refuses(Unauthenticated, Conflict), secret)]
pub async fn accept_invitation(
    guard: Guard<Public>,
    identity: Env<Identity>,
    caller: MaybeCaller,
    body: Body<AcceptInvitation>,
) -> Result<Created<UserWire>, Problem> {
    let AcceptInvitation { token, name, password } = body.into_inner();
    let secret = Secret::parse(&token).ok_or(AcceptInvitationError::Invalid)?;
    let ask = usecase::AcceptInvitation { secret, name, password, caller: caller.0 };
    Ok(usecase::accept_invitation(&identity, guard.origin(), ask, joined).await?.into())
}

fn joined(profile: &Profile) -> StoredReply {
    Created::reply(&UserWire::from(profile), "/api/v1/auth/me".to_owned(), None)
}
