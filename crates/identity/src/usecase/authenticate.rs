//! From an access token, or an API key, to the caller behind it (I3, I6, I9).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use kernel::{Holder, Kind, Origin, Permit, Principal, Refusal, StoreError};
use thiserror::Error;

use super::authenticate_key::authenticate_key;
use super::signing_keys;
use crate::Identity;
use crate::model::access_token::{BadToken, Claims};
use crate::model::api_key::MARK;
use crate::model::membership::MembershipStatus;
use crate::model::policy;
use crate::permission;
use crate::ports::SignedInMember;

/// Why a caller stays unknown.
#[derive(Debug, Error)]
pub enum AuthenticateError {
    /// The token is none of ours, or was signed with a key that is not live.
    #[error("not a valid token")]
    Invalid,
    /// It was valid once: renew it.
    #[error("the token has expired")]
    Expired,
    /// Its session is over, or its membership is not active.
    #[error("the session is over")]
    Over,
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for AuthenticateError {
    fn kind(&self) -> Kind {
        match self {
            Self::Store(error) => error.kind(),
            _ => Kind::Unauthenticated,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            _ => "unauthenticated",
        }
    }
}

impl From<BadToken> for AuthenticateError {
    fn from(bad: BadToken) -> Self {
        match bad {
            BadToken::Invalid | BadToken::UnknownKey => Self::Invalid,
            BadToken::Expired => Self::Expired,
        }
    }
}

/// The caller of a token or API key: remembered for 30 seconds, else found by signature, session and membership, or by the
/// key's hash.
pub async fn authenticate(env: &Identity, token: &str) -> Result<Arc<Principal>, AuthenticateError> {
    let now = env.clock.now();
    if let Some(caller) = env.callers.of(token, now) {
        env.seen.note(&caller, now);
        return Ok(caller);
    }
    if token.starts_with(MARK) {
        let (caller, expires) = authenticate_key(env, token, now).await?;
        let caller = Arc::new(caller);
        env.callers.remember(token, Arc::clone(&caller), expires, now);
        return Ok(caller);
    }
    let claims = read(env, token, now).await?;
    let permit = Permit::<permission::Authenticate>::system(claims.cid, "authenticate", Origin::default());
    let view = env.db.view(permit.scope()).await?;
    let mut found = view.signed_in_member(claims.sid).await?.ok_or(AuthenticateError::Over)?;
    found.session = found.session.seen_at(env.seen.of(claims.sid));
    let caller = Arc::new(caller(found, &claims, now).ok_or(AuthenticateError::Over)?);
    env.seen.note(&caller, now);
    // One that is held is asked about each time, so that it goes on at once when it has done what it was to do.
    if caller.hold.is_none() {
        let expires = DateTime::from_timestamp(claims.exp, 0).unwrap_or(now);
        env.callers.remember(token, Arc::clone(&caller), expires, now);
    }
    Ok(caller)
}

/// Reads the token; one that names an unknown key is read again with the keys of the store.
async fn read(env: &Identity, token: &str, now: DateTime<Utc>) -> Result<Claims, AuthenticateError> {
    match env.issuer.read(token, &env.keys.set(), now) {
        Err(BadToken::UnknownKey) => {
            signing_keys::read_for_a_token(env).await?;
            Ok(env.issuer.read(token, &env.keys.set(), now)?)
        }
        read => Ok(read?),
    }
}

fn caller(found: SignedInMember, claims: &Claims, now: DateTime<Utc>) -> Option<Principal> {
    let SignedInMember { session, account, role, status, bindings, country, idle } = found;
    let fits = bindings.membership == claims.mid && account == claims.sub;
    let open = session.is_live(now) && !session.is_idle(idle, now) && status == MembershipStatus::Active;
    (fits && open).then(|| Principal {
        tenant: session.tenant,
        holder: Holder::Member { membership: bindings.membership, account, session: session.id },
        role: role.name(),
        country: country.as_str().to_owned(),
        grants: policy::grants(role, &bindings),
        hold: session.hold,
    })
}
