//! `Idempotency-Key` (C10).

use actix_web::http::Method;
use actix_web::test::TestRequest;

use super::service::TestService;

const NOTES: &str = "/api/v1/notes";
const BODY: &str = r#"{"title":"Call back"}"#;

#[actix_web::test]
async fn c10_a_repeat_gets_the_same_bytes_and_writes_nothing() {
    let service = TestService::new();
    let send = async || service.send(Method::POST, NOTES, BODY, &[("idempotency-key", "k-1")]).await;
    let (first, repeat) = (send().await, send().await);
    assert_eq!((first.status, repeat.status), (201, 201));
    assert_eq!(first.body, repeat.body);
    for header in ["etag", "location", "content-type"] {
        assert_eq!(first.header(header), repeat.header(header));
    }
    assert!(!first.headers.contains_key("idempotency-replayed"));
    assert_eq!(repeat.header("idempotency-replayed"), "true");
    assert_eq!(service.notes.entries(), 1);
}

#[actix_web::test]
async fn c10_a_key_with_another_body_is_refused() {
    let service = TestService::new();
    service.send(Method::POST, NOTES, BODY, &[("idempotency-key", "k-1")]).await;
    let other = service.send(Method::POST, NOTES, r#"{"title":"Call"}"#, &[("idempotency-key", "k-1")]).await;
    assert_eq!((other.status, other.code()), (422, "idempotency_key_reused".to_owned()));
}

#[actix_web::test]
async fn c10_a_key_with_another_id_in_the_path_is_refused() {
    let service = TestService::new();
    let (one, other) = (service.note().await, service.note().await);
    let before = service.notes.entries();
    let finish = async |id: &str| {
        let path = format!("{NOTES}/{id}/finish");
        service.send(Method::POST, &path, "{}", &[("idempotency-key", "k-1")]).await
    };
    assert_eq!(finish(&one).await.status, 200);
    let refused = finish(&other).await;
    assert_eq!((refused.status, refused.code()), (422, "idempotency_key_reused".to_owned()));
    assert_eq!(finish(&one).await.header("idempotency-replayed"), "true");
    assert_eq!(service.notes.entries(), before + 1);
}

#[actix_web::test]
async fn c10_a_key_belongs_to_its_caller_and_route() {
    let service = TestService::new();
    service.send(Method::POST, NOTES, BODY, &[("idempotency-key", "k-1")]).await;
    let headers = [("idempotency-key", "k-1"), ("authorization", "Bearer other")];
    let other = service.send(Method::POST, NOTES, BODY, &headers).await;
    assert_eq!(other.status, 201);
    assert!(!other.headers.contains_key("idempotency-replayed"));
}

#[actix_web::test]
async fn c10_the_guard_runs_before_the_replay() {
    let service = TestService::new();
    service.send(Method::POST, NOTES, BODY, &[("idempotency-key", "k-1")]).await;
    let headers = [("idempotency-key", "k-1"), ("authorization", "Bearer reader")];
    assert_eq!(service.send(Method::POST, NOTES, BODY, &headers).await.status, 403);
}

#[actix_web::test]
async fn c10_a_bad_key_is_malformed_and_only_posts_have_one() {
    let service = TestService::new();
    let refused = service.send(Method::POST, NOTES, BODY, &[("idempotency-key", "a b")]).await;
    assert_eq!((refused.status, refused.code()), (400, "malformed_idempotency_key".to_owned()));
    let path = format!("{NOTES}/{}", service.note().await);
    let headers = [("idempotency-key", "a b"), ("if-match", "*")];
    assert_eq!(service.send(Method::PATCH, &path, "{}", &headers).await.status, 200);
    let public = TestRequest::get().uri("/greeting").insert_header(("idempotency-key", "a b"));
    assert_eq!(service.call(public).await.status, 200);
}
