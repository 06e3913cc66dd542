//! The proof that an address is its owner's: a secret that left by mail, once, for 72 hours.

use chrono::{DateTime, Duration, Utc};
use kernel::ids::{AccountId, SignedTokenId, TenantId};

use super::session::Secret;

/// How long the link works.
pub const PROOF_LIFE: Duration = Duration::hours(72);

/// A pending proof; only the secret's hash is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailProof {
    /// Its id.
    pub id: SignedTokenId,
    /// The company that asked for it.
    pub tenant: TenantId,
    /// The account whose address it proves.
    pub account: AccountId,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// When it ceases to work.
    pub expires_at: DateTime<Utc>,
    /// When it was used.
    pub used_at: Option<DateTime<Utc>>,
}

impl EmailProof {
    /// Asks for a proof.
    pub fn ask(id: SignedTokenId, tenant: TenantId, account: AccountId, secret: &Secret, now: DateTime<Utc>) -> Self {
        Self { id, tenant, account, hash: secret.hash(), expires_at: now + PROOF_LIFE, used_at: None }
    }

    /// The proof given now; `None` when it was given before or comes too late.
    pub fn given(self, now: DateTime<Utc>) -> Option<Self> {
        let open = self.used_at.is_none() && now < self.expires_at;
        open.then_some(Self { used_at: Some(now), ..self })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn i10_a_proof_works_once_and_for_72_hours() {
        let (id, nil) = (SignedTokenId::from_uuid(Uuid::nil()), Uuid::nil());
        let asked = DateTime::UNIX_EPOCH;
        let secret = Secret::new([1; 32]);
        let proof = EmailProof::ask(id, TenantId::from_uuid(nil), AccountId::from_uuid(nil), &secret, asked);
        assert_eq!(proof.hash, secret.hash());
        assert!(proof.clone().given(asked + PROOF_LIFE).is_none());
        let given = proof.given(asked + Duration::hours(71)).unwrap();
        assert!(given.given(asked + Duration::hours(71)).is_none());
    }
}
