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

    /// True when the keys were not read within [`READ_AGAIN`], so that forged key names cannot storm the database.
    pub fn may_read_again(&self, now: DateTime<Utc>) -> bool {
        let read = self.0.read().unwrap_or_else(PoisonError::into_inner).1;
        read.is_none_or(|read| now >= read + READ_AGAIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i3_keys_are_read_again_after_five_seconds_at_the_soonest() {
        let keys = LiveKeys::default();
        let now = DateTime::UNIX_EPOCH;
        assert!(keys.may_read_again(now));
        keys.replace(KeySet::default(), now);
        assert!(!keys.may_read_again(now + Duration::seconds(4)));
        assert!(keys.may_read_again(now + READ_AGAIN));
    }
}
