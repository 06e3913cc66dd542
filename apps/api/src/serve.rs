//! `salus serve` and `salus worker`.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use identity::Identity;
use kernel::StoreError;
use kernel::seal::Keyring;
use persistence::{ConnectError, Database};
use thiserror::Error;
use tokio::task::JoinHandle;

use crate::chores;
use crate::demo::{self, DemoError};
use crate::duplicates;
use crate::ending::Ending;
use crate::metrics::Gauges;
use crate::settings::master_key::{self, NoKey};
use crate::settings::{DemoMode, Environment, Settings, WorkerMode};
use crate::tasks::Tasks;
use crate::wiring::{self, App, StartError, World, database_settings};
use crate::worker::{Pace, Stop, stopping};

/// How long what runs beside the answering may take to end; the jobs in hand have less ([`Pace::drain`]).
const DRAIN: Duration = Duration::from_secs(40);

/// Why the server or worker ended.
#[derive(Debug, Error)]
pub enum ServeError {
    /// There is no master key.
    #[error(transparent)]
    Key(#[from] NoKey),
    /// The application cannot start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The demo company cannot be made.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// Everybody could sign in.
    #[error(
        "the database holds the demo company, whose password everybody knows: change the passwords of its accounts, take \
         another database, or say DEMO=public to serve it to others on purpose"
    )]
    DemoForOthers,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, #[source] io::Error),
    /// The server failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Reads the keys, connects and wires; says what development made in passing.
pub async fn start(settings: &Settings) -> Result<App, ServeError> {
    let keys = keyring(settings)?;
    for line in settings.warnings() {
        tracing::warn!("{line}");
    }
    Ok(App::start(settings, keys, World::real()).await?)
}

/// Reads the keys and connects what an operator's command works on: a database that is current. It changes no schema and
/// speaks to nothing else.
pub async fn attend(settings: &Settings) -> Result<(Database, Identity), ServeError> {
    let standing = persistence::migrate_status(&database_settings(settings)).await.map_err(StartError::from)?;
    let pending: Vec<String> = standing.into_iter().filter(|(_, applied)| !applied).map(|(name, _)| name).collect();
    if !pending.is_empty() {
        return Err(StartError::from(ConnectError::Pending(pending)).into());
    }
    Ok(wiring::attend(settings, keyring(settings)?, World::real()).await?)
}

fn keyring(settings: &Settings) -> Result<Keyring, NoKey> {
    let (keys, made) = master_key::load(settings)?;
    if let Some(path) = made {
        tracing::warn!(path = %path.display(), "made a master key for development; what it sealed is lost with it");
    }
    Ok(keys)
}

/// Answers until SIGTERM or SIGINT, then finishes the requests and jobs in hand.
pub async fn serve(settings: &Settings) -> Result<(), ServeError> {
    // From here on a signal ends this in order, also one that comes before the server runs.
    let mut ending = Ending::listen()?;
    let listener = listen(settings.bind)?;
    let metrics = settings.metrics.map(listen).transpose()?;
    let app = start(settings).await?;
    if let Some(welcome) = demo_welcome(settings, &app).await? {
        io::Write::write_all(&mut io::stderr(), welcome.as_bytes())?;
    }
    let (stopper, stop) = stopping();
    let mut tasks = Tasks::default();
    if settings.worker == WorkerMode::Inline {
        tasks.spawn(work(app.clone(), stop.clone()));
    }
    tasks.spawn(chores::follow_keys(app.clone(), stop.clone()));
    tasks.spawn(chores::note_sessions(app.clone(), stop.clone()));
    measure(&app, metrics, stop, &mut tasks)?;
    let address = listener.local_addr()?;
    let server = rest::serve(listener, app.state.clone(), app.services())?;
    let handle = server.handle();
    let mut answering = tokio::spawn(server);
    tracing::info!(%address, "ready");
    let outcome = tokio::select! {
        () = ending.asked() => stopped(&handle, answering).await,
        answered = &mut answering => answered.map_err(io::Error::other).flatten(),
        broken = tasks.broken() => {
            tracing::error!(error = %broken, "a background task is gone: this node ends");
            stopped(&handle, answering).await.and(Err(broken))
        }
    };
    stopper.stop();
    let ended = tasks.ended(DRAIN).await;
    app.refusals.written().await;
    if let Some(traces) = &app.traces {
        traces.sent().await;
    }
    app.database.close().await;
    outcome?;
    ended.map_err(io::Error::other)?;
    tracing::info!("drained");
    Ok(())
}

/// Finishes the requests in hand.
async fn stopped(handle: &ServerHandle, answering: JoinHandle<io::Result<()>>) -> io::Result<()> {
    handle.stop(true).await;
    answering.await.map_err(io::Error::other)?
}

/// Works until SIGTERM or SIGINT.
pub async fn worker(settings: &Settings) -> Result<(), ServeError> {
    let mut ending = Ending::listen()?;
    let metrics = settings.metrics.map(listen).transpose()?;
    let app = start(settings).await?;
    let (stopper, stop) = stopping();
    let mut tasks = Tasks::default();
    tasks.spawn(work(app.clone(), stop.clone()));
    measure(&app, metrics, stop, &mut tasks)?;
    tracing::info!("working");
    let outcome = tokio::select! {
        () = ending.asked() => Ok(()),
        broken = tasks.broken() => Err(broken),
    };
    stopper.stop();
    let ended = tasks.ended(DRAIN).await;
    app.database.close().await;
    outcome?;
    Ok(ended.map_err(io::Error::other)?)
}

/// Reads the gauges until asked to stop, and shows the metrics on a listener of their own where there is one.
fn measure(app: &App, metrics: Option<TcpListener>, stop: Stop, tasks: &mut Tasks) -> io::Result<()> {
    if let Some(listener) = metrics {
        let (server, mut stop) = (rest::server::serve_metrics(listener, app.state.clone())?, stop.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = stop.asked() => {}
                ended = server => tracing::error!(?ended, "the metrics are shown no longer"),
            }
        });
    }
    let gauges = Gauges::registered(app.state.metrics(), app.redis.as_ref());
    tasks.spawn(gauges.follow(app.database.clone(), app.redis.clone(), stop));
    Ok(())
}

/// Jobs and positions until asked to stop; then the jobs in hand, and the positions of what the last requests left.
async fn work(app: App, stop: Stop) {
    let (worker, sequencer) = (app.worker(Pace::default()), app.sequencer());
    let mut asked = stop.clone();
    let number = async {
        tokio::select! {
            () = sequencer.run() => {}
            () = asked.asked() => {}
        }
    };
    let fold = chores::fold_statistics(&app, stop.clone());
    tokio::join!(
        worker.run(stop.clone(), &app.database),
        number,
        fold,
        duplicates::follow(&app, stop.clone()),
        chores::run(&app, stop.clone()),
        chores::follow_files(&app, stop)
    );
    if let Err(error) = sequencer.run_dry().await {
        tracing::warn!(%error, "the last positions are left to the next start");
    }
}

/// Makes the demo company where it belongs, and keeps it from others where it does not; what to tell about it.
async fn demo_welcome(settings: &Settings, app: &App) -> Result<Option<String>, ServeError> {
    let (is_private, environment) = (settings.is_private(), settings.environment);
    if !is_private && demo::is_open(app).await? {
        if environment == Environment::Production && settings.demo != DemoMode::Public {
            return Err(ServeError::DemoForOthers);
        }
        tracing::error!(
            account = demo::address_of("admin"),
            "the demo company is served beyond this machine, and everybody knows its password: change it, or take another database"
        );
    }
    let is_wanted = settings.demo == DemoMode::Auto && environment == Environment::Development && is_private;
    if !is_wanted || !app.database.is_untouched().await? {
        return Ok(None);
    }
    let is_new = demo::make(app, app.clock().now()).await?;
    app.sequencer().run_dry().await?;
    Ok(Some(demo::welcome(&settings.public_url, is_new)))
}

fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let listener = TcpListener::bind(address).map_err(|error| ServeError::Listen(address, error))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
