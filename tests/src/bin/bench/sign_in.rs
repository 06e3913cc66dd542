//! Signing in: what a storm of it costs beside the bare hash, what others notice of it, and what a token costs to check.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ::tests::measure::{Latencies, median};
use api::settings::{Settings, Variables};
use api::wiring::{App, World};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use identity::model::password::{LANES, MEMORY_KIB, PASSES};
use identity::usecase::authenticate::authenticate;
use kernel::seal::Keyring;
use serde_json::{Value, json};
use tokio::runtime::Builder;

use crate::drive::{self, Load, Make};
use crate::server::{PUBLIC_URL, Salus};
use crate::table::{Bar, Table};
use crate::wire::{Connection, Request};
use crate::{Args, Outcome};

/// Accounts that the storm signs in as.
const ACCOUNTS: usize = 64;
/// Sign-ins with a wrong password, and as many of nobody.
const FAILURES: usize = 60;
/// Checks of one token.
const CHECKS: u32 = 200_000;
/// Checks of a token that nobody remembers.
const FRESH: u32 = 2_000;
/// How often the other people ask who they are.
const PAUSE: Duration = Duration::from_millis(10);
const PASSWORD: &str = "Bench-company-2026";

/// Measures a server on an empty embedded database in this folder.
pub fn measure(args: &Args, binary: &Path, folder: &Path, table: &mut Table) -> Outcome<()> {
    let url = format!("sqlite://{}", folder.join("salus.db").display());
    // Behind a proxy that tells where its callers are: else the back-off of one network would answer instead of a hash.
    let settings = vec![("DATABASE_URL", url.clone()), ("TRUSTED_PROXIES", "127.0.0.0/8".to_owned())];
    let server = Salus::start(binary, folder, &settings)?;
    let token = found(server.address)?;
    storm(args, &server, &token, table)?;
    let (wrong, nobody) = refusals(server.address)?;
    table.value("sign-in: unknown address less wrong password, medians", nobody - wrong, "ms", Bar::None);
    table.value("resident memory after the storm of sign-ins", server.resident_mb()?, "MB", Bar::None);
    server.stop()?;
    checks(folder, url, &token, table)
}

/// Signs the accounts up; the token of the first.
fn found(address: SocketAddr) -> Outcome<String> {
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let mut connection = Connection::open(address).await?;
        let mut token = String::new();
        for number in 0..ACCOUNTS {
            let company = json!({
                "company_name": format!("Company {number}"), "name": "Admin", "email": email(number), "password": PASSWORD
            });
            let body = company.to_string();
            let request = Request { line: "POST /api/v1/auth/sign-up", body: &body, ..Request::default() };
            let session = connection.demand(&request).await?;
            if number == 0 {
                session.get("access_token").and_then(Value::as_str).ok_or("no token")?.clone_into(&mut token);
            }
        }
        Ok(token)
    })
}

/// A storm of sign-ins, and beside it somebody who is signed in already.
fn storm(args: &Args, server: &Salus, token: &str, table: &mut Table) -> Outcome<()> {
    let bare = bare(Duration::from_secs(args.seconds))?;
    let make: Make = Arc::new(|random| sign_in(random.below(ACCOUNTS), PASSWORD, random.bits()));
    let over = Arc::new(AtomicBool::new(false));
    let beside = {
        let (address, over) = (server.address, Arc::clone(&over));
        let request = Request { line: "GET /api/v1/auth/me", token, ..Request::default() }.render();
        thread::spawn(move || others(address, &request, &over))
    };
    let (mut rates, mut failed) = (Vec::new(), None);
    for seed in 0..u64::try_from(args.runs)? {
        let time = Duration::from_secs(args.seconds);
        let load = Load { address: server.address, connections: args.connections, time, seed };
        match drive::drive(load, &make) {
            Ok(came) => {
                eprintln!("  sign-in: {came}");
                if came.statuses.keys().any(|status| *status != 200) {
                    failed = Some("a sign-in was refused".into());
                }
                rates.push(came.rate(200));
            }
            Err(error) => failed = Some(error),
        }
    }
    over.store(true, Ordering::Relaxed);
    let noticed = beside.join().or(Err("the others panicked"))??;
    if let Some(error) = failed {
        return Err(error);
    }
    let noticed = noticed.percentiles().ok_or("the others were never answered")?;
    let what = format!("sign-in over {} connections ÷ bare Argon2id", args.connections);
    table.share(&what, median(rates), bare, Bar::AtLeast(0.8));
    table.value("GET /auth/me beside the storm, p99", noticed.p99, "ms", Bar::AtMost(50.0, "ms"));
    Ok(())
}

/// Hashes per second, on as many threads as the server hashes on, with nothing beside them.
fn bare(time: Duration) -> Outcome<f64> {
    let threads = thread::available_parallelism()?.get().saturating_sub(1).max(1);
    let hash = move || {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| error.to_string())?;
        let mut blocks = vec![Block::new(); params.block_count()];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let (began, mut count, mut output) = (Instant::now(), 0, [0; 32]);
        while began.elapsed() < time {
            let done = argon2.hash_password_into_with_memory(
                PASSWORD.as_bytes(),
                b"salt of 16 bytes",
                &mut output,
                &mut blocks,
            );
            done.map_err(|error| error.to_string())?;
            count += 1;
        }
        Ok::<f64, String>(f64::from(count) / began.elapsed().as_secs_f64())
    };
    let all: Vec<_> = (0..threads).map(|_| thread::spawn(hash)).collect();
    let rates = all.into_iter().map(|one| Ok(one.join().or(Err("a hashing thread panicked"))??));
    Ok(rates.collect::<Outcome<Vec<f64>>>()?.into_iter().sum())
}

/// Asks at a calm pace over two connections until it is over.
fn others(address: SocketAddr, request: &[u8], over: &AtomicBool) -> Outcome<Latencies> {
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let mut connections = [Connection::open(address).await?, Connection::open(address).await?];
        let mut latencies = Latencies::default();
        while !over.load(Ordering::Relaxed) {
            for connection in &mut connections {
                tokio::time::sleep(PAUSE).await;
                let asked = Instant::now();
                let (status, _) = connection.ask(request).await?;
                latencies.note(asked.elapsed());
                if status != 200 {
                    return Err(format!("GET /auth/me was answered with {status}").into());
                }
            }
        }
        Ok(latencies)
    })
}

/// Median milliseconds of a refusal: of a wrong password, and of an address without an account, in turns.
fn refusals(address: SocketAddr) -> Outcome<(f64, f64)> {
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let mut connection = Connection::open(address).await?;
        let (mut wrong, mut nobody) = (Vec::new(), Vec::new());
        for (number, from) in (0..FAILURES).zip(1 << 20..) {
            for (account, took) in [(number % ACCOUNTS, &mut wrong), (ACCOUNTS + number, &mut nobody)] {
                let request = sign_in(account, "Bench-company-2027", from);
                let asked = Instant::now();
                let (status, _) = connection.ask(&request).await?;
                took.push(asked.elapsed().as_secs_f64() * 1000.0);
                if status != 401 {
                    return Err(format!("a wrong password was answered with {status}").into());
                }
            }
        }
        Ok((median(wrong), median(nobody)))
    })
}

/// What it costs to find the caller of a token, in this process: usually, and when nobody remembers it.
fn checks(folder: &Path, url: String, token: &str, table: &mut Table) -> Outcome<()> {
    let settings = Settings::parse(&Variables::new([("DATABASE_URL", url), ("PUBLIC_URL", PUBLIC_URL.to_owned())]))?;
    let keys = Keyring::parse(fs::read_to_string(folder.join("data/master.key"))?.trim())?;
    Builder::new_multi_thread().worker_threads(1).enable_all().build()?.block_on(async {
        let app = App::start(&settings, keys, World::real()).await?;
        let began = Instant::now();
        for _ in 0..CHECKS {
            authenticate(&app.identity, token).await?;
        }
        let usual = began.elapsed().as_secs_f64() * 1e6 / f64::from(CHECKS);
        let began = Instant::now();
        for _ in 0..FRESH {
            app.identity.callers.forget_all();
            authenticate(&app.identity, token).await?;
        }
        let fresh = began.elapsed().as_secs_f64() * 1e6 / f64::from(FRESH);
        app.database.close().await;
        table.value("check of a token, usually", usual, "µs", Bar::AtMost(100.0, "µs"));
        table.value("check of a token by signature and session, every 30 s", fresh, "µs", Bar::None);
        Ok(())
    })
}

fn email(number: usize) -> String {
    format!("admin-{number}@bench.example")
}

/// A sign-in from an address of its own.
fn sign_in(account: usize, password: &str, from: u64) -> Vec<u8> {
    let body = json!({ "email": email(account), "password": password }).to_string();
    let [.., a, b, c] = from.to_be_bytes();
    let from = format!("10.{a}.{b}.{c}");
    Request { line: "POST /api/v1/auth/sign-in", from: &from, body: &body, ..Request::default() }.render()
}
