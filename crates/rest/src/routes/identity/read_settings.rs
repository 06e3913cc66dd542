//! `GET /api/v1/settings`

use identity::Identity;
use identity::permission::SettingsRead;
use identity::usecase::read_settings as usecase;

use crate::wire::identity::settings::SettingsWire;
use crate::{Env, Guard, Problem, Versioned, operation};

/// Read the settings
///
/// What the company decides for itself; those that it never changed have their usual values.
#[operation]
pub async fn read_settings(
    guard: Guard<SettingsRead>,
    identity: Env<Identity>,
) -> Result<Versioned<SettingsWire>, Problem> {
    let settings = usecase::read_settings(&identity, &guard.reading()).await?;
    Ok(Versioned::new(SettingsWire::from(&settings), settings.version))
}
