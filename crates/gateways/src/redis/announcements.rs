//! Who is to be forgotten at once, told to all nodes (I6).

use std::time::Duration;

use futures_util::StreamExt as _;
use identity::model::callers::{Forgotten, REMEMBERED};
use identity::ports::Announcer;
use kernel::ids::{ApiKeyId, MembershipId, SessionId, TenantId};
use redis::aio::ConnectionManager;
use redis::{AsyncTypedCommands as _, RedisResult};
use tokio::sync::mpsc;
use tokio::time::Instant;
use uuid::Uuid;

use super::{AGAIN, CONNECTING, Redis};

const CHANNEL: &str = "salus:forgotten";
/// How many may wait to be told; what is too much ends by itself within [`REMEMBERED`].
const WAITING: usize = 1_024;
/// How often the listener makes sure that the line still carries.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// Tells the other nodes, from a queue of its own.
#[derive(Debug, Clone)]
pub struct Announcements(mpsc::Sender<(Forgotten, Instant)>);

impl Announcements {
    /// Tells through this Redis, as a task that ends with the last of its clones. What cannot be told is tried again
    /// while it matters.
    pub fn start(redis: Redis) -> Self {
        let (sender, mut receiver) = mpsc::channel::<(Forgotten, Instant)>(WAITING);
        tokio::spawn(async move {
            let mut connection = redis.connection.clone();
            let lasts = REMEMBERED.to_std().unwrap_or_default();
            while let Some((whom, since)) = receiver.recv().await {
                while since.elapsed() < lasts {
                    if redis.ask(connection.publish(CHANNEL, written(whom))).await.is_some() {
                        break;
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            }
        });
        Self(sender)
    }
}

impl Announcer for Announcements {
    fn announce(&self, whom: Forgotten) {
        if self.0.try_send((whom, Instant::now())).is_err() {
            tracing::warn!("a change was not told to the other nodes: too many wait");
        }
    }
}

impl Redis {
    /// Listens to what other nodes announce, for as long as it is awaited. `all` is called whenever announcements may have
    /// been missed: at the start and each time that the line was down.
    pub async fn listen(&self, all: impl Fn() + Send, one: impl Fn(Forgotten) + Send) {
        loop {
            // Why it ended makes no difference, and that Redis is away was said already.
            let _ = self.listen_once(&all, &one).await;
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn listen_once(&self, all: &(impl Fn() + Send), one: &(impl Fn(Forgotten) + Send)) -> RedisResult<()> {
        let Ok(line) = tokio::time::timeout(CONNECTING, self.client.get_async_pubsub()).await else { return Ok(()) };
        let (mut sink, mut messages) = line?.split();
        let Ok(subscribed) = tokio::time::timeout(CONNECTING, sink.subscribe(CHANNEL)).await else { return Ok(()) };
        subscribed?;
        all();
        loop {
            tokio::select! {
                message = messages.next() => {
                    let Some(message) = message else { return Ok(()) };
                    if let Some(whom) = message.get_payload::<String>().ok().as_deref().and_then(read) {
                        one(whom);
                    }
                }
                () = tokio::time::sleep(HEARTBEAT) => {
                    let ping = tokio::time::timeout(CONNECTING, sink.ping::<redis::Value>()).await;
                    let Ok(answer) = ping else { return Ok(()) };
                    answer?;
                }
            }
        }
    }
}

/// Announces nobody.
pub(super) async fn probe(mut connection: ConnectionManager) -> RedisResult<()> {
    connection.publish(CHANNEL, "").await?;
    Ok(())
}

fn written(whom: Forgotten) -> String {
    match whom {
        Forgotten::Session(id) => format!("session {id}"),
        Forgotten::Membership(id) => format!("membership {id}"),
        Forgotten::ApiKey(id) => format!("api_key {id}"),
        Forgotten::Company(id) => format!("company {id}"),
    }
}

/// `None` for what a newer version announces.
fn read(text: &str) -> Option<Forgotten> {
    let (kind, id) = text.split_once(' ')?;
    let id: Uuid = id.parse().ok()?;
    match kind {
        "session" => Some(Forgotten::Session(SessionId::from_uuid(id))),
        "membership" => Some(Forgotten::Membership(MembershipId::from_uuid(id))),
        "api_key" => Some(Forgotten::ApiKey(ApiKeyId::from_uuid(id))),
        "company" => Some(Forgotten::Company(TenantId::from_uuid(id))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_is_read_as_it_was_written() {
        let id = Uuid::from_u128(7);
        for whom in [
            Forgotten::Session(SessionId::from_uuid(id)),
            Forgotten::Membership(MembershipId::from_uuid(id)),
            Forgotten::ApiKey(ApiKeyId::from_uuid(id)),
            Forgotten::Company(TenantId::from_uuid(id)),
        ] {
            assert_eq!(read(&written(whom)), Some(whom));
        }
        for other in ["", "session", "session x", "planet 00000000-0000-0000-0000-000000000007"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
