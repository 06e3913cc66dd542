//! Traces by OTLP over HTTP, in its JSON encoding. What is needed of the protocol fits below; the SDK and its exporter would
//! bring fifteen crates, a gRPC framework among them, and their bridge sends every field of every event.

mod json;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

/// How many spans may wait to be sent; beyond that they are let go and counted.
const WAITING: usize = 4_096;
/// How many are sent at once.
const BATCH: usize = 512;
/// How long the first of a batch waits for others.
const GATHER: Duration = Duration::from_secs(2);
/// How long the collector may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The collector cannot be used as it was given.
#[derive(Debug, Error)]
#[error("OTEL_EXPORTER_OTLP_ENDPOINT: {0}")]
pub struct Unusable(#[from] reqwest::Error);

/// One finished piece of work, as a trace shows it. Nothing in it may be personal: it leaves the house.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The trace it belongs to; not 0.
    pub trace: u128,
    /// Its own id; not 0.
    pub id: u64,
    /// The span that asked for it.
    pub parent: Option<u64>,
    /// What was done, of few different values.
    pub name: String,
    /// When it began.
    pub begun: DateTime<Utc>,
    /// How long it took.
    pub took: Duration,
    /// What else is to be known, by the names of OpenTelemetry's conventions.
    pub attributes: Vec<(&'static str, Attribute)>,
    /// True when it went wrong through our fault.
    pub failed: bool,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Attribute {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
}

/// Sends spans in the background; whoever hands one over never waits, and what the collector does not take is lost.
#[derive(Debug, Clone)]
pub struct Exporter {
    sender: mpsc::Sender<Message>,
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Message {
    Span(Box<Span>),
    Sent(oneshot::Sender<()>),
}

/// What is sent next, and who waits for it.
#[derive(Debug, Default)]
struct Batch {
    spans: Vec<Span>,
    waiting: Vec<oneshot::Sender<()>>,
}

struct Collector {
    client: reqwest::Client,
    address: String,
}

impl Exporter {
    /// An exporter to the collector at this base address, as a task that ends with the last of its clones.
    pub fn start(endpoint: &str) -> Result<Self, Unusable> {
        // Whoever was first has set the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build()?;
        let collector = Collector { client, address: format!("{}/v1/traces", endpoint.trim_end_matches('/')) };
        let (sender, receiver) = mpsc::channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        tokio::spawn(run(receiver, collector, lost.clone()));
        Ok(Self { sender, lost })
    }

    /// Takes a span, to be sent soon.
    pub fn export(&self, span: Span) {
        if self.sender.try_send(Message::Span(Box::new(span))).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns when all spans taken so far are sent or cannot be, or after five seconds: a collector that hangs is not waited
    /// for.
    pub async fn sent(&self) {
        self.sent_within(PATIENCE).await;
    }

    async fn sent_within(&self, patience: Duration) {
        if timeout(patience, self.all_sent()).await.is_err() {
            tracing::warn!("the last spans were let go: the collector is silent");
        }
    }

    async fn all_sent(&self) {
        let (sender, sent) = oneshot::channel();
        if self.sender.send(Message::Sent(sender)).await.is_ok() {
            // An error says that the task is gone, which ends the waiting too.
            let _ = sent.await;
        }
    }
}

impl Batch {
    fn take(&mut self, message: Message) {
        match message {
            Message::Span(span) => self.spans.push(*span),
            Message::Sent(waiting) => self.waiting.push(waiting),
        }
    }

    /// True when nobody gains by waiting for more.
    fn is_ready(&self) -> bool {
        self.spans.len() >= BATCH || !self.waiting.is_empty()
    }
}

async fn run(mut receiver: mpsc::Receiver<Message>, collector: Collector, lost: Arc<AtomicU64>) {
    while let Some(first) = receiver.recv().await {
        let mut batch = Batch::default();
        batch.take(first);
        let gathered = Instant::now() + GATHER;
        while !batch.is_ready() {
            match timeout_at(gathered, receiver.recv()).await {
                Ok(Some(message)) => batch.take(message),
                Ok(None) | Err(_) => break,
            }
        }
        if !batch.spans.is_empty()
            && let Err(error) = collector.send(&batch.spans).await
        {
            lost.fetch_add(u64::try_from(batch.spans.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
            tracing::warn!(%error, "the trace collector took nothing");
        }
        let lost = lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(lost, "spans were let go");
        }
        for waiting in batch.waiting {
            // Whoever asked may have gone.
            let _ = waiting.send(());
        }
    }
}

impl Collector {
    async fn send(&self, spans: &[Span]) -> Result<(), reqwest::Error> {
        let request = self.client.post(&self.address).json(&json::request(spans));
        let answer = request.send().await.and_then(reqwest::Response::error_for_status);
        // The address may hold a key.
        answer.map(drop).map_err(reqwest::Error::without_url)
    }
}
