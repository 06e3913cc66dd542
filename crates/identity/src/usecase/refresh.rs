//! Renewing a session's tokens (I4).

use chrono::Duration;
use kernel::seal::CannotOpen;
use kernel::{
    Change, Committed, FromStore, Kind, Origin, Permission, Permit, Refusal, Reply, StoreError, commit, unchanged,
    unheard, unit_of_work,
};
use thiserror::Error;

use super::ended_sessions::end;
use super::second_factor;
use super::signed_in::{SignedIn, signed_in};
use crate::Identity;
use crate::model::access_token::CannotSign;
use crate::model::membership::Profile;
use crate::model::session::{DeviceSession, Ending, RefreshToken, Renewal, Secret};
use crate::permission;
use crate::ports::AcrossTx;

/// Why no tokens were renewed.
#[derive(Debug, Error)]
pub enum RefreshError {
    /// Unknown, expired, or of a session that is over.
    #[error("the refresh token is not valid")]
    Invalid,
    /// It was spent before; its session is over now.
    #[error("the refresh token was used before")]
    Reused,
    /// No token could be signed.
    #[error(transparent)]
    Signing(#[from] CannotSign),
    /// A sealed successor could not be made or opened.
    #[error(transparent)]
    Sealing(#[from] CannotOpen),
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for RefreshError {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid | Self::Reused => Kind::Unauthenticated,
            Self::Signing(_) | Self::Sealing(_) => Kind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid => "identity.refresh_token_invalid",
            Self::Reused => "identity.refresh_token_reused",
            Self::Signing(_) | Self::Sealing(_) => "internal",
            Self::Store(error) => error.code(),
        }
    }
}

impl FromStore for RefreshError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Spends a refresh token for its successor and a new access token. A token that was spent within the last ten seconds gets
/// the same successor; one spent earlier ends the session, which is committed.
pub async fn refresh(
    env: &Identity,
    origin: &Origin,
    secret: &Secret,
    reply: Reply<SignedIn>,
) -> Result<Committed<SignedIn>, RefreshError> {
    unit_of_work(async || renewed(env, origin, secret, reply).await).await
}

async fn renewed(
    env: &Identity,
    origin: &Origin,
    secret: &Secret,
    reply: Reply<SignedIn>,
) -> Result<Committed<SignedIn>, RefreshError> {
    let now = env.clock.now();
    let tx = env.db.begin_across_tenants("refresh").await?;
    let token = tx.refresh_token_locked(&secret.hash()).await?.ok_or(RefreshError::Invalid)?;
    let session = tx.session_locked(token.tenant, token.session).await?.ok_or(RefreshError::Invalid)?;
    let session = session.seen_at(env.seen.of(token.session));
    match token.renewal(&session, now) {
        Renewal::Over => Err(RefreshError::Invalid),
        Renewal::Reused => {
            let theft = (Ending::Reused, "refresh token reused", RefreshError::Reused);
            Err(ended::<permission::RefreshReused>(env, origin, tx, session, theft).await?)
        }
        Renewal::Repeat(sealed) => {
            let successor = secret.open_successor(&token, &sealed)?;
            let profile = active(tx.as_ref(), &session).await?;
            let value = signed_in(env, profile, &session, successor, now)?;
            Ok(unchanged(tx, value, reply).await?)
        }
        Renewal::Rotate => rotate(env, origin, tx, (token, secret), session, reply).await,
    }
}

async fn rotate(
    env: &Identity,
    origin: &Origin,
    tx: Box<dyn AcrossTx>,
    (token, secret): (RefreshToken, &Secret),
    session: DeviceSession,
    reply: Reply<SignedIn>,
) -> Result<Committed<SignedIn>, RefreshError> {
    let now = env.clock.now();
    let profile = active(tx.as_ref(), &session).await?;
    let idle = tx.company_settings(session.tenant).await?.session_idle_minutes;
    if session.is_idle(idle.map(|minutes| Duration::minutes(minutes.into())), now) {
        // Committed, so that a longer time which the company allows later brings none back.
        let rest = (Ending::Idle, "idle session", RefreshError::Invalid);
        return Err(ended::<permission::Refresh>(env, origin, tx, session, rest).await?);
    }
    let hold = second_factor::hold(tx.as_ref(), &profile.membership, session.factor_proved_at).await?;
    let successor = Secret::new(*env.random.secret());
    let before = session.facts();
    let session = session.seen(origin, now).under(hold);
    let sealed = secret.seal_successor(&token, &successor)?;
    tx.refresh_token_spent(&token.spent(sealed, now)).await?;
    tx.refresh_token_add(&session.token(env.ids.next(), &successor, now)).await?;
    tx.session_update(&session).await?;
    let permit = Permit::<permission::Refresh>::system(session.tenant, "refresh", origin.clone());
    let change = Change::updated(session.id, session.version, &before, &session.facts());
    let journal = permit.journal(session.id, now).changed(change);
    let value = signed_in(env, profile, &session, successor, now)?;
    Ok(commit(tx, journal, value, reply).await?)
}

/// Ends the session for a reason of its own, which is committed with the refusal.
async fn ended<P: Permission>(
    env: &Identity,
    origin: &Origin,
    tx: Box<dyn AcrossTx>,
    session: DeviceSession,
    (ending, why, refusal): (Ending, &'static str, RefreshError),
) -> Result<RefreshError, RefreshError> {
    let now = env.clock.now();
    let (session, change) = end(tx.as_ref(), session, ending, now).await?;
    let permit = Permit::<P>::system(session.tenant, why, origin.clone());
    let journal = permit.journal(session.id, now).changed(change);
    let refusal = commit(tx, journal, refusal, unheard).await?.into_value();
    env.callers.forget_session(session.id);
    Ok(refusal)
}

/// The member behind the session, while it may be one.
async fn active(tx: &dyn AcrossTx, session: &DeviceSession) -> Result<Profile, RefreshError> {
    let profile = tx.profile(session.tenant, session.membership).await?;
    profile.filter(|profile| profile.membership.is_active()).ok_or(RefreshError::Invalid)
}
