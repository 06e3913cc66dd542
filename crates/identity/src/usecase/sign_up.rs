//! Founding a company: company, first clinic and admin in one transaction (I1).

use chrono::{DateTime, Utc};
use events::identity::CompanyFounded;
use kernel::{Change, Committed, FromStore, Kind, Origin, Permit, Refusal, Reply, StoreError, commit, unit_of_work};
use thiserror::Error;

use super::founding::{Founding, NewCompany};
use super::send_verification::AskedProof;
use super::signed_in::{Opening, SignedIn, signed_in};
use crate::Identity;
use crate::model::access_token::CannotSign;
use crate::model::account::Account;
use crate::model::email::Email;
use crate::model::membership::{CompanyOfAccount, Profile};
use crate::model::name::{DisplayName, PlaceName};
use crate::model::password::{Password, PasswordHash};
use crate::model::place::{Country, Locale, TimeZone};
use crate::model::preferences::Preferences;
use crate::permission;
use crate::ports::{ACCOUNT_EMAIL_UNIQUE, HashingFailed};

/// Who founds what, with which password.
#[derive(Debug)]
pub struct SignUp {
    /// Who and what.
    pub founder: Founder,
    /// The admin's password.
    pub password: Password,
}

/// Who founds what.
#[derive(Debug, Clone)]
pub struct Founder {
    /// The company's name, and its first clinic's.
    pub company_name: PlaceName,
    /// The admin's name.
    pub name: DisplayName,
    /// The admin's address.
    pub email: Email,
    /// Where the company is.
    pub country: Country,
    /// The zone of its first clinic.
    pub time_zone: TimeZone,
    /// Its language.
    pub locale: Locale,
    /// How the address proves to be the admin's.
    pub proof: AddressProof,
}

/// How an address proves to be its owner's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressProof {
    /// By a link that is mailed to it.
    ByMail,
    /// It needs none: the demo's.
    Given,
}

/// Why nobody signed up.
#[derive(Debug, Error)]
pub enum SignUpError {
    /// The address has an account.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// No password could be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    /// No token could be signed.
    #[error(transparent)]
    Signing(#[from] CannotSign),
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for SignUpError {
    fn kind(&self) -> Kind {
        match self {
            Self::EmailTaken => Kind::Conflict,
            Self::Hashing(error) => error.kind(),
            Self::Signing(_) => Kind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::EmailTaken => "email_taken",
            Self::Hashing(error) => error.code(),
            Self::Signing(_) => "internal",
            Self::Store(error) => error.code(),
        }
    }
}

impl FromStore for SignUpError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Founds a company and signs its admin in.
pub async fn sign_up(
    env: &Identity,
    origin: &Origin,
    ask: SignUp,
    reply: Reply<SignedIn>,
) -> Result<Committed<SignedIn>, SignUpError> {
    let SignUp { founder, password } = ask;
    let hash = env.passwords.hash(password).await?;
    unit_of_work(async || found(env, origin, (&founder, &hash), reply).await).await
}

async fn found(
    env: &Identity,
    origin: &Origin,
    (founder, hash): (&Founder, &PasswordHash),
    reply: Reply<SignedIn>,
) -> Result<Committed<SignedIn>, SignUpError> {
    let now = env.clock.now();
    let Founder { company_name: name, country, time_zone, locale, .. } = founder.clone();
    let account = account(env, founder.clone(), hash.clone(), now);
    let place = NewCompany { name, country, time_zone, locale };
    let founding = Founding::of(env, place, (account.id, account.name.clone()), now);
    let (company, admin) = (founding.company.id, founding.admin.id);
    let asked = account.email_verified_at.is_none().then(|| AskedProof::of(env, company, &account, now));
    let opening = Opening::of(env, &founding.admin, origin, now);

    let tx = env.db.begin_across_tenants("sign-up").await?;
    tx.account_add(&account).await.map_err(refused)?;
    founding.save(tx.as_ref()).await?;
    if let Some(asked) = &asked {
        tx.email_proof_add(&asked.proof).await?;
    }
    tx.session_add(&opening.session).await?;
    tx.refresh_token_add(&opening.token).await?;

    let session = &opening.session;
    let permit = Permit::<permission::SignUp>::system(company, "sign-up", origin.clone());
    let journal = founding
        .told(permit.journal(company, now))
        .changed(Change::created(account.id, account.version, account.facts()))
        .changed(Change::created(session.id, session.version, session.facts()))
        .with(&CompanyFounded { company_id: company, membership_id: admin, account_id: account.id });
    let journal = match asked {
        Some(asked) => journal.job(asked.mail(&account, now)),
        None => journal,
    };
    let value = signed_in(env, profile(account, founding), &opening.session, opening.secret, now)?;
    Ok(commit(tx, journal, value, reply).await?)
}

fn account(env: &Identity, ask: Founder, password: PasswordHash, now: DateTime<Utc>) -> Account {
    Account {
        id: env.ids.next(),
        email: ask.email,
        name: ask.name,
        password: Some(password),
        email_verified_at: (ask.proof == AddressProof::Given).then_some(now),
        locale: ask.locale,
        preferences: Preferences::default(),
        created_at: now,
        version: 1,
    }
}

fn profile(account: Account, founding: Founding) -> Profile {
    let Founding { company, clinic, admin: membership, .. } = founding;
    let companies = vec![CompanyOfAccount::of(&company, &membership)];
    Profile { account, membership, company, clinics: vec![clinic], companies }
}

fn refused(error: StoreError) -> SignUpError {
    match error {
        StoreError::Constraint(ACCOUNT_EMAIL_UNIQUE) => SignUpError::EmailTaken,
        other => SignUpError::Store(other),
    }
}
