//! What a hostile or careless client sends: a problem document each, never a 5xx, nothing half-written.

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::both;
use crate::support::{Answer, Caller, Office, TestApp};

const PATIENTS: &str = "/api/v1/patients";
const JSON: (&str, &str) = ("content-type", "application/json");

/// How many rows there are of whatever a request could leave behind.
async fn rows(app: &TestApp) -> Vec<i64> {
    let sql = app.sql().await;
    let mut counts = Vec::new();
    for table in [
        "patient",
        "patient_contact",
        "appointment",
        "busy",
        "journal_entry",
        "event",
        "job",
        "idempotency",
        "service",
        "schedule",
    ] {
        counts.push(sql.number(&format!("SELECT count(*) FROM {table}")).await);
    }
    counts
}

async fn send(caller: &Caller, body: impl Into<String>) -> Answer {
    caller.send_text(Method::POST, PATIENTS, Some(body.into()), &[JSON]).await
}

/// The status of a problem document.
fn problem(answer: &Answer) -> u16 {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", answer.text());
    assert!((400..500).contains(&answer.status), "{}", answer.text());
    let document = answer.json();
    assert_eq!(document["status"], answer.status);
    for member in ["type", "title", "detail", "code", "instance", "request_id"] {
        assert!(document[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {document:#}");
    }
    answer.status
}

/// Sends bytes as they are, and reads the beginning of the answer.
async fn raw(app: &TestApp, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
    // The server may have closed its side before all was sent.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

both! {
    async fn c8_what_is_no_json_is_malformed(app) {
        let staff = app.receptionist().await;
        let before = rows(app).await;
        let bodies = [
            "", "{", "}", "nul", "{\"name\":}", "{'name':'Ana'}", "[1,]", "{\"name\":\"Ana\"} {}", "\u{feff}{}", "{\"name\":\"\\ud800\"}",
            "{\"name\":\"\u{0}\"}", "NaN", "{\"name\":1e999}",
        ];
        for body in bodies {
            send(&staff, body).await.refused(400, "malformed_json");
        }
        send(&staff, "{\"name\":\"Ana\",\"name\":\"Eva\"}").await.refused(400, "duplicate_key");
        let inside = "{\"name\":\"Ana\",\"contacts\":[{\"kind\":\"phone\",\"kind\":\"email\",\"value\":\"x\"}]}";
        send(&staff, inside).await.refused(400, "duplicate_key");
        for depth in [33, 1_000, 200_000] {
            let nested = format!("{{\"name\":\"Ana\",\"custom\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
            send(&staff, nested).await.refused(400, "too_deep");
        }
        assert_eq!(rows(app).await, before);
    }

    async fn c8_the_wrong_type_is_named_with_its_place(app) {
        let staff = app.receptionist().await;
        let before = rows(app).await;
        for body in [json!(null), json!([]), json!("Ana"), json!(7)] {
            assert_eq!(problem(&send(&staff, body.to_string()).await), 422, "{body}");
        }
        let ask = json!({ "name": 7, "birth_date": "2027-02-30", "sex": "sim", "tags": "vip", "contacts": [7], "custom": [] });
        let mut places: Vec<_> = send(&staff, ask.to_string()).await.faults().into_iter().map(|(pointer, _)| pointer).collect();
        places.sort();
        assert_eq!(places, ["/birth_date", "/contacts/0", "/custom", "/name", "/sex", "/tags"]);
        for date in ["2027-02-30", "2027-13-01", "30/01/1980", "1980-1-1", "0000-00-00", "9999-12-31", "-100-01-01", ""] {
            assert_eq!(problem(&send(&staff, json!({ "name": "Ana", "birth_date": date }).to_string()).await), 422, "{date}");
        }
        assert_eq!(rows(app).await, before);
    }

    async fn characters_that_no_database_holds_are_refused(app) {
        let staff = app.receptionist().await;
        let before = rows(app).await;
        for field in ["name", "social_name", "gender", "mother_name", "notes"] {
            let mut ask = json!({ "name": "Ana" });
            ask[field] = json!("A\u{0}na");
            assert_eq!(problem(&send(&staff, ask.to_string()).await), 422, "{field}");
        }
        let inside = json!({ "name": "Ana", "custom": { "a": { "b\u{0}": ["\u{0}"] } } });
        assert_eq!(problem(&send(&staff, inside.to_string()).await), 422);
        for part in [json!({ "tags": ["v\u{0}p"] }), json!({ "addresses": [{ "street": "R\u{0}" }] }),
            json!({ "identifiers": [{ "kind": "passport", "value": "A\u{0}1" }] }),
            json!({ "contacts": [{ "kind": "instagram", "value": "a\u{0}" }] })] {
            let mut ask = json!({ "name": "Ana" });
            ask.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
            assert_eq!(problem(&send(&staff, ask.to_string()).await), 422, "{ask}");
        }
        assert!((400..500).contains(&problem(&staff.get(&format!("{PATIENTS}?search=a%00b")).await)));
        assert!((400..500).contains(&problem(&staff.get(&format!("{PATIENTS}?search=%ff%fe")).await)));
        assert_eq!(rows(app).await, before);
    }

    async fn c13_a_huge_body_is_refused_and_so_is_another_type(app) {
        let staff = app.receptionist().await;
        let before = rows(app).await;
        let huge = format!("{{\"name\":\"{}\"}}", "a".repeat(1024 * 1024));
        send(&staff, huge).await.refused(413, "too_large");
        for media in ["text/plain", "application/xml", "multipart/form-data", "application/x-www-form-urlencoded", "application/jsonp", "json"] {
            let answer = staff.send_text(Method::POST, PATIENTS, Some("{\"name\":\"Ana\"}".to_owned()), &[("content-type", media)]).await;
            answer.refused(415, "unsupported_media_type");
        }
        let accept = staff.send_text(Method::GET, PATIENTS, None, &[("accept", "image/png")]).await;
        accept.refused(406, "not_acceptable");
        assert_eq!(rows(app).await, before);
    }

    async fn ids_queries_and_methods_that_are_not_ours(app) {
        let staff = app.receptionist().await;
        let before = rows(app).await;
        for id in ["x", "00000000-0000-0000-0000-000000000000", "..%2f..%2fetc", "%00", "1 OR 1=1", "'; DROP TABLE patient; --"] {
            let path = format!("{PATIENTS}/{}", id.replace(' ', "%20"));
            assert_eq!(problem(&staff.get(&path).await), 404, "{id}");
        }
        assert_eq!(problem(&staff.get("/api/v1/nowhere").await), 404);
        let wrong = staff.send(Method::DELETE, "/api/v1/auth/me", None, &[]).await;
        assert!(wrong.header("allow").is_some_and(|allow| allow.contains("GET")));
        wrong.refused(405, "method_not_allowed");
        for query in ["limit=1&limit=2", "limit=", "unknown=1", "search=a&search=b", "limit=99999999999999999999"] {
            assert_eq!(problem(&staff.get(&format!("{PATIENTS}?{query}")).await), 422, "{query}");
        }
        assert_eq!(problem(&staff.get(&format!("{PATIENTS}?search=%zz")).await), 400);
        assert_eq!(problem(&staff.get(&format!("{PATIENTS}?search={}", "a".repeat(201))).await), 422);
        assert_eq!(problem(&staff.get(&format!("{PATIENTS}?search={}", "a".repeat(9_000))).await), 414);
        assert_eq!(rows(app).await, before);
    }

    async fn impossible_times_and_numbers_do_not_book(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Sem hora").await;
        let before = rows(app).await;
        let starts = [
            "2027-02-30T10:00:00Z", "2027-03-15T24:30:00Z", "2027-03-15T10:00:60Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
            "-2027-03-15T10:00:00Z", "2027-03-15T10:00:00+99:00", "1899-01-01T00:00:00Z",
        ];
        for start in starts {
            let status = problem(&office.book(&patient, start).await);
            assert!(matches!(status, 409 | 422), "{start}: {status}");
        }
        for local in ["2027-03-15", "2027-03-15T9:00", "2027-02-30T10:00", "9999-12-31T23:59", "0001-01-01T00:00"] {
            let mut ask = office.booking(&patient, "");
            ask.as_object_mut().unwrap().remove("start");
            ask["local_start"] = json!(local);
            let status = problem(&office.staff.post("/api/v1/appointments", &ask).await);
            assert!(matches!(status, 409 | 422), "{local}: {status}");
        }
        for (field, value) in [("duration_minutes", json!(0)), ("duration_minutes", json!(-30)), ("duration_minutes", json!(1e12)),
            ("capacity", json!(0)), ("horizon_days", json!(-1)), ("duration_minutes", json!(30.5)), ("price", json!({ "amount": 1 })),
            ("price", json!({ "amount": 1, "currency": "reais" })), ("buffer_after_minutes", json!(100_000))] {
            let mut ask = json!({ "name": "Serviço", "duration_minutes": 30 });
            ask[field] = value.clone();
            assert_eq!(problem(&office.admin.post("/api/v1/services", &ask).await), 422, "{field} {value}");
        }
        let hours = |weekly: serde_json::Value| json!({ "clinic_id": office.clinic, "weekly": weekly });
        let path = format!("/api/v1/availability/{}", office.practitioner);
        for window in [json!({ "weekday": "noday", "start": "08:00", "end": "12:00" }), json!({ "weekday": "monday", "start": "25:00", "end": "26:00" }),
            json!({ "weekday": "monday", "start": "8", "end": "12" }), json!({ "weekday": "monday", "start": "08:00" })] {
            assert_eq!(problem(&office.admin.put(&path, &hours(json!([window]))).await), 422, "{window}");
        }
        assert_eq!(rows(app).await, before);
    }

    async fn idempotency_keys_that_cannot_be_read(app) {
        let staff = app.receptionist().await;
        let before = rows(app).await;
        for key in ["", " ", "ä", &"k".repeat(256)] {
            let answer = staff.send(Method::POST, PATIENTS, Some(&json!({ "name": "Ana" })), &[("idempotency-key", key)]).await;
            answer.refused(400, "malformed_idempotency_key");
        }
        assert_eq!(rows(app).await, before);
    }

    async fn what_is_no_http_ends_the_connection_and_nothing_else(app) {
        let long = format!("GET {PATIENTS} HTTP/1.1\r\nhost: a\r\nx-long: {}\r\n\r\n", "a".repeat(200_000));
        let cases: Vec<Vec<u8>> = vec![
            long.into_bytes(),
            b"GET / HTTP/9.9\r\n\r\n".to_vec(),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
            b"GET /api/v1/patients HTTP/1.1\r\nhost: a\r\nx\x00y: z\r\n\r\n".to_vec(),
            b"POST /api/v1/patients HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n".to_vec(),
            b"POST /api/v1/patients HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n0\r\n\r\n".to_vec(),
            b"POST /api/v1/patients HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\nzz\r\n".to_vec(),
        ];
        for case in cases {
            let answer = raw(app, &case).await;
            let status = answer.split(' ').nth(1).unwrap_or("closed").to_owned();
            assert!(answer.is_empty() || status.starts_with('4'), "{status}: {:?}", String::from_utf8_lossy(case.get(..60).unwrap_or(&case)));
        }
        app.anonymous().get("/health/live").await.expect(200);
    }

    async fn many_headers_are_refused(app) {
        let name = |number: usize| format!("x-header-{number}: {}\r\n", "v".repeat(500));
        let headers: String = (0..80).map(name).collect();
        let answer = raw(app, format!("GET {PATIENTS} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{}", answer.lines().next().unwrap_or_default());
    }
}
