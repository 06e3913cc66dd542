//! What the owner of an account changes: profile, password, sessions.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::ids::{AccountId, MembershipId, SessionId};
use kernel::{Page, PageAsk, StoreError};

use crate::model::account::Account;
use crate::model::membership::Membership;
use crate::model::password_reset::PasswordReset;
use crate::model::seen::SeenSession;
use crate::model::session::DeviceSession;

/// Accounts, for changes. Each writes its own columns and the version, and answers [`StoreError::Contended`] when the stored
/// version is not the one before: no write brings back what another one changed.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// The account, locked until the transaction ends.
    async fn account_locked(&self, id: AccountId) -> Result<Option<Account>, StoreError>;
    /// Writes that the address was verified.
    async fn account_verified(&self, account: &Account) -> Result<(), StoreError>;
    /// Writes name, language and preferences.
    async fn account_changed(&self, account: &Account) -> Result<(), StoreError>;
    /// Writes the password, and that the address was verified.
    async fn account_password_set(&self, account: &Account) -> Result<(), StoreError>;
    /// Writes the display name of a membership, and its version; [`StoreError::Contended`] likewise.
    async fn membership_renamed(&self, membership: &Membership) -> Result<(), StoreError>;
}

/// Leaves to set a new password, read.
#[async_trait]
pub trait PasswordResetReader: Send + Sync {
    /// The leave of this hash.
    async fn password_reset(&self, hash: &[u8; 32]) -> Result<Option<PasswordReset>, StoreError>;
}

/// Leaves to set a new password.
#[async_trait]
pub trait PasswordResetStore: Send + Sync {
    /// Adds a leave.
    async fn password_reset_add(&self, reset: &PasswordReset) -> Result<(), StoreError>;
    /// The leave of this hash, locked until the transaction ends.
    async fn password_reset_locked(&self, hash: &[u8; 32]) -> Result<Option<PasswordReset>, StoreError>;
    /// Writes that all open leaves of an account were used at `now`.
    async fn password_resets_spent(&self, account: AccountId, now: DateTime<Utc>) -> Result<(), StoreError>;
}

/// The sessions of a member, read.
#[async_trait]
pub trait SessionReader: Send + Sync {
    /// The sessions of the membership that have not ended, expire after `now` and were seen after `seen_after`, newest first.
    async fn sessions_page(
        &self,
        membership: MembershipId,
        now: DateTime<Utc>,
        seen_after: Option<DateTime<Utc>>,
        ask: &PageAsk<SessionId>,
    ) -> Result<Page<DeviceSession>, StoreError>;
}

/// The sessions of an account, in all of its companies.
#[async_trait]
pub trait AccountSessionStore: Send + Sync {
    /// Those that have not ended and expire after `now`, by id, locked until the transaction ends.
    async fn sessions_of_account_locked(
        &self,
        account: AccountId,
        now: DateTime<Utc>,
    ) -> Result<Vec<DeviceSession>, StoreError>;
    /// Writes when sessions were seen last, where that is later than what is stored; it is no change of theirs.
    async fn sessions_seen(&self, seen: &[SeenSession]) -> Result<(), StoreError>;
}
