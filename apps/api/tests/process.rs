//! The binary as an operator meets it: settings, start, drain, exit codes.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
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
    /// What it logged until it was ready.
    before: String,
    address: SocketAddr,
}

impl Server {
    /// Starts on a free port and waits until it says that it is ready.
    fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let settings = [&[("BIND_ADDR", "127.0.0.1:0"), ("DEMO", "off")], settings].concat();
        let (mut server, ready) = Self::run(folder, "serve", "ready", &settings);
        server.address = ready["address"].as_str().unwrap().parse().unwrap();
        server
    }

    /// Starts and waits for a message; the event that brought it.
    fn run(folder: &Path, what: &str, message: &str, settings: &[(&str, &str)]) -> (Self, serde_json::Value) {
        let mut child = salus(folder, &[what], settings).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut server = Self { child, log, before: String::new(), address: SocketAddr::from(([0; 4], 0)) };
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(server.log.read_line(&mut line).unwrap(), 0, "it ended before: {message}");
            // What the demo tells a person is no event.
            let event: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            if event["message"] == message {
                return (server, event);
            }
            server.before.push_str(&line);
        }
    }

    fn get(&self, path: &str) -> String {
        get(self.address, path, "")
    }

    fn signal(&self, name: &str) {
        let killed = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }

    /// Sends SIGTERM; the exit code and the rest of the log.
    fn end(self) -> (Option<i32>, String) {
        self.signal("-TERM");
        self.ended()
    }

    /// The exit code and the rest of the log.
    fn ended(mut self) -> (Option<i32>, String) {
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

fn get(address: SocketAddr, path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: salus\r\nConnection: close\r\n{headers}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
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
fn c13_sigint_finishes_the_request_in_hand_too() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[("METRICS_TOKEN", "sixteen-letters-")]);
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = "POST /api/v1/auth/sign-in HTTP/1.1\r\nHost: salus\r\nContent-Type: application/json\r\n";
    write!(stream, "{head}Content-Length: 2\r\n\r\n{{").unwrap();
    let in_hand = || get(server.address, "/metrics", "Authorization: Bearer sixteen-letters-\r\n");
    while !in_hand().contains("http_requests_in_flight 2") {}
    server.signal("-INT");
    while TcpStream::connect(server.address).is_ok() {}
    write!(stream, "}}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 422"), "{answer}");
    let (code, log) = server.ended();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("drained"), "{log}");
}

#[test]
fn the_worker_shows_its_metrics() {
    let folder = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (worker, _) = Server::run(folder.path(), "worker", "working", &[("METRICS_ADDR", &address.to_string())]);
    let metrics = get(address, "/metrics", "");
    assert!(metrics.starts_with("HTTP/1.1 200") && metrics.contains("salus_queue_depth"), "{metrics}");
    assert_eq!(worker.end().0, Some(0));
}

#[test]
fn the_demo_is_not_made_where_others_may_reach_it_and_is_told_of_where_they_do() {
    let folder = tempfile::tempdir().unwrap();
    let told = "everybody knows its password";
    for more in [("PUBLIC_URL", "https://salus.example"), ("TRUSTED_PROXIES", "127.0.0.1")] {
        let server = Server::start(folder.path(), &[("DEMO", "auto"), more]);
        assert!(!server.before.contains(told) && !server.before.contains("Clínica Aurora"), "{}", server.before);
        server.end();
    }
    let companies = salus(folder.path(), &["audit", "verify"], &[]).output().unwrap();
    assert!(companies.status.success() && companies.stdout.is_empty(), "{companies:?}");
    assert!(salus(folder.path(), &["demo"], &[]).output().unwrap().status.success());
    let open = Server::start(folder.path(), &[("PUBLIC_URL", "https://salus.example")]);
    assert!(open.before.contains(told), "{}", open.before);
    open.end();
    assert!(!Server::start(folder.path(), &[]).before.contains(told));
}

#[test]
fn production_serves_the_demo_to_others_only_when_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let key = "v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let settings = |url, demo| {
        [
            ("SALUS_ENV", "production"),
            ("MASTER_KEY", key),
            ("BIND_ADDR", "127.0.0.1:0"),
            ("PUBLIC_URL", url),
            ("DEMO", demo),
        ]
    };
    let outside = |demo| settings("https://salus.example", demo);
    let made = salus(folder.path(), &["demo", "--yes"], &outside("auto")).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    for demo in ["auto", "off"] {
        let refused = salus(folder.path(), &[], &outside(demo)).output().unwrap();
        let message = failed(&refused);
        assert!(message.contains("everybody knows") && message.contains("DEMO=public"), "{message}");
    }
    let told = Server::start(folder.path(), &outside("public"));
    assert!(told.before.contains("everybody knows its password"), "{}", told.before);
    assert_eq!(told.end().0, Some(0));
    let private = Server::start(folder.path(), &settings("http://127.0.0.1:8080", "off"));
    assert!(!private.before.contains("everybody knows"), "{}", private.before);
    assert_eq!(private.end().0, Some(0));
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
    for name in ["4 settings are wrong", "BIND_ADDR", "WORKER", "MASTER_KEY", "PUBLIC_URL"] {
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
fn a_dot_env_file_of_a_folder_above_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "WORKER=sometimes\n").unwrap();
    let below = folder.path().join("below");
    std::fs::create_dir(&below).unwrap();
    let output = salus(&below, &["migrate", "status"], &[]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
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
    let settings = [("SALUS_ENV", "production"), ("MASTER_KEY", key), ("PUBLIC_URL", "https://salus.example")];
    let output = salus(folder.path(), &["demo"], &settings).output().unwrap();
    assert!(failed(&output).contains("--yes"));
}

#[test]
fn i11_the_audit_of_a_database_is_verified_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    assert!(salus(folder.path(), &["migrate", "up"], &[]).status().unwrap().success());
    let nothing = salus(folder.path(), &["audit", "verify"], &[]).output().unwrap();
    assert!(nothing.status.success() && nothing.stdout.is_empty(), "{nothing:?}");
    let head = format!("1:{}", "00".repeat(32));
    let unknown = salus(folder.path(), &["audit", "verify", "--head", &head], &[]).output().unwrap();
    assert!(failed(&unknown).contains("broken"));
    assert!(text(&unknown.stdout).contains("known head"));
}

#[test]
fn an_operators_command_migrates_nothing_and_needs_the_database_alone() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody listens there: whatever would be spoken to at the start of a node.
    let away = [("REDIS_URL", "redis://127.0.0.1:9"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")];
    let commands = [["audit", "verify"], ["keys", "rotate"], ["signing-keys", "rotate"]];
    for command in commands {
        let output = salus(folder.path(), &command, &away).output().unwrap();
        assert!(failed(&output).contains("m0001_foundation"), "{command:?}: {output:?}");
    }
    let status = salus(folder.path(), &["migrate", "status"], &[]).output().unwrap();
    assert!(text(&status.stdout).lines().all(|line| line.starts_with("pending ")), "{status:?}");
    assert!(salus(folder.path(), &["migrate", "up"], &[]).status().unwrap().success());
    for command in commands {
        let output = salus(folder.path(), &command, &away).output().unwrap();
        assert!(output.status.success(), "{command:?}: {output:?}");
        assert!(!text(&output.stderr).contains("Redis"), "{command:?}: {output:?}");
    }
}
