//! What a request leaves in the log (C15).

use std::io::Write;
use std::sync::{Arc, Mutex};

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use super::service::TestService;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Lines {
    fn read(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[actix_web::test]
async fn c15_a_request_is_one_line_with_its_template_and_its_caller() {
    let lines = Lines::default();
    let log = tracing_subscriber::fmt().json().flatten_event(true).with_writer(lines.clone()).finish();
    let _guard = tracing::subscriber::set_default(log);
    let service = TestService::new();
    let path = "/api/v1/notes/01890a5d-ac96-774b-bcce-b302099a8057?search=Maria";
    let answer = service.send(Method::GET, path, "", &[("traceparent", TRACE)]).await;
    let [line] = &lines.read()[..] else { panic!("{}", lines.text()) };
    assert_eq!((&line["route"], &line["operation"]), (&"/api/v1/notes/{hold_id}".into(), &"get_note".into()));
    assert_eq!((&line["status"], &line["method"]), (&404.into(), &"GET".into()));
    let span = &line["span"];
    assert_eq!(span["request_id"], answer.header("x-request-id"));
    assert_eq!(span["tenant_id"], "00000000-0000-0000-0000-000000000064");
    assert_eq!(span["actor_id"], "00000000-0000-0000-0000-000000000001");
    assert_eq!(span["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert!(!lines.text().contains("Maria") && !lines.text().contains("01890a5d-ac96"));
}

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[actix_web::test]
async fn c15_bodies_and_tokens_stay_out_of_the_log() {
    let lines = Lines::default();
    let log =
        tracing_subscriber::fmt().json().with_max_level(tracing::Level::DEBUG).with_writer(lines.clone()).finish();
    let _guard = tracing::subscriber::set_default(log);
    let service = TestService::new();
    service.post("/api/v1/notes", r#"{"title":"Maria has a cold","extra":"Maria"}"#).await;
    let forged = TestRequest::get().uri("/api/v1/notes").insert_header(("authorization", "Bearer Maria"));
    service.call(forged).await;
    assert!(lines.read().len() >= 2);
    assert!(!lines.text().contains("Maria"), "{}", lines.text());
}
