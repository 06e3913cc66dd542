//! Traces to a collector, over the wire that it would hear them on (C14, C15).

use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Caller, Kind, MARKER, TestApp, TestDatabase};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// A collector that keeps what it is told.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<String>>>);

impl Collector {
    /// Listens; its base address.
    async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let own = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                own.take(stream).await;
            }
        });
        format!("http://{address}")
    }

    async fn take(&self, mut stream: TcpStream) {
        let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
        loop {
            let read = stream.read(&mut chunk).await.unwrap();
            bytes.extend_from_slice(&chunk[..read]);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let head = head.to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
            if body.len() < length.parse::<usize>().unwrap() {
                continue;
            }
            assert!(head.starts_with("post /v1/traces "), "{head}");
            self.0.lock().unwrap().push(body.to_owned());
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}").await.unwrap();
            return;
        }
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().concat()
    }

    fn spans(&self) -> Vec<Value> {
        let bodies = self.0.lock().unwrap();
        let of = |body: &String| -> Vec<Value> {
            let body: Value = serde_json::from_str(body).unwrap();
            body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone()
        };
        bodies.iter().flat_map(of).collect()
    }

    fn named(&self, name: &str) -> Vec<Value> {
        self.spans().into_iter().filter(|span| span["name"] == name).collect()
    }
}

/// The text or number of an attribute.
fn attribute(span: &Value, key: &str) -> String {
    let attributes = span["attributes"].as_array().unwrap();
    let value =
        &attributes.iter().find(|attribute| attribute["key"] == key).unwrap_or_else(|| panic!("{span:#}"))["value"];
    value["stringValue"].as_str().or(value["intValue"].as_str()).unwrap().to_owned()
}

async fn traced(caller: &Caller, path: &str, flags: &str) -> String {
    let parent = format!("00-{TRACE}-{PARENT}-{flags}");
    let answer = caller.send(Method::GET, path, None, &[("traceparent", &parent)]).await;
    answer.header("x-request-id").unwrap().to_owned()
}

async fn traces(kind: Kind) {
    let collector = Collector::default();
    let endpoint = collector.listen().await;
    let more = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())];
    let app = TestApp::serve_with(kind, TestDatabase::copy_of_world(kind), &more).await;
    let staff = app.receptionist().await;
    let request = traced(&staff, &format!("/api/v1/patients?search={MARKER}"), "01").await;
    traced(&staff, "/api/v1/clinics", "00").await;
    traced(&app.anonymous(), &format!("/{MARKER}"), "01").await;
    traced(&staff, "/health/live", "01").await;
    app.app.traces.as_ref().unwrap().sent().await;

    let [span] = collector.named("GET /api/v1/patients").try_into().unwrap();
    assert_eq!((&span["traceId"], &span["parentSpanId"]), (&TRACE.into(), &PARENT.into()));
    assert_ne!(span["spanId"], PARENT);
    assert_eq!(attribute(&span, "http.route"), "/api/v1/patients");
    assert_eq!(attribute(&span, "http.response.status_code"), "200");
    assert_eq!(attribute(&span, "salus.operation"), "list_patients");
    assert_eq!(attribute(&span, "salus.request_id"), request);
    let [begun, ended] =
        ["startTimeUnixNano", "endTimeUnixNano"].map(|name| span[name].as_str().unwrap().parse::<u64>().unwrap());
    assert!(ended > begun);

    let [own] = collector.named("POST /api/v1/auth/sign-in").try_into().unwrap();
    assert!(own["parentSpanId"] == "" && own["traceId"] != TRACE, "a request without a trace begins one: {own:#}");
    let [unmatched] = collector.named("GET").try_into().unwrap();
    assert_eq!(attribute(&unmatched, "http.response.status_code"), "404");
    assert!(collector.named("GET /api/v1/clinics").is_empty(), "the caller wanted no record");
    assert!(collector.named("GET /health/live").is_empty(), "probes are nobody's trace");
    let text = collector.text();
    for personal in [MARKER, "aurora.example", staff.token.as_deref().unwrap(), "search"] {
        assert!(!text.contains(personal), "{personal}");
    }
    app.app.database.close().await;
}

fn block_on(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work);
}

#[test]
fn c15_a_request_is_a_span_of_its_callers_trace_on_sqlite() {
    block_on(traces(Kind::Sqlite));
}

#[cfg(feature = "postgres")]
#[test]
fn c15_a_request_is_a_span_of_its_callers_trace_on_postgresql() {
    block_on(traces(Kind::Postgres));
}
