//! What identity needs from outside.

mod api_keys;
mod members;
mod oidc;

pub mod accounts;
pub mod audit;
pub mod second_factor;

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use kernel::ids::{AccountId, ClinicId, MembershipId, SessionId, TenantId};
use kernel::{Kind, Page, PageAsk, Refusal, StoreError, TenantScope, Transaction};
use thiserror::Error;
use zeroize::Zeroizing;

use self::accounts::{AccountSessionStore, AccountStore, PasswordResetReader, PasswordResetStore, SessionReader};
use self::audit::{AuditReader, JobStore};
use self::second_factor::{SecondFactorReader, SecondFactorStore};
use crate::model::account::Account;
use crate::model::backoff::{AttemptKey, Failures};
use crate::model::clinic::Clinic;
use crate::model::company::Company;
use crate::model::email::Email;
use crate::model::email_proof::EmailProof;
use crate::model::mail::Mail;
use crate::model::membership::{CompanyOfAccount, Membership, MembershipStatus, Profile};
use crate::model::password::{Password, PasswordAttempt, PasswordHash};
use crate::model::place::Country;
use crate::model::policy::Bindings;
use crate::model::role::Role;
use crate::model::session::{DeviceSession, RefreshToken};
use crate::model::signing_key::StoredKey;

pub use api_keys::{ApiKeyReader, ApiKeyStore, KeyUseStore, PresentedKey, PresentedKeyReader};
pub use members::{
    CompaniesTx, CompaniesView, CompanyTx, CompanyView, INVITATION_OPEN_ONCE, InvitationReader, InvitationStore,
    MemberReader, MemberStore, NewSettingsStore, PlaceReader, PlaceStore, PresentedInvitationReader,
    PresentedInvitationStore, ReferenceReader, SettingsReader, SettingsStore,
};
#[cfg(test)]
pub use oidc::MockOpenId;
pub use oidc::{OIDC_LINK_ACCOUNT_UNIQUE, OIDC_LINK_SUBJECT_UNIQUE, OidcReader, OidcStore, OpenId, OpenIdFailed};

/// Two accounts cannot share an address.
pub const ACCOUNT_EMAIL_UNIQUE: &str = "account_email_unique";
/// An account has one membership per company.
pub const MEMBERSHIP_ACCOUNT_UNIQUE: &str = "membership_account_unique";
/// What a row points at is there; the embedded database does not say which foreign key it was.
pub const FOREIGN_KEY: &str = "foreign_key";
/// Signing keys are numbered without repetition.
pub const SIGNING_KEY_NUMBER_UNIQUE: &str = "signing_key_number_unique";

/// The database.
#[async_trait]
pub trait IdentityDb: Send + Sync {
    /// Opens a unit of work in one company.
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn IdentityTx>, StoreError>;
    /// Reads of one company.
    async fn view(&self, scope: &TenantScope) -> Result<Box<dyn IdentityView>, StoreError>;
    /// Opens a unit of work that crosses companies; a test counts the call sites.
    async fn begin_across_tenants(&self, reason: &'static str) -> Result<Box<dyn AcrossTx>, StoreError>;
    /// Reads that cross companies; a test counts the call sites.
    async fn view_across_tenants(&self, reason: &'static str) -> Result<Box<dyn AcrossView>, StoreError>;
}

/// The clinics of one company.
#[async_trait]
pub trait ClinicReader: Send + Sync {
    /// Clinics by id, from `ask` on.
    async fn clinics_page(&self, ask: &PageAsk<ClinicId>) -> Result<Page<Clinic>, StoreError>;
}

/// A session with what counts of the membership that it signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedInMember {
    /// The session.
    pub session: DeviceSession,
    /// The account.
    pub account: AccountId,
    /// The membership's role.
    pub role: Role,
    /// Whether the membership may be used.
    pub status: MembershipStatus,
    /// The membership, and what it is bound to.
    pub bindings: Bindings,
    /// The company's country.
    pub country: Country,
    /// For how long the company lets a session be unused.
    pub idle: Option<Duration>,
}

/// The caller of a request.
#[async_trait]
pub trait CallerReader: Send + Sync {
    /// The session with its membership and country, in one round trip.
    async fn signed_in_member(&self, session: SessionId) -> Result<Option<SignedInMember>, StoreError>;
}

/// Clinics, for changes.
#[async_trait]
pub trait ClinicStore: Send + Sync {
    /// Adds a clinic.
    async fn clinic_add(&self, clinic: &Clinic) -> Result<(), StoreError>;
}

/// Sessions, for changes.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Adds a session.
    async fn session_add(&self, session: &DeviceSession) -> Result<(), StoreError>;
    /// The session of this company, locked until the transaction ends: whether it may go on is decided under the lock.
    async fn session_locked(&self, tenant: TenantId, id: SessionId) -> Result<Option<DeviceSession>, StoreError>;
    /// Writes what may change of a session: last seen, origin, ending, version. [`StoreError::Contended`] when the stored
    /// version is not the one before.
    async fn session_update(&self, session: &DeviceSession) -> Result<(), StoreError>;
}

/// Refresh tokens.
#[async_trait]
pub trait RefreshTokenStore: Send + Sync {
    /// Adds a token.
    async fn refresh_token_add(&self, token: &RefreshToken) -> Result<(), StoreError>;
    /// The token of this hash, locked until the transaction ends.
    async fn refresh_token_locked(&self, hash: &[u8; 32]) -> Result<Option<RefreshToken>, StoreError>;
    /// Writes that a token was spent. Its sealed successor is kept for the grace; what is older is cleared in passing.
    async fn refresh_token_spent(&self, token: &RefreshToken) -> Result<(), StoreError>;
}

/// Accounts, memberships and companies, read across companies.
#[async_trait]
pub trait PeopleReader: Send + Sync {
    /// The account of an address.
    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError>;
    /// The account of this id.
    async fn account_by_id(&self, id: AccountId) -> Result<Option<Account>, StoreError>;
    /// The companies of an account, by the membership's id.
    async fn companies_of_account(&self, id: AccountId) -> Result<Vec<CompanyOfAccount>, StoreError>;
    /// A member with account, company and clinics.
    async fn profile(&self, tenant: TenantId, id: MembershipId) -> Result<Option<Profile>, StoreError>;
}

/// Accounts, memberships and companies, for changes across companies.
#[async_trait]
pub trait PeopleStore: Send + Sync {
    /// Adds an account; refused by [`ACCOUNT_EMAIL_UNIQUE`].
    async fn account_add(&self, account: &Account) -> Result<(), StoreError>;
    /// Replaces the hash of a password by another hash of the same password, unless the password was changed meanwhile.
    async fn account_rehashed(&self, id: AccountId, old: &PasswordHash, new: &PasswordHash) -> Result<(), StoreError>;
    /// Adds a company.
    async fn company_add(&self, company: &Company) -> Result<(), StoreError>;
    /// Adds a membership; refused by [`MEMBERSHIP_ACCOUNT_UNIQUE`] and, for a clinic of another company, [`FOREIGN_KEY`].
    async fn membership_add(&self, membership: &Membership) -> Result<(), StoreError>;
}

/// Failed sign-ins, read.
#[async_trait]
pub trait FailureReader: Send + Sync {
    /// The failures of these keys, where there are any.
    async fn failures_of(&self, keys: &[AttemptKey]) -> Result<Vec<(AttemptKey, Failures)>, StoreError>;
}

/// Failed sign-ins, counted.
#[async_trait]
pub trait FailureStore: Send + Sync {
    /// Counts one more failure of each key at `now`, from one again where the last was before `forget_before`.
    async fn failure_add(
        &self,
        keys: &[AttemptKey],
        now: DateTime<Utc>,
        forget_before: DateTime<Utc>,
    ) -> Result<(), StoreError>;
    /// Forgets the failures of a key.
    async fn failures_forget(&self, key: &AttemptKey) -> Result<(), StoreError>;
}

/// Proofs of addresses.
#[async_trait]
pub trait EmailProofStore: Send + Sync {
    /// Adds a pending proof.
    async fn email_proof_add(&self, proof: &EmailProof) -> Result<(), StoreError>;
    /// The proof of this hash, locked until the transaction ends.
    async fn email_proof_locked(&self, hash: &[u8; 32]) -> Result<Option<EmailProof>, StoreError>;
    /// Writes that a proof was given.
    async fn email_proof_used(&self, proof: &EmailProof) -> Result<(), StoreError>;
}

/// Signing keys, read.
#[async_trait]
pub trait SigningKeyReader: Send + Sync {
    /// The newest two keys, newest first.
    async fn signing_keys(&self) -> Result<Vec<StoredKey>, StoreError>;
}

/// Signing keys, added.
#[async_trait]
pub trait SigningKeyStore: Send + Sync {
    /// Adds a key; refused by [`SIGNING_KEY_NUMBER_UNIQUE`].
    async fn signing_key_add(&self, key: &StoredKey) -> Result<(), StoreError>;
}

/// What can be read of one company.
pub trait IdentityView: AuditReader + ClinicReader + CallerReader + ApiKeyReader + CompanyView + SessionReader {}
impl<T: AuditReader + ClinicReader + CallerReader + ApiKeyReader + CompanyView + SessionReader> IdentityView for T {}

/// What can be changed in one company.
pub trait IdentityTx: JobStore + ClinicStore + SessionStore + ApiKeyStore + CompanyTx + Transaction {}
impl<T: JobStore + ClinicStore + SessionStore + ApiKeyStore + CompanyTx + Transaction> IdentityTx for T {}

/// What can be read across companies.
pub trait AcrossView:
    PeopleReader
    + FailureReader
    + PresentedKeyReader
    + OidcReader
    + SigningKeyReader
    + CompaniesView
    + SecondFactorReader
    + PasswordResetReader
{
}
impl<T> AcrossView for T where
    T: PeopleReader
        + FailureReader
        + PresentedKeyReader
        + OidcReader
        + SigningKeyReader
        + CompaniesView
        + SecondFactorReader
        + PasswordResetReader
{
}

/// What can be changed across companies.
pub trait AcrossTx:
    PeopleReader
    + PeopleStore
    + ClinicStore
    + SessionStore
    + RefreshTokenStore
    + FailureReader
    + FailureStore
    + SecondFactorStore
    + EmailProofStore
    + AccountStore
    + AccountSessionStore
    + PasswordResetStore
    + SigningKeyStore
    + KeyUseStore
    + OidcReader
    + OidcStore
    + CompaniesTx
    + Transaction
{
}
impl<T> AcrossTx for T where
    T: PeopleReader
        + PeopleStore
        + ClinicStore
        + SessionStore
        + RefreshTokenStore
        + FailureReader
        + FailureStore
        + SecondFactorStore
        + EmailProofStore
        + AccountStore
        + AccountSessionStore
        + PasswordResetStore
        + SigningKeyStore
        + KeyUseStore
        + OidcReader
        + OidcStore
        + CompaniesTx
        + Transaction
{
}

/// Why no password was hashed or verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HashingFailed {
    /// Too many wait already; worth repeating.
    #[error("too many passwords are being hashed")]
    Busy,
    /// Our fault: a stored hash that cannot be read, a pool that is gone.
    #[error("password hashing failed")]
    Broken,
}

impl Refusal for HashingFailed {
    fn kind(&self) -> Kind {
        match self {
            Self::Busy => Kind::Unavailable,
            Self::Broken => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Broken => "internal",
        }
    }
}

/// Argon2id on a bounded pool of blocking threads, so that a storm of sign-ins starves nothing else.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a password with a fresh salt and today's parameters.
    async fn hash(&self, password: Password) -> Result<PasswordHash, HashingFailed>;
    /// Compares an attempt with a hash; the attempt comes back to be hashed anew where that is needed.
    async fn verify(
        &self,
        attempt: PasswordAttempt,
        hash: PasswordHash,
    ) -> Result<(bool, PasswordAttempt), HashingFailed>;
}

/// Random bytes that nobody can foresee.
pub trait Randomness: Send + Sync {
    /// 256 fresh bits from the operating system or a generator seeded by it.
    fn secret(&self) -> Zeroizing<[u8; 32]>;
}

/// Why a mail was not handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MailFailed {
    /// Not now; worth repeating.
    #[error("the mail could not be handed over")]
    Unavailable,
    /// Never: its address or its content was refused for good.
    #[error("the mail was refused")]
    Refused,
}

/// The way out for mails.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a mail over; one with a key that was handed over before is kept once where the way out can tell, and bears the
    /// same `Message-ID` where it cannot.
    async fn send(&self, mail: &Mail) -> Result<(), MailFailed>;
}

/// The other nodes, which may remember callers too.
#[cfg_attr(test, mockall::automock)]
pub trait Announcer: Send + Sync {
    /// Has the others forget this caller soon; never waits and never fails, since what they remember ends by itself
    /// within [`crate::model::callers::REMEMBERED`].
    fn announce(&self, whom: crate::model::callers::Forgotten);
}
