//! Waiting for what comes about, never for a time.

use std::time::{Duration, Instant};

/// What has not come about by then never will.
const DEADLINE: Duration = Duration::from_mins(2);
/// The rest between two looks.
const REST: Duration = Duration::from_millis(20);

/// Looks again and again until it is so; fails with `what` when it has not come about in time.
pub async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < DEADLINE, "never: {what}");
        tokio::time::sleep(REST).await;
    }
}
