//! The binary as an operator meets it: settings, start, drain, exit codes.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_salus");

/// The binary in a folder of its own, with these settings and no others.
fn salus(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(BINARY);
    command.current_dir(folder).args(arguments).env_clear().envs(settings.iter().copied()).stdin(Stdio::null());
    command
}

struct Server {
    child: Child,
    log: BufReader<ChildStderr>,
    address: SocketAddr,
}

impl Server {
    /// Starts on a free port and waits until it says that it is ready.
    fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let settings = [&[("BIND_ADDR", "127.0.0.1:0"), ("DEMO", "off")], settings].concat();
        let mut child = salus(folder, &["serve"], &settings).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut server = Self { child, log, address: SocketAddr::from(([0; 4], 0)) };
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(server.log.read_line(&mut line).unwrap(), 0, "it ended before it was ready");
            let event: serde_json::Value = serde_json::from_str(&line).unwrap();
            if event["message"] == "ready" {
                server.address = event["address"].as_str().unwrap().parse().unwrap();
                return server;
            }
        }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: salus\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Sends SIGTERM; the exit code and the rest of the log.
    fn end(mut self) -> (Option<i32>, String) {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone when the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn failed(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    text(&output.stderr)
}

#[test]
fn c13_the_server_answers_drains_on_sigterm_and_exits_0() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    assert!(server.get("/health/ready").starts_with("HTTP/1.1 200"));
    assert!(server.get("/metrics").starts_with("HTTP/1.1 401"));
    let (code, log) = server.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("drained"), "{log}");
}

#[test]
fn a_second_start_finds_its_key_and_its_database() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Server::start(folder.path(), &[]).end().0, Some(0));
    let key = std::fs::read(folder.path().join("data/master.key")).unwrap();
    let server = Server::start(folder.path(), &[]);
    assert!(server.get("/health/ready").starts_with("HTTP/1.1 200"));
    assert_eq!(std::fs::read(folder.path().join("data/master.key")).unwrap(), key);
}

#[test]
fn wrong_settings_end_it_with_one_message() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("BIND_ADDR", "nowhere"), ("WORKER", "sometimes"), ("SALUS_ENV", "production")];
    let output = salus(folder.path(), &[], &settings).output().unwrap();
    let message = failed(&output);
    for name in ["3 settings are wrong", "BIND_ADDR", "WORKER", "MASTER_KEY"] {
        assert!(message.contains(name), "{message}");
    }
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing was made");
}

#[test]
fn a_dot_env_file_is_read_below_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "WORKER=sometimes\nDEMO=perhaps\n").unwrap();
    let output = salus(folder.path(), &[], &[("DEMO", "off")]).output().unwrap();
    let message = failed(&output);
    assert!(message.contains("WORKER") && !message.contains("DEMO"), "{message}");
}

#[test]
fn migrations_are_listed_applied_and_applied_once() {
    let folder = tempfile::tempdir().unwrap();
    let asked = |what: &str| {
        let output = salus(folder.path(), &["migrate", what], &[]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        text(&output.stdout).to_owned()
    };
    let before = asked("status");
    assert!(before.lines().count() >= 4 && before.lines().all(|line| line.starts_with("pending ")), "{before}");
    assert!(asked("up").contains("applied m0001_foundation"));
    assert!(asked("status").lines().all(|line| line.starts_with("applied ")));
    assert_eq!(asked("up").trim(), "0 applied, none pending");
}

#[test]
fn the_document_needs_no_settings() {
    let folder = tempfile::tempdir().unwrap();
    let output = salus(folder.path(), &["openapi"], &[("BIND_ADDR", "nowhere")]).output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(document["paths"].as_object().unwrap().contains_key("/health/live"));
}

#[test]
fn production_refuses_the_demo_without_yes() {
    let folder = tempfile::tempdir().unwrap();
    let key = "v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let output = salus(folder.path(), &["demo"], &[("SALUS_ENV", "production"), ("MASTER_KEY", key)]).output().unwrap();
    assert!(failed(&output).contains("--yes"));
}

#[test]
fn i11_the_audit_of_a_database_is_verified_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = salus(folder.path(), &["audit", "verify"], &[]).output().unwrap();
    assert!(nothing.status.success() && nothing.stdout.is_empty(), "{nothing:?}");
    let head = format!("1:{}", "00".repeat(32));
    let unknown = salus(folder.path(), &["audit", "verify", "--head", &head], &[]).output().unwrap();
    assert!(failed(&unknown).contains("broken"));
    assert!(text(&unknown.stdout).contains("known head"));
}
