//! Bad bodies: a problem each, and nothing is written (C3, C7, C8, C13).

use std::time::Duration;

use actix_web::http::Method;
use actix_web::test::TestRequest;

use super::service::{TestService, settings};
use crate::health::Health;
use crate::{Body, Settings};

use super::notes_api::NewNote;

const NOTES: &str = "/api/v1/notes";

#[actix_web::test]
async fn c7_all_bad_fields_are_named_at_once() {
    let service = TestService::new();
    let body = r#"{"title":"","due":"2027-03-01T09:00:00","urgency":7,"reminders":256,"colour":"red"}"#;
    let refused = service.post(NOTES, body).await;
    assert_eq!((refused.status, refused.code()), (422, "invalid".to_owned()));
    assert_eq!(
        refused.faults(),
        [
            "/title out_of_range",
            "/due bare_local_time",
            "/urgency wrong_type",
            "/reminders out_of_range",
            "/colour unknown_field",
        ]
    );
    assert_eq!(service.notes.entries(), 0);
}

#[actix_web::test]
async fn c3_a_missing_field_and_a_null_are_told_apart() {
    let service = TestService::new();
    assert_eq!(service.post(NOTES, "{}").await.faults(), ["/title required"]);
    assert_eq!(service.post(NOTES, r#"{"title":null}"#).await.faults(), ["/title not_nullable"]);
    assert_eq!(service.post(NOTES, "[]").await.faults(), [" wrong_type"]);
}

#[actix_web::test]
async fn c8_what_is_no_json_is_malformed() {
    let service = TestService::new();
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    for (body, code) in [
        ("{", "malformed_json"),
        ("", "malformed_json"),
        ("{\"title\":\"a\"} x", "malformed_json"),
        (r#"{"title":"a","title":"b"}"#, "duplicate_key"),
        (deep.as_str(), "too_deep"),
    ] {
        let refused = service.post(NOTES, body).await;
        assert_eq!((refused.status, refused.code().as_str()), (400, code), "{body}");
    }
    assert_eq!(service.post(NOTES, r#"{"title":"a","title":"b"}"#).await.faults(), ["/title duplicate_key"]);
}

#[actix_web::test]
async fn c8_a_body_must_be_json_by_its_type() {
    let service = TestService::new();
    let body = r#"{"title":"a"}"#;
    for media in ["text/plain", "application/xml", "application/merge-patch+json", "application/jsonx", ""] {
        let refused = service.send(Method::POST, NOTES, body, &[("content-type", media)]).await;
        assert_eq!((refused.status, refused.code()), (415, "unsupported_media_type".to_owned()), "{media}");
    }
    let zipped = service.send(Method::POST, NOTES, body, &[("content-encoding", "gzip")]).await;
    assert_eq!((zipped.status, zipped.code()), (415, "unsupported_media_type".to_owned()));
    let media = "Application/JSON; charset=utf-8";
    assert_eq!(service.send(Method::POST, NOTES, body, &[("content-type", media)]).await.status, 201);
    let path = format!("{NOTES}/{}", service.note().await);
    let patch = [("content-type", "application/merge-patch+json"), ("if-match", "*")];
    assert_eq!(service.send(Method::PATCH, &path, "{}", &patch).await.status, 200);
}

#[actix_web::test]
async fn c13_a_body_over_one_mebibyte_is_refused() {
    let service = TestService::new();
    let body = |length: usize| format!(r#"{{"title":"a"{}}}"#, " ".repeat(length - 13));
    assert_eq!(service.post(NOTES, &body(1024 * 1024)).await.status, 201);
    let refused = service.post(NOTES, &body(1024 * 1024 + 1)).await;
    assert_eq!((refused.status, refused.code()), (413, "too_large".to_owned()));
    let announced = service.send(Method::POST, NOTES, "{}", &[("content-length", "2000000")]).await;
    assert_eq!(announced.status, 413);
}

#[actix_web::test]
async fn c13_a_body_that_never_ends_is_given_up() {
    let patient =
        Settings { deadline: Duration::from_secs(30), body_patience: Duration::from_millis(10), ..settings() };
    let service = TestService::with(patient, Health::Fine);
    let (request, _) = TestRequest::post().uri(NOTES).to_srv_request().into_parts();
    drop(request);
    let stalled = futures_util::stream::pending::<Result<actix_web::web::Bytes, actix_web::error::PayloadError>>();
    let stalled: std::pin::Pin<Box<dyn futures_util::Stream<Item = _>>> = Box::pin(stalled);
    let mut payload = actix_web::dev::Payload::Stream { payload: stalled };
    let request = TestRequest::post()
        .uri(NOTES)
        .app_data(service.state.clone())
        .insert_header(("content-type", "application/json"))
        .to_http_request();
    let read = <Body<NewNote> as actix_web::FromRequest>::from_request(&request, &mut payload).await;
    let problem = read.unwrap_err();
    assert_eq!((problem.status().as_u16(), problem.code()), (408, "slow_body"));
}

#[actix_web::test]
async fn c2_whole_numbers_may_have_a_zero_fraction() {
    let service = TestService::new();
    assert_eq!(service.post(NOTES, r#"{"title":"a","reminders":6.0}"#).await.status, 201);
    assert_eq!(service.post(NOTES, r#"{"title":"a","reminders":6.5}"#).await.faults(), ["/reminders wrong_type"]);
}
