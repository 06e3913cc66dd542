//! One waiter per agenda reaches the database: the others wait here, without a connection, so that one hot practitioner
//! cannot empty the pool for everybody else.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as Turn, OwnedMutexGuard};
use uuid::Uuid;

type Key = (Uuid, Uuid);
type Turns = Arc<Mutex<HashMap<Key, Arc<Turn<()>>>>>;

/// The keyed gate of one process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Turns);

/// A turn at one key; dropping it lets the next one in.
#[derive(Debug)]
pub(crate) struct Pass {
    gate: Turns,
    key: Key,
    turn: Option<OwnedMutexGuard<()>>,
}

impl Gate {
    /// Waits for the turn at every id, in one order for all callers, so that two of them never wait for each other.
    pub(crate) async fn enter(&self, tenant: Uuid, ids: &[Uuid]) -> Vec<Pass> {
        let mut passes = Vec::with_capacity(ids.len());
        for id in ids.iter().copied().collect::<BTreeSet<_>>() {
            let key = (tenant, id);
            let turn = self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
            // The pass stands before the wait, so that a caller who gives up tidies as well.
            let mut pass = Pass { gate: self.0.clone(), key, turn: None };
            pass.turn = Some(turn.lock_owned().await);
            passes.push(pass);
        }
        passes
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        drop(self.turn.take());
        let mut turns = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.get(&self.key).is_some_and(|turn| Arc::strong_count(turn) == 1) {
            turns.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn b2_one_waiter_per_agenda_passes_and_nothing_is_left_behind() {
        let (gate, inside) = (Gate::default(), Arc::new(AtomicUsize::new(0)));
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let callers: Vec<_> = (0..32)
            .map(|n| {
                let (gate, inside) = (gate.clone(), inside.clone());
                tokio::spawn(async move {
                    let ids = if n % 2 == 0 { [a, b] } else { [b, a] };
                    let passes = gate.enter(Uuid::nil(), &ids).await;
                    let others = inside.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    inside.fetch_sub(1, Ordering::SeqCst);
                    drop(passes);
                    others
                })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.await.unwrap(), 0);
        }
        assert_eq!(gate.len(), 0);
    }

    #[tokio::test]
    async fn a_waiter_that_gives_up_leaves_nothing_behind() {
        let (gate, id) = (Gate::default(), Uuid::from_u128(1));
        let (ids, held) = ([id], gate.enter(Uuid::nil(), &[id]).await);
        {
            let mut waiting = Box::pin(gate.enter(Uuid::nil(), &ids));
            assert!(futures_poll(&mut waiting).is_none());
        }
        drop(held);
        assert_eq!(gate.len(), 0);
    }

    fn futures_poll<F: std::future::Future + Unpin>(future: &mut F) -> Option<F::Output> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::Pin::new(future).poll(&mut context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }
}
