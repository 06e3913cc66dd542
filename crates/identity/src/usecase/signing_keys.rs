//! The keys that sign access tokens: made at first start, followed by a new one when their time is over.

use kernel::StoreError;
use kernel::seal::CannotOpen;
use thiserror::Error;

use crate::Identity;
use crate::model::signing_key::{KeySet, StoredKey};
use crate::ports::SIGNING_KEY_NUMBER_UNIQUE;

/// Why there are no keys to sign with.
#[derive(Debug, Error)]
pub enum KeysError {
    /// A stored key does not open: the master key it was sealed under is missing.
    #[error("a signing key does not open with the present master keys")]
    Sealed(#[from] CannotOpen),
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<KeysError> for StoreError {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Store(error) => error,
            KeysError::Sealed(error) => Self::broken(error),
        }
    }
}

/// Reads the keys, and makes the first, or the next when the newest is 90 days old. Nodes that start at once agree on one:
/// the number of the key decides.
pub async fn ready(env: &Identity) -> Result<(), KeysError> {
    let (keys, newest) = read(env).await?;
    if !keys.needs_another(env.clock.now()) {
        env.keys.replace(keys);
        return Ok(());
    }
    follow(env, newest).await
}

/// Makes the next key before its time; the one that signed until now goes on signing for a minute and then verifying, the one
/// before it does not. Done twice, no token that was signed before is accepted any longer, on other nodes within a minute.
pub async fn rotate(env: &Identity) -> Result<(), KeysError> {
    let (_, newest) = read(env).await?;
    follow(env, newest).await
}

/// Adds the key after `newest`, unless another node has just done so, and reads them all.
async fn follow(env: &Identity, newest: i32) -> Result<(), KeysError> {
    let now = env.clock.now();
    let key = StoredKey::seal(env.ids.next(), newest + 1, &env.random.secret(), &env.keyring, now)?;
    let tx = env.db.begin_across_tenants("signing key").await?;
    match tx.signing_key_add(&key).await {
        Ok(()) => tx.finish().await?,
        Err(StoreError::Constraint(SIGNING_KEY_NUMBER_UNIQUE)) => drop(tx),
        Err(error) => return Err(error.into()),
    }
    Ok(read_again(env).await?)
}

/// Reads the keys because of a token that names an unknown one: at most every
/// [`READ_AGAIN`](crate::model::live_keys::READ_AGAIN), and not while somebody else does, for whom it waits.
pub(super) async fn read_for_a_token(env: &Identity) -> Result<(), StoreError> {
    let now = env.clock.now();
    let mut asked = env.keys.asking().await;
    if asked.is_due(now) {
        read_again(env).await?;
        asked.read(now);
    }
    Ok(())
}

/// Reads the keys as they are stored now.
pub async fn read_again(env: &Identity) -> Result<(), StoreError> {
    let (keys, _) = read(env).await?;
    env.keys.replace(keys);
    Ok(())
}

async fn read(env: &Identity) -> Result<(KeySet, i32), KeysError> {
    let stored = env.db.view_across_tenants("signing keys").await?.signing_keys().await?;
    let newest = stored.iter().map(|key| key.number).max().unwrap_or(0);
    Ok((KeySet::open(stored, &env.keyring)?, newest))
}
