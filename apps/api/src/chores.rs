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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kernel::ManualClock;
    use kernel::seal::Keyring;

    use super::*;
    use crate::settings::{Settings, Variables};
    use crate::wiring::World;
    use crate::worker::stopping;

    #[tokio::test]
    async fn i3_a_node_without_a_worker_follows_the_signing_keys() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("salus.db").display());
        let settings = Settings::parse(&Variables::new([("DATABASE_URL", url)])).unwrap();
        let clock = Arc::new(ManualClock::new("2027-03-10T12:00:00Z".parse().unwrap()));
        let world = World { clock: clock.clone(), ..World::real() };
        let app = App::start(&settings, Keyring::generate().0, world).await.unwrap();
        assert_eq!(app.identity.keys.set().public().len(), 1);
        clock.advance(chrono::Duration::days(91));
        let (stopper, stop) = stopping();
        let followed = async {
            while app.identity.keys.set().public().len() < 2 {
                tokio::task::yield_now().await;
            }
            stopper.stop();
        };
        tokio::join!(follow_keys(app.clone(), stop), followed);
    }
}
