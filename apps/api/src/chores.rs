//! What has to be looked after now and then.

use std::time::Duration;

use identity::usecase::signing_keys;

use crate::wiring::App;
use crate::worker::Stop;

/// How often; nothing is kept so exactly that ten minutes matter.
const EVERY: Duration = Duration::from_mins(10);

/// Removes what has expired and follows a signing key whose time is over with a new one: at once and then every ten
/// minutes, until asked to stop.
pub async fn run(app: &App, mut stop: Stop) {
    while !stop.is_asked() {
        once(app).await;
        tokio::select! {
            () = stop.asked() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Keeps the signing keys of this node current: at once and then every ten minutes, until asked to stop. For nodes whose
/// worker, which does it otherwise, is a process of its own.
pub async fn follow_keys(app: App, mut stop: Stop) {
    while !stop.is_asked() {
        keys(&app).await;
        tokio::select! {
            () = stop.asked() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn once(app: &App) {
    if let Err(error) = app.database.forget_expired_replies().await {
        tracing::warn!(%error, "expired replies were not removed");
    }
    if let Err(error) = app.database.forget_spent_secrets().await {
        tracing::warn!(%error, "spent secrets were not removed");
    }
    keys(app).await;
}

async fn keys(app: &App) {
    if let Err(error) = signing_keys::ready(&app.identity).await {
        tracing::error!(%error, "the signing keys were not looked after");
    }
}
