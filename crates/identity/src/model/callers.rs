//! Callers that were authenticated a moment ago, so that the usual request needs neither a signature check nor the database.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Duration, Utc};
use kernel::Principal;
use kernel::ids::{MembershipId, SessionId};
use sha2::{Digest, Sha256};

/// How long a caller is remembered: what changes elsewhere applies here after this at the latest.
pub const REMEMBERED: Duration = Duration::seconds(30);
/// How many callers are remembered at most.
const MOST: usize = 20_000;

/// The callers of this process by the SHA-256 of their token.
#[derive(Default)]
pub struct Callers(RwLock<HashMap<[u8; 32], Caller>>);

struct Caller {
    principal: Arc<Principal>,
    until: DateTime<Utc>,
}

impl Callers {
    /// The caller of this token, if it was authenticated within [`REMEMBERED`] and has not expired.
    pub fn of(&self, token: &str, now: DateTime<Utc>) -> Option<Arc<Principal>> {
        let callers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        callers.get(&hash(token)).filter(|caller| now < caller.until).map(|caller| Arc::clone(&caller.principal))
    }

    /// Remembers a caller, never beyond the expiry of its token.
    pub fn remember(&self, token: &str, principal: Arc<Principal>, expires: DateTime<Utc>, now: DateTime<Utc>) {
        let mut callers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= MOST {
            callers.retain(|_, caller| now < caller.until);
        }
        if callers.len() >= MOST {
            callers.clear();
        }
        callers.insert(hash(token), Caller { principal, until: expires.min(now + REMEMBERED) });
    }

    /// Forgets a session that has ended.
    pub fn forget_session(&self, session: SessionId) {
        self.forget(|principal| principal.session == session);
    }

    /// Forgets a membership that has changed.
    pub fn forget_membership(&self, membership: MembershipId) {
        self.forget(|principal| principal.membership == membership);
    }

    fn forget(&self, whom: impl Fn(&Principal) -> bool) {
        let mut callers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        callers.retain(|_, caller| !whom(&caller.principal));
    }
}

impl fmt::Debug for Callers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callers(..)")
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use kernel::Grants;
    use kernel::ids::{AccountId, TenantId};
    use uuid::Uuid;

    use super::*;

    fn caller(session: u128) -> Arc<Principal> {
        Arc::new(Principal {
            tenant: TenantId::from_uuid(Uuid::nil()),
            membership: MembershipId::from_uuid(Uuid::from_u128(session + 100)),
            account: AccountId::from_uuid(Uuid::nil()),
            session: SessionId::from_uuid(Uuid::from_u128(session)),
            role: "doctor",
            country: "BR".to_owned(),
            grants: Grants::default(),
        })
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::seconds(seconds)
    }

    #[test]
    fn i6_a_caller_is_remembered_for_thirty_seconds() {
        let callers = Callers::default();
        callers.remember("a", caller(1), at(900), at(0));
        assert_eq!(callers.of("a", at(29)), Some(caller(1)));
        assert_eq!(callers.of("a", at(30)), None);
        assert_eq!(callers.of("b", at(0)), None);
    }

    #[test]
    fn i3_a_caller_is_not_remembered_beyond_expiry() {
        let callers = Callers::default();
        callers.remember("a", caller(1), at(5), at(0));
        assert_eq!(callers.of("a", at(4)), Some(caller(1)));
        assert_eq!(callers.of("a", at(5)), None);
    }

    #[test]
    fn i6_an_ended_session_or_changed_membership_is_forgotten_at_once() {
        let callers = Callers::default();
        (1..4).for_each(|n| callers.remember(&n.to_string(), caller(n), at(900), at(0)));
        callers.forget_session(SessionId::from_uuid(Uuid::from_u128(1)));
        callers.forget_membership(MembershipId::from_uuid(Uuid::from_u128(102)));
        assert_eq!(["1", "2", "3"].map(|token| callers.of(token, at(1)).is_some()), [false, false, true]);
    }
}
