//! What each command does.

use std::io::{self, Write};

use identity::Identity;
use identity::usecase::signing_keys;
use kernel::StoreError;
use kernel::ids::TenantId;
use persistence::{Broken, ConnectError, Database, Head, Rotated, Sequencer, Verified};
use thiserror::Error;

use crate::cli::{self, Audit, Command, Keys, Migrate, SigningKeys};
use crate::demo::{self, DemoError};
use crate::imports::{self, ImportFailed};
use crate::logs::{self, Format, NoLogs};
use crate::serve::{ServeError, attend, serve, start, worker};
use crate::settings::{Environment, Settings, Variables, WrongSettings};
use crate::wiring::database_settings;

/// Why a command failed.
#[derive(Debug, Error)]
pub enum Failed {
    /// The `.env` file cannot be read.
    #[error(".env: {0}")]
    DotEnv(#[from] dotenvy::Error),
    /// Settings are wrong.
    #[error(transparent)]
    Settings(#[from] WrongSettings),
    /// There will be no logs.
    #[error(transparent)]
    Logs(#[from] NoLogs),
    /// The server or worker failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] ConnectError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The demo company was not made.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// Nothing was imported, or not all.
    #[error(transparent)]
    Import(#[from] ImportFailed),
    /// The demo's password is public.
    #[error("the demo company has a public password; in production say `salus demo --yes`")]
    DemoInProduction,
    /// The OpenAPI document cannot be written.
    #[error(transparent)]
    Document(#[from] serde_json::Error),
    /// Standard output is closed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The audit is not what it was.
    #[error("the audit journal is broken")]
    AuditBroken,
    /// Some sealed values stayed under older keys.
    #[error("{0} sealed values do not open: keep the older keys, and look for them in the log")]
    Unreadable(u64),
    /// Somebody sealed under an older key meanwhile, or what the journal told before there were data keys lies there.
    #[error("{0} sealed values lie under older keys: keep those, put the newest first on every node, and say it again")]
    Left(u64),
}

/// Runs a command.
pub async fn run(command: Command) -> Result<(), Failed> {
    if command == Command::Openapi {
        return openapi(&mut io::stdout());
    }
    let settings = Settings::parse(&Variables::of_process()?)?;
    logs::init(&settings.log_filter, Format::of_process())?;
    match command {
        Command::Serve => Ok(serve(&settings).await?),
        Command::Worker => Ok(worker(&settings).await?),
        Command::Migrate(what) => migrate(&settings, what, &mut io::stdout()).await,
        Command::Openapi => openapi(&mut io::stdout()),
        Command::Demo { yes } => make_demo(&settings, yes, &mut io::stdout()).await,
        Command::SigningKeys(SigningKeys::Rotate) => sign_anew(attend(&settings).await?, &mut io::stdout()).await,
        Command::Keys(Keys::Rotate) => rotate(&attend(&settings).await?.0, &mut io::stdout()).await,
        Command::Import(ask) => Ok(imports::run(&start(&settings).await?, &ask, &mut io::stdout()).await?),
        Command::Audit(Audit::Verify { head }) => verify(&attend(&settings).await?.0, head, &mut io::stdout()).await,
    }
}

fn openapi(out: &mut impl Write) -> Result<(), Failed> {
    let document = rest::openapi::document(rest::operations(), rest::openapi::SERVER).to_pretty_json()?;
    Ok(writeln!(out, "{document}")?)
}

async fn migrate(settings: &Settings, what: Migrate, out: &mut impl Write) -> Result<(), Failed> {
    let database = database_settings(settings);
    match what {
        Migrate::Up => {
            let applied = persistence::migrate_up(&database).await?;
            for name in &applied {
                writeln!(out, "applied {name}")?;
            }
            writeln!(out, "{} applied, none pending", applied.len())?;
        }
        Migrate::Status => {
            for (name, is_applied) in persistence::migrate_status(&database).await? {
                writeln!(out, "{} {name}", if is_applied { "applied" } else { "pending" })?;
            }
        }
    }
    Ok(())
}

async fn make_demo(settings: &Settings, yes: bool, out: &mut impl Write) -> Result<(), Failed> {
    if settings.environment == Environment::Production && !yes {
        return Err(Failed::DemoInProduction);
    }
    let app = start(settings).await?;
    let is_new = demo::make(&app, app.clock().now()).await?;
    app.sequencer().run_dry().await?;
    app.database.close().await;
    Ok(write!(out, "{}", demo::welcome(&settings.public_url, is_new))?)
}

/// Seals everything anew, column by column; a rotation that was cut short goes on where it ended.
async fn rotate(database: &Database, out: &mut impl Write) -> Result<(), Failed> {
    let tell = |seen: Rotated| {
        if seen.complete {
            tracing::info!(column = seen.column, renewed = seen.renewed, unreadable = seen.unreadable, "sealed anew");
        } else {
            tracing::info!(column = seen.column, renewed = seen.renewed, "sealing anew");
        }
    };
    // Entries that wait for their place have macs under the older keys.
    Sequencer::new(database.clone()).run_dry().await?;
    let all = database.rotate_keys(&tell).await?;
    for Rotated { column, renewed, unreadable, left, .. } in &all {
        writeln!(out, "{column} {renewed} sealed anew, {unreadable} do not open, {left} under older keys")?;
    }
    database.close().await;
    let sum = |of: fn(&Rotated) -> u64| all.iter().map(of).sum();
    match (sum(|seen| seen.unreadable), sum(|seen| seen.left)) {
        (0, 0) => Ok(writeln!(
            out,
            "everything lies under the newest key; once every node has it first in MASTER_KEY, leave the older ones out"
        )?),
        (0, left) => Err(Failed::Left(left)),
        (unreadable, _) => Err(Failed::Unreadable(unreadable)),
    }
}

/// Makes the next signing key, and names the live ones.
async fn sign_anew((database, identity): (Database, Identity), out: &mut impl Write) -> Result<(), Failed> {
    signing_keys::rotate(&identity).await.map_err(StoreError::from)?;
    for (key, role) in identity.keys.set().public().iter().zip(["signs", "verifies"]) {
        writeln!(out, "{} {role}", key.kid)?;
    }
    database.close().await;
    Ok(())
}

/// Verifies every company's chain. A known head is enough for one of them: the one whose chain holds it.
async fn verify(database: &Database, known: Option<cli::Head>, out: &mut impl Write) -> Result<(), Failed> {
    Sequencer::new(database.clone()).run_dry().await?;
    let known = known.map(|head| Head { position: head.position, mac: head.mac.to_vec() });
    let (mut broken, mut known_stands) = (false, known.is_none());
    for tenant in database.audited_tenants().await? {
        let verified = database.verify_whole_journal(tenant, None).await?;
        broken |= verified.broken.is_some();
        writeln!(out, "{}", line(tenant, &verified))?;
        if let Some(head) = &known
            && verified.broken.is_none()
        {
            known_stands |= database.verify_whole_journal(tenant, Some(head)).await?.broken.is_none();
        }
    }
    if !known_stands {
        writeln!(out, "no company's chain holds the known head")?;
    }
    if broken || !known_stands { Err(Failed::AuditBroken) } else { Ok(()) }
}

fn line(tenant: TenantId, verified: &Verified) -> String {
    let Verified { head, broken, .. } = verified;
    let digits = head.mac.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let mac: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
    let state = match broken {
        None => "whole".to_owned(),
        Some(Broken::Missing(position)) => format!("BROKEN: nothing at position {position}"),
        Some(Broken::Altered(position)) => format!("BROKEN: position {position} was altered"),
        Some(Broken::Foreign(entry)) => format!("BROKEN: entry {entry} was put there"),
        Some(Broken::Keyless) => "BROKEN: chain key missing".to_owned(),
    };
    format!("{tenant} {state}, head {}:{mac}", head.position)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn i11_a_line_gives_the_head_as_the_command_line_reads_it() {
        let head = Head { position: 7, mac: vec![0xab; 32] };
        let verified = Verified { head, broken: None, complete: true };
        let text = line(TenantId::from_uuid(Uuid::nil()), &verified);
        let head = cli::Head::parse(text.rsplit(' ').next().unwrap()).unwrap();
        assert_eq!((head.position, head.mac), (7, [0xab; 32]));
    }

    #[test]
    fn the_printed_document_is_the_one_that_is_served() {
        let mut out = Vec::new();
        openapi(&mut out).unwrap();
        let document: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(document["openapi"].as_str().map(|version| version.starts_with("3.1")), Some(true));
    }
}
