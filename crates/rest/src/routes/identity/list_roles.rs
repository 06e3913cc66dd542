//! `GET /api/v1/roles`

use identity::model::policy;
use identity::model::role::Role;
use identity::permission::ReadRoles;
use kernel::Page;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Guard, Own, Problem, Read, Wire, operation, pages};

/// What a role may do
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Role)]
pub struct RoleWire {
    /// The role's name.
    role: String,
    /// What it may do, and how far.
    permissions: Vec<RolePermission>,
}

/// A permission of a role
#[derive(Debug, Serialize, ToSchema)]
pub struct RolePermission {
    /// `area:verb`, as in `x-permission`.
    permission: String,
    /// `company`, `agenda` (one's own agenda and the patients on it), `linked` (patients in one's care) or `self`.
    reach: String,
}

impl From<Role> for RoleWire {
    fn from(role: Role) -> Self {
        let permissions = policy::permissions_of(role).map(|(permission, extent)| RolePermission {
            permission: permission.to_owned(),
            reach: extent.name().to_owned(),
        });
        Self { role: role.name().to_owned(), permissions: permissions.collect() }
    }
}

impl Wire for RoleWire {
    fn sample() -> Self {
        Self::from(Role::Patient)
    }
}

pages! {
    /// All roles
    RolePage of RoleWire;
}

/// List roles
///
/// The whole policy as data: for each role its permissions and how far they reach. It has one page.
#[operation]
pub async fn list_roles(guard: Guard<Own<ReadRoles>>) -> Result<Read<RolePage>, Problem> {
    guard.session()?;
    let page = Page { items: Role::ALL.to_vec(), next: None, total: None };
    Ok(Read::page(page, RoleWire::from))
}
