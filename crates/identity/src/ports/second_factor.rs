//! Second factors and their recovery codes, which belong to accounts and so to no company.

use async_trait::async_trait;
use kernel::StoreError;
use kernel::ids::AccountId;

use crate::model::second_factor::Totp;

/// An account has one second factor.
pub const TOTP_ACCOUNT_UNIQUE: &str = "totp_account_unique";

/// Second factors, read.
#[async_trait]
pub trait SecondFactorReader: Send + Sync {
    /// The second factor of an account, on or only begun.
    async fn totp_of_account(&self, account: AccountId) -> Result<Option<Totp>, StoreError>;
}

/// Second factors, for changes.
#[async_trait]
pub trait SecondFactorStore: SecondFactorReader {
    /// The second factor of an account, locked until the transaction ends: whether a code is fresh is decided under the lock.
    async fn totp_locked(&self, account: AccountId) -> Result<Option<Totp>, StoreError>;
    /// Adds a second factor; refused by [`TOTP_ACCOUNT_UNIQUE`].
    async fn totp_add(&self, totp: &Totp) -> Result<(), StoreError>;
    /// Writes what may change of it: confirmation, last step, version.
    async fn totp_update(&self, totp: &Totp) -> Result<(), StoreError>;
    /// Removes an account's second factor with its recovery codes.
    async fn totp_remove(&self, account: AccountId) -> Result<(), StoreError>;
    /// Adds recovery codes by their hashes.
    async fn recovery_codes_add(&self, account: AccountId, hashes: &[[u8; 32]]) -> Result<(), StoreError>;
    /// Spends a recovery code; false when it is unknown or was spent before.
    async fn recovery_code_spent(&self, account: AccountId, hash: &[u8; 32]) -> Result<bool, StoreError>;
}
