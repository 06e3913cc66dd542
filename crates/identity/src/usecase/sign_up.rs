//! Founding a company: company, first clinic and admin in one transaction (I1).

use chrono::{DateTime, Utc};
use events::identity::CompanyFounded;
use kernel::{Change, Committed, FromStore, Kind, NewJob, Origin, Permit, Refusal, Reply, StoreError, commit};
use thiserror::Error;

use super::signed_in::{Opening, SignedIn, signed_in};
use super::verification_mail;
use crate::Identity;
use crate::model::access_token::CannotSign;
use crate::model::account::Account;
use crate::model::clinic::Clinic;
use crate::model::company::Company;
use crate::model::email::Email;
use crate::model::email_proof::EmailProof;
use crate::model::membership::{CompanyOfAccount, Credentials, Membership, MembershipStatus, Profile};
use crate::model::name::{DisplayName, PlaceName};
use crate::model::password::{Password, PasswordHash};
use crate::model::place::{Country, Locale, TimeZone};
use crate::model::role::Role;
use crate::model::session::Secret;
use crate::permission;
use crate::ports::{ACCOUNT_EMAIL_UNIQUE, AcrossTx, HashingFailed};

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
    let now = env.clock.now();
    let SignUp { founder, password } = ask;
    let hash = env.passwords.hash(password).await?;
    let founded = founded(env, founder, hash, now);
    let Profile { account, membership, company, .. } = &founded.profile;
    let opening = Opening::of(env, membership, origin, now);

    let tx = env.db.begin_across_tenants("sign-up").await?;
    save(tx.as_ref(), &founded).await?;
    tx.session_add(&opening.session).await?;
    tx.refresh_token_add(&opening.token).await?;

    let permit = Permit::<permission::SignUp>::system(company.id, "sign-up", origin.clone());
    let mut journal = permit
        .journal(company.id, now)
        .changed(Change::created(company.id, company.version, company.facts()))
        .changed(Change::created(account.id, account.version, account.facts()))
        .changed(Change::created(membership.id, membership.version, membership.facts()))
        .changed(Change::created(opening.session.id, opening.session.version, opening.session.facts()))
        .with(&CompanyFounded { company_id: company.id, membership_id: membership.id, account_id: account.id });
    for clinic in &founded.profile.clinics {
        journal = journal.changed(Change::created(clinic.id, clinic.version, clinic.facts()));
    }
    if let Some((_, secret)) = &founded.proof {
        journal = journal.job(mail_job(account, secret, now));
    }
    let value = signed_in(env, founded.profile, &opening.session, opening.secret, now)?;
    Ok(commit(tx, journal, value, reply).await?)
}

struct Founded {
    profile: Profile,
    proof: Option<(EmailProof, Secret)>,
}

fn founded(env: &Identity, ask: Founder, password: PasswordHash, now: DateTime<Utc>) -> Founded {
    let Founder { company_name: name, country, time_zone, locale, .. } = ask;
    let company = Company { id: env.ids.next(), name, country, locale, created_at: now, version: 1 };
    let clinic = Clinic {
        id: env.ids.next(),
        tenant: company.id,
        name: company.name.clone(),
        country,
        time_zone,
        locale,
        created_at: now,
        version: 1,
    };
    let account = Account {
        id: env.ids.next(),
        email: ask.email,
        name: ask.name,
        password: Some(password),
        email_verified_at: (ask.proof == AddressProof::Given).then_some(now),
        locale,
        created_at: now,
        version: 1,
    };
    let membership = Membership {
        id: env.ids.next(),
        tenant: company.id,
        account: account.id,
        role: Role::Admin,
        status: MembershipStatus::Active,
        display_name: account.name.clone(),
        practitioner: None,
        patient: None,
        clinics: Vec::new(),
        credentials: Credentials::default(),
        created_at: now,
        version: 1,
    };
    let proof = (ask.proof == AddressProof::ByMail).then(|| {
        let secret = Secret::new(*env.random.secret());
        (EmailProof::ask(env.ids.next(), company.id, account.id, &secret, now), secret)
    });
    let companies = vec![CompanyOfAccount::of(&company, &membership)];
    Founded { profile: Profile { account, membership, company, clinics: vec![clinic], companies }, proof }
}

async fn save(tx: &dyn AcrossTx, founded: &Founded) -> Result<(), SignUpError> {
    let Profile { account, membership, company, clinics, .. } = &founded.profile;
    tx.account_add(account).await.map_err(refused)?;
    tx.company_add(company).await?;
    for clinic in clinics {
        tx.clinic_add(clinic).await?;
    }
    tx.membership_add(membership).await?;
    if let Some((proof, _)) = &founded.proof {
        tx.email_proof_add(proof).await?;
    }
    Ok(())
}

fn mail_job(account: &Account, secret: &Secret, now: DateTime<Utc>) -> NewJob {
    let payload = verification_mail::payload(account, secret);
    NewJob { kind: verification_mail::KIND, payload, run_at: now }
}

fn refused(error: StoreError) -> SignUpError {
    match error {
        StoreError::Constraint(ACCOUNT_EMAIL_UNIQUE) => SignUpError::EmailTaken,
        other => SignUpError::Store(other),
    }
}
