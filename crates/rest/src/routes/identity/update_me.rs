//! `PATCH /api/v1/auth/me`

use identity::Identity;
use identity::model::account::AccountChange;
use identity::model::name::DisplayName;
use identity::model::place::Locale;
use identity::model::preferences::PreferencesPatch;
use identity::permission::UpdateMe;
use identity::usecase::me::Me;
use identity::usecase::update_me as usecase;
use kernel::StoredReply;
use serde_json::json;

use crate::wire::identity::me::MeWire;
use crate::wire::shapes::Given;
use crate::{Ask, Body, Changed, Env, FromJson, Guard, Own, Patch, Problem, operation};

/// What changes of the account
#[derive(Debug, FromJson)]
pub struct MyChanges {
    /// Your name.
    name: Given<DisplayName>,
    /// `pt-BR`, `fr` or `en`.
    locale: Given<Locale>,
    /// What you chose for the screens: a merge patch of an object that Salus only keeps, up to 8 KiB.
    preferences: Patch<PreferencesPatch>,
}

impl Ask for MyChanges {
    fn sample() -> serde_json::Value {
        json!({"name": "Ana Souza", "locale": "pt-BR", "preferences": {"theme": "dark"}})
    }
}

/// Change one's own account
///
/// A JSON merge patch of what is one's own in every company. The name shown in this company follows the account's while it is
/// the same. Role, clinics and registrations are the administrators'.
#[operation]
pub async fn update_me(
    guard: Guard<Own<UpdateMe>>,
    identity: Env<Identity>,
    body: Body<MyChanges>,
) -> Result<Changed<MeWire>, Problem> {
    let permit = guard.permit(&body);
    let MyChanges { name, locale, preferences } = body.into_inner();
    let ask = AccountChange { name: name.0, locale: locale.0, preferences };
    let hold = guard.session()?.principal().hold;
    Ok(usecase::update_me(&identity, &permit, ask, hold, changed).await?.into())
}

fn changed(me: &Me) -> StoredReply {
    Changed::reply(&MeWire::from(me), None)
}
