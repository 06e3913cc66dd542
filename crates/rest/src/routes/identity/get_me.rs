//! `GET /api/v1/auth/me`

use identity::Identity;
use identity::permission::ReadMe;
use identity::usecase::me;

use crate::wire::identity::me::MeWire;
use crate::{Env, Guard, Own, Problem, Read, operation};

/// Read who is signed in
///
/// With company, role, clinics and what the role allows.
#[operation]
pub async fn get_me(guard: Guard<Own<ReadMe>>, identity: Env<Identity>) -> Result<Read<MeWire>, Problem> {
    let me = me::me(&identity, &guard.reading(), guard.session()?.principal().hold).await?;
    Ok(Read(MeWire::from(&me)))
}
