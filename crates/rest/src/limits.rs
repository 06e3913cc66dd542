//! Rate limits (C11): token buckets per caller and class, kept in this process or shared with other nodes.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue};
use async_trait::async_trait;
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use thiserror::Error;
use uuid::Uuid;

use crate::idempotency::sha256;
use crate::problem::Problem;

/// What a request is counted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Every request of a signed-in caller.
    Standard,
    /// Every request of a caller who is not signed in, per address.
    Anonymous,
    /// Sign-in, per address.
    SignIn,
    /// Sign-in, per account.
    SignInAccount,
    /// Sign-up, per address.
    SignUp,
    /// Password reset, per address.
    PasswordReset,
    /// Provider callbacks, per integration.
    Webhook,
    /// Requests that a language model answers.
    Assistant,
    /// Probes of a supervisor, which have no limit.
    Probe,
}

/// All classes, with the name that `RATE_LIMITS` and the `RateLimit` headers use, and the requests per seconds.
const CLASSES: [(Class, &str, u32, u64); 8] = [
    (Class::Standard, "signed-in", 1_200, 60),
    (Class::Anonymous, "anonymous", 100, 60),
    (Class::SignIn, "sign-in", 60, 60),
    (Class::SignInAccount, "sign-in-account", 10, 60),
    (Class::SignUp, "sign-up", 3, 3_600),
    (Class::PasswordReset, "password-reset", 5, 3_600),
    (Class::Webhook, "webhook", 600, 60),
    (Class::Assistant, "assistant", 10, 60),
];

/// The shortest time between two requests that a bucket can tell: shared ones count in microseconds.
const SHORTEST: Duration = Duration::from_micros(1);

/// So many requests in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rate {
    requests: NonZeroU32,
    seconds: u64,
}

/// The rates of all classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rates(BTreeMap<Class, Rate>);

/// A text that `RATE_LIMITS` cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a rate: write `off`, or a list such as `sign-in=60/min,signed-in=1200/min` with min, h or s")]
pub struct InvalidRates(String);

/// The classes by the name that `RATE_LIMITS` uses, each with its default as `RATE_LIMITS` writes it.
pub fn defaults() -> impl Iterator<Item = (&'static str, String)> {
    CLASSES.into_iter().map(|(_, name, requests, seconds)| {
        let unit = match seconds {
            1 => "s",
            60 => "min",
            _ => "h",
        };
        (name, format!("{requests}/{unit}"))
    })
}

impl Default for Rates {
    fn default() -> Self {
        let rate = |(class, _, requests, seconds)| {
            NonZeroU32::new(requests).map(|requests| (class, Rate { requests, seconds }))
        };
        Self(CLASSES.into_iter().filter_map(rate).collect())
    }
}

impl Rates {
    /// No limits at all.
    pub fn off() -> Self {
        Self(BTreeMap::new())
    }

    /// True when requests of this class are limited.
    pub fn covers(&self, class: Class) -> bool {
        self.0.contains_key(&class)
    }

    /// The defaults with the changes that a text such as `sign-in=60/min,anonymous=off` makes; `off` is none at all.
    pub fn parse(text: &str) -> Result<Self, InvalidRates> {
        if text.trim() == "off" {
            return Ok(Self::off());
        }
        let mut rates = Self::default();
        for change in text.split(',').map(str::trim).filter(|change| !change.is_empty()) {
            let invalid = || InvalidRates(change.to_owned());
            let (name, rate) = change.split_once('=').ok_or_else(invalid)?;
            let (class, ..) = CLASSES.into_iter().find(|(_, known, ..)| *known == name).ok_or_else(invalid)?;
            if rate == "off" {
                rates.0.remove(&class);
            } else {
                rates.0.insert(class, Rate::parse(rate).ok_or_else(invalid)?);
            }
        }
        Ok(rates)
    }
}

impl Rate {
    fn parse(text: &str) -> Option<Self> {
        let (requests, unit) = text.split_once('/')?;
        let seconds = match unit {
            "s" => 1,
            "min" => 60,
            "h" => 3_600,
            _ => return None,
        };
        let rate = Self { requests: requests.parse().ok()?, seconds };
        (rate.between() >= SHORTEST).then_some(rate)
    }

    fn between(self) -> Duration {
        Duration::from_secs(self.seconds) / self.requests.get()
    }

    fn quota(self) -> Option<Quota> {
        Quota::with_period(self.between()).map(|quota| quota.allow_burst(self.requests))
    }
}

/// Whose bucket it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// An address; of IPv6 the network of 64 bits.
    Address(Option<IpAddr>),
    /// A membership or an API key.
    Caller(Uuid),
    /// Something that a request names, by its hash.
    Named([u8; 32]),
}

impl Bucket {
    /// The bucket of an address.
    pub fn address(address: Option<IpAddr>) -> Self {
        Self::Address(address.map(|address| match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
        }))
    }
}

type Limiter = DefaultKeyedRateLimiter<Bucket, StateInformationMiddleware>;

struct Limit {
    limiter: Limiter,
    name: &'static str,
    rate: Rate,
}

/// What is left of a bucket after a request was taken from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remaining {
    name: &'static str,
    requests: u32,
    seconds: u64,
    left: u32,
    /// Seconds until a request is given back, or until the next one is allowed.
    wait: u64,
}

impl Remaining {
    /// `RateLimit-Policy` and `RateLimit`, as the IETF draft on rate limit headers writes them.
    pub fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let Self { name, requests, seconds, left, wait } = self;
        let policy = format!("\"{name}\";q={requests};w={seconds}");
        let state = format!("\"{name}\";r={left};t={wait}");
        [("ratelimit-policy", policy), ("ratelimit", state)]
            .into_iter()
            .filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::from_str(&value).ok()?)))
            .collect()
    }
}

/// A bucket as other nodes know it, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedBucket {
    /// Its name: the class and the hash of whose it is. A hash of an address can be guessed: who keeps it elsewhere keeps a
    /// MAC of it.
    pub key: String,
    /// How many requests it holds when it is full.
    pub requests: NonZeroU32,
    /// How long until one request is given back.
    pub between: Duration,
}

/// What became of one request that was asked of a shared bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was taken; so many are left.
    Left(u32),
    /// The bucket is empty; one is given back after this time.
    Empty(Duration),
}

/// Buckets that several nodes share. Supplied by the binary's wiring.
#[async_trait]
pub trait SharedBuckets: Send + Sync {
    /// Takes one request, soon; `None` when the buckets cannot be reached, and this process's own count.
    async fn take(&self, bucket: &SharedBucket) -> Option<Taken>;
}

/// Requests between two sweeps of buckets that are full again.
const SWEEP: u32 = 4_096;

/// The buckets of this process, and those that it shares.
pub struct Limits {
    shared: Option<Arc<dyn SharedBuckets>>,
    classes: BTreeMap<Class, Limit>,
    taken: AtomicU32,
}

impl Limits {
    /// Full buckets; the shared ones count where there are any, and this process's own while they cannot be reached.
    pub fn new(rates: &Rates, shared: Option<Arc<dyn SharedBuckets>>) -> Self {
        let limit = |(class, name, _, _): (Class, &'static str, u32, u64)| {
            let rate = *rates.0.get(&class)?;
            let limiter = RateLimiter::keyed(rate.quota()?).with_middleware();
            Some((class, Limit { limiter, name, rate }))
        };
        Self { shared, classes: CLASSES.into_iter().filter_map(limit).collect(), taken: AtomicU32::new(0) }
    }

    /// Takes one request; 429 when the bucket is empty. `None` when the class has no limit.
    pub async fn take(&self, class: Class, bucket: &Bucket) -> Result<Option<Remaining>, Problem> {
        let Some(limit) = self.classes.get(&class) else { return Ok(None) };
        let taken = match &self.shared {
            Some(shared) => shared.take(&limit.shared(bucket)).await,
            None => None,
        };
        limit.told(taken.unwrap_or_else(|| self.take_here(limit, bucket))).map(Some)
    }

    /// Takes one request from the bucket of something that a request names, such as an e-mail address.
    pub async fn take_named(&self, class: Class, name: &str) -> Result<(), Problem> {
        self.take(class, &Bucket::Named(sha256(name.as_bytes()))).await.map(|_| ())
    }

    fn take_here(&self, limit: &Limit, bucket: &Bucket) -> Taken {
        if self.taken.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            limit.limiter.retain_recent();
        }
        match limit.limiter.check_key(bucket) {
            Ok(snapshot) => Taken::Left(snapshot.remaining_burst_capacity()),
            Err(until) => Taken::Empty(until.wait_time_from(DefaultClock::default().now())),
        }
    }
}

impl Limit {
    fn shared(&self, bucket: &Bucket) -> SharedBucket {
        let whose = match bucket {
            Bucket::Address(address) => sha256(format!("{address:?}").as_bytes()),
            Bucket::Caller(caller) => sha256(caller.as_bytes()),
            Bucket::Named(hash) => *hash,
        };
        let whose = whose.first_chunk().map_or(0, |start| u128::from_be_bytes(*start));
        SharedBucket {
            key: format!("{}:{whose:032x}", self.name),
            requests: self.rate.requests,
            between: self.rate.between(),
        }
    }

    /// What a caller is told of a bucket.
    fn told(&self, taken: Taken) -> Result<Remaining, Problem> {
        let Rate { requests, seconds } = self.rate;
        let remaining = |left, wait| Remaining { name: self.name, requests: requests.get(), seconds, left, wait };
        match taken {
            Taken::Left(left) => {
                let missing = u64::from(requests.get().saturating_sub(left));
                Ok(remaining(left, (missing * seconds).div_ceil(u64::from(requests.get()))))
            }
            Taken::Empty(wait) => {
                let wait = (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1);
                let headers = remaining(0, wait).headers();
                let problem = Problem::rate_limited(wait);
                Err(headers.into_iter().fold(problem, |problem, (name, value)| problem.with_header(name, value)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers as it was told to, and keeps what it was asked.
    struct Scripted(Option<Taken>, std::sync::Mutex<Vec<SharedBucket>>);

    #[async_trait]
    impl SharedBuckets for Scripted {
        async fn take(&self, bucket: &SharedBucket) -> Option<Taken> {
            self.1.lock().unwrap().push(bucket.clone());
            self.0
        }
    }

    fn scripted(answer: Option<Taken>) -> (Limits, Arc<Scripted>) {
        let shared = Arc::new(Scripted(answer, std::sync::Mutex::default()));
        (Limits::new(&Rates::parse("sign-in=2/h").unwrap(), Some(shared.clone())), shared)
    }

    #[tokio::test]
    async fn c11_shared_buckets_count_where_they_can_be_reached() {
        let one = Bucket::address(Some([203, 0, 113, 9].into()));
        let (limits, shared) = scripted(Some(Taken::Left(1)));
        for _ in 0..3 {
            assert_eq!(limits.take(Class::SignIn, &one).await.unwrap().unwrap().left, 1);
        }
        let (limits, _) = scripted(Some(Taken::Empty(Duration::from_millis(1_500))));
        assert_eq!(limits.take(Class::SignIn, &one).await.unwrap_err().code(), "rate_limited");
        let asked = shared.1.lock().unwrap()[0].clone();
        assert!(asked.key.starts_with("sign-in:") && !asked.key.contains("203"), "{asked:?}");
        assert_eq!((asked.requests.get(), asked.between), (2, Duration::from_mins(30)));
    }

    #[tokio::test]
    async fn c11_this_process_counts_while_shared_buckets_cannot_be_reached() {
        let (limits, _) = scripted(None);
        let one = Bucket::Caller(Uuid::from_u128(1));
        assert_eq!(limits.take(Class::SignIn, &one).await.unwrap().unwrap().left, 1);
        assert!(limits.take(Class::SignIn, &one).await.is_ok());
        assert!(limits.take(Class::SignIn, &one).await.is_err());
    }

    #[tokio::test]
    async fn c11_a_bucket_empties_for_its_own_caller_only() {
        let limits = Limits::new(&Rates::parse("sign-in=2/h").unwrap(), None);
        let (one, other) = (Bucket::Caller(Uuid::from_u128(1)), Bucket::Caller(Uuid::from_u128(2)));
        assert_eq!(limits.take(Class::SignIn, &one).await.unwrap().unwrap().left, 1);
        assert_eq!(limits.take(Class::SignIn, &one).await.unwrap().unwrap().left, 0);
        assert_eq!(limits.take(Class::SignIn, &one).await.unwrap_err().code(), "rate_limited");
        assert!(limits.take(Class::SignIn, &other).await.is_ok());
        assert!(limits.take(Class::SignUp, &one).await.is_ok());
    }

    #[tokio::test]
    async fn c11_limits_can_be_set_and_turned_off() {
        assert_eq!(Rates::parse(""), Ok(Rates::default()));
        assert_eq!(Rates::parse("off"), Ok(Rates::off()));
        let limits = Limits::new(&Rates::parse("anonymous=off").unwrap(), None);
        assert_eq!(limits.take(Class::Anonymous, &Bucket::address(None)).await.unwrap(), None);
        assert!(Rates::parse("sign-in=1000000/s").is_ok());
        for text in ["sign-in=1000001/s", "signed-in=4294967295/min"] {
            assert!(Rates::parse(text).is_err(), "{text} is less than a microsecond between two");
        }
        for text in ["sign-in", "sign-in=0/min", "sign-in=5/day", "nobody=5/min", "sign-in=x/s"] {
            assert!(Rates::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn c11_an_ipv6_network_is_one_caller() {
        let address = |text: &str| Bucket::address(Some(text.parse().unwrap()));
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:1"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
    }

    #[test]
    fn c11_the_headers_name_policy_and_state() {
        let remaining = Remaining { name: "sign-in", requests: 60, seconds: 60, left: 12, wait: 48 };
        let told: Vec<_> =
            remaining.headers().into_iter().map(|(_, value)| value.to_str().unwrap().to_owned()).collect();
        assert_eq!(told, ["\"sign-in\";q=60;w=60", "\"sign-in\";r=12;t=48"]);
    }
}
