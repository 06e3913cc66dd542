//! Callers that were authenticated a moment ago, so that the usual request needs neither a signature check nor the database.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Duration, Utc};
use kernel::Principal;
use kernel::ids::{ApiKeyId, MembershipId, SessionId, TenantId};
use sha2::{Digest, Sha256};

use crate::ports::Announcer;

/// How long a caller is remembered: what changes elsewhere applies here after this at the latest.
pub const REMEMBERED: Duration = Duration::seconds(30);
/// How many callers are remembered at most.
const MOST: usize = 20_000;

/// Whom every node must forget at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Forgotten {
    /// A session that has ended.
    Session(SessionId),
    /// A membership that has changed; the API keys that it made may no more than it may.
    Membership(MembershipId),
    /// An API key that was revoked.
    ApiKey(ApiKeyId),
    /// All callers of a company whose settings have changed.
    Company(TenantId),
}

/// The callers of this process by the SHA-256 of their token.
#[derive(Default)]
pub struct Callers {
    known: RwLock<HashMap<[u8; 32], Caller>>,
    others: Option<Arc<dyn Announcer>>,
}

struct Caller {
    principal: Arc<Principal>,
    until: DateTime<Utc>,
}

impl Callers {
    /// Callers of one node of several: whom this one forgets, the others are told of.
    pub fn among(others: Arc<dyn Announcer>) -> Self {
        Self { others: Some(others), ..Self::default() }
    }

    /// The caller of this token, if it was authenticated within [`REMEMBERED`] and has not expired.
    pub fn of(&self, token: &str, now: DateTime<Utc>) -> Option<Arc<Principal>> {
        let callers = self.known.read().unwrap_or_else(PoisonError::into_inner);
        callers.get(&hash(token)).filter(|caller| now < caller.until).map(|caller| Arc::clone(&caller.principal))
    }

    /// Remembers a caller, never beyond the expiry of its token.
    pub fn remember(&self, token: &str, principal: Arc<Principal>, expires: DateTime<Utc>, now: DateTime<Utc>) {
        let mut callers = self.known.write().unwrap_or_else(PoisonError::into_inner);
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
        self.forget(Forgotten::Session(session));
    }

    /// Forgets a membership that has changed, and the API keys that it made.
    pub fn forget_membership(&self, membership: MembershipId) {
        self.forget(Forgotten::Membership(membership));
    }

    /// Forgets an API key that was revoked.
    pub fn forget_api_key(&self, key: ApiKeyId) {
        self.forget(Forgotten::ApiKey(key));
    }

    /// Forgets whom another node announced.
    pub fn forget_announced(&self, whom: Forgotten) {
        let mut callers = self.known.write().unwrap_or_else(PoisonError::into_inner);
        callers.retain(|_, caller| !whom.is(&caller.principal));
    }

    /// Forgets everybody: announcements may have been missed.
    pub fn forget_all(&self) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Forgets all callers of a company whose settings have changed.
    pub fn forget_company(&self, tenant: TenantId) {
        self.forget(Forgotten::Company(tenant));
    }

    fn forget(&self, whom: Forgotten) {
        self.forget_announced(whom);
        if let Some(others) = &self.others {
            others.announce(whom);
        }
    }
}

impl Forgotten {
    fn is(self, caller: &Principal) -> bool {
        match self {
            Self::Session(id) => caller.session() == Some(id),
            Self::Membership(id) => caller.answerable() == id,
            Self::ApiKey(id) => caller.api_key() == Some(id),
            Self::Company(id) => caller.tenant == id,
        }
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
    use kernel::ids::{AccountId, TenantId};
    use kernel::{Grants, Holder};
    use uuid::Uuid;

    use super::*;

    fn caller(session: u128) -> Arc<Principal> {
        Arc::new(Principal {
            tenant: TenantId::from_uuid(Uuid::nil()),
            holder: Holder::Member {
                membership: MembershipId::from_uuid(Uuid::from_u128(session + 100)),
                account: AccountId::from_uuid(Uuid::nil()),
                session: SessionId::from_uuid(Uuid::from_u128(session)),
            },
            role: "doctor",
            country: "BR".to_owned(),
            grants: Grants::default(),
            hold: None,
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

    #[test]
    fn i9_a_key_is_forgotten_with_the_membership_that_made_it() {
        let callers = Callers::default();
        let maker = |number| MembershipId::from_uuid(Uuid::from_u128(number));
        for number in [1, 2] {
            let holder =
                Holder::ApiKey { key: ApiKeyId::from_uuid(Uuid::from_u128(number)), made_by: maker(number + 100) };
            let principal = Arc::into_inner(caller(number)).unwrap();
            callers.remember(&number.to_string(), Arc::new(Principal { holder, ..principal }), at(900), at(0));
        }
        callers.forget_membership(maker(101));
        assert_eq!(["1", "2"].map(|token| callers.of(token, at(1)).is_some()), [false, true]);
    }

    #[test]
    fn i6_what_is_forgotten_here_is_announced_once_and_what_was_announced_is_not() {
        let mut others = crate::ports::MockAnnouncer::new();
        let gone = Forgotten::Session(SessionId::from_uuid(Uuid::from_u128(1)));
        others.expect_announce().withf(move |whom| *whom == gone).times(1).return_const(());
        let callers = Callers::among(Arc::new(others));
        (1..4).for_each(|n| callers.remember(&n.to_string(), caller(n), at(900), at(0)));
        callers.forget_session(SessionId::from_uuid(Uuid::from_u128(1)));
        callers.forget_announced(Forgotten::Membership(MembershipId::from_uuid(Uuid::from_u128(102))));
        assert_eq!(["1", "2", "3"].map(|token| callers.of(token, at(1)).is_some()), [false, false, true]);
        callers.forget_all();
        assert_eq!(callers.of("3", at(1)), None);
    }
}
