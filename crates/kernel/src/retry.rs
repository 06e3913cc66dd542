//! Repeating a whole unit of work when another transaction was in the way.

use crate::error::StoreError;

/// How often a unit of work is tried before the caller is told to come back.
pub const ATTEMPTS: usize = 3;

/// A use case's error that may stem from the store.
pub trait FromStore {
    /// The store's error, if that is what it is.
    fn store(&self) -> Option<&StoreError>;
}

impl FromStore for StoreError {
    fn store(&self) -> Option<&StoreError> {
        Some(self)
    }
}

/// Runs a unit of work, at most [`ATTEMPTS`] times, until it is not refused by a serialization failure or deadlock.
pub async fn unit_of_work<T, E: FromStore>(unit: impl AsyncFn() -> Result<T, E>) -> Result<T, E> {
    let mut left = ATTEMPTS;
    loop {
        left -= 1;
        match unit().await {
            Err(error) if left > 0 && error.store().is_some_and(StoreError::is_contended) => {}
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    async fn tried(failures: usize) -> (bool, usize) {
        let tries = AtomicUsize::new(0);
        let done = unit_of_work(async || {
            if tries.fetch_add(1, Ordering::SeqCst) < failures { Err(StoreError::Contended) } else { Ok(()) }
        })
        .await;
        (done.is_ok(), tries.into_inner())
    }

    #[tokio::test]
    async fn b3_a_contended_unit_is_repeated_whole_and_a_bounded_number_of_times() {
        assert_eq!(tried(0).await, (true, 1));
        assert_eq!(tried(2).await, (true, 3));
        assert_eq!(tried(9).await, (false, ATTEMPTS));
    }
}
