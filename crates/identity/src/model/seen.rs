//! When sessions were seen and API keys used last, kept in this process until it is written: a request costs no write for it.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use kernel::ids::{ApiKeyId, SessionId, TenantId};
use kernel::{Holder, Principal};

/// The sessions and keys that were used in this process since they were last written.
#[derive(Default)]
pub struct Seen {
    sessions: Times<SessionId>,
    keys: Times<ApiKeyId>,
}

type Times<I> = Mutex<HashMap<I, (TenantId, DateTime<Utc>)>>;

/// When a session was seen last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenSession {
    /// The company.
    pub tenant: TenantId,
    /// The session.
    pub session: SessionId,
    /// When.
    pub at: DateTime<Utc>,
}

/// When an API key was used last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedKey {
    /// The company.
    pub tenant: TenantId,
    /// The key.
    pub key: ApiKeyId,
    /// When.
    pub at: DateTime<Utc>,
}

impl Seen {
    /// Notes that the caller's session is in use; an API key has none.
    pub fn note(&self, caller: &Principal, now: DateTime<Utc>) {
        if let Holder::Member { session, .. } = caller.holder {
            self.keep(SeenSession { tenant: caller.tenant, session, at: now });
        }
    }

    /// When this process has seen the session since it was last written.
    pub fn of(&self, session: SessionId) -> Option<DateTime<Utc>> {
        locked(&self.sessions).get(&session).map(|(_, at)| *at)
    }

    /// Notes that a key was used.
    pub fn key_used(&self, UsedKey { tenant, key, at }: UsedKey) {
        keep(&self.keys, key, tenant, at);
    }

    /// Takes all sessions that are to be written.
    pub fn take(&self) -> Vec<SeenSession> {
        let seen = std::mem::take(&mut *locked(&self.sessions));
        seen.into_iter().map(|(session, (tenant, at))| SeenSession { tenant, session, at }).collect()
    }

    /// Takes all keys that are to be written, in the order of their ids.
    pub fn take_keys(&self) -> Vec<UsedKey> {
        let used = std::mem::take(&mut *locked(&self.keys));
        let mut used: Vec<_> = used.into_iter().map(|(key, (tenant, at))| UsedKey { tenant, key, at }).collect();
        used.sort_unstable_by_key(|used| used.key);
        used
    }

    /// Puts back what could not be written.
    pub fn put_back(&self, seen: Vec<SeenSession>, used: Vec<UsedKey>) {
        for seen in seen {
            self.keep(seen);
        }
        for used in used {
            self.key_used(used);
        }
    }

    fn keep(&self, SeenSession { tenant, session, at }: SeenSession) {
        keep(&self.sessions, session, tenant, at);
    }
}

fn keep<I: Eq + Hash>(times: &Times<I>, id: I, tenant: TenantId, at: DateTime<Utc>) {
    let mut times = locked(times);
    let noted = times.entry(id).or_insert((tenant, at));
    noted.1 = noted.1.max(at);
}

fn locked<I>(times: &Times<I>) -> MutexGuard<'_, HashMap<I, (TenantId, DateTime<Utc>)>> {
    times.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seen(..)")
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use kernel::Grants;
    use kernel::ids::{AccountId, MembershipId};
    use uuid::Uuid;

    use super::*;

    fn caller(holder: Holder) -> Principal {
        let tenant = TenantId::from_uuid(Uuid::nil());
        Principal { tenant, holder, role: "doctor", country: "BR".to_owned(), grants: Grants::default(), hold: None }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::seconds(seconds)
    }

    #[test]
    fn i6_the_latest_sign_of_life_is_kept_until_it_is_written() {
        let session = SessionId::from_uuid(Uuid::from_u128(1));
        let (membership, account) = (MembershipId::from_uuid(Uuid::nil()), AccountId::from_uuid(Uuid::nil()));
        let (seen, member) = (Seen::default(), caller(Holder::Member { membership, account, session }));
        for second in [5, 9, 7] {
            seen.note(&member, at(second));
        }
        assert_eq!(seen.of(session), Some(at(9)));
        let taken = seen.take();
        assert_eq!(taken, [SeenSession { tenant: member.tenant, session, at: at(9) }]);
        assert_eq!((seen.of(session), seen.take()), (None, Vec::new()));
        seen.note(&member, at(11));
        seen.put_back(taken, Vec::new());
        assert_eq!(seen.of(session), Some(at(11)));
    }

    #[test]
    fn i9_an_api_key_has_no_session_to_be_seen() {
        let seen = Seen::default();
        let (key, made_by) = (ApiKeyId::from_uuid(Uuid::nil()), MembershipId::from_uuid(Uuid::nil()));
        seen.note(&caller(Holder::ApiKey { key, made_by }), at(1));
        assert_eq!(seen.take(), Vec::new());
    }

    #[test]
    fn i9_the_latest_use_of_a_key_is_kept_until_it_is_written() {
        let (seen, tenant) = (Seen::default(), TenantId::from_uuid(Uuid::nil()));
        let used =
            |number, second| UsedKey { tenant, key: ApiKeyId::from_uuid(Uuid::from_u128(number)), at: at(second) };
        for (number, second) in [(2, 5), (1, 3), (2, 9), (2, 7)] {
            seen.key_used(used(number, second));
        }
        let taken = seen.take_keys();
        assert_eq!(taken, [used(1, 3), used(2, 9)]);
        assert_eq!(seen.take_keys(), Vec::new());
        seen.key_used(used(1, 11));
        seen.put_back(Vec::new(), taken);
        assert_eq!(seen.take_keys(), [used(1, 11), used(2, 9)]);
    }
}
