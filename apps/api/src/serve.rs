//! `salus serve` and `salus worker`.

use std::io;
use std::net::{SocketAddr, TcpListener};

use kernel::StoreError;
use thiserror::Error;
use tokio::task::JoinHandle;

use crate::chores;
use crate::demo::{self, DemoError};
use crate::ending::Ending;
use crate::metrics::Gauges;
use crate::settings::master_key::{self, NoKey};
use crate::settings::{DemoMode, Environment, Settings, WorkerMode};
use crate::wiring::{App, StartError, World};
use crate::worker::{Pace, Stop, stopping};

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
    let (keys, made) = master_key::load(settings)?;
    if let Some(path) = made {
        tracing::warn!(path = %path.display(), "made a master key for development; what it sealed is lost with it");
    }
    for line in settings.warnings() {
        tracing::warn!("{line}");
    }
    Ok(App::start(settings, keys, World::real()).await?)
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
    let background = match settings.worker {
        WorkerMode::Inline => Some(tokio::spawn(work(app.clone(), stop.clone()))),
        WorkerMode::Off => None,
    };
    let keys = tokio::spawn(chores::follow_keys(app.clone(), stop.clone()));
    let seen = tokio::spawn(chores::note_sessions(app.clone(), stop.clone()));
    let gauges = measure(&app, metrics, stop)?;
    let address = listener.local_addr()?;
    let server = rest::serve(listener, app.state.clone(), app.services())?;
    let handle = server.handle();
    let mut answering = tokio::spawn(server);
    tracing::info!(%address, "ready");
    tokio::select! {
        () = ending.asked() => {
            handle.stop(true).await;
            answering.await
        }
        answered = &mut answering => answered,
    }
    .map_err(io::Error::other)??;
    stopper.stop();
    for task in [keys, seen, gauges].into_iter().chain(background) {
        task.await.map_err(io::Error::other)?;
    }
    app.refusals.written().await;
    if let Some(traces) = &app.traces {
        traces.sent().await;
    }
    app.database.close().await;
    tracing::info!("drained");
    Ok(())
}

/// Works until SIGTERM or SIGINT.
pub async fn worker(settings: &Settings) -> Result<(), ServeError> {
    let mut ending = Ending::listen()?;
    let metrics = settings.metrics.map(listen).transpose()?;
    let app = start(settings).await?;
    let (stopper, stop) = stopping();
    let background = tokio::spawn(work(app.clone(), stop.clone()));
    let gauges = measure(&app, metrics, stop)?;
    tracing::info!("working");
    ending.asked().await;
    stopper.stop();
    for task in [background, gauges] {
        task.await.map_err(io::Error::other)?;
    }
    app.database.close().await;
    Ok(())
}

/// Reads the gauges until asked to stop, and shows the metrics on a listener of their own where there is one.
fn measure(app: &App, metrics: Option<TcpListener>, stop: Stop) -> io::Result<JoinHandle<()>> {
    if let Some(listener) = metrics {
        tokio::spawn(rest::server::serve_metrics(listener, app.state.clone())?);
    }
    Ok(tokio::spawn(Gauges::registered(app.state.metrics(), app.redis.as_ref()).follow(
        app.database.clone(),
        app.redis.clone(),
        stop,
    )))
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
    tokio::join!(worker.run(stop.clone(), &app.database), number, chores::run(&app, stop));
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
