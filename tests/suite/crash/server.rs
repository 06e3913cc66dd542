//! The `salus` binary as a process of its own, which can be killed.

use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use crate::support::{Caller, TestDatabase, salus};

/// A running server.
pub struct Server {
    child: Mutex<Child>,
    base: String,
}

impl Server {
    /// Starts it and waits until it is ready.
    pub async fn start(database: &TestDatabase) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child =
            salus(database).env("BIND_ADDR", address.to_string()).arg("serve").stdout(Stdio::null()).spawn().unwrap();
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
        let http = tests::http().timeout(Duration::from_secs(20)).build().unwrap();
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
        let done = salus(database).args(["audit", "verify"]).output().unwrap();
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
