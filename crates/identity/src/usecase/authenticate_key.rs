//! From an API key to the caller behind it (I9).

use chrono::{DateTime, Duration, Utc};
use kernel::{Holder, Principal};

use super::authenticate::AuthenticateError;
use crate::Identity;
use crate::model::api_key::KeyText;
use crate::model::membership::MembershipStatus;
use crate::model::seen::UsedKey;
use crate::ports::PresentedKey;

/// A key that never expires is looked up again all the same.
const LONG: Duration = Duration::days(1);

/// The caller of a key with the instant at which it expires. A key works while it lives and its maker is an active member, and
/// never for more than its maker may now. Its use is noted, and written down later with others.
pub(super) async fn authenticate_key(
    env: &Identity,
    text: &str,
    now: DateTime<Utc>,
) -> Result<(Principal, DateTime<Utc>), AuthenticateError> {
    let secret = KeyText::read(text).ok_or(AuthenticateError::Invalid)?;
    let view = env.db.view_across_tenants("api key").await?;
    let found = view.presented_key(&secret.hash()).await?.ok_or(AuthenticateError::Invalid)?;
    drop(view);
    let expires = found.key.expires_at.unwrap_or(now + LONG);
    let used = UsedKey { tenant: found.key.tenant, key: found.key.id, at: now };
    let is_news = found.key.use_is_news(now);
    let principal = caller(found, now).ok_or(AuthenticateError::Over)?;
    if is_news {
        env.seen.key_used(used);
    }
    Ok((principal, expires))
}

fn caller(found: PresentedKey, now: DateTime<Utc>) -> Option<Principal> {
    let PresentedKey { key, role, status, bindings, country } = found;
    let open = key.is_live(now) && status == MembershipStatus::Active;
    open.then(|| Principal {
        tenant: key.tenant,
        holder: Holder::ApiKey { key: key.id, made_by: key.made_by },
        role: key.scope.role_name(),
        country: country.as_str().to_owned(),
        hold: None,
        grants: key.grants(role, &bindings),
    })
}
