//! What every way of signing in ends with: an open session and its tokens.

use chrono::{DateTime, Utc};
use kernel::{Hold, Origin};

use crate::Identity;
use crate::model::access_token::{Bearer, CannotSign};
use crate::model::csrf::CsrfToken;
use crate::model::membership::{Membership, Profile};
use crate::model::session::{DeviceSession, RefreshToken, Secret};

/// A signed-in member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The access token; valid for [`crate::model::access_token::ACCESS_LIFE`].
    pub access_token: AccessToken,
    /// The refresh token.
    pub refresh_token: Secret,
    /// What a browser's page sends back.
    pub csrf_token: CsrfToken,
    /// What the member must do before its permissions count.
    pub hold: Option<Hold>,
    /// Who it is.
    pub profile: Profile,
}

/// A signed access token; a secret of its holder.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(String);

impl AccessToken {
    /// The token's text, for its holder alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccessToken(..)")
    }
}

/// A session that is about to be stored.
pub(super) struct Opening {
    pub(super) session: DeviceSession,
    pub(super) token: RefreshToken,
    pub(super) secret: Secret,
}

impl Opening {
    pub(super) fn of(env: &Identity, member: &Membership, origin: &Origin, now: DateTime<Utc>) -> Self {
        let who = (member.id, member.account);
        let session = DeviceSession::open(env.ids.next(), member.tenant, who, origin, now);
        let secret = Secret::new(*env.random.secret());
        let token = session.token(env.ids.next(), &secret, now);
        Self { session, token, secret }
    }

    /// The same with the second factor that was proved, if one was, and under what the company's policy still asks for.
    pub(super) fn under(self, proved: Option<DateTime<Utc>>, hold: Option<Hold>) -> Self {
        Self { session: self.session.proved(proved).under(hold), ..self }
    }
}

pub(super) fn signed_in(
    env: &Identity,
    profile: Profile,
    session: &DeviceSession,
    refresh_token: Secret,
    now: DateTime<Utc>,
) -> Result<SignedIn, CannotSign> {
    let bearer = Bearer {
        account: profile.account.id,
        tenant: profile.membership.tenant,
        membership: profile.membership.id,
        role: profile.membership.role,
        session: session.id,
    };
    let claims = env.issuer.claims(&bearer, env.ids.uuid(), now);
    let access_token = AccessToken(env.issuer.sign(&claims, &env.keys.set())?);
    let csrf_token = CsrfToken::of(&env.keyring, session.tenant, session.id).ok().ok_or(CannotSign)?;
    Ok(SignedIn { access_token, refresh_token, csrf_token, hold: session.hold, profile })
}
