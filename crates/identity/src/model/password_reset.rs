//! The leave to set a new password: a secret that left by mail, once, for an hour.

use chrono::{DateTime, Duration, Utc};
use kernel::ids::{AccountId, SignedTokenId, TenantId};

use super::session::Secret;

/// How long the link works.
pub const RESET_LIFE: Duration = Duration::hours(1);

/// How many links one address is sent before an hour has passed without anybody asking for one.
pub const MOST_RESETS: u32 = 5;

/// A pending leave; only the secret's hash is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordReset {
    /// Its id.
    pub id: SignedTokenId,
    /// The company in whose name the mail was sent.
    pub tenant: TenantId,
    /// The account whose password it sets.
    pub account: AccountId,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// When it ceases to work.
    pub expires_at: DateTime<Utc>,
    /// When it was used, or another one was.
    pub used_at: Option<DateTime<Utc>>,
}

impl PasswordReset {
    /// A fresh leave.
    pub fn ask(id: SignedTokenId, tenant: TenantId, account: AccountId, secret: &Secret, now: DateTime<Utc>) -> Self {
        Self { id, tenant, account, hash: secret.hash(), expires_at: now + RESET_LIFE, used_at: None }
    }

    /// True while it may be used.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.used_at.is_none() && now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn i10_a_reset_works_once_and_for_an_hour() {
        let (id, nil) = (SignedTokenId::from_uuid(Uuid::nil()), Uuid::nil());
        let (asked, secret) = (DateTime::UNIX_EPOCH, Secret::new([1; 32]));
        let reset = PasswordReset::ask(id, TenantId::from_uuid(nil), AccountId::from_uuid(nil), &secret, asked);
        assert_eq!(reset.hash, secret.hash());
        assert!(reset.is_open(asked + RESET_LIFE - Duration::microseconds(1)));
        assert!(!reset.is_open(asked + RESET_LIFE));
        assert!(!PasswordReset { used_at: Some(asked), ..reset }.is_open(asked));
    }
}
