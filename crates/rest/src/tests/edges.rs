//! What surrounds every answer (C1, C7, C8, C12 to C15).

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::json;

use super::service::{TestService, impatient, settings};
use crate::Settings;
use crate::health::Health;

#[actix_web::test]
async fn c7_a_problem_names_request_code_and_page() {
    let service = TestService::new();
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let asked = TestRequest::get().uri("/nowhere?secret=word").insert_header(("x-request-id", id));
    let refused = service.call(asked).await;
    assert_eq!(
        refused.json(),
        json!({
            "type": "http://127.0.0.1:8080/problems/not_found",
            "title": "Not found",
            "status": 404,
            "detail": "It does not exist, or is not yours to see. Check the address and the id.",
            "instance": format!("urn:uuid:{id}"),
            "code": "not_found",
            "request_id": id,
            "errors": [],
        })
    );
}

#[actix_web::test]
async fn c7_words_follow_the_language_and_the_code_does_not() {
    let service = TestService::new();
    for (asked, title, tag) in [("pt-BR", "Não encontrado", "pt-BR"), ("fr-FR, en;q=0.5", "Introuvable", "fr")] {
        let request = TestRequest::get().uri("/nowhere").insert_header(("accept-language", asked));
        let refused = service.call(request).await;
        assert_eq!(refused.json()["title"], title);
        assert_eq!((refused.code(), refused.header("content-language")), ("not_found".to_owned(), tag));
    }
}

#[actix_web::test]
async fn c7_every_code_has_a_page() {
    let service = TestService::new();
    for meaning in crate::catalogue::all() {
        let page = service.call(TestRequest::get().uri(&format!("/problems/{}", meaning.code))).await;
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
        assert!(String::from_utf8(page.body).unwrap().contains(meaning.code));
    }
    assert_eq!(service.call(TestRequest::get().uri("/problems/nonsense")).await.code(), "not_found");
}

#[actix_web::test]
async fn c8_a_wrong_method_is_told_the_right_ones() {
    let service = TestService::new();
    for method in [Method::DELETE, Method::PUT, Method::PATCH, Method::OPTIONS, Method::TRACE] {
        let refused = service.send(method.clone(), "/api/v1/notes", "", &[]).await;
        assert_eq!((refused.status, refused.code()), (405, "method_not_allowed".to_owned()), "{method}");
        assert_eq!(refused.header("allow"), "GET, POST");
    }
}

#[actix_web::test]
async fn c8_what_cannot_be_accepted_is_not_made() {
    let service = TestService::new();
    let refused = service.send(Method::POST, "/api/v1/notes", r#"{"title":"a"}"#, &[("accept", "text/html")]).await;
    assert_eq!((refused.status, refused.code()), (406, "not_acceptable".to_owned()));
    assert_eq!(service.notes.entries(), 0);
}

#[actix_web::test]
async fn c8_a_panic_shows_only_the_request_id() {
    let refused = TestService::new().call(TestRequest::get().uri("/panic")).await;
    assert_eq!((refused.status, refused.code()), (500, "internal".to_owned()));
    assert!(!String::from_utf8(refused.body).unwrap().contains("secret"));
}

#[actix_web::test]
async fn c12_large_answers_are_compressed_and_small_ones_are_not() {
    let service = TestService::new();
    let zipped = service.call(TestRequest::get().uri("/story").insert_header(("accept-encoding", "gzip"))).await;
    assert_eq!(zipped.header("content-encoding"), "gzip");
    assert!(zipped.body.len() < 1024);
    let small = service.call(TestRequest::get().uri("/greeting").insert_header(("accept-encoding", "br, gzip"))).await;
    assert!(!small.headers.contains_key("content-encoding"));
    assert_eq!(small.json()["title"], "Call back");
    let plain = service.call(TestRequest::get().uri("/story")).await;
    assert!(plain.body.len() > 3_000);
    assert!(!plain.headers.contains_key("content-encoding"));
}

#[actix_web::test]
async fn c12_every_answer_is_private_and_hardened() {
    let service = TestService::new();
    for path in ["/greeting", "/nowhere", "/api/v1/notes", "/panic"] {
        let answer = service.call(TestRequest::get().uri(path)).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert!(!answer.headers.contains_key("strict-transport-security"));
    }
    let https = Settings { public_url: "https://salus.example".to_owned(), ..settings() };
    let answer = TestService::with(https, Health::Fine).call(TestRequest::get().uri("/greeting")).await;
    assert!(answer.header("strict-transport-security").starts_with("max-age="));
}

#[actix_web::test]
async fn c12_browsers_may_call_from_listed_origins_only() {
    let service = TestService::new();
    let preflight = |origin: &'static str| {
        TestRequest::with_uri("/api/v1/notes")
            .method(Method::OPTIONS)
            .insert_header(("origin", origin))
            .insert_header(("access-control-request-method", "POST"))
            .insert_header(("access-control-request-headers", "authorization,content-type,idempotency-key,if-match"))
    };
    let listed = service.call(preflight("https://app.example")).await;
    assert_eq!((listed.status, listed.header("access-control-allow-origin")), (200, "https://app.example"));
    assert_eq!(listed.header("access-control-allow-credentials"), "true");
    let stranger = service.call(preflight("https://evil.example")).await;
    assert!(!stranger.headers.contains_key("access-control-allow-origin"));
    assert_eq!((stranger.status, stranger.code()), (400, "malformed_request".to_owned()));
}

#[actix_web::test]
async fn c12_a_browser_reads_refusals_and_their_headers() {
    let asked = TestRequest::get().uri("/api/v1/notes").insert_header(("origin", "https://app.example"));
    let refused = TestService::new().call(asked).await;
    assert_eq!((refused.status, refused.code()), (401, "unauthenticated".to_owned()));
    assert_eq!(refused.header("access-control-allow-origin"), "https://app.example");
    let exposed = refused.header("access-control-expose-headers").to_ascii_lowercase();
    for name in ["etag", "retry-after", "ratelimit", "ratelimit-policy", "www-authenticate"] {
        assert!(exposed.split(',').any(|one| one.trim() == name), "{name} is missing in {exposed}");
    }
}

#[actix_web::test]
async fn c13_an_oversized_head_is_refused() {
    let service = TestService::new();
    let long = service.call(TestRequest::get().uri(&format!("/greeting?q={}", "a".repeat(9_000)))).await;
    assert_eq!((long.status, long.code()), (414, "address_too_long".to_owned()));
    let wide = TestRequest::get().uri("/greeting").insert_header(("x-padding", "a".repeat(40_000)));
    let wide = service.call(wide).await;
    assert_eq!((wide.status, wide.code()), (431, "headers_too_large".to_owned()));
}

#[actix_web::test]
async fn c13_a_request_has_a_deadline() {
    let service = TestService::with(impatient(), Health::Fine);
    let refused = service.call(TestRequest::get().uri("/hang")).await;
    assert_eq!((refused.status, refused.code(), refused.header("retry-after")), (503, "deadline".to_owned(), "1"));
}

#[actix_web::test]
async fn c14_a_sane_request_id_is_kept_and_others_are_replaced() {
    let service = TestService::new();
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let ask = |id: &str| TestRequest::get().uri("/greeting").insert_header(("x-request-id", id.to_owned()));
    assert_eq!(service.call(ask(id)).await.header("x-request-id"), id);
    let made = service.call(ask("'; drop table--")).await;
    assert!(uuid::Uuid::parse_str(made.header("x-request-id")).is_ok());
}

#[actix_web::test]
async fn c15_metrics_are_for_the_operator_and_name_templates() {
    let service = TestService::new();
    service.get("/api/v1/notes/01890a5d-ac96-774b-bcce-b302099a8057").await;
    assert_eq!(service.call(TestRequest::get().uri("/metrics")).await.status, 401);
    assert_eq!(service.get("/metrics").await.status, 401);
    let asked = TestRequest::get().uri("/metrics").insert_header(("authorization", "Bearer operator-token"));
    let metrics = String::from_utf8(service.call(asked).await.body).unwrap();
    let counted =
        "salus_http_request_duration_seconds_count{method=\"GET\",route=\"/api/v1/notes/{hold_id}\",status=\"404\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
    assert!(metrics.contains("salus_http_requests_in_flight 1"), "{metrics}");
    assert!(!metrics.contains("01890a5d"));
}

#[actix_web::test]
async fn health_tells_alive_from_ready() {
    let fine = TestService::new();
    assert_eq!(fine.call(TestRequest::get().uri("/health/live")).await.json(), json!({"status": "fine"}));
    let ready = fine.call(TestRequest::get().uri("/health/ready")).await.json();
    assert_eq!(ready, json!({"status": "fine", "checks": [{"name": "database", "status": "fine"}]}));
    let late = TestService::with(settings(), Health::Degraded);
    assert_eq!(late.call(TestRequest::get().uri("/health/ready")).await.json()["status"], "degraded");
    let down = TestService::with(settings(), Health::Down).call(TestRequest::get().uri("/health/ready")).await;
    assert_eq!((down.status, down.code(), down.header("retry-after")), (503, "unavailable".to_owned(), "1"));
}

#[actix_web::test]
async fn c1_swagger_ui_works_without_the_internet() {
    let service = TestService::new();
    let lead = service.call(TestRequest::get().uri("/docs")).await;
    assert_eq!((lead.status, lead.header("location")), (308, "/docs/"));
    let page = service.call(TestRequest::get().uri("/docs/")).await;
    let html = String::from_utf8(page.body.clone()).unwrap();
    assert_eq!(page.status, 200, "{html}");
    assert!(!html.contains("https://") && !html.contains("<script>"), "{html}");
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    for file in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"] {
        assert_eq!(service.call(TestRequest::get().uri(&format!("/docs/{file}"))).await.status, 200, "{file}");
    }
    let script = service.call(TestRequest::get().uri("/docs/swagger-initializer.js")).await;
    assert!(String::from_utf8(script.body).unwrap().contains("/openapi.json"));
}

#[actix_web::test]
async fn c12_a_page_of_this_server_may_post_without_being_listed() {
    let service = TestService::with(Settings { cors_origins: Vec::new(), ..settings() }, Health::Fine);
    let own = [("origin", "http://127.0.0.1:8080")];
    let made = service.send(Method::POST, "/api/v1/notes", r#"{"title":"a"}"#, &own).await;
    assert_eq!(made.status, 201);
    assert!(!made.headers.contains_key("access-control-allow-origin"));
}
