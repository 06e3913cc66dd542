//! The conventions that hold for every operation, each asked of every one (C1 to C14). An exception is a line in a list.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};

use crate::authz::{Exception, Ids, Line, find, is_sorted, lines};
use crate::both;
use crate::support::{Answer, Caller, Kind, TestApp};

/// Operations that do not mind what else stands in the query string.
const ANY_QUERY: &[Exception] = &[
    ("check_liveness", "a probe may add what it likes"),
    ("check_readiness", "a probe may add what it likes"),
    ("find_docs", "leads to the page with its parameters"),
    ("finish_oidc_sign_in", "providers add parameters of their own"),
    ("show_docs", "the page reads its own parameters"),
    ("show_docs_file", "browsers add what avoids a cache"),
    ("show_email_verification", "mailing services add what counts clicks"),
    ("show_invitation_acceptance", "mailing services add what counts clicks"),
    ("show_openapi", "tools add what avoids a cache"),
    ("show_page_file", "browsers add what avoids a cache"),
    ("show_password_reset", "mailing services add what counts clicks"),
    ("show_problem", "a page for people"),
    ("show_signing_keys", "tools add what avoids a cache"),
];

/// Operations whose answers may be kept by a cache.
const CACHEABLE: &[Exception] = &[
    ("find_docs", "leads to the page, which is the same for everybody"),
    ("show_docs", "a page that is the same for everybody"),
    ("show_docs_file", "a file of that page"),
    ("show_openapi", "the same for everybody; a cache must ask again"),
    ("show_page_file", "a file that is the same for everybody"),
];

#[test]
fn the_exceptions_are_sorted_and_have_reasons() {
    for list in [ANY_QUERY, CACHEABLE] {
        is_sorted(list);
    }
}

/// The operations that a signed-in admin may call, with a valid request each.
async fn everything(app: &TestApp) -> (Caller, Vec<Line>) {
    let ids = Ids::of_demo(app).await;
    let mut lines = lines(&ids);
    lines.retain(|line| line.entry.access() != rest::access::Access::Operator);
    (app.admin().await, lines)
}

/// Asserts that an answer is a problem document that says all it must.
fn is_problem(answer: &Answer, line: &str) -> Value {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{line}: {}", answer.text());
    let problem = answer.json();
    let text = |field: &str| problem[field].as_str().unwrap_or_else(|| panic!("{line}: no {field}: {problem:#}"));
    let request = answer.header("x-request-id").unwrap();
    assert_eq!(text("instance"), format!("urn:uuid:{request}"), "{line}");
    assert_eq!(text("request_id"), request, "{line}");
    assert!(text("type").ends_with(&format!("/problems/{}", text("code"))), "{line}: {}", text("type"));
    assert_eq!(problem["status"], answer.status, "{line}");
    assert!(!text("title").is_empty() && !text("detail").is_empty(), "{line}");
    assert!(problem["errors"].is_array(), "{line}");
    problem
}

async fn refused(line: &Line, caller: &Caller, status: u16, code: &str) -> Value {
    let answer = line.send(caller).await;
    assert_eq!(answer.status, status, "{line:?}: {}", answer.text());
    let problem = is_problem(&answer, &format!("{line:?}"));
    assert_eq!(problem["code"], code, "{line:?}: {problem:#}");
    problem
}

fn faults(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().unwrap().iter();
    errors.map(|fault| (fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap())).collect()
}

/// The pointers of all instants in a body.
fn instants(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, it)| instants(it, &format!("{at}/{name}"), found)),
        Value::Array(items) => items.iter().enumerate().for_each(|(n, it)| instants(it, &format!("{at}/{n}"), found)),
        Value::String(text) if chrono::DateTime::parse_from_rfc3339(text).is_ok() => found.push(at.to_owned()),
        _ => {}
    }
}

both! {
    async fn c3_an_unknown_field_is_refused_everywhere(app) {
        let (admin, lines) = everything(app).await;
        let before = app.entries().await;
        let (mut asked, mut bodyless) = (0, 0);
        for mut line in lines {
            if line.entry.is_bodyless() {
                line.body = Some(json!({}));
                bodyless += 1;
            }
            let Some(Value::Object(fields)) = &mut line.body else { continue };
            fields.insert("nonsense".to_owned(), json!(1));
            let problem = refused(&line, &admin, 422, "invalid").await;
            assert_eq!(faults(&problem), [("/nonsense", "unknown_field")], "{line:?}");
            asked += 1;
        }
        assert!(asked >= 17 && bodyless >= 3, "{asked} operations read a body, {bodyless} take none");
        assert_eq!(app.entries().await, before);
    }

    async fn c3_an_operation_without_a_body_refuses_every_other_one(app) {
        let (admin, lines) = everything(app).await;
        let before = app.entries().await;
        for line in lines.into_iter().filter(|line| line.entry.is_bodyless()) {
            let (method, path) = (Method::from_bytes(line.entry.method().as_str().as_bytes()).unwrap(), &line.path);
            for (media, body, status) in [
                ("text/plain", "x", 415),
                ("application/json", "{", 400),
                ("application/json", "[]", 422),
                ("application/json", "null", 422),
            ] {
                let headers = [("content-type", media), ("idempotency-key", "of-no-use"), ("if-match", "*")];
                let answer = admin.send_text(method.clone(), path, Some(body.to_owned()), &headers).await;
                assert_eq!(answer.status, status, "{line:?} {body}: {}", answer.text());
                is_problem(&answer, &format!("{line:?} {body}"));
            }
        }
        assert_eq!(app.entries().await, before);
    }

    async fn c3_an_unknown_parameter_is_refused_everywhere(app) {
        let (admin, lines) = everything(app).await;
        let before = app.entries().await;
        for mut line in lines.into_iter().filter(|line| !find(ANY_QUERY, line.id())) {
            line.query.push(("nonsense", "1".to_owned()));
            let problem = refused(&line, &admin, 422, "invalid").await;
            assert_eq!(faults(&problem), [("nonsense", "unknown_parameter")], "{line:?}");
        }
        assert_eq!(app.entries().await, before);
    }

    async fn c5_a_bare_local_time_is_refused_everywhere(app) {
        let (admin, lines) = everything(app).await;
        let before = app.entries().await;
        let mut asked = BTreeSet::new();
        for line in lines {
            let mut places = Vec::new();
            instants(line.body.as_ref().unwrap_or(&Value::Null), "", &mut places);
            for place in places {
                let mut bare = line.clone();
                let value = bare.body.as_mut().unwrap().pointer_mut(&place).unwrap();
                *value = json!("2027-04-05T09:00:00");
                let problem = refused(&bare, &admin, 422, "invalid").await;
                assert_eq!(faults(&problem), [(place.as_str(), "bare_local_time")], "{bare:?}");
                asked.insert((line.id(), place));
            }
            for (n, (name, value)) in line.query.iter().enumerate() {
                if chrono::DateTime::parse_from_rfc3339(value).is_ok() {
                    let mut bare = line.clone();
                    "2027-04-05T09:00:00".clone_into(&mut bare.query[n].1);
                    let problem = refused(&bare, &admin, 422, "invalid").await;
                    assert_eq!(faults(&problem), [(*name, "bare_local_time")], "{bare:?}");
                    asked.insert((line.id(), (*name).to_owned()));
                }
            }
        }
        assert!(asked.len() >= 6, "{asked:?}");
        assert_eq!(app.entries().await, before);
    }

    async fn c5_instants_are_answered_in_utc(app) {
        let (admin, lines) = everything(app).await;
        let mut seen = 0;
        for line in lines.iter().filter(|line| line.method() == Method::GET && line.path.starts_with("/api/")) {
            let answer = line.send(&admin).await;
            // Files and exports are read by their own tests.
            if answer.header("content-type") != Some("application/json") {
                continue;
            }
            let answer = answer.json();
            let mut places = Vec::new();
            instants(&answer, "", &mut places);
            for place in &places {
                let text = answer.pointer(place).and_then(Value::as_str).unwrap();
                assert!(text.ends_with('Z'), "{line:?}: {place} is {text}");
            }
            seen += places.len();
        }
        assert!(seen > 20, "{seen} instants");
    }

    async fn c7_problems_speak_the_callers_language(app) {
        let ids = Ids::of_demo(app).await;
        let languages = [("pt-BR", "pt-BR"), ("fr-FR,fr;q=0.9", "fr"), ("en", "en"), ("ja", "en")];
        for line in lines(&ids).iter().filter(|line| line.entry.access() != rest::access::Access::Public) {
            let mut titles = BTreeMap::new();
            for (asked, told) in languages {
                let answer = line.send_with(&app.anonymous(), &[("accept-language", asked)]).await;
                assert_eq!((answer.status, answer.header("content-language")), (401, Some(told)), "{line:?}");
                let problem = is_problem(&answer, &format!("{line:?}"));
                titles.insert(problem["title"].as_str().unwrap().to_owned(), problem["code"].clone());
            }
            assert_eq!(titles.len(), 3, "{line:?}: {titles:?}");
            assert!(titles.values().all(|code| code == "unauthenticated"), "{line:?}: {titles:?}");
        }
    }

    async fn c7_every_code_leads_to_a_page(app) {
        let mut codes = 0;
        for meaning in rest::catalogue::all() {
            let page = app.anonymous().get(&format!("/problems/{}", meaning.code)).await;
            assert_eq!(page.status, 200, "{}", meaning.code);
            assert!(page.text().contains(meaning.code), "{}", meaning.code);
            codes += 1;
        }
        assert!(codes > 60, "{codes} codes");
        app.anonymous().get("/problems/nonsense").await.refused(404, "not_found");
    }

    async fn c8_another_method_is_told_the_right_ones(app) {
        let (admin, lines) = everything(app).await;
        for line in &lines {
            let of_path = rest::operations().iter().filter(|entry| entry.path() == line.entry.path());
            let methods: BTreeSet<&str> = of_path.map(|entry| entry.method().as_str()).collect();
            for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                if methods.contains(method.as_str()) {
                    continue;
                }
                let answer = admin.send(method.clone(), &line.path, None, &[]).await;
                assert_eq!(answer.status, 405, "{method} {}", line.path);
                let problem = is_problem(&answer, &line.path);
                assert_eq!(problem["code"], "method_not_allowed");
                let allowed: BTreeSet<&str> = answer.header("allow").unwrap().split(", ").collect();
                assert_eq!(allowed, methods, "{}", line.path);
            }
        }
    }

    async fn c8_what_is_nowhere_is_not_found(app) {
        let admin = app.admin().await;
        for path in ["/", "/api", "/api/v1", "/api/v1/nonsense", "/api/v2/patients", "/api/v1/patients/", "/api/v1/patients//"] {
            let answer = admin.get(path).await;
            assert_eq!(answer.status, 404, "{path}");
            assert_eq!(is_problem(&answer, path)["code"], "not_found", "{path}");
        }
    }

    async fn c8_an_id_that_is_none_is_not_found(app) {
        let ids = Ids::of_demo(app).await;
        let admin = app.admin().await;
        for bad in ["nonsense", "00000000-0000-0000-0000-000000000000", "%00", "1 OR 1=1"] {
            let bad = bad.replace(' ', "%20");
            let wrong = Ids {
                service: bad.clone(), practitioner: bad.clone(), patient: bad.clone(), appointment: bad.clone(),
                exception: bad.clone(), ..ids.clone()
            };
            for (line, wrong) in lines(&ids).iter().zip(lines(&wrong)).filter(|(line, wrong)| line.path != wrong.path) {
                let line = Line { path: wrong.path, ..line.clone() };
                refused(&line, &admin, 404, "not_found").await;
            }
        }
    }

    async fn c8_an_answer_in_another_form_is_not_to_be_had(app) {
        let (admin, lines) = everything(app).await;
        let before = app.entries().await;
        for line in lines.iter().filter(|line| !line.entry.media().is_empty()) {
            let answer = line.send_with(&admin, &[("accept", "application/x-nonsense")]).await;
            assert_eq!(answer.status, 406, "{line:?}: {}", answer.text());
            assert_eq!(is_problem(&answer, line.id())["code"], "not_acceptable");
        }
        assert_eq!(app.entries().await, before);
    }

    async fn c8_a_body_that_is_not_json_by_its_type_is_refused(app) {
        let (admin, lines) = everything(app).await;
        let before = app.entries().await;
        for line in lines.iter().filter(|line| line.body.is_some()) {
            for media in ["text/plain", "application/x-www-form-urlencoded", "application/xml"] {
                let answer = line.send_with(&admin, &[("content-type", media)]).await;
                assert_eq!(answer.status, 415, "{line:?}: {}", answer.text());
                assert_eq!(is_problem(&answer, line.id())["code"], "unsupported_media_type");
            }
        }
        assert_eq!(app.entries().await, before);
    }

    async fn c12_every_answer_is_private_and_hardened(app) {
        let (admin, lines) = everything(app).await;
        for line in &lines {
            let answer = line.send(&admin).await;
            let header = |name: &str| answer.header(name).unwrap_or_default().to_owned();
            if !find(CACHEABLE, line.id()) {
                assert_eq!(header("cache-control"), "no-store", "{line:?}");
            }
            assert_eq!(header("x-content-type-options"), "nosniff", "{line:?}");
            assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{line:?}");
            assert_eq!(header("referrer-policy"), "no-referrer", "{line:?}");
            assert_eq!(header("server"), "", "{line:?}");
        }
    }

    async fn c12_large_answers_are_compressed_when_that_is_asked_for(app) {
        let admin = app.admin().await;
        for path in ["/api/v1/patients?limit=200", "/api/v1/roles", "/openapi.json"] {
            let plain = admin.get(path).await;
            assert_eq!(plain.header("content-encoding"), None, "{path}");
            for coding in ["gzip", "br"] {
                let packed = admin.send(Method::GET, path, None, &[("accept-encoding", coding)]).await;
                assert_eq!(packed.header("content-encoding"), Some(coding), "{path}");
                assert!(packed.bytes.len() < plain.bytes.len() / 2, "{path}: {} bytes", packed.bytes.len());
            }
        }
    }

    async fn c13_a_body_over_one_mebibyte_is_refused_everywhere(app) {
        let (admin, lines) = everything(app).await;
        let before = app.entries().await;
        let large = format!("{{\"name\":\"{}\"}}", "a".repeat(1024 * 1024));
        for line in lines.iter().filter(|line| line.body.is_some()) {
            let answer = admin.send_text(line.method(), &line.url(), Some(large.clone()), &[("if-match", "*"), ("idempotency-key", "of-no-use")]).await;
            assert_eq!(answer.status, 413, "{line:?}: {}", answer.text());
            assert_eq!(is_problem(&answer, line.id())["code"], "too_large");
        }
        assert_eq!(app.entries().await, before);
    }

    async fn c14_a_request_id_is_kept_or_made_everywhere(app) {
        let (admin, lines) = everything(app).await;
        let own = "01890a5d-ac96-774b-bcce-b302099a8057";
        let mut made = BTreeSet::new();
        for line in lines.iter().filter(|line| line.method() == Method::GET) {
            let kept = line.send_with(&admin, &[("x-request-id", own)]).await;
            assert_eq!(kept.header("x-request-id"), Some(own), "{line:?}");
            for asked in ["", "nonsense"] {
                let answer = line.send_with(&admin, &[("x-request-id", asked)]).await;
                let id: uuid::Uuid = answer.header("x-request-id").unwrap().parse().unwrap();
                assert!(made.insert(id), "{line:?}: {id} was given twice");
            }
        }
    }

    async fn c14_the_request_id_is_in_the_journal(app) {
        let own = "01890a5d-ac96-774b-bcce-b302099a8057";
        let body = json!({ "name": "Rastreada" });
        let admin = app.admin().await;
        admin.send(Method::POST, "/api/v1/patients", Some(&body), &[("x-request-id", own)]).await.expect(201);
        let text = match app.kind() {
            Kind::Sqlite => "lower(hex(request_id))",
            Kind::Postgres => "replace(request_id::text, '-', '')",
        };
        let last = format!("SELECT {text} FROM journal_entry ORDER BY at DESC, id DESC LIMIT 1");
        let kept = app.sql().await.texts(&last).await;
        assert_eq!(kept, [own.replace('-', "")]);
    }
}
