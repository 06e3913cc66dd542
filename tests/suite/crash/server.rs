//! The `salus` binary as a process of its own, which can be killed.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use crate::support::{Caller, TestDatabase};

const MASTER_KEY: &str = "v1:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// A running server.
pub struct Server {
    child: Mutex<Child>,
    base: String,
}

/// Builds the binary beside this test, which costs nothing when it is there.
fn binary() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let folder = test.parent().and_then(std::path::Path::parent).unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "api", "--target-dir"]).arg(folder.parent().unwrap());
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
        assert!(built.success(), "the binary cannot be built");
        folder.join("salus")
    })
}

fn command(database: &TestDatabase) -> Command {
    let place = database.settings();
    let mut command = Command::new(binary());
    command
        .env_clear()
        .env("DATABASE_URL", &place.url)
        .env("MASTER_KEY", MASTER_KEY)
        .env("SALUS_ENV", if place.development { "development" } else { "production" })
        .env("PUBLIC_URL", "http://127.0.0.1:8080")
        .env("RATE_LIMITS", "off")
        .env("DEMO", "off")
        .env("RUST_LOG", "error")
        .current_dir(std::env::temp_dir());
    if let Some(owner) = &place.migration_url {
        command.env("MIGRATION_DATABASE_URL", owner);
    }
    command
}

impl Server {
    /// Starts it and waits until it is ready.
    pub async fn start(database: &TestDatabase) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child =
            command(database).env("BIND_ADDR", address.to_string()).arg("serve").stdout(Stdio::null()).spawn().unwrap();
        let server = Self { child: Mutex::new(child), base: format!("http://{address}") };
        let caller = server.caller();
        while caller.http.get(format!("{}/health/ready", caller.base)).send().await.is_err() {
            assert!(server.is_running(), "the server ended at its start");
            tokio::task::yield_now().await;
        }
        server
    }

    /// Somebody who talks to it and is not signed in.
    pub fn caller(&self) -> Caller {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
        Caller { base: self.base.clone(), token: None, http }
    }

    /// `kill -9`, and waits for its end.
    pub fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// `salus audit verify`, which must find every chain whole.
    pub fn verify_audit(database: &TestDatabase) {
        let done = command(database).args(["audit", "verify"]).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success() && out.contains("whole"), "{out}{err}");
    }

    fn is_running(&self) -> bool {
        self.child.lock().unwrap().try_wait().unwrap().is_none()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be dead already, as the test wanted.
        if let Ok(mut child) = self.child.lock() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
