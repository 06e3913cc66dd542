//! When sessions were seen last, kept in this process until it is written: a request costs no write for it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use kernel::ids::{SessionId, TenantId};
use kernel::{Holder, Principal};

/// The sessions that were used in this process since they were last written.
#[derive(Default)]
pub struct Seen(Mutex<HashMap<SessionId, (TenantId, DateTime<Utc>)>>);

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

impl Seen {
    /// Notes that the caller's session is in use; an API key has none.
    pub fn note(&self, caller: &Principal, now: DateTime<Utc>) {
        if let Holder::Member { session, .. } = caller.holder {
            self.keep(SeenSession { tenant: caller.tenant, session, at: now });
        }
    }

    /// When this process has seen the session since it was last written.
    pub fn of(&self, session: SessionId) -> Option<DateTime<Utc>> {
        self.lock().get(&session).map(|(_, at)| *at)
    }

    /// Takes everything that is to be written.
    pub fn take(&self) -> Vec<SeenSession> {
        let seen = std::mem::take(&mut *self.lock());
        seen.into_iter().map(|(session, (tenant, at))| SeenSession { tenant, session, at }).collect()
    }

    /// Puts back what could not be written.
    pub fn put_back(&self, seen: Vec<SeenSession>) {
        for seen in seen {
            self.keep(seen);
        }
    }

    fn keep(&self, SeenSession { tenant, session, at }: SeenSession) {
        let mut seen = self.lock();
        let noted = seen.entry(session).or_insert((tenant, at));
        noted.1 = noted.1.max(at);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, (TenantId, DateTime<Utc>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
    use kernel::ids::{AccountId, ApiKeyId, MembershipId};
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
        seen.put_back(taken);
        assert_eq!(seen.of(session), Some(at(11)));
    }

    #[test]
    fn i9_an_api_key_has_no_session_to_be_seen() {
        let seen = Seen::default();
        seen.note(&caller(Holder::ApiKey(ApiKeyId::from_uuid(Uuid::nil()))), at(1));
        assert_eq!(seen.take(), Vec::new());
    }
}
