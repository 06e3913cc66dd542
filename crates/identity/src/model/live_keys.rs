//! The signing keys that this process knows at the moment.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Duration, Utc};

use super::signing_key::KeySet;

/// How soon the keys may be read again because a token names an unknown one.
pub const READ_AGAIN: Duration = Duration::seconds(5);

/// The live keys and when they were read.
#[derive(Debug, Default)]
pub struct LiveKeys(RwLock<(Arc<KeySet>, Option<DateTime<Utc>>)>);

impl LiveKeys {
    /// The keys as last read; empty before the first time.
    pub fn set(&self) -> Arc<KeySet> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Takes keys that were read at `now`.
    pub fn replace(&self, keys: KeySet, now: DateTime<Utc>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = (Arc::new(keys), Some(now));
    }

    /// True for the one caller that is to read the keys again: they were not read, nor claimed to be, within
    /// [`READ_AGAIN`]. So forged key names cannot storm the database, also when many come at once.
    pub fn claim_reading(&self, now: DateTime<Utc>) -> bool {
        let mut live = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let is_due = live.1.is_none_or(|read| now >= read + READ_AGAIN);
        if is_due {
            live.1 = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i3_keys_are_read_again_after_five_seconds_at_the_soonest() {
        let keys = LiveKeys::default();
        let now = DateTime::UNIX_EPOCH;
        assert!(keys.claim_reading(now));
        keys.replace(KeySet::default(), now);
        assert!(!keys.claim_reading(now + Duration::seconds(4)));
        assert!(keys.claim_reading(now + READ_AGAIN));
    }

    #[test]
    fn i3_of_many_forged_key_names_at_once_one_reads_again() {
        let keys = LiveKeys::default();
        let now = DateTime::UNIX_EPOCH;
        let claims = std::thread::scope(|threads| {
            let asked: Vec<_> = (0..8).map(|_| threads.spawn(|| keys.claim_reading(now))).collect();
            asked.into_iter().map(|asked| asked.join().unwrap()).filter(|claimed| *claimed).count()
        });
        assert_eq!(claims, 1);
    }
}
