//! What nodes share through Redis, with a Redis that hangs, goes and comes back.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::support::{Caller, Kind, TestApp, TestDatabase, eventually, hex};

const ME: &str = "/api/v1/auth/me";

/// A Redis of one test.
struct Redis {
    port: u16,
    process: Child,
}

impl Redis {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { port, process: Self::spawn(port) }
    }

    fn spawn(port: u16) -> Child {
        let port = port.to_string();
        let mut server = Command::new("redis-server");
        server.args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"]);
        server.stdout(Stdio::null()).spawn().unwrap()
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Sends its process a signal.
    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap().success());
    }

    /// What it answers to a command; nothing while it cannot be reached.
    fn says(&self, command: &str) -> String {
        let Ok(mut line) = TcpStream::connect(("127.0.0.1", self.port)) else { return String::new() };
        line.write_all(format!("{command}\r\nQUIT\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        line.read_to_string(&mut answer).unwrap();
        answer
    }

    /// How often it was asked for a request of a bucket, or refused one.
    fn scripts(&self) -> u64 {
        let stats = self.says("INFO commandstats");
        let calls = stats.split_once("cmdstat_evalsha:calls=").map_or("0", |(_, rest)| rest);
        calls.split(',').next().unwrap().parse().unwrap()
    }

    fn end(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The same caller at another node.
fn at(node: &Caller, caller: &Caller) -> Caller {
    Caller { token: caller.token.clone(), ..node.clone() }
}

fn is_up(app: &api::wiring::App) -> bool {
    app.redis.as_ref().unwrap().is_up()
}

async fn node(redis: &Redis, rates: &str) -> TestApp {
    let url = redis.url();
    let more = [("REDIS_URL", url.as_str()), ("RATE_LIMITS", rates)];
    TestApp::serve_with(Kind::Postgres, TestDatabase::copy_of_world(Kind::Postgres), &more).await
}

/// The statuses of so many requests that nobody signed.
async fn asked(caller: &Caller, times: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..times {
        statuses.push(caller.get("/nowhere").await.status);
    }
    statuses
}

/// The clock stands still in these tests, so that nothing is forgotten by its time.
async fn answered(what: &str, caller: &Caller, path: &str, status: u16) {
    eventually(what, async || caller.get(path).await.status == status).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn i6_with_redis_what_one_node_ends_or_changes_counts_on_another_at_once() {
    let redis = Redis::start();
    let app = node(&redis, "off").await;
    let url = redis.url();
    let (other, elsewhere, server) = app.second_node_with(&[("REDIS_URL", &url)]).await;
    eventually("both nodes reach Redis", async || is_up(&app.app) && is_up(&other)).await;

    let here = app.receptionist().await;
    let there = at(&elsewhere, &here);
    answered("the other node remembers the caller", &there, ME, 200).await;
    here.post("/api/v1/auth/sign-out", &json!({})).await.expect(204);
    answered("the other node has heard of the sign-out", &there, ME, 401).await;

    let (admin, analyst) = (app.admin().await, app.member("analyst").await);
    let user = format!("/api/v1/users/{}", analyst.get(ME).await.expect(200)["id"].as_str().unwrap());
    let analyst = at(&elsewhere, &analyst);
    answered("the other node knows the role", &analyst, "/api/v1/patients", 403).await;
    admin.patch(&user, "*", &json!({ "role": "receptionist" })).await.expect(200);
    answered("the other node has heard of the role", &analyst, "/api/v1/patients", 200).await;
    admin.post(&format!("{user}/deactivate"), &json!({})).await.expect(200);
    answered("the other node has heard of the deactivation", &analyst, ME, 401).await;
    server.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c11_nodes_share_their_buckets_and_go_on_alone_while_redis_is_away() {
    let mut redis = Redis::start();
    let rates = "anonymous=4/h";
    let app = node(&redis, rates).await;
    let url = redis.url();
    let (other, there, server) = app.second_node_with(&[("REDIS_URL", &url), ("RATE_LIMITS", rates)]).await;
    let here = app.anonymous();
    eventually("both nodes reach Redis", async || is_up(&app.app) && is_up(&other)).await;

    assert_eq!((asked(&here, 2).await, asked(&there, 3).await), (vec![404; 2], vec![404, 404, 429]));
    assert_eq!(asked(&here, 1).await, [429], "one bucket for both");

    redis.signal("-STOP");
    let begun = Instant::now();
    assert_eq!(asked(&here, 5).await, [404, 404, 404, 404, 429], "a bucket of its own");
    assert!(begun.elapsed() < Duration::from_secs(2), "a Redis that hangs keeps nobody waiting: {:?}", begun.elapsed());
    eventually("the loss is seen", async || !is_up(&app.app)).await;
    assert!(app.app.redis.as_ref().unwrap().fallbacks() >= 5);
    let ready = here.get("/health/ready").await.expect(200);
    assert_eq!(ready["status"], "degraded", "{ready:#}");

    redis.signal("-CONT");
    eventually("Redis is found again", async || is_up(&app.app)).await;
    assert_eq!((asked(&here, 1).await, asked(&there, 1).await), (vec![429], vec![429]), "the common bucket again");

    redis.end();
    eventually("the loss is seen", async || asked(&here, 1).await == [429] && !is_up(&app.app)).await;
    redis.process = Redis::spawn(redis.port);
    eventually("a new Redis is found", async || is_up(&app.app)).await;
    assert_eq!(asked(&here, 4).await, [404; 4], "its buckets are full");
    server.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_starts_without_redis_and_finds_it_later() {
    let mut redis = Redis::start();
    redis.end();
    let app = node(&redis, "anonymous=2/h").await;
    assert!(!is_up(&app.app));
    assert_eq!(asked(&app.anonymous(), 3).await, [404, 404, 429]);
    redis.process = Redis::spawn(redis.port);
    eventually("Redis is found", async || is_up(&app.app)).await;
    assert_eq!(asked(&app.anonymous(), 3).await, [404, 404, 429]);
}

#[tokio::test(flavor = "multi_thread")]
async fn c11_one_late_answer_does_not_take_redis_away() {
    let redis = Redis::start();
    let app = node(&redis, "anonymous=3/h").await;
    let (here, buckets) = (app.anonymous(), app.app.redis.clone().unwrap());
    eventually("the node reaches Redis", async || buckets.is_up()).await;
    assert_eq!(asked(&here, 3).await, [404; 3]);
    redis.signal("-STOP");
    assert_eq!(asked(&here, 1).await, [404], "counted alone");
    redis.signal("-CONT");
    assert_eq!(buckets.fallbacks(), 1);
    eventually("Redis answers again", async || redis.says("PING").starts_with("+PONG")).await;
    assert!(buckets.is_up());
    assert_eq!((asked(&here, 1).await, buckets.fallbacks()), (vec![429], 1), "the common bucket still");
}

#[tokio::test(flavor = "multi_thread")]
async fn c11_a_redis_that_refuses_to_count_is_away_until_it_counts_again() {
    let redis = Redis::start();
    let app = node(&redis, "anonymous=3/h").await;
    let (here, buckets) = (app.anonymous(), app.app.redis.clone().unwrap());
    eventually("the node reaches Redis", async || buckets.is_up()).await;
    assert_eq!(asked(&here, 1).await, [404]);
    assert!(redis.says("REPLICAOF 127.0.0.1 1").starts_with("+OK"), "nobody writes to a replica");
    assert_eq!(asked(&here, 1).await, [404], "counted alone");
    assert!(!buckets.is_up());
    let before = redis.scripts();
    eventually("it was probed some times", async || {
        assert!(!buckets.is_up() && redis.says("PING").starts_with("+PONG"), "it answers, and is of no use");
        redis.scripts() >= before + 3
    })
    .await;
    assert_eq!(asked(&here, 3).await, [404, 404, 429], "a bucket of its own");
    assert!(redis.says("REPLICAOF NO ONE").starts_with("+OK"));
    eventually("it is found again", async || buckets.is_up()).await;
    assert_eq!(asked(&here, 3).await, [404, 404, 429], "the common bucket");
}

#[tokio::test(flavor = "multi_thread")]
async fn c11_redis_is_told_nobodys_address() {
    let redis = Redis::start();
    let app = node(&redis, "anonymous=3/h").await;
    eventually("the node reaches Redis", async || is_up(&app.app)).await;
    asked(&app.anonymous(), 1).await;
    let kept = redis.says("KEYS *");
    let hash: [u8; 32] = Sha256::digest(b"Some(127.0.0.1)").into();
    let hash = hex(&hash[..8]);
    assert!(kept.contains("salus:{limit}:") && !kept.contains(&hash) && !kept.contains("127.0.0.1"), "{kept}");
}
