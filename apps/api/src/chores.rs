//! What has to be tidied now and then.

use std::time::Duration;

use persistence::Database;

use crate::worker::Stop;

/// How often stored replies are looked through; they are kept for 24 hours.
const EVERY: Duration = Duration::from_mins(10);

/// Removes what has expired, at once and then every ten minutes, until asked to stop.
pub async fn run(database: &Database, mut stop: Stop) {
    while !stop.is_asked() {
        match database.forget_expired_replies().await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "forgot expired replies"),
            Err(error) => tracing::warn!(%error, "expired replies were not removed"),
        }
        match database.forget_spent_secrets().await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "forgot spent secrets"),
            Err(error) => tracing::warn!(%error, "spent secrets were not removed"),
        }
        tokio::select! {
            () = stop.asked() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
