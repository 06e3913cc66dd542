//! From the one-time code of a sign-in at a provider to a session (I8).

use chrono::{DateTime, Utc};
use kernel::ids::TenantId;
use kernel::seal::CannotOpen;
use kernel::{
    Change, Committed, Fault, FromStore, Kind, Origin, Permit, Refusal, Reply, StoreError, commit, unit_of_work,
};
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::second_factor::{self, Unproved};
use super::sign_in::{Found, SignInError, is_still, refuse, unproved_at};
use super::signed_in::{Opening, SignedIn, signed_in};
use crate::Identity;
use crate::model::access_token::CannotSign;
use crate::model::account::Account;
use crate::model::email::Email;
use crate::model::membership::{CompanyOfAccount, NoCompany, choose_company};
use crate::model::oidc::{Grant, Home, Link, MOST_WRONG_ANSWERS, Person, Stage};
use crate::model::password::PasswordAttempt;
use crate::model::second_factor::FactorCode;
use crate::model::session::Secret;
use crate::permission;
use crate::ports::{AcrossTx, OIDC_LINK_ACCOUNT_UNIQUE, OIDC_LINK_SUBJECT_UNIQUE};

/// What a page brings for a session, beside the code.
#[derive(Debug)]
pub struct ExchangeOidc {
    /// The account's password; needed once, when the account has one and is not tied to this person yet.
    pub password: Option<PasswordAttempt>,
    /// The company; needed when the account has several.
    pub company: Option<TenantId>,
    /// A code of the second factor; needed when the account has one.
    pub factor: Option<FactorCode>,
}

/// A code that came home, with whom it stands for.
#[derive(Debug)]
pub struct Arrived {
    code: Secret,
    grant: Grant,
    person: Person,
    account: Account,
    companies: Vec<CompanyOfAccount>,
    is_tied: bool,
}

/// What is still missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// The account's own password, this once.
    Password,
    /// A code of the account's second factor.
    Factor,
    /// Which of the companies.
    Company(Vec<CompanyOfAccount>),
}

/// Why a code became no session.
#[derive(Debug, Error)]
pub enum ExchangeOidcError {
    /// Unknown, used before, too late, or of a sign-in that was begun elsewhere.
    #[error("the code is not valid")]
    Code,
    /// Nobody has an account for this person any more.
    #[error("no account")]
    NoAccount,
    /// The account is tied to another person at this provider, or the person to another account.
    #[error("tied to another")]
    TiedToAnother,
    /// Something is missing; the page asks for it and comes again with the code of the answer.
    #[error("something is missing")]
    Asked(Question, Secret),
    /// What signing in with a password may be refused for.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// What was kept does not open.
    #[error(transparent)]
    Sealing(#[from] CannotOpen),
    /// No token could be signed.
    #[error(transparent)]
    Signing(#[from] CannotSign),
    /// The store's answer.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for ExchangeOidcError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Constraint(OIDC_LINK_ACCOUNT_UNIQUE | OIDC_LINK_SUBJECT_UNIQUE) => Self::TiedToAnother,
            other => Self::Store(other),
        }
    }
}

impl Refusal for ExchangeOidcError {
    fn kind(&self) -> Kind {
        match self {
            Self::Code => Kind::Unauthenticated,
            Self::NoAccount => Kind::Forbidden,
            Self::TiedToAnother => Kind::Conflict,
            Self::Asked(..) => Kind::Invalid,
            Self::SignIn(error) => error.kind(),
            Self::Sealing(_) | Self::Signing(_) => Kind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Code => "identity.oidc_code_invalid",
            Self::NoAccount => "identity.oidc_no_account",
            Self::TiedToAnother => "identity.oidc_tied_to_another",
            Self::Asked(Question::Password, _) => "identity.oidc_password_required",
            Self::Asked(Question::Factor, _) => "identity.totp_code_required",
            Self::Asked(Question::Company(_), _) => "identity.company_required",
            Self::SignIn(error) => error.code(),
            Self::Sealing(_) | Self::Signing(_) => "internal",
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::Asked(Question::Password, _) => vec![Fault::at("/password", "required")],
            Self::Asked(Question::Factor, _) => vec![Fault::at("/totp_code", "required")],
            Self::Asked(Question::Company(_), _) => vec![Fault::at("/company_id", "required")],
            Self::SignIn(error) => error.faults(),
            _ => Vec::new(),
        }
    }

    fn details(&self) -> Map<String, Value> {
        match self {
            Self::Asked(question, next) => {
                let mut details = question.details();
                details.insert("code_next".to_owned(), json!(next.expose()));
                details
            }
            Self::SignIn(error) => error.details(),
            _ => Map::new(),
        }
    }
}

impl FromStore for ExchangeOidcError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::SignIn(error) => error.store(),
            _ => None,
        }
    }
}

impl Question {
    fn details(&self) -> Map<String, Value> {
        match self {
            Self::Password | Self::Factor => Map::new(),
            Self::Company(companies) => {
                let named = companies.iter().map(|company| json!({"id": company.tenant, "name": company.name}));
                Map::from_iter([("companies".to_owned(), named.collect())])
            }
        }
    }
}

/// Finds out whom a code stands for; nobody's where the sign-in was begun somewhere else.
pub async fn arrive(env: &Identity, code: Secret, home: &Home) -> Result<Arrived, ExchangeOidcError> {
    let now = env.clock.now();
    let view = env.db.view_across_tenants("code of a sign-in at a provider").await?;
    let grant = view.oidc_grant(&code.hash()).await?.filter(|grant| grant.is_open(now) && grant.is_at(home));
    let grant = grant.ok_or(ExchangeOidcError::Code)?;
    let person = grant.person(&env.keyring)?;
    let tied = view.oidc_account(&person).await?;
    let account = match (tied, &person.email) {
        (Some(id), _) => view.account_by_id(id).await?,
        (None, Some(email)) => view.account_by_email(email).await?,
        (None, None) => None,
    };
    let account = account.ok_or(ExchangeOidcError::NoAccount)?;
    let companies = view.companies_of_account(account.id).await?;
    Ok(Arrived { code, grant, person, account, companies, is_tied: tied.is_some() })
}

/// Opens a session for the person behind a code. The first sign-in of a person ties them to the account of their verified
/// address; where that account has a password, only after it was entered. The second factor and the company's policy count as
/// at any sign-in.
pub async fn exchange_oidc(
    env: &Identity,
    origin: &Origin,
    arrived: &Arrived,
    ask: ExchangeOidc,
    reply: Reply<SignedIn>,
) -> Result<Committed<SignedIn>, ExchangeOidcError> {
    let now = env.clock.now();
    let ExchangeOidc { password, company, factor } = ask;
    let found = Found::look_up(env, &arrived.account.email, origin).await?.asking_for(company);
    if let Some(retry_after) = found.network_locked(now) {
        return Err(SignInError::NetworkLocked { retry_after }.into());
    }
    if arrived.needs_password() {
        let Some(attempt) = password else { return Err(asked(env, arrived, Question::Password).await?) };
        // Before the password is looked at: who waits learns nothing of it.
        if let Some(retry_after) = found.account_locked(now) {
            return Err(locked(env, arrived, retry_after).await?);
        }
        let (right, _) = env.passwords.verify(attempt, found.hash()).await.map_err(SignInError::from)?;
        if !right {
            let kept = unit_of_work(async || {
                let tx = env.db.begin_across_tenants("wrong password after a sign-in at a provider").await?;
                arrived.wrong(tx.as_ref()).await?;
                refuse(tx, origin, &found, now).await
            });
            return Err(kept.await?.into());
        }
    }
    unit_of_work(async || enter(env, origin, (arrived, &found), (company, factor.as_ref()), reply).await).await
}

/// The second factor, the company and the session, in one transaction.
async fn enter(
    env: &Identity,
    origin: &Origin,
    (arrived, found): (&Arrived, &Found),
    (company, factor): (Option<TenantId>, Option<&FactorCode>),
    reply: Reply<SignedIn>,
) -> Result<Committed<SignedIn>, ExchangeOidcError> {
    let now = env.clock.now();
    let tx = env.db.begin_across_tenants("sign-in at a provider").await?;
    if !is_still(tx.as_ref(), &arrived.account).await? {
        return Err(ExchangeOidcError::Store(StoreError::Contended));
    }
    if arrived.needs_password() {
        found.locked_meanwhile(tx.as_ref(), now).await?;
    }
    let proved = match second_factor::prove(env, tx.as_ref(), &arrived.account, factor).await {
        Ok(proved) => proved,
        Err(Unproved::Missing) => {
            drop(tx);
            return Err(asked(env, arrived, Question::Factor).await?);
        }
        Err(Unproved::Locked { retry_after }) => {
            drop(tx);
            return Err(locked(env, arrived, retry_after).await?);
        }
        Err(unproved) => {
            arrived.wrong(tx.as_ref()).await?;
            return Err(unproved_at(origin, tx, found, unproved, now).await?.into());
        }
    };
    match choose_company(&arrived.companies, company) {
        Ok(company) => open(env, origin, tx, (arrived, &company, proved), reply).await,
        Err(NoCompany::NotAMember) => Err(SignInError::NotAMember.into()),
        Err(NoCompany::Several(companies)) => {
            drop(tx);
            Err(asked(env, arrived, Question::Company(companies)).await?)
        }
    }
}

impl Arrived {
    /// The account's address.
    pub fn email(&self) -> &Email {
        &self.account.email
    }

    fn needs_password(&self) -> bool {
        !self.is_tied && self.account.password.is_some()
    }

    /// A code that stood in an address is spent by a wrong answer too; one that was asked for takes a few.
    async fn wrong(&self, tx: &dyn AcrossTx) -> Result<(), StoreError> {
        match self.grant.stage {
            Stage::Code => tx.oidc_grant_take(&self.grant.hash).await.map(drop),
            Stage::Asked => tx.oidc_grant_wrong(&self.grant.hash, MOST_WRONG_ANSWERS).await,
        }
    }
}

/// Too many wrong answers came before. A code that stood in an address is spent all the same.
async fn locked(env: &Identity, arrived: &Arrived, retry_after: i64) -> Result<ExchangeOidcError, StoreError> {
    if arrived.grant.stage == Stage::Code {
        let tx = env.db.begin_across_tenants("spent code of a sign-in at a provider").await?;
        tx.oidc_grant_take(&arrived.grant.hash).await?;
        tx.finish().await?;
    }
    Ok(SignInError::AccountLocked { retry_after }.into())
}

/// Asks back. A code that stood in an address is spent by it: the answer holds another one.
async fn asked(env: &Identity, arrived: &Arrived, question: Question) -> Result<ExchangeOidcError, ExchangeOidcError> {
    if arrived.grant.stage == Stage::Asked {
        return Ok(ExchangeOidcError::Asked(question, arrived.code.clone()));
    }
    let next = Secret::new(*env.random.secret());
    let tx = env.db.begin_across_tenants("question of a sign-in at a provider").await?;
    let asked = arrived.grant.clone().asked(&next, env.clock.now());
    let is_first = tx.oidc_grant_asked(&arrived.grant.hash, &asked).await?;
    tx.finish().await?;
    if is_first { Ok(ExchangeOidcError::Asked(question, next)) } else { Err(ExchangeOidcError::Code) }
}

async fn open(
    env: &Identity,
    origin: &Origin,
    tx: Box<dyn AcrossTx>,
    (arrived, company, proved): (&Arrived, &CompanyOfAccount, Option<DateTime<Utc>>),
    reply: Reply<SignedIn>,
) -> Result<Committed<SignedIn>, ExchangeOidcError> {
    let now = env.clock.now();
    if !tx.oidc_grant_take(&arrived.grant.hash).await? {
        return Err(ExchangeOidcError::Code);
    }
    let changes = tie(env, tx.as_ref(), arrived, now).await?;
    let profile = tx.profile(company.tenant, company.membership).await?;
    let profile = profile.filter(|profile| profile.membership.is_active()).ok_or(SignInError::NotAMember)?;
    let hold = second_factor::hold(tx.as_ref(), &profile.membership, proved).await?;
    let opening = Opening::of(env, &profile.membership, origin, now).under(proved, hold);
    tx.session_add(&opening.session).await?;
    tx.refresh_token_add(&opening.token).await?;
    let permit = Permit::<permission::SignIn>::system(company.tenant, "sign-in at a provider", origin.clone());
    let session = &opening.session;
    let opened = Change::created(session.id, session.version, session.facts());
    let journal = permit.journal(session.id, now).changed(opened);
    let journal = changes.into_iter().fold(journal, kernel::Journal::changed);
    let value = signed_in(env, profile, session, opening.secret, now)?;
    Ok(commit(tx, journal, value, reply).await?)
}

/// Ties the account to the person, whose address is thereby verified; nothing when they are tied already.
async fn tie(
    env: &Identity,
    tx: &dyn AcrossTx,
    arrived: &Arrived,
    now: DateTime<Utc>,
) -> Result<Vec<Change>, ExchangeOidcError> {
    if arrived.is_tied {
        return Ok(Vec::new());
    }
    let (before, version) = (arrived.account.facts(), arrived.account.version);
    let account = arrived.account.clone().verified(now);
    let link = Link::of(env.ids.next(), account.id, arrived.grant.provider, arrived.person.clone(), now);
    tx.oidc_link_add(&link).await?;
    let mut changes = vec![Change::created(link.id, 1, link.facts())];
    if account.version > version {
        tx.account_verified(&account).await?;
        changes.push(Change::updated(account.id, account.version, &before, &account.facts()));
    }
    Ok(changes)
}
