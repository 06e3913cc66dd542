//! `PATCH /api/v1/settings`

use identity::Identity;
use identity::model::settings::CompanySettings;
use identity::permission::SettingsManage;
use identity::usecase::change_settings as usecase;
use kernel::StoredReply;

use crate::wire::identity::settings::{SettingsChanges, SettingsWire};
use crate::{Body, Changed, Env, Guard, IfMatch, Problem, operation};

/// Change the settings
///
/// A JSON merge patch: what is absent stays, `null` empties, lists are replaced. Hours change day by day. What sessions obey
/// applies everywhere within a minute.
#[operation]
pub async fn update_settings(
    guard: Guard<SettingsManage>,
    identity: Env<Identity>,
    seen: IfMatch,
    body: Body<SettingsChanges>,
) -> Result<Changed<SettingsWire>, Problem> {
    let permit = guard.permit(&body);
    let ask = usecase::ChangeSettings { seen_version: seen.version(), patch: body.into_inner().into() };
    Ok(usecase::change_settings(&identity, &permit, ask, changed).await?.into())
}

fn changed(settings: &CompanySettings) -> StoredReply {
    Changed::reply(&SettingsWire::from(settings), Some(settings.version))
}
