//! What has to be looked after now and then.

use std::time::Duration;

use identity::usecase::{note_seen, signing_keys};
use kernel::StoreError;
use patients::usecase::{sweep_files, system_permit};
use persistence::{FOLDED_AT_ONCE, Rotated};

use crate::wiring::App;
use crate::worker::Stop;

/// How often; nothing is kept so exactly that ten minutes matter.
const EVERY: Duration = Duration::from_mins(10);

/// How long the counts of patients that were not folded yet gather: so short that reading them costs little.
const FOLD_EVERY: Duration = Duration::from_secs(1);

/// How often a node writes when its sessions were seen last: far below the shortest idle time that can be set.
const SEEN_EVERY: Duration = Duration::from_secs(20);

/// How often a node looks for new signing keys: so soon a key that was taken out of use is of no use anywhere.
const KEYS_EVERY: Duration = Duration::from_secs(30);

/// How often files are looked for that no import stands for: each time all files of each company are listed.
const SWEEP_EVERY: Duration = Duration::from_hours(6);

/// Removes what has expired and seals anew what lies under older master keys: at once and then every ten minutes, until asked
/// to stop.
pub async fn run(app: &App, mut stop: Stop) {
    while !stop.is_asked() {
        once(app).await;
        // A rotation may be long; cut short, it goes on where it ended.
        let rotated = async {
            rotate(app).await;
            tokio::time::sleep(EVERY).await;
        };
        tokio::select! {
            () = stop.asked() => {}
            () = rotated => {}
        }
    }
}

/// Keeps the signing keys of this node current, and follows one whose time is over with a new one: at once and then twice a
/// minute, until asked to stop. For every node that answers.
pub async fn follow_keys(app: App, mut stop: Stop) {
    while !stop.is_asked() {
        if let Err(error) = signing_keys::ready(&app.identity).await {
            tracing::error!(%error, "the signing keys were not looked after");
        }
        tokio::select! {
            () = stop.asked() => {}
            () = tokio::time::sleep(KEYS_EVERY) => {}
        }
    }
}

/// Writes when the sessions of this node were seen last: every twenty seconds, and what is left when asked to stop.
pub async fn note_sessions(app: App, mut stop: Stop) {
    loop {
        let is_last = stop.is_asked();
        if let Err(error) = note_seen::note_seen(&app.identity).await {
            tracing::warn!(%error, "when sessions were seen was not written");
        }
        if is_last {
            return;
        }
        tokio::select! {
            () = stop.asked() => {}
            () = tokio::time::sleep(SEEN_EVERY) => {}
        }
    }
}

/// Folds the changes of the counts of patients: at once and then every second, until asked to stop.
pub async fn fold_statistics(app: &App, mut stop: Stop) {
    while !stop.is_asked() {
        let folded = app.database.fold_patient_statistics().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the counts of patients are folded later");
            0
        });
        if folded == FOLDED_AT_ONCE {
            continue;
        }
        tokio::select! {
            () = stop.asked() => {}
            () = tokio::time::sleep(FOLD_EVERY) => {}
        }
    }
}

/// Removes the files that no import stands for: at once and then every six hours, until asked to stop.
pub async fn follow_files(app: &App, mut stop: Stop) {
    while !stop.is_asked() {
        let swept = async {
            if let Err(error) = sweep(app).await {
                tracing::warn!(%error, "files that nobody needs are looked for later");
            }
            tokio::time::sleep(SWEEP_EVERY).await;
        };
        tokio::select! {
            () = stop.asked() => {}
            () = swept => {}
        }
    }
}

/// Removes the files of all companies that no import stands for. What cannot be done for one is done for the others.
async fn sweep(app: &App) -> Result<(), StoreError> {
    for company in app.database.companies().await? {
        match sweep_files(&app.imports, &system_permit(company)).await {
            Ok(0) => {}
            Ok(files) => tracing::info!(%company, files, "removed files that no import stands for"),
            Err(error) => tracing::warn!(%company, %error, "files that nobody needs stay"),
        }
    }
    Ok(())
}

async fn once(app: &App) {
    if let Err(error) = app.database.forget_expired_replies().await {
        tracing::warn!(%error, "expired replies were not removed");
    }
    if let Err(error) = app.database.forget_spent_secrets().await {
        tracing::warn!(%error, "spent secrets were not removed");
    }
}

/// Seals anew what lies under older master keys, while there are any. Nodes that have not heard of the newest go on sealing
/// under the older ones, so it is looked for again and again until those are left out.
async fn rotate(app: &App) {
    if !app.database.has_older_keys() {
        return;
    }
    let tell = |seen: Rotated| {
        if seen.renewed + seen.unreadable > 0 {
            let Rotated { column, renewed, unreadable, complete, .. } = seen;
            tracing::info!(column, renewed, unreadable, complete, "sealing under the newest master key");
        }
    };
    if let Err(error) = app.database.rotate_keys(&tell).await {
        tracing::warn!(%error, "the rotation of master keys goes on later");
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
    async fn i3_every_node_follows_the_signing_keys() {
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
