//! Token buckets that all nodes share (C11).

use std::num::NonZeroU32;
use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::time::Duration;

use redis::aio::ConnectionManager;
use redis::{RedisResult, Script, ScriptInvocation};

use super::Redis;

/// One request from one bucket, in one round trip: GCRA, the bucket as the time when it will be full again, in
/// microseconds of Redis's own clock. It expires when it is full. Answers whether a request was taken, how many are left,
/// and how many microseconds until one is given back.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local requests, between = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + between
local missing = full - now
if missing > requests * between then
  return {0, 0, missing - requests * between}
end
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil(missing / 1000))
return {1, math.floor(requests - missing / between), 0}
",
    )
});

/// What became of one request that was asked of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was taken; so many are left.
    Left(u32),
    /// The bucket is empty; one is given back after this time.
    Empty(Duration),
}

impl Redis {
    /// Takes one request from the bucket of this name, which holds `requests` and gets one back `between` two; `None` while
    /// Redis is away, which is counted.
    pub async fn take(&self, key: &str, requests: NonZeroU32, between: Duration) -> Option<Taken> {
        let mut connection = self.connection.clone();
        let script = taking(key, requests, between);
        let answer = self.ask(script.invoke_async::<(u8, u32, u64)>(&mut connection)).await;
        if answer.is_none() {
            self.condition.fallbacks.fetch_add(1, Ordering::Relaxed);
        }
        answer.map(|(taken, left, wait)| match taken {
            0 => Taken::Empty(Duration::from_micros(wait)),
            _ => Taken::Left(left),
        })
    }
}

/// Takes from a bucket that is never empty, so that it always writes.
pub(super) async fn probe(mut connection: ConnectionManager) -> RedisResult<()> {
    taking("probe", NonZeroU32::MAX, Duration::from_micros(1)).invoke_async::<(u8, u32, u64)>(&mut connection).await?;
    Ok(())
}

/// The buckets' names share their braces, and so the slot of a cluster: what one node of it refuses, it refuses of all,
/// also to a probe.
fn taking(key: &str, requests: NonZeroU32, between: Duration) -> ScriptInvocation<'static> {
    let mut script = TAKE.prepare_invoke();
    let micros = u64::try_from(between.as_micros()).unwrap_or(u64::MAX);
    script.key(format!("salus:{{limit}}:{key}")).arg(requests.get()).arg(micros);
    script
}
