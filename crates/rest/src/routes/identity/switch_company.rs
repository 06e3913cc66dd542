//! `POST /api/v1/auth/switch-company`

use identity::Identity;
use identity::permission::SwitchCompany as Permission;
use identity::usecase::switch_company as usecase;
use kernel::ids::TenantId;
use serde_json::json;

use crate::cookies::{InSession, Transport};
use crate::wire::identity::{SessionWire, renewed};
use crate::{Ask, Body, Changed, Env, FromJson, Guard, Own, Problem, operation};

/// Where to go on
#[derive(Debug, FromJson)]
pub struct SwitchCompany {
    /// A company of the account.
    company_id: TenantId,
    /// `cookie` for pages of the same site; a session in cookies stays there.
    transport: Option<Transport>,
}

impl Ask for SwitchCompany {
    fn sample() -> serde_json::Value {
        json!({"company_id": "01920000-0000-7000-8000-000000000004"})
    }
}

/// Go on in another company
///
/// Opens a session in another company of the account and ends the present one, whose tokens cease to work. What the other
/// company asks of its members, such as a second factor, is checked as at sign-in. A session that travels in cookies goes on
/// travelling in them.
#[operation(refuses(Forbidden), secret)]
pub async fn switch_company(
    guard: Guard<Own<Permission>>,
    identity: Env<Identity>,
    body: Body<SwitchCompany>,
) -> Result<InSession<Changed<SessionWire>>, Problem> {
    let permit = guard.permit(&body);
    let SwitchCompany { company_id, transport } = body.into_inner();
    let transport = guard.transport(transport)?;
    let committed = usecase::switch_company(&identity, &permit, company_id, renewed(transport)).await?;
    Ok(InSession::open(committed, transport))
}
