//! From an API key to the caller behind it (I9).

use chrono::{DateTime, Duration, Utc};
use kernel::{Holder, Principal, StoreError};

use super::authenticate::AuthenticateError;
use crate::Identity;
use crate::model::api_key::KeyText;
use crate::model::membership::MembershipStatus;
use crate::ports::PresentedKey;

/// A key that never expires is looked up again all the same.
const LONG: Duration = Duration::days(1);

/// The caller of a key with the instant at which it expires. A key works while it lives and its maker is an active member, and
/// never for more than its maker may now. Its use is written down once in a while.
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
    let note = found.key.use_is_news(now).then_some((found.key.tenant, found.key.id));
    let principal = caller(found, now).ok_or(AuthenticateError::Over)?;
    if let Some((tenant, id)) = note {
        note_use(env, tenant, id, now).await?;
    }
    Ok((principal, expires))
}

async fn note_use(
    env: &Identity,
    tenant: kernel::ids::TenantId,
    id: kernel::ids::ApiKeyId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tx = env.db.begin_across_tenants("api key used").await?;
    tx.api_key_used(tenant, id, now).await?;
    tx.finish().await
}

fn caller(found: PresentedKey, now: DateTime<Utc>) -> Option<Principal> {
    let PresentedKey { key, role, status, bindings, country } = found;
    let open = key.is_live(now) && status == MembershipStatus::Active;
    open.then(|| Principal {
        tenant: key.tenant,
        holder: Holder::ApiKey(key.id),
        role: key.scope.role_name(),
        country: country.as_str().to_owned(),
        hold: None,
        grants: key.grants(role, &bindings),
    })
}
