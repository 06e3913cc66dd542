//! Back-off: how failed sign-ins slow further ones down.

use std::net::IpAddr;

use chrono::{DateTime, Duration, Utc};
use sha2::{Digest, Sha256};

use super::email::Email;

/// After this long without a failure everything is forgotten.
pub const FORGET_AFTER: Duration = Duration::hours(1);
/// The longest block.
pub const LONGEST: Duration = Duration::minutes(15);

/// What failures are counted by: the SHA-256 of an address one signs in with, or of the network it comes from. Known and
/// unknown accounts are counted alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptKey([u8; 32]);

/// The recent failures of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// How many, since the last success or the last forgetting.
    pub count: u32,
    /// When the last one was.
    pub last: DateTime<Utc>,
}

/// How many failures are free of charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// With an account: people mistype.
    Account,
    /// With an address: a clinic shares one.
    Network,
}

impl AttemptKey {
    /// The key of an account, whether it exists or not.
    pub fn account(email: &Email) -> Self {
        Self::hashed("account", email.as_str().as_bytes())
    }

    /// The key of asking for a new password of an account, whether it exists or not.
    pub fn reset(email: &Email) -> Self {
        Self::hashed("reset", email.as_str().as_bytes())
    }

    /// The key of a network: an IPv4 address, or the /64 that an IPv6 address is in.
    pub fn network(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Self::hashed("ipv4", &ip.octets()),
            IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
                Some(ip) => Self::hashed("ipv4", &ip.octets()),
                None => Self::hashed("ipv6", &(ip.to_bits() >> 64).to_be_bytes()),
            },
        }
    }

    /// What a failed sign-in is counted by: the account first, then the network, where it is known.
    pub fn of_sign_in(email: &Email, ip: Option<IpAddr>) -> Vec<Self> {
        std::iter::once(Self::account(email)).chain(ip.map(Self::network)).collect()
    }

    /// A key that nothing is counted by.
    pub const fn of_nobody() -> Self {
        Self([0; 32])
    }

    /// A key as it was stored.
    pub const fn from_stored(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn hashed(kind: &str, value: &[u8]) -> Self {
        Self(Sha256::new().chain_update(kind).chain_update([0]).chain_update(value).finalize().into())
    }
}

impl Patience {
    const fn free_failures(self) -> u32 {
        match self {
            Self::Account => 5,
            Self::Network => 50,
        }
    }
}

impl Failures {
    /// Until when no further try is accepted: none after the free ones, then 1, 2, 4 … seconds after the last failure, at
    /// most [`LONGEST`]. `None` when a try is accepted at `now`.
    fn blocked_until(&self, patience: Patience, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let surplus = self.count.checked_sub(patience.free_failures())?;
        let delay = Duration::seconds(1_i64 << surplus.min(20)).min(LONGEST);
        let until = self.last + delay;
        (until > now).then_some(until)
    }

    /// In how many whole seconds a try is accepted again; `None` when it is at `now`.
    pub fn seconds_left(&self, patience: Patience, now: DateTime<Utc>) -> Option<i64> {
        self.blocked_until(patience, now).map(|until| (until - now).num_seconds() + 1)
    }

    /// True when there are as many as `most`, and not forgotten yet.
    pub fn reach(&self, most: u32, now: DateTime<Utc>) -> bool {
        self.count >= most && now <= self.last + FORGET_AFTER
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn failures(count: u32) -> Failures {
        Failures { count, last: DateTime::UNIX_EPOCH }
    }

    #[test]
    fn i2_five_failures_are_free_then_each_doubles_the_wait() {
        let wait = |count| {
            let until = failures(count).blocked_until(Patience::Account, DateTime::UNIX_EPOCH);
            until.map(|until| (until - DateTime::UNIX_EPOCH).num_seconds())
        };
        assert_eq!(
            (0..9).map(wait).collect::<Vec<_>>(),
            [None, None, None, None, None, Some(1), Some(2), Some(4), Some(8)]
        );
        assert_eq!(wait(u32::MAX), Some(900));
    }

    #[test]
    fn i2_a_shared_address_has_more_patience_than_an_account() {
        assert_eq!(failures(49).blocked_until(Patience::Network, DateTime::UNIX_EPOCH), None);
        assert!(failures(50).blocked_until(Patience::Network, DateTime::UNIX_EPOCH).is_some());
    }

    #[test]
    fn i2_one_ipv6_network_is_one_key() {
        let key = |text: &str| AttemptKey::network(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }

    proptest! {
        #[test]
        fn i2_a_block_ends_and_is_never_longer_than_the_longest(count: u32, after in 0..2_000_i64) {
            let now = DateTime::UNIX_EPOCH + Duration::seconds(after);
            let until = failures(count).blocked_until(Patience::Account, now);
            prop_assert!(until.is_none_or(|until| until > now && until - DateTime::UNIX_EPOCH <= LONGEST));
            prop_assert!(after < 900 || until.is_none());
        }
    }
}
