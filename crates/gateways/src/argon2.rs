//! Argon2id on a bounded number of blocking threads, so that a storm of sign-ins starves nothing else.

use std::sync::Arc;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use identity::model::password::{LANES, MEMORY_KIB, PASSES, Password, PasswordAttempt, PasswordHash};
use identity::ports::{HashingFailed, PasswordHasher};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use crate::blocks::Pool;

/// How many may wait per thread before the rest are told to come back: some three seconds' work.
const WAITING_PER_THREAD: usize = 128;

/// The password hasher.
#[derive(Debug, Clone)]
pub struct Argon2Hasher {
    memory: Pool,
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

impl Argon2Hasher {
    /// A hasher that computes at most `threads` hashes at once, each in 19 MiB of memory that it keeps.
    pub fn new(threads: usize) -> Self {
        let threads = threads.max(1);
        Self {
            memory: Pool::new(usize::try_from(MEMORY_KIB).unwrap_or(usize::MAX)),
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
        let memory = self.memory.clone();
        self.run(move || hashed(&memory, password.expose()).ok_or(HashingFailed::Broken)).await
    }

    async fn verify(
        &self,
        attempt: PasswordAttempt,
        hash: PasswordHash,
    ) -> Result<(bool, PasswordAttempt), HashingFailed> {
        let memory = self.memory.clone();
        self.run(move || {
            let right = verified(&memory, attempt.expose(), &hash).ok_or(HashingFailed::Broken)?;
            Ok((right, attempt))
        })
        .await
    }
}

/// A hash with today's parameters and a fresh salt.
fn hashed(memory: &Pool, password: &str) -> Option<PasswordHash> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(Params::DEFAULT_OUTPUT_LEN)).ok()?;
    let (algorithm, version, salt) = (Algorithm::Argon2id, Version::V0x13, Salt::generate());
    let shown = ParamsString::try_from(&params).ok()?;
    let output = computed(memory, &Argon2::new(algorithm, version, params), password, &salt)?;
    let phc = Phc {
        algorithm: algorithm.ident(),
        version: Some(version.into()),
        params: shown,
        salt: Some(salt),
        hash: Some(output),
    };
    Some(PasswordHash::from_stored(phc.to_string()))
}

/// Whether the password has this hash, computed with the parameters that the hash names.
fn verified(memory: &Pool, password: &str, hash: &PasswordHash) -> Option<bool> {
    let phc = Phc::new(hash.as_str()).ok()?;
    let algorithm = Algorithm::try_from(phc.algorithm.as_str()).ok()?;
    let version = Version::try_from(phc.version?).ok()?;
    let context = Argon2::new(algorithm, version, Params::try_from(&phc).ok()?);
    // Outputs compare in constant time.
    Some(computed(memory, &context, password, &phc.salt?)? == phc.hash?)
}

fn computed(memory: &Pool, context: &Argon2<'_>, password: &str, salt: &Salt) -> Option<Output> {
    let params = context.params();
    let mut buffer = Zeroizing::new([0; Output::MAX_LENGTH]);
    let output = buffer.get_mut(..params.output_len()?)?;
    let mut blocks = memory.take(params.block_count());
    context.hash_password_into_with_memory(password.as_bytes(), salt, output, blocks.as_mut()).ok()?;
    Output::new(output).ok()
}

#[cfg(test)]
mod tests {
    use argon2::PasswordHasher as _;
    use argon2::PasswordVerifier as _;

    use super::*;

    const RIGHT: &str = "três tigres tristes";

    fn attempt(text: &str) -> PasswordAttempt {
        PasswordAttempt::new(text.to_owned())
    }

    async fn is_right(hasher: &Argon2Hasher, text: &str, hash: &PasswordHash) -> bool {
        hasher.verify(attempt(text), hash.clone()).await.unwrap().0
    }

    #[tokio::test]
    async fn i2_a_hash_has_todays_parameters_and_a_salt_of_its_own() {
        let hasher = Argon2Hasher::new(2);
        let hash = hasher.hash(Password::parse(RIGHT.to_owned()).unwrap()).await.unwrap();
        let again = hasher.hash(Password::parse(RIGHT.to_owned()).unwrap()).await.unwrap();
        assert!(!hash.is_outdated());
        assert_ne!(hash, again);
        assert!(is_right(&hasher, RIGHT, &hash).await);
        assert!(!is_right(&hasher, "três tigres alegres", &hash).await);
        assert!(Argon2::default().verify_password(RIGHT.as_bytes(), hash.as_str()).is_ok());
    }

    #[tokio::test]
    async fn i2_a_hash_of_older_parameters_still_verifies() {
        let hasher = Argon2Hasher::new(1);
        for (memory, lanes) in [(8_192, 1), (32_768, 2)] {
            let params = Params::new(memory, 1, lanes, None).unwrap();
            let older = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let hash = PasswordHash::from_stored(older.hash_password(RIGHT.as_bytes()).unwrap().to_string());
            assert!(hash.is_outdated());
            assert!(is_right(&hasher, RIGHT, &hash).await);
            assert!(!is_right(&hasher, "três tigres alegres", &hash).await);
        }
    }

    #[tokio::test]
    async fn i2_nobodys_hash_is_work_and_never_right() {
        let hasher = Argon2Hasher::new(1);
        for text in ["", RIGHT, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert!(!is_right(&hasher, text, &PasswordHash::of_nobody()).await);
        }
    }

    #[tokio::test]
    async fn i2_too_many_at_once_are_told_to_come_back() {
        let hasher = Argon2Hasher::new(1);
        let all =
            hasher.admitted.clone().acquire_many_owned(u32::try_from(1 + WAITING_PER_THREAD).unwrap()).await.unwrap();
        assert_eq!(hasher.verify(attempt("x"), PasswordHash::of_nobody()).await.map(|_| ()), Err(HashingFailed::Busy));
        drop(all);
        assert!(hasher.verify(attempt("x"), PasswordHash::of_nobody()).await.is_ok());
    }

    #[tokio::test]
    async fn a_hash_that_cannot_be_read_is_our_fault() {
        for broken in [
            "secret",
            "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA",
            "$scrypt$ln=16$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        ] {
            let broken = PasswordHash::from_stored(broken.to_owned());
            let verified = Argon2Hasher::new(1).verify(attempt("x"), broken).await;
            assert_eq!(verified.map(|_| ()), Err(HashingFailed::Broken));
        }
    }
}
