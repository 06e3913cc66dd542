//! Argon2id on a bounded number of blocking threads, so that a storm of sign-ins starves nothing else.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use identity::model::password::{LANES, MEMORY_KIB, PASSES, Password, PasswordAttempt, PasswordHash};
use identity::ports::{HashingFailed, PasswordHasher};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// How many may wait per thread before the rest are told to come back.
const WAITING_PER_THREAD: usize = 32;

/// The password hasher.
#[derive(Debug, Clone)]
pub struct Argon2Hasher {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

impl Argon2Hasher {
    /// A hasher that computes at most `threads` hashes at once, each in 19 MiB of memory.
    pub fn new(threads: usize) -> Self {
        let threads = threads.max(1);
        Self {
            running: Arc::new(Semaphore::new(threads)),
            admitted: Arc::new(Semaphore::new(threads * (1 + WAITING_PER_THREAD))),
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashingFailed> + Send + 'static,
    ) -> Result<T, HashingFailed> {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().or(Err(HashingFailed::Busy))?;
        let running = Arc::clone(&self.running).acquire_owned().await.or(Err(HashingFailed::Broken))?;
        let work = move || {
            // The turn passes on when the thread is done, even if the caller has gone away.
            let _turn = (running, admitted);
            work()
        };
        spawn_blocking(work).await.or(Err(HashingFailed::Broken))?
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: Password) -> Result<PasswordHash, HashingFailed> {
        self.run(move || {
            let hash = argon2()?.hash_password(password.expose().as_bytes()).or(Err(HashingFailed::Broken))?;
            Ok(PasswordHash::from_stored(hash.to_string()))
        })
        .await
    }

    async fn verify(
        &self,
        attempt: PasswordAttempt,
        hash: PasswordHash,
    ) -> Result<(bool, PasswordAttempt), HashingFailed> {
        self.run(move || {
            let phc = Phc::new(hash.as_str()).or(Err(HashingFailed::Broken))?;
            let right = argon2()?.verify_password(attempt.expose().as_bytes(), &phc).is_ok();
            Ok((right, attempt))
        })
        .await
    }
}

fn argon2() -> Result<Argon2<'static>, HashingFailed> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).or(Err(HashingFailed::Broken))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: &str = "três tigres tristes";

    fn attempt(text: &str) -> PasswordAttempt {
        PasswordAttempt::new(text.to_owned())
    }

    async fn verified(hasher: &Argon2Hasher, text: &str, hash: &PasswordHash) -> bool {
        hasher.verify(attempt(text), hash.clone()).await.unwrap().0
    }

    #[tokio::test]
    async fn i2_a_hash_has_todays_parameters_and_a_salt_of_its_own() {
        let hasher = Argon2Hasher::new(2);
        let hash = hasher.hash(Password::parse(RIGHT.to_owned()).unwrap()).await.unwrap();
        let again = hasher.hash(Password::parse(RIGHT.to_owned()).unwrap()).await.unwrap();
        assert!(!hash.is_outdated());
        assert_ne!(hash, again);
        assert!(verified(&hasher, RIGHT, &hash).await);
        assert!(!verified(&hasher, "três tigres alegres", &hash).await);
    }

    #[tokio::test]
    async fn i2_a_hash_of_older_parameters_still_verifies() {
        let params = Params::new(8_192, 1, 1, None).unwrap();
        let older = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hash = PasswordHash::from_stored(older.hash_password(RIGHT.as_bytes()).unwrap().to_string());
        assert!(hash.is_outdated());
        assert!(verified(&Argon2Hasher::new(1), RIGHT, &hash).await);
    }

    #[tokio::test]
    async fn i2_nobodys_hash_is_work_and_never_right() {
        let hasher = Argon2Hasher::new(1);
        for text in ["", RIGHT, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert!(!verified(&hasher, text, &PasswordHash::of_nobody()).await);
        }
    }

    #[tokio::test]
    async fn i2_too_many_at_once_are_told_to_come_back() {
        let hasher = Argon2Hasher::new(1);
        let all = hasher.admitted.clone().acquire_many_owned(33).await.unwrap();
        assert_eq!(hasher.verify(attempt("x"), PasswordHash::of_nobody()).await.map(|_| ()), Err(HashingFailed::Busy));
        drop(all);
        assert!(hasher.verify(attempt("x"), PasswordHash::of_nobody()).await.is_ok());
    }

    #[tokio::test]
    async fn a_hash_that_cannot_be_read_is_our_fault() {
        let broken = PasswordHash::from_stored("secret".to_owned());
        let verified = Argon2Hasher::new(1).verify(attempt("x"), broken).await;
        assert_eq!(verified.map(|_| ()), Err(HashingFailed::Broken));
    }
}
