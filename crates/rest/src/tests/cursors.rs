//! Cursors: sealed for one company and one list.

use actix_web::test::TestRequest;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kernel::seal::Keyring;
use serde_json::json;

use super::service::{TestService, settings};
use crate::health::Health;

fn keys(text: &[(u8, u8)]) -> Keyring {
    let items: Vec<String> = text.iter().map(|(v, byte)| format!("v{v}:{}", STANDARD.encode([*byte; 32]))).collect();
    Keyring::parse(&items.join(",")).unwrap()
}

/// The first page's cursor, and the id of the row that the second page begins with.
async fn turned(service: &TestService) -> (String, String) {
    for _ in 0..2 {
        service.note().await;
    }
    let first = service.get("/api/v1/notes?limit=1").await.json();
    let second = service.get("/api/v1/notes?limit=1&page=2").await.json();
    let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    (word(&first["next_cursor"]), word(&second["items"][0]["id"]))
}

async fn faults(service: &TestService, token: &str, cursor: &str) -> Vec<String> {
    let path = format!("/api/v1/notes?limit=1&cursor={cursor}");
    let request = TestRequest::get().uri(&path).insert_header(("authorization", format!("Bearer {token}")));
    let answer = service.call(request).await;
    if answer.status == 200 { Vec::new() } else { answer.faults() }
}

#[actix_web::test]
async fn c4_a_cursor_says_nothing_of_the_row_it_stands_behind() {
    let service = TestService::new();
    let (cursor, _) = turned(&service).await;
    let bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
    let first = service.get("/api/v1/notes?limit=1").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    assert!(!String::from_utf8_lossy(&bytes).contains(&first), "{cursor}");
    let again = service.get("/api/v1/notes?limit=1").await.json();
    assert_ne!(again["next_cursor"], json!(cursor), "two seals of one place are not alike");
}

#[actix_web::test]
async fn c4_a_cursor_that_was_altered_or_is_of_another_company_is_refused() {
    let service = TestService::new();
    let (cursor, _) = turned(&service).await;
    assert_eq!(faults(&service, "reader", &cursor).await, Vec::<String>::new());
    assert_eq!(faults(&service, "elsewhere", &cursor).await, ["cursor invalid_cursor"]);
    let sealed = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
    for place in [0, 1, 20, sealed.len() - 1] {
        let mut altered = sealed.clone();
        altered[place] ^= 1;
        let altered = URL_SAFE_NO_PAD.encode(altered);
        assert_eq!(faults(&service, "reader", &altered).await, ["cursor invalid_cursor"], "byte {place}");
    }
    let plain = URL_SAFE_NO_PAD.encode(b"\"018f2a6e-0000-7000-8000-000000000000\"");
    assert_eq!(faults(&service, "reader", &plain).await, ["cursor invalid_cursor"]);
}

#[actix_web::test]
async fn i12_a_cursor_outlives_the_rotation_of_the_master_key() {
    let before = TestService::under(keys(&[(1, 7)]), settings(), Health::Fine);
    let (cursor, expected) = turned(&before).await;
    let mut after = TestService::under(keys(&[(2, 9), (1, 7)]), settings(), Health::Fine);
    after.notes = before.notes.clone();
    let page = after.get(&format!("/api/v1/notes?limit=1&cursor={cursor}")).await.json();
    assert_eq!(page["items"][0]["id"], expected);
    let mut forgotten = TestService::under(keys(&[(2, 9)]), settings(), Health::Fine);
    forgotten.notes = before.notes.clone();
    assert_eq!(faults(&forgotten, "reader", &cursor).await, ["cursor invalid_cursor"]);
}
