//! `GET /api/v1/users`

use identity::Identity;
use identity::model::email::Email;
use identity::model::member::MemberFilter;
use identity::model::membership::MembershipStatus;
use identity::model::role::Role;
use identity::permission::UsersRead;
use identity::usecase::list_members as usecase;
use kernel::ids::ClinicId;

use crate::wire::identity::members::{MemberPage, MemberWire};
use crate::{Env, FromQuery, Guard, PageParams, Params, Problem, Read, operation};

/// Which members
#[derive(Debug, FromQuery)]
pub struct UserFilter {
    /// Only these roles.
    role: Vec<Role>,
    /// Only these statuses.
    status: Vec<MembershipStatus>,
    /// Only those who work in this clinic; who name no clinic work in all.
    clinic_id: Option<ClinicId>,
    /// Only whose account has this address.
    email: Option<Email>,
    #[query(flatten)]
    page: PageParams,
}

/// List members
///
/// The people of the company, oldest first, those out of use too.
#[operation]
pub async fn list_users(
    guard: Guard<UsersRead>,
    identity: Env<Identity>,
    params: Params<UserFilter>,
) -> Result<Read<MemberPage>, Problem> {
    let UserFilter { role, status, clinic_id, email, page } = params.0;
    let filter = MemberFilter { roles: role, statuses: status, clinic: clinic_id, email };
    let page = usecase::list_members(&identity, &guard.reading(), &filter, &page.ask()?).await?;
    Ok(Read::page(page, |member| MemberWire::from(&member)))
}
