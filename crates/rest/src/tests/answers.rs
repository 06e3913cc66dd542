//! Lists, versions and conditions (C3, C4, C9).

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use super::service::TestService;

#[actix_web::test]
async fn c3_empty_fields_are_answered_as_null() {
    let service = TestService::new();
    let made = service.post("/api/v1/notes", r#"{"title":"Call back"}"#).await;
    assert_eq!(made.json()["due"], Value::Null);
}

#[actix_web::test]
async fn c3_an_operation_without_parameters_refuses_them() {
    let service = TestService::new();
    let path = format!("/api/v1/notes/{}?nonsense=1", service.note().await);
    let refused = service.get(&path).await;
    assert_eq!((refused.status, refused.code()), (422, "invalid".to_owned()));
    assert_eq!(refused.json()["errors"][0]["pointer"], "nonsense");
}

#[actix_web::test]
async fn c3_a_merge_patch_keeps_clears_and_sets() {
    let service = TestService::new();
    let path = format!("/api/v1/notes/{}", service.note().await);
    let patch = async |body: &str| service.send(Method::PATCH, &path, body, &[("if-match", "*")]).await.json();
    let kept = patch(r#"{"title":"Call again"}"#).await;
    assert_eq!((&kept["title"], &kept["due"]), (&json!("Call again"), &json!("2027-03-01T09:00:00Z")));
    assert_eq!(patch(r#"{"due":null}"#).await["due"], Value::Null);
    assert_eq!(patch(r#"{"due":"2027-03-02T09:00:00-03:00"}"#).await["due"], "2027-03-02T12:00:00Z");
}

#[actix_web::test]
async fn c4_a_list_is_paged_by_cursor_and_by_number() {
    let service = TestService::new();
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(service.note().await);
    }
    let first = service.get("/api/v1/notes?limit=2&include=total").await.json();
    assert_eq!((first["items"].as_array().unwrap().len(), &first["total"]), (2, &json!(3)));
    let cursor = first["next_cursor"].as_str().unwrap();
    let next = service.get(&format!("/api/v1/notes?limit=2&cursor={cursor}")).await.json();
    let jumped = service.get("/api/v1/notes?limit=2&page=2").await.json();
    assert_eq!(next, jumped);
    assert_eq!(
        (&next["items"][0]["id"], &next["next_cursor"], &next["total"]),
        (&json!(ids[2]), &json!(null), &json!(null))
    );
}

#[actix_web::test]
async fn c4_bad_parameters_are_refused_all_at_once() {
    let service = TestService::new();
    let refused = service.get("/api/v1/notes?urgency=now,never&limit=201&colour=red&limit=x").await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.faults(), ["urgency unknown_value", "limit repeated_parameter", "colour unknown_parameter"]);
    for (query, fault) in [
        ("limit=0", "limit out_of_range"),
        ("limit=201", "limit out_of_range"),
        ("limit=ten", "limit wrong_type"),
        ("page=0", "page out_of_range"),
        ("page=2&cursor=abc", "page page_and_cursor"),
        ("cursor=abc", "cursor invalid_cursor"),
        ("include=everything", "include unknown_value"),
    ] {
        assert_eq!(service.get(&format!("/api/v1/notes?{query}")).await.faults(), [fault], "{query}");
    }
}

#[actix_web::test]
async fn c9_a_single_resource_carries_its_version() {
    let service = TestService::new();
    let made = service.post("/api/v1/notes", r#"{"title":"Call back"}"#).await;
    assert_eq!((made.status, made.header("etag")), (201, "\"1\""));
    let path = made.header("location").to_owned();
    let read = service.get(&path).await;
    assert_eq!((read.status, read.header("etag")), (200, "\"1\""));
    let known = TestRequest::get().uri(&path).insert_header(("authorization", "Bearer reader"));
    let known = service.call(known.insert_header(("if-none-match", "\"1\""))).await;
    assert_eq!((known.status, known.header("etag"), known.body.len()), (304, "\"1\"", 0));
}

#[actix_web::test]
async fn c9_a_change_needs_the_current_version() {
    let service = TestService::new();
    let path = format!("/api/v1/notes/{}", service.note().await);
    let patch = async |tag: &[(&'static str, &str)]| service.send(Method::PATCH, &path, r#"{"due":null}"#, tag).await;
    let absent = patch(&[]).await;
    assert_eq!((absent.status, absent.code()), (428, "precondition_required".to_owned()));
    let malformed = patch(&[("if-match", "1")]).await;
    assert_eq!((malformed.status, malformed.code()), (400, "malformed_condition".to_owned()));
    let changed = patch(&[("if-match", "\"1\"")]).await;
    assert_eq!((changed.status, changed.header("etag")), (200, "\"2\""));
    let stale = patch(&[("if-match", "\"1\"")]).await;
    assert_eq!((stale.status, stale.code()), (412, "stale".to_owned()));
    assert_eq!(patch(&[("if-match", "*")]).await.status, 200);
}

#[actix_web::test]
async fn c9_a_transition_honours_a_condition_without_needing_one() {
    let service = TestService::new();
    let path = format!("/api/v1/notes/{}/finish", service.note().await);
    assert_eq!(service.send(Method::POST, &path, "", &[]).await.status, 200);
    assert_eq!(service.send(Method::POST, &path, "{}", &[("if-match", "\"1\"")]).await.status, 412);
    assert_eq!(service.send(Method::POST, &path, "{}", &[("if-match", "\"2\"")]).await.status, 200);
}
