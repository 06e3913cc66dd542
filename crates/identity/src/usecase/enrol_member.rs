//! Giving a person a place in the company without an invitation: what the demo does, and imports will.

use chrono::{DateTime, Utc};
use kernel::ids::{ClinicId, PatientId, PractitionerId};
use kernel::{Change, Committed, Fault, FromStore, Kind, Permit, Refusal, Reply, StoreError, commit};
use thiserror::Error;

use crate::Identity;
use crate::model::account::Account;
use crate::model::email::Email;
use crate::model::membership::{Credentials, Membership, MembershipStatus};
use crate::model::name::DisplayName;
use crate::model::password::{Password, PasswordHash};
use crate::model::place::Locale;
use crate::model::preferences::Preferences;
use crate::model::role::Role;
use crate::permission;
use crate::ports::{FOREIGN_KEY, HashingFailed, MEMBERSHIP_ACCOUNT_UNIQUE};

/// Who gets which place.
#[derive(Debug)]
pub struct EnrolMember {
    /// The address; an account that has it already keeps its name and password.
    pub email: Email,
    /// The name, of the account and of the membership.
    pub name: DisplayName,
    /// The password of a new account.
    pub password: Password,
    /// The language of a new account.
    pub locale: Locale,
    /// The role.
    pub role: Role,
    /// The practitioner whose agenda is its own.
    pub practitioner: Option<PractitionerId>,
    /// The patient that it is.
    pub patient: Option<PatientId>,
    /// The clinics it works in; none named means all.
    pub clinics: Vec<ClinicId>,
    /// Its professional numbers.
    pub credentials: Credentials,
}

/// Why nobody was enrolled.
#[derive(Debug, Error)]
pub enum EnrolError {
    /// The account is a member of this company.
    #[error("already a member")]
    AlreadyMember,
    /// A clinic is not the company's.
    #[error("unknown clinic")]
    UnknownClinic,
    /// No password could be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    /// The store's answer.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for EnrolError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Constraint(MEMBERSHIP_ACCOUNT_UNIQUE) => Self::AlreadyMember,
            StoreError::Constraint(FOREIGN_KEY) => Self::UnknownClinic,
            other => Self::Store(other),
        }
    }
}

impl Refusal for EnrolError {
    fn kind(&self) -> Kind {
        match self {
            Self::AlreadyMember => Kind::Conflict,
            Self::UnknownClinic => Kind::Invalid,
            Self::Hashing(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyMember => "identity.already_member",
            Self::UnknownClinic => "unknown_reference",
            Self::Hashing(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::UnknownClinic => vec![Fault::at("/clinic_ids", "unknown_reference")],
            _ => Vec::new(),
        }
    }
}

impl FromStore for EnrolError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Enrols a member, with a new account whose address counts as verified where there is none yet.
pub async fn enrol_member(
    env: &Identity,
    permit: &Permit<permission::UsersManage>,
    ask: EnrolMember,
    reply: Reply<Membership>,
) -> Result<Committed<Membership>, EnrolError> {
    let now = env.clock.now();
    let EnrolMember { email, name, password, locale, role, practitioner, patient, clinics, credentials } = ask;
    let hash = env.passwords.hash(password).await?;
    let tx = env.db.begin_across_tenants("enrol a member").await?;
    let known = tx.account_by_email(&email).await?;
    let is_new = known.is_none();
    let account = known.unwrap_or_else(|| new_account(env, email, name.clone(), hash, locale, now));
    let membership = Membership {
        id: env.ids.next(),
        tenant: permit.scope().tenant(),
        account: account.id,
        role,
        status: MembershipStatus::Active,
        display_name: name,
        practitioner,
        patient,
        clinics,
        credentials,
        created_at: now,
        version: 1,
    };
    let mut journal = permit.journal(membership.id, now).changed(Change::created(
        membership.id,
        membership.version,
        membership.facts(),
    ));
    if is_new {
        tx.account_add(&account).await?;
        journal = journal.changed(Change::created(account.id, account.version, account.facts()));
    }
    tx.membership_add(&membership).await?;
    Ok(commit(tx, journal, membership, reply).await?)
}

fn new_account(
    env: &Identity,
    email: Email,
    name: DisplayName,
    hash: PasswordHash,
    locale: Locale,
    now: DateTime<Utc>,
) -> Account {
    Account {
        id: env.ids.next(),
        email,
        name,
        password: Some(hash),
        email_verified_at: Some(now),
        locale,
        preferences: Preferences::default(),
        created_at: now,
        version: 1,
    }
}
