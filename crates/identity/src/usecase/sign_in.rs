//! Signing in with a password (I2).

use chrono::{DateTime, Utc};
use kernel::ids::{AccountId, TenantId};
use kernel::seal::CannotOpen;
use kernel::{
    Change, Committed, Fault, FromStore, Kind, Origin, Permit, Refusal, Reply, StoreError, commit, unheard,
    unit_of_work,
};
use serde_json::{Map, Value, json};
use thiserror::Error;
use uuid::Uuid;

use super::second_factor::{self, Unproved};
use super::signed_in::{Opening, SignedIn, signed_in};
use crate::Identity;
use crate::model::access_token::CannotSign;
use crate::model::account::Account;
use crate::model::backoff::{AttemptKey, FORGET_AFTER, Failures, Patience};
use crate::model::email::Email;
use crate::model::membership::{CompanyOfAccount, NoCompany, choose_company};
use crate::model::password::{PasswordAttempt, PasswordHash};
use crate::model::second_factor::FactorCode;
use crate::permission;
use crate::ports::{AcrossTx, HashingFailed};

/// Who wants to sign in, and where.
#[derive(Debug)]
pub struct SignIn {
    /// The account's address.
    pub email: Email,
    /// What was typed as its password.
    pub password: PasswordAttempt,
    /// The company; needed when the account has several.
    pub company: Option<TenantId>,
    /// A code of the second factor; needed when the account has one.
    pub code: Option<FactorCode>,
}

/// Why nobody signed in.
#[derive(Debug, Error)]
pub enum SignInError {
    /// Unknown address or wrong password; which of them is not told.
    #[error("unknown address or wrong password")]
    InvalidCredentials,
    /// The password is right, but too many wrong ones came before.
    #[error("too many wrong passwords for this account")]
    AccountLocked {
        /// In how many seconds another try is accepted.
        retry_after: i64,
    },
    /// The password is right; the account has a second factor, and no code came.
    #[error("a code of the second factor is needed")]
    CodeRequired,
    /// The password is right, and the code wrong or used before.
    #[error("wrong code")]
    WrongCode,
    /// Too many wrong passwords from this address.
    #[error("too many wrong passwords from this address")]
    NetworkLocked {
        /// In how many seconds another try is accepted.
        retry_after: i64,
    },
    /// The password is right; the account may not enter that company, or none at all.
    #[error("no active membership")]
    NotAMember,
    /// The password is right; the account has several companies and named none.
    #[error("the account has several companies")]
    CompanyRequired(Vec<CompanyOfAccount>),
    /// No password could be verified.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    /// No token could be signed.
    #[error(transparent)]
    Signing(#[from] CannotSign),
    /// The second factor's seed does not open.
    #[error(transparent)]
    Sealing(#[from] CannotOpen),
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for SignInError {
    fn kind(&self) -> Kind {
        match self {
            Self::InvalidCredentials | Self::CodeRequired | Self::WrongCode => Kind::Unauthenticated,
            Self::AccountLocked { .. } | Self::NetworkLocked { .. } => Kind::RateLimited,
            Self::NotAMember => Kind::Forbidden,
            Self::CompanyRequired(_) => Kind::Invalid,
            Self::Hashing(error) => error.kind(),
            Self::Signing(_) | Self::Sealing(_) => Kind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::InvalidCredentials => "identity.invalid_credentials",
            Self::AccountLocked { .. } => "identity.account_locked",
            Self::CodeRequired => "identity.totp_code_required",
            Self::WrongCode => "identity.totp_code_wrong",
            Self::NetworkLocked { .. } => "identity.network_locked",
            Self::NotAMember => "identity.not_a_member",
            Self::CompanyRequired(_) => "identity.company_required",
            Self::Hashing(error) => error.code(),
            Self::Signing(_) | Self::Sealing(_) => "internal",
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::CompanyRequired(_) => vec![Fault::at("/company_id", "required")],
            Self::CodeRequired => vec![Fault::at("/totp_code", "required")],
            Self::WrongCode => vec![Fault::at("/totp_code", "identity.totp_code_wrong")],
            _ => Vec::new(),
        }
    }

    fn details(&self) -> Map<String, Value> {
        match self {
            Self::CompanyRequired(companies) => {
                let named = companies.iter().map(|company| json!({"id": company.tenant, "name": company.name}));
                Map::from_iter([("companies".to_owned(), named.collect())])
            }
            Self::AccountLocked { retry_after } | Self::NetworkLocked { retry_after } => {
                Map::from_iter([("retry_after".to_owned(), json!(retry_after))])
            }
            _ => Map::new(),
        }
    }
}

impl From<Unproved> for SignInError {
    fn from(unproved: Unproved) -> Self {
        match unproved {
            Unproved::Missing => Self::CodeRequired,
            Unproved::Wrong => Self::WrongCode,
            Unproved::Locked { retry_after } => Self::AccountLocked { retry_after },
            Unproved::Sealing(error) => Self::Sealing(error),
            Unproved::Store(error) => Self::Store(error),
        }
    }
}

impl FromStore for SignInError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Opens a session for whoever knows the password. An unknown address costs the same hash as a wrong password.
pub async fn sign_in(
    env: &Identity,
    origin: &Origin,
    ask: SignIn,
    reply: Reply<SignedIn>,
) -> Result<Committed<SignedIn>, SignInError> {
    let now = env.clock.now();
    let found = Found::look_up(env, &ask.email, origin).await?.asking_for(ask.company);
    if let Some(retry_after) = found.network_locked(now) {
        return Err(SignInError::NetworkLocked { retry_after });
    }
    let (right, attempt) = env.passwords.verify(ask.password, found.hash()).await?;
    let account = match &found.account {
        Some(account) if right && account.password.is_some() => account.clone(),
        _ => {
            let kept = unit_of_work(async || {
                let tx = env.db.begin_across_tenants("failed sign-in").await?;
                refuse(tx, origin, &found, now).await
            });
            return Err(kept.await?);
        }
    };
    if let Some(retry_after) = found.account_locked(now) {
        return Err(SignInError::AccountLocked { retry_after });
    }
    let rehashed = rehashed(env, &account, attempt).await?;
    let (code, rehashed) = (ask.code.as_ref(), rehashed.as_ref());
    unit_of_work(async || admit(env, origin, (&found, &account), (code, rehashed), reply).await).await
}

/// Lets in who has given the right password.
async fn admit(
    env: &Identity,
    origin: &Origin,
    (found, account): (&Found, &Account),
    (code, rehashed): (Option<&FactorCode>, Option<&Rehashed>),
    reply: Reply<SignedIn>,
) -> Result<Committed<SignedIn>, SignInError> {
    let now = env.clock.now();
    let tx = env.db.begin_across_tenants("sign-in").await?;
    if !is_still(tx.as_ref(), account).await? {
        return Err(StoreError::Contended.into());
    }
    found.locked_meanwhile(tx.as_ref(), now).await?;
    let proved = match second_factor::prove(env, tx.as_ref(), account, code).await {
        Ok(proved) => proved,
        Err(unproved) => return Err(unproved_at(origin, tx, found, unproved, now).await?),
    };
    // Asked after the second factor, which alone may learn where the account works; what is refused here spends no code.
    let company = choose_company(&found.companies, found.asked)?;
    open(env, origin, tx, (found, &company, proved), rehashed, reply).await
}

impl From<NoCompany> for SignInError {
    fn from(none: NoCompany) -> Self {
        match none {
            NoCompany::NotAMember => Self::NotAMember,
            NoCompany::Several(companies) => Self::CompanyRequired(companies),
        }
    }
}

/// False when the password was changed while the one that came was being compared: it opens nothing any more. The account
/// stays locked, so that a change waits for the session that it is to end.
pub(super) async fn is_still(tx: &dyn AcrossTx, account: &Account) -> Result<bool, StoreError> {
    Ok(tx.account_locked(account.id).await?.is_some_and(|now| now.password == account.password))
}

/// A wrong code is counted and journalled as a wrong password is; a missing one is no failure.
pub(super) async fn unproved_at(
    origin: &Origin,
    tx: Box<dyn AcrossTx>,
    found: &Found,
    unproved: Unproved,
    now: DateTime<Utc>,
) -> Result<SignInError, StoreError> {
    let refusal = SignInError::from(unproved);
    match (&refusal, found.told_in()) {
        (SignInError::WrongCode, Some(company)) => {
            let member = (company.tenant, company.membership);
            second_factor::refuse(tx, origin, &found.keys, member, (refusal, now)).await
        }
        _ => Ok(refusal),
    }
}

/// What is known of an address before its password is looked at.
pub(super) struct Found {
    account: Option<Account>,
    companies: Vec<CompanyOfAccount>,
    asked: Option<TenantId>,
    keys: Vec<AttemptKey>,
    counted: Counted,
}

/// What failed of late under the two keys of [`AttemptKey::of_sign_in`].
struct Counted {
    by_account: Option<Failures>,
    by_network: Option<Failures>,
}

impl Counted {
    fn of(keys: &[AttemptKey], failures: &[(AttemptKey, Failures)]) -> Self {
        let of =
            |key: Option<&AttemptKey>| failures.iter().find(|(k, _)| Some(k) == key).map(|(_, failures)| *failures);
        Self { by_account: of(keys.first()), by_network: of(keys.get(1)) }
    }

    fn account_locked(&self, now: DateTime<Utc>) -> Option<i64> {
        self.by_account?.seconds_left(Patience::Account, now)
    }

    fn network_locked(&self, now: DateTime<Utc>) -> Option<i64> {
        self.by_network?.seconds_left(Patience::Network, now)
    }
}

impl Found {
    pub(super) async fn look_up(env: &Identity, email: &Email, origin: &Origin) -> Result<Self, StoreError> {
        let view = env.db.view_across_tenants("sign-in").await?;
        let account = view.account_by_email(email).await?;
        // Asked for nobody too, so that an unknown address takes as many round trips as a known one.
        let id = account.as_ref().map_or(AccountId::from_uuid(Uuid::nil()), |account| account.id);
        let companies = view.companies_of_account(id).await?;
        let keys = AttemptKey::of_sign_in(email, origin.ip);
        let counted = Counted::of(&keys, &view.failures_of(&keys).await?);
        Ok(Self { account, companies, asked: None, keys, counted })
    }

    /// The same for whoever named a company.
    pub(super) fn asking_for(self, company: Option<TenantId>) -> Self {
        Self { asked: company, ..self }
    }

    /// In which company's journal a failure stands: the one asked for, where the account has a place in it, and else the first
    /// that it may enter; none where it may enter none.
    fn told_in(&self) -> Option<&CompanyOfAccount> {
        let asked = self.companies.iter().find(|company| Some(company.tenant) == self.asked);
        asked.or_else(|| self.companies.iter().find(|company| company.is_active()))
    }

    /// Refuses whom the failures hold off that were counted while the password was being compared: guesses side by side have
    /// no more patience than those one after the other.
    pub(super) async fn locked_meanwhile(&self, tx: &dyn AcrossTx, now: DateTime<Utc>) -> Result<(), SignInError> {
        let counted = Counted::of(&self.keys, &tx.failures_of(&self.keys).await?);
        if let Some(retry_after) = counted.account_locked(now) {
            return Err(SignInError::AccountLocked { retry_after });
        }
        match counted.network_locked(now) {
            Some(retry_after) => Err(SignInError::NetworkLocked { retry_after }),
            None => Ok(()),
        }
    }

    pub(super) fn hash(&self) -> PasswordHash {
        let known = self.account.as_ref().and_then(|account| account.password.clone());
        known.unwrap_or_else(PasswordHash::of_nobody)
    }

    pub(super) fn account_locked(&self, now: DateTime<Utc>) -> Option<i64> {
        self.counted.account_locked(now)
    }

    pub(super) fn network_locked(&self, now: DateTime<Utc>) -> Option<i64> {
        self.counted.network_locked(now)
    }
}

/// Counts the failure and journals it in a company of the member. An address that is nobody's has no journal to stand in; one
/// statement that finds nothing stands in its place, so that both take the same round trips. Commits what else was done.
pub(super) async fn refuse(
    tx: Box<dyn AcrossTx>,
    origin: &Origin,
    found: &Found,
    now: DateTime<Utc>,
) -> Result<SignInError, StoreError> {
    tx.failure_add(&found.keys, now, now - FORGET_AFTER).await?;
    let Some(company) = found.told_in() else {
        tx.failures_forget(&AttemptKey::of_nobody()).await?;
        tx.finish().await?;
        return Ok(SignInError::InvalidCredentials);
    };
    let permit = Permit::<permission::SignInFailed>::system(company.tenant, "failed sign-in", origin.clone());
    let journal = permit.journal(company.membership, now);
    Ok(commit(tx, journal, SignInError::InvalidCredentials, unheard).await?.into_value())
}

/// A hash of the same password in place of another.
struct Rehashed {
    account: AccountId,
    old: PasswordHash,
    new: PasswordHash,
}

/// A hash with today's parameters, when the account has another.
async fn rehashed(
    env: &Identity,
    account: &Account,
    attempt: PasswordAttempt,
) -> Result<Option<Rehashed>, HashingFailed> {
    let Some(old) = account.password.clone().filter(PasswordHash::is_outdated) else { return Ok(None) };
    let new = env.passwords.hash(attempt.proven()).await?;
    Ok(Some(Rehashed { account: account.id, old, new }))
}

async fn open(
    env: &Identity,
    origin: &Origin,
    tx: Box<dyn AcrossTx>,
    (found, company, proved): (&Found, &CompanyOfAccount, Option<DateTime<Utc>>),
    rehashed: Option<&Rehashed>,
    reply: Reply<SignedIn>,
) -> Result<Committed<SignedIn>, SignInError> {
    let now = env.clock.now();
    let profile = tx.profile(company.tenant, company.membership).await?;
    let profile = profile.filter(|profile| profile.membership.is_active()).ok_or(SignInError::NotAMember)?;
    let hold = second_factor::hold(tx.as_ref(), &profile.membership, proved).await?;
    let opening = Opening::of(env, &profile.membership, origin, now).under(proved, hold);
    tx.session_add(&opening.session).await?;
    tx.refresh_token_add(&opening.token).await?;
    if let (Some(key), Some(_)) = (found.keys.first(), found.counted.by_account) {
        tx.failures_forget(key).await?;
    }
    if let Some(Rehashed { account, old, new }) = rehashed {
        tx.account_rehashed(*account, old, new).await?;
    }
    let permit = Permit::<permission::SignIn>::system(company.tenant, "sign-in", origin.clone());
    let session = &opening.session;
    let journal =
        permit.journal(session.id, now).changed(Change::created(session.id, session.version, session.facts()));
    let value = signed_in(env, profile, session, opening.secret, now)?;
    Ok(commit(tx, journal, value, reply).await?)
}
