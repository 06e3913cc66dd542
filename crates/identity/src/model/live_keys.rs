//! The signing keys that this process knows at the moment.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Duration, Utc};
use futures_util::lock::{Mutex, MutexGuard};

use super::signing_key::KeySet;

/// How soon the keys may be read again because a token names an unknown one.
pub const READ_AGAIN: Duration = Duration::seconds(5);

/// The live keys, and when a token last had them read.
#[derive(Default)]
pub struct LiveKeys {
    known: RwLock<Arc<KeySet>>,
    asked: Mutex<Asked>,
}

/// When a token that names an unknown key last had the keys read.
#[derive(Debug, Default)]
pub struct Asked(Option<DateTime<Utc>>);

impl LiveKeys {
    /// The keys as last read; empty before the first time.
    pub fn set(&self) -> Arc<KeySet> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes keys that were read, unless newer ones were taken meanwhile.
    pub fn replace(&self, keys: KeySet) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if keys.newest() >= known.newest() {
            *known = Arc::new(keys);
        }
    }

    /// Waits for whoever reads the keys because of a token; of many that come at once one reads, and the others find what it
    /// has read.
    pub async fn asking(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().await
    }
}

impl Asked {
    /// True when the keys may be read again because of a token, so that forged key names cannot storm the database.
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.0.is_none_or(|read| now >= read + READ_AGAIN)
    }

    /// They were read at `now`.
    pub fn read(&mut self, now: DateTime<Utc>) {
        self.0 = Some(now);
    }
}

impl fmt::Debug for LiveKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LiveKeys(..)")
    }
}

#[cfg(test)]
mod tests {
    use kernel::seal::Keyring;

    use super::super::signing_key::tests::stored;
    use super::*;

    #[test]
    fn i3_a_token_has_the_keys_read_again_after_five_seconds_at_the_soonest() {
        let (mut asked, now) = (Asked::default(), DateTime::UNIX_EPOCH);
        assert!(asked.is_due(now));
        asked.read(now);
        assert!(!asked.is_due(now + Duration::seconds(4)));
        assert!(asked.is_due(now + READ_AGAIN));
    }

    #[test]
    fn i3_keys_that_were_read_before_newer_ones_do_not_take_their_place() {
        let (keyring, _) = Keyring::generate();
        let of = |numbers: &[u8]| {
            KeySet::open(numbers.iter().map(|number| stored(*number, &keyring, 0)).collect(), &keyring).unwrap()
        };
        let live = LiveKeys::default();
        for (read, known) in [([1, 2], 2), ([2, 3], 3), ([1, 2], 3), ([2, 3], 3)] {
            live.replace(of(&read));
            assert_eq!(live.set().newest(), known);
        }
    }

    #[tokio::test]
    async fn i3_of_many_tokens_at_once_one_reads_the_keys_and_the_others_wait_for_them() {
        let (keyring, _) = Keyring::generate();
        let (keys, now) = (LiveKeys::default(), DateTime::UNIX_EPOCH);
        let ask = async || {
            let mut asked = keys.asking().await;
            let is_first = asked.is_due(now);
            if is_first {
                tokio::task::yield_now().await; // the database answers later, and the others come in the meantime
                keys.replace(KeySet::open(vec![stored(1, &keyring, 0)], &keyring).unwrap());
                asked.read(now);
            }
            drop(asked);
            (is_first, keys.set().newest())
        };
        let (a, b, c) = tokio::join!(ask(), ask(), ask());
        assert_eq!([a, b, c], [(true, 1), (false, 1), (false, 1)]);
    }
}
