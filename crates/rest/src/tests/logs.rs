//! What a request leaves in the log (C15).

use std::cell::RefCell;
use std::io::Write;
use std::sync::Once;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::Value;
use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;

use super::service::TestService;

thread_local! {
    /// What was logged on this thread, which is the test's own.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The log of one test; all tests share a subscriber, since interest in an event is remembered for the whole process.
struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

impl Log {
    fn begin() {
        static SUBSCRIBER: Once = Once::new();
        SUBSCRIBER.call_once(|| {
            let format = tracing_subscriber::fmt().json().flatten_event(true);
            let log = format.with_max_level(Level::DEBUG).with_writer(Self).finish();
            tracing::subscriber::set_global_default(log).unwrap();
        });
        LOG.take();
    }

    fn text() -> String {
        LOG.with_borrow(|log| String::from_utf8(log.clone()).unwrap())
    }

    /// The lines of an operator's log, which are not for debugging.
    fn lines() -> Vec<Value> {
        let lines = Self::text();
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["level"] != "DEBUG").collect()
    }
}

#[actix_web::test]
async fn c15_a_request_is_one_line_with_its_template_and_its_caller() {
    Log::begin();
    let service = TestService::new();
    let path = "/api/v1/notes/01890a5d-ac96-774b-bcce-b302099a8057?search=Maria";
    let answer = service.send(Method::GET, path, "", &[("traceparent", TRACE)]).await;
    let lines = Log::lines();
    let [line] = lines.as_slice() else { panic!("{}", Log::text()) };
    assert_eq!((&line["route"], &line["operation"]), (&"/api/v1/notes/{hold_id}".into(), &"get_note".into()));
    assert_eq!((&line["status"], &line["method"]), (&422.into(), &"GET".into()));
    let span = &line["span"];
    assert_eq!(span["request_id"], answer.header("x-request-id"));
    assert_eq!(span["tenant_id"], "00000000-0000-0000-0000-000000000064");
    assert_eq!(span["actor_id"], "00000000-0000-0000-0000-000000000001");
    assert_eq!(span["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert!(!Log::text().contains("Maria") && !Log::text().contains("01890a5d-ac96"));
}

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[actix_web::test]
async fn c15_bodies_and_tokens_stay_out_of_the_log() {
    Log::begin();
    let service = TestService::new();
    service.post("/api/v1/notes", r#"{"title":"Maria has a cold","extra":"Maria"}"#).await;
    let forged = TestRequest::get().uri("/api/v1/notes").insert_header(("authorization", "Bearer Maria"));
    service.call(forged).await;
    assert_eq!(Log::lines().len(), 2, "{}", Log::text());
    assert!(!Log::text().contains("Maria"), "{}", Log::text());
}
