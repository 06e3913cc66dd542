//! The end of a write: audit, events and reply first, then COMMIT, then the proof of it.

use async_trait::async_trait;

use crate::error::StoreError;
use crate::idempotency::{Reply, StoredReply};
use crate::journal::Journal;

/// An open unit of work. Dropping it rolls back.
#[async_trait]
pub trait Transaction: Send + Sync {
    /// Writes the audit entry, its changes, the events, the jobs and the stored reply.
    async fn append(&self, journal: &Journal) -> Result<(), StoreError>;
    /// Writes the reply alone, under the idempotency key that the transaction was opened with; false when there is none.
    async fn keep(&self, reply: &StoredReply) -> Result<bool, StoreError>;
    /// Commits.
    async fn finish(self: Box<Self>) -> Result<(), StoreError>;
}

/// A value whose making is committed, with the reply that says so. Only [`commit`] and [`unchanged`] make it.
#[must_use]
#[derive(Debug)]
pub struct Committed<T> {
    value: T,
    reply: StoredReply,
}

impl<T> Committed<T> {
    /// The value.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The value itself.
    pub fn into_value(self) -> T {
        self.value
    }

    /// The value and the reply to send.
    pub fn into_parts(self) -> (T, StoredReply) {
        (self.value, self.reply)
    }
}

/// Renders the reply, appends the journal, commits. Nothing is answered before COMMIT has returned.
pub async fn commit<T>(
    tx: Box<dyn Transaction>,
    journal: Journal,
    value: T,
    reply: Reply<T>,
) -> Result<Committed<T>, StoreError>
where
    T: Send + Sync,
{
    let reply = reply(&value);
    let journal = journal.answered(reply.clone());
    tx.append(&journal).await?;
    tx.finish().await?;
    Ok(Committed { value, reply })
}

/// The answer to an act that has no effect. It leaves no entry: all that is committed is the reply, for a repeat under the same
/// idempotency key (C10); without a key nothing is.
pub async fn unchanged<T>(tx: Box<dyn Transaction>, value: T, reply: Reply<T>) -> Result<Committed<T>, StoreError>
where
    T: Send + Sync,
{
    let reply = reply(&value);
    if tx.keep(&reply).await? {
        tx.finish().await?;
    }
    Ok(Committed { value, reply })
}
