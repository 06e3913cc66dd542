//! Going on in another company of one's own: the session changes with the membership.

use kernel::ids::{AccountId, SessionId, TenantId};
use kernel::{
    Actor, Change, Committed, Fault, FromStore, Kind, Permit, Refusal, Reply, StoreError, commit, unit_of_work,
};
use thiserror::Error;

use super::ended_sessions::end;
use super::second_factor;
use super::signed_in::{Opening, SignedIn, signed_in};
use crate::Identity;
use crate::model::access_token::CannotSign;
use crate::model::session::{DeviceSession, Ending};
use crate::permission;
use crate::ports::AcrossTx;

/// Why the company stays.
#[derive(Debug, Error)]
pub enum SwitchCompanyError {
    /// The session is over.
    #[error("the session is over")]
    Over,
    /// There is no such company, or the account has no place in it.
    #[error("no company of the account")]
    UnknownCompany,
    /// The account's place there is not active.
    #[error("no active membership")]
    NotAMember,
    /// No token could be signed.
    #[error(transparent)]
    Signing(#[from] CannotSign),
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for SwitchCompanyError {
    fn kind(&self) -> Kind {
        match self {
            Self::Over => Kind::Unauthenticated,
            Self::UnknownCompany => Kind::Invalid,
            Self::NotAMember => Kind::Forbidden,
            Self::Signing(_) => Kind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Over => "unauthenticated",
            Self::UnknownCompany => "unknown_reference",
            Self::NotAMember => "identity.not_a_member",
            Self::Signing(_) => "internal",
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::UnknownCompany => vec![Fault::at("/company_id", "unknown_reference")],
            _ => Vec::new(),
        }
    }
}

impl FromStore for SwitchCompanyError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Opens a session in another company of the account, under that company's policy, and ends the present one. Each of the
/// two companies reads in its own journal what happened in it, and nothing of the other.
pub async fn switch_company(
    env: &Identity,
    permit: &Permit<permission::SwitchCompany>,
    company: TenantId,
    reply: Reply<SignedIn>,
) -> Result<Committed<SignedIn>, SwitchCompanyError> {
    let Actor::Member { account, session: id, .. } = permit.actor() else { return Err(SwitchCompanyError::Over) };
    let done = unit_of_work(async || switched(env, permit, (account, id), company, reply).await).await?;
    env.callers.forget_session(id);
    Ok(done)
}

async fn switched(
    env: &Identity,
    permit: &Permit<permission::SwitchCompany>,
    (account, id): (AccountId, SessionId),
    company: TenantId,
    reply: Reply<SignedIn>,
) -> Result<Committed<SignedIn>, SwitchCompanyError> {
    let now = env.clock.now();
    let tx = env.db.begin_across_tenants("switch company").await?;
    // Locked first, as at sign-in: who changes the password or turns a second factor on ends the session opened here, too.
    tx.account_locked(account).await?.ok_or(SwitchCompanyError::Over)?;
    let companies = tx.companies_of_account(account).await?;
    let company = companies.iter().find(|found| found.tenant == company).ok_or(SwitchCompanyError::UnknownCompany)?;
    if !company.is_active() {
        return Err(SwitchCompanyError::NotAMember);
    }
    let profile = tx.profile(company.tenant, company.membership).await?;
    let profile = profile.filter(|profile| profile.membership.is_active()).ok_or(SwitchCompanyError::NotAMember)?;
    let proved = leave(env, tx.as_ref(), permit, id).await?.factor_proved_at;

    let hold = second_factor::hold(tx.as_ref(), &profile.membership, proved).await?;
    let opening = Opening::of(env, &profile.membership, permit.origin(), now).under(proved, hold);
    tx.session_add(&opening.session).await?;
    tx.refresh_token_add(&opening.token).await?;
    let (session, origin) = (&opening.session, permit.origin().clone());
    let entering = Permit::<permission::SwitchCompany>::system(company.tenant, "came from another company", origin);
    let change = Change::created(session.id, session.version, session.facts());
    let journal = entering.journal(session.id, now).changed(change);
    let value = signed_in(env, profile, session, opening.secret, now)?;
    Ok(commit(tx, journal, value, reply).await?)
}

/// Ends the present session, and says so in the journal of its company.
async fn leave(
    env: &Identity,
    tx: &dyn AcrossTx,
    permit: &Permit<permission::SwitchCompany>,
    id: SessionId,
) -> Result<DeviceSession, SwitchCompanyError> {
    let now = env.clock.now();
    let session = tx.session_locked(permit.scope().tenant(), id).await?;
    let session: DeviceSession = session.filter(|found| found.is_live(now)).ok_or(SwitchCompanyError::Over)?;
    let (ended, change) = end(tx, session, Ending::Switched, now).await?;
    tx.append(&permit.journal(id, now).changed(change)).await?;
    Ok(ended)
}
