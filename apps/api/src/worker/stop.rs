//! Asking tasks to come to an end.

use tokio::sync::watch;

/// Asks; to drop it asks too.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Learns that it was asked.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

/// A pair of both.
pub fn stopping() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Asks every [`Stop`] of the pair to come to an end.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// True once it was asked.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Returns once it was asked.
    pub async fn asked(&mut self) {
        // An error says that the stopper is gone, which asks too.
        let _ = self.0.wait_for(|asked| *asked).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn stopping_is_seen_by_all_and_dropping_stops() {
        let (stopper, stop) = stopping();
        let mut other = stop.clone();
        assert!(!stop.is_asked());
        stopper.stop();
        other.asked().await;
        assert!(stop.is_asked());
        let (stopper, mut stop) = stopping();
        drop(stopper);
        stop.asked().await;
        assert!(stop.is_asked());
    }
}
