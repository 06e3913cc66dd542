//! Who may call, and how often (C8, C11), and what is noted of the refused.

use actix_web::test::TestRequest;

use super::service::{TestService, impatient, settings};
use crate::Settings;
use crate::health::Health;
use crate::limits::Rates;

fn get(path: &str, token: &str) -> TestRequest {
    TestRequest::get().uri(path).insert_header(("authorization", token.to_owned()))
}

#[actix_web::test]
async fn c8_an_unknown_caller_is_challenged() {
    let service = TestService::new();
    let anonymous = service.call(TestRequest::get().uri("/api/v1/notes")).await;
    assert_eq!((anonymous.status, anonymous.code()), (401, "unauthenticated".to_owned()));
    assert_eq!(anonymous.header("www-authenticate"), "Bearer realm=\"salus\"");
    for token in ["Bearer forged", "Bearer", "Bearer ", "Basic d3JpdGVy", "writer"] {
        let refused = service.call(get("/api/v1/notes", token)).await;
        assert_eq!(refused.status, 401, "{token}");
        assert!(refused.header("www-authenticate").starts_with("Bearer "), "{token}");
    }
    assert_eq!(service.call(get("/api/v1/notes", "bearer reader")).await.status, 200);
}

#[actix_web::test]
async fn i9_an_api_key_calls_as_itself_and_travels_in_no_cookie() {
    let service = TestService::new();
    assert_eq!(service.call(get("/api/v1/notes", "Bearer key")).await.status, 200);
    let cookie = |token: &str| ("cookie", format!("__Host-salus_access={token}"));
    let by_cookie = |token| TestRequest::get().uri("/api/v1/notes").insert_header(cookie(token));
    assert_eq!(service.call(by_cookie("reader")).await.status, 200);
    assert_eq!(service.call(by_cookie("key")).await.status, 401);
}

#[actix_web::test]
async fn c8_a_caller_who_cannot_be_looked_up_may_come_again() {
    let refused = TestService::new().call(get("/api/v1/notes", "Bearer broken")).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, "1"));
}

#[actix_web::test]
async fn c8_a_known_caller_without_the_permission_is_forbidden_and_noted() {
    let service = TestService::new();
    let body = TestRequest::post().uri("/api/v1/notes").set_payload("not even JSON");
    let refused = service.call(body.insert_header(("authorization", "Bearer reader"))).await;
    assert_eq!((refused.status, refused.code()), (403, "forbidden".to_owned()));
    let noted = service.refusals.0.lock().unwrap();
    let [attempt] = noted.as_slice() else { panic!("{noted:?}") };
    assert_eq!((attempt.operation, attempt.permission, attempt.code), ("create_note", "notes:write", "forbidden"));
    assert_eq!(attempt.status, 403);
    assert_eq!(attempt.session.as_ref().unwrap().principal().role, "receptionist");
    assert_eq!(attempt.origin.ip, Some("203.0.113.9".parse().unwrap()));
    assert_eq!(attempt.origin.request_id.unwrap().to_string(), refused.header("x-request-id"));
}

#[actix_web::test]
async fn public_routes_do_not_look_at_credentials() {
    let service = TestService::new();
    assert_eq!(service.call(get("/greeting", "Bearer forged")).await.status, 200);
    assert_eq!(service.call(get("/greeting", "Bearer broken")).await.status, 200);
    assert!(service.refusals.0.lock().unwrap().is_empty());
}

#[actix_web::test]
async fn c8_garbage_and_unknown_ids_are_alike() {
    let service = TestService::new();
    for id in ["1", "%00", "..%2f..", "01890a5d-ac96-774b-bcce-b302099a8057", "%F0%9F%92%A9"] {
        let refused = service.get(&format!("/api/v1/notes/{id}")).await;
        assert_eq!((refused.status, refused.code()), (404, "not_found".to_owned()), "{id}");
    }
}

fn limited(rates: &str) -> TestService {
    TestService::with(Settings { rates: Rates::parse(rates).unwrap(), ..settings() }, Health::Fine)
}

#[actix_web::test]
async fn c11_an_empty_bucket_says_when_to_come_again() {
    let service = limited("sign-in=2/h");
    let first = service.call(TestRequest::get().uri("/greeting")).await;
    assert_eq!((first.status, first.header("ratelimit")), (200, "\"sign-in\";r=1;t=1800"));
    assert_eq!(first.header("ratelimit-policy"), "\"sign-in\";q=2;w=3600");
    service.call(TestRequest::get().uri("/greeting")).await;
    let refused = service.call(TestRequest::get().uri("/greeting")).await;
    assert_eq!((refused.status, refused.code()), (429, "rate_limited".to_owned()));
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=1_800).contains(&wait), "{wait}");
}

#[actix_web::test]
async fn c11_callers_have_buckets_of_their_own() {
    let service = limited("signed-in=1/h");
    assert_eq!(service.call(get("/api/v1/notes", "Bearer writer")).await.status, 200);
    assert_eq!(service.call(get("/api/v1/notes", "Bearer writer")).await.status, 429);
    assert_eq!(service.call(get("/api/v1/notes", "Bearer other")).await.status, 200);
}

#[actix_web::test]
async fn c11_wrong_tokens_empty_the_bucket_of_their_address() {
    let service = limited("anonymous=2/h");
    assert_eq!(service.call(get("/api/v1/notes", "Bearer guess1")).await.status, 401);
    assert_eq!(service.call(get("/api/v1/notes", "Bearer guess2")).await.status, 401);
    assert_eq!(service.call(get("/api/v1/notes", "Bearer guess3")).await.status, 429);
    assert_eq!(service.call(get("/api/v1/notes", "Bearer writer")).await.status, 200);
}

#[actix_web::test]
async fn c11_a_key_that_was_not_looked_up_of_late_is_counted_before_it_is() {
    let service = limited("anonymous=1/h");
    assert_eq!(service.call(get("/api/v1/notes", "Bearer key bug")).await.status, 500, "it was looked up");
    assert_eq!(service.call(get("/api/v1/notes", "Bearer key bug")).await.status, 429, "it was not");
    assert_eq!(service.call(get("/api/v1/notes", "Bearer writer")).await.status, 200);
    // A wrong one is counted once.
    let service = limited("anonymous=2/h");
    let statuses = [(); 3].map(|()| service.call(get("/api/v1/notes", "Bearer key of nobody")));
    let mut seen = Vec::new();
    for answer in statuses {
        seen.push(answer.await.status);
    }
    assert_eq!(seen, [401, 401, 429]);
}

#[actix_web::test]
async fn c11_probes_spend_nobodys_bucket() {
    let service = limited("anonymous=1/h");
    for path in ["/health/live", "/health/ready", "/health/live"] {
        assert_eq!(service.call(TestRequest::get().uri(path)).await.status, 200, "{path}");
    }
    assert_eq!(service.call(TestRequest::get().uri("/openapi.json")).await.status, 200);
    assert_eq!(service.call(TestRequest::get().uri("/openapi.json")).await.status, 429);
}

#[actix_web::test]
async fn c11_what_no_operation_answers_spends_the_bucket_of_its_address() {
    for stray in [TestRequest::get().uri("/nowhere"), TestRequest::delete().uri("/api/v1/notes")] {
        let service = limited("anonymous=1/h");
        assert!(matches!(service.call(stray).await.status, 404 | 405));
        assert_eq!(service.call(TestRequest::get().uri("/nowhere")).await.code(), "rate_limited");
        assert_eq!(service.call(TestRequest::delete().uri("/api/v1/notes")).await.code(), "rate_limited");
    }
}

#[actix_web::test]
async fn c13_looking_up_a_caller_has_the_deadline_too() {
    let service = TestService::with(impatient(), Health::Fine);
    let refused = service.call(get("/api/v1/notes", "Bearer slow")).await;
    assert_eq!((refused.status, refused.code()), (503, "deadline".to_owned()));
}

#[actix_web::test]
async fn c8_a_panic_while_looking_up_a_caller_shows_nothing() {
    let refused = TestService::new().call(get("/api/v1/notes", "Bearer bug")).await;
    assert_eq!((refused.status, refused.code()), (500, "internal".to_owned()));
    assert!(!String::from_utf8(refused.body).unwrap().contains("secret"));
}
