//! Signing in at an OpenID provider (I8).

use chrono::Duration;
use kernel::Clock as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::support::openid::{PAGE, STATE, Visit, google_code, parameter};
use crate::support::{Answer, Authenticator, Caller, Kind, TestApp, TestDatabase, text};

const EXCHANGE: &str = "/api/v1/auth/oidc/exchange";
const DOCTOR: &str = "doctor@aurora.example";

/// As a page does that the cookie does not come along with.
async fn exchange(app: &TestApp, mut body: Value) -> Answer {
    body["app_state"] = json!(STATE);
    app.anonymous().post(EXCHANGE, &body).await
}

/// The session of somebody whose account is tied from now on.
async fn tie(app: &TestApp, subject: &str, email: &str) -> Value {
    let code = google_code(app, subject, email).await;
    let asked = exchange(app, json!({ "code": code })).await.refused(422, "identity.oidc_password_required");
    exchange(app, json!({ "code": asked["code_next"], "password": api::demo::PASSWORD })).await.expect(200)
}

/// An account that signs in by its provider alone.
async fn forget_password(app: &TestApp, email: &str) {
    let forget = format!("UPDATE account SET password_hash = NULL WHERE email = '{email}'");
    assert_eq!(app.sql().await.run(&forget).await, Ok(1));
}

async fn links(app: &TestApp) -> i64 {
    app.sql().await.number("SELECT count(*) FROM oidc_link").await
}

both! {
    async fn i8_the_providers_that_were_set_up_are_listed(app) {
        let page = app.anonymous().get("/api/v1/auth/oidc/providers").await.expect(200);
        let listed: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
        assert_eq!(listed, ["google", "apple"]);
        assert_eq!(page["items"][0]["start"], "/api/v1/auth/oidc/google/start");
        for path in ["microsoft", "facebook", "%00", "Google"] {
            let start = format!("/api/v1/auth/oidc/{path}/start?return_to={PAGE}");
            app.anonymous().get(&start).await.refused(404, "not_found");
            app.anonymous().get(&format!("/api/v1/auth/oidc/{path}/callback?state=a&code=b")).await.refused(404, "not_found");
        }
    }

    async fn i8_the_browser_is_bound_by_a_cookie_that_a_form_post_brings_along(app) {
        let start = app.anonymous().get(&format!("/api/v1/auth/oidc/apple/start?return_to={PAGE}")).await;
        let cookie = start.header("set-cookie").unwrap();
        assert!(cookie.starts_with("__Host-salus_oidc="), "{cookie}");
        for flag in ["HttpOnly", "Secure", "SameSite=None", "Path=/", "Max-Age=600"] {
            assert!(cookie.split("; ").any(|part| part == flag), "{flag} in {cookie}");
        }
        assert!(!cookie.contains("Domain"));
        // A second tab keeps the cookie of the first, so that both come back.
        let first = Visit::of(&start);
        let path = format!("/api/v1/auth/oidc/google/start?return_to={PAGE}");
        let second = Visit::of(&app.anonymous().send(Method::GET, &path, None, &[("cookie", &first.cookie)]).await);
        assert_eq!(second.cookie, first.cookie);
        assert!(second.state != first.state && second.proof != first.proof);
        assert!(parameter(&second.land(app, "google", "1", DOCTOR).await, "code").is_some());
        assert!(parameter(&first.land(app, "apple", "2", DOCTOR).await, "code").is_some());
    }

    async fn i8_an_account_with_a_password_is_tied_once_that_was_entered_and_then_the_provider_is_enough(app) {
        let before = app.entries().await;
        let session = tie(app, "g-1", DOCTOR).await;
        assert_eq!(app.entries().await, before + 1, "one entry for session and tie");
        assert_eq!(session["user"]["email"], DOCTOR);
        let caller = Caller { token: Some(text(&session["access_token"])), ..app.anonymous() };
        caller.get("/api/v1/auth/me").await.expect(200);
        let code = google_code(app, "g-1", "renamed@elsewhere.example").await;
        let again = exchange(app, json!({ "code": code })).await.expect(200);
        assert_eq!(again["user"]["email"], DOCTOR, "the person counts, not the address");
        assert_eq!(links(app).await, 1);
        let sql = app.sql().await;
        let told = "SELECT after FROM journal_change WHERE entity_kind = 'oidc_link'";
        let told: Value = serde_json::from_str(&sql.texts(told).await[0]).unwrap();
        assert_eq!((&told["provider"], told.get("subject")), (&json!("google"), None), "{told}");
    }

    async fn i8_an_account_without_a_password_is_tied_by_its_verified_address(app) {
        forget_password(app, DOCTOR).await;
        let unverify = format!("UPDATE account SET email_verified_at = NULL WHERE email = '{DOCTOR}'");
        app.sql().await.run(&unverify).await.unwrap();
        let code = google_code(app, "g-1", "Doctor@Aurora.Example").await;
        let session = exchange(app, json!({ "code": code })).await.expect(200);
        assert_eq!((&session["user"]["email"], &session["user"]["email_verified"]), (&json!(DOCTOR), &json!(true)));
    }

    async fn i8_nobody_gets_an_account_out_of_nothing(app) {
        let sql = app.sql().await;
        let accounts = "SELECT count(*) FROM account";
        let before = sql.number(accounts).await;
        for (email, error) in [("nobody@aurora.example", "identity.oidc_no_account"), ("-", "identity.oidc_email_unverified")] {
            let landing = Visit::begin(app, "google").await.land(app, "google", "g-9", email).await;
            assert_eq!(landing, format!("{PAGE}?error={error}"));
        }
        assert_eq!(sql.number(accounts).await, before);
        assert_eq!(sql.number("SELECT count(*) FROM oidc_grant").await, 0);
    }

    async fn i8_an_address_that_the_provider_does_not_vouch_for_ties_nobody_but_a_tied_person_comes_in(app) {
        tie(app, "g-1", DOCTOR).await;
        let code = google_code(app, "g-1", "-").await;
        exchange(app, json!({ "code": code })).await.expect(200);
    }

    async fn i8_a_state_is_of_one_browser_at_one_provider_and_works_once(app) {
        let refused = async |answer: Answer| {
            answer.refused(422, "identity.oidc_state_invalid");
        };
        let visit = Visit::begin(app, "google").await;
        let other = Visit::begin(app, "google").await;
        let code = visit.code("1", DOCTOR);
        refused(Visit { state: other.proof.get(..43).unwrap().to_owned(), ..visit.clone() }.back(app, "google", &code).await).await;
        for state in ["", "x", "%00", "43-characters-but-none-that-was-begun-here-x"] {
            let answer = Visit { state: state.to_owned(), ..visit.clone() }.back(app, "google", &code).await;
            assert_eq!(answer.status, 422, "{state}: {}", answer.text());
        }
        for cookie in ["", "a=b", "__Host-salus_oidc=x", &other.cookie] {
            let visit = Visit::begin(app, "google").await;
            let code = visit.code("1", DOCTOR);
            refused(Visit { cookie: cookie.to_owned(), ..visit }.back(app, "google", &code).await).await;
        }
        let elsewhere = Visit::begin(app, "google").await;
        refused(elsewhere.back(app, "apple", &elsewhere.code("1", DOCTOR)).await).await;
        let answer = visit.back(app, "google", &code).await;
        assert_eq!(answer.status, 303);
        refused(visit.back(app, "google", &code).await).await;
        let late = Visit::begin(app, "google").await;
        app.clock.advance(Duration::minutes(10));
        refused(late.back(app, "google", &late.code("1", DOCTOR)).await).await;
        app.anonymous().get("/api/v1/auth/oidc/google/callback").await.refused(422, "identity.oidc_state_invalid");
    }

    async fn i8_what_the_provider_refuses_or_forges_goes_back_to_the_page(app) {
        let told = async |query: &str, error: &str| {
            let visit = Visit::begin(app, "google").await;
            let path = format!("/api/v1/auth/oidc/google/callback?state={}&{query}", visit.state);
            let answer = app.anonymous().send(Method::GET, &path, None, &[("cookie", &visit.cookie)]).await;
            assert_eq!(answer.status, 303, "{}", answer.text());
            assert_eq!(answer.header("location"), Some(format!("{PAGE}?error={error}").as_str()));
        };
        told("error=access_denied&error_description=no", "identity.oidc_denied").await;
        told("code=forged", "identity.oidc_failed").await;
        told("code=1!doctor@aurora.example!another-nonce.another-verifier", "identity.oidc_failed").await;
        told("code=down", "identity.oidc_unavailable").await;
    }

    async fn i8_apple_posts_its_callback(app) {
        let visit = Visit::begin(app, "apple").await;
        let path = "/api/v1/auth/oidc/apple/callback";
        let form = format!("state={}&code={}&user=%7B%22name%22%3A1%7D", visit.state, visit.code("a-1", DOCTOR));
        let post = async |form: String, media: &str, cookie: &str| {
            let headers = [("content-type", media), ("cookie", cookie), ("origin", "https://appleid.apple.com")];
            app.anonymous().send_text(Method::POST, path, Some(form), &headers).await
        };
        let media = "application/x-www-form-urlencoded";
        post("{}".to_owned(), "application/json", &visit.cookie).await.refused(415, "unsupported_media_type");
        post("state=%zz".to_owned(), media, &visit.cookie).await.refused(400, "malformed_query");
        let entries = app.entries().await;
        let landing = post(form.clone(), "application/x-www-form-urlencoded; charset=utf-8", &visit.cookie).await;
        assert_eq!(landing.status, 303, "{}", landing.text());
        assert_eq!(app.entries().await, entries);
        let code = parameter(landing.header("location").unwrap(), "code").unwrap();
        let cookie = [("cookie", visit.cookie.as_str())];
        let answer = app.anonymous().send(Method::POST, EXCHANGE, Some(&json!({ "code": code })), &cookie).await;
        answer.refused(422, "identity.oidc_password_required");
        post(form, media, &visit.cookie).await.refused(422, "identity.oidc_state_invalid");
    }

    async fn i8_only_pages_of_ours_are_returned_to(app) {
        for page in [
            "https://evil.example/",
            "//evil.example",
            "/relative",
            "http://127.0.0.1:8080.evil.example/",
            "http://127.0.0.1:8080@evil.example/",
            "http://127.0.0.1:8080/%3Fcode%3Dx%26a",
            "http://127.0.0.1:8080/a%23code=x",
            "javascript:alert(1)",
            "",
        ] {
            let path = format!("/api/v1/auth/oidc/google/start?return_to={page}");
            let faults = app.anonymous().get(&path).await.faults();
            assert_eq!(faults, [("return_to".to_owned(), "identity.return_to_not_allowed".to_owned())], "{page}");
        }
        let path = format!("/api/v1/auth/oidc/google/start?return_to={PAGE}");
        let visit = Visit::of(&app.anonymous().get(&format!("{path}&app_state=tab_7")).await);
        let landing = visit.land(app, "google", "1", DOCTOR).await;
        assert!(landing.starts_with(&format!("{PAGE}?code=")) && landing.ends_with("&state=tab_7"), "{landing}");
        let faults = app.anonymous().get(&format!("{path}&app_state=a%26code%3Dx")).await.faults();
        assert_eq!(faults, [("app_state".to_owned(), "identity.app_state_invalid".to_owned())]);
    }

    async fn i8_a_code_works_once_and_for_a_minute(app) {
        tie(app, "g-1", DOCTOR).await;
        let gone = async |code: Value| {
            exchange(app, json!({ "code": code })).await.refused(401, "identity.oidc_code_invalid");
        };
        let code = google_code(app, "g-1", DOCTOR).await;
        exchange(app, json!({ "code": code })).await.expect(200);
        gone(json!(code)).await;
        let code = google_code(app, "g-1", DOCTOR).await;
        app.clock.advance(Duration::seconds(60));
        gone(json!(code)).await;
        for text in ["", "x", "43-characters-but-none-that-was-given-here-x"] {
            gone(json!(text)).await;
        }
        // A question spends the code of the address, and its own works for ten minutes.
        let code = google_code(app, "g-2", "nurse@aurora.example").await;
        let asked = exchange(app, json!({ "code": code })).await.refused(422, "identity.oidc_password_required");
        assert_eq!(asked["errors"][0]["pointer"], "/password");
        gone(json!(code)).await;
        let again = exchange(app, json!({ "code": asked["code_next"] })).await;
        assert_eq!(again.refused(422, "identity.oidc_password_required")["code_next"], asked["code_next"]);
        app.clock.advance(Duration::minutes(10));
        gone(asked["code_next"].clone()).await;
    }

    async fn i8_side_by_side_a_code_opens_one_session(app) {
        tie(app, "g-1", DOCTOR).await;
        let code = google_code(app, "g-1", DOCTOR).await;
        let asks = (0..6).map(|_| {
            let (caller, body) = (app.anonymous(), json!({ "code": code, "app_state": STATE }));
            async move { caller.post(EXCHANGE, &body).await }
        });
        let answers = crate::support::at_once(asks).await;
        let opened = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(opened, 1, "{answers:?}");
    }

    async fn i8_a_wrong_password_ties_nobody_and_counts(app) {
        let code = google_code(app, "g-1", DOCTOR).await;
        let wrong = json!({ "code": code, "password": "not the password" });
        exchange(app, wrong).await.refused(401, "identity.invalid_credentials");
        exchange(app, json!({ "code": code, "password": api::demo::PASSWORD })).await.refused(401, "identity.oidc_code_invalid");
        let code = google_code(app, "g-1", DOCTOR).await;
        let asked = exchange(app, json!({ "code": code })).await.refused(422, "identity.oidc_password_required");
        let next = &asked["code_next"];
        for _ in 0..4 {
            let wrong = json!({ "code": next, "password": "not the password" });
            exchange(app, wrong).await.refused(401, "identity.invalid_credentials");
        }
        let right = json!({ "code": next, "password": api::demo::PASSWORD });
        exchange(app, right.clone()).await.refused(429, "identity.account_locked");
        assert_eq!(links(app).await, 0);
        app.clock.advance(Duration::seconds(30));
        exchange(app, right).await.expect(200);
        assert_eq!(links(app).await, 1);
    }

    async fn i8_who_must_wait_learns_nothing_of_the_password_and_spends_the_code_of_the_address(app) {
        let wrong = json!({ "email": DOCTOR, "password": "not the password" });
        for _ in 0..8 {
            app.anonymous().post("/api/v1/auth/sign-in", &wrong).await.refused(401, "identity.invalid_credentials");
        }
        for password in [api::demo::PASSWORD, "not the password"] {
            let code = google_code(app, "g-1", DOCTOR).await;
            let ask = json!({ "code": code, "password": password });
            exchange(app, ask.clone()).await.refused(429, "identity.account_locked");
            exchange(app, ask).await.refused(401, "identity.oidc_code_invalid");
        }
        let sql = app.sql().await;
        assert_eq!(sql.number("SELECT count(*) FROM oidc_grant").await, 0);
    }

    async fn i8_a_question_takes_five_wrong_answers(app) {
        let code = google_code(app, "g-1", DOCTOR).await;
        let asked = exchange(app, json!({ "code": code })).await.refused(422, "identity.oidc_password_required");
        let answer = |password: &str| json!({ "code": asked["code_next"], "password": password });
        for _ in 0..5 {
            exchange(app, answer("not the password")).await.refused(401, "identity.invalid_credentials");
        }
        app.clock.advance(Duration::minutes(5));
        exchange(app, answer(api::demo::PASSWORD)).await.refused(401, "identity.oidc_code_invalid");
        assert_eq!(app.sql().await.number("SELECT count(*) FROM oidc_grant").await, 0);
    }

    async fn i8_a_code_signs_in_only_where_the_sign_in_was_begun(app) {
        tie(app, "g-1", DOCTOR).await;
        let path = format!("/api/v1/auth/oidc/google/start?return_to={PAGE}&app_state={STATE}");
        let visit = Visit::of(&app.anonymous().get(&path).await);
        let other = Visit::begin(app, "google").await;
        let code = parameter(&visit.land(app, "google", "g-1", DOCTOR).await, "code").unwrap();
        let send = async |body: Value, cookie: Option<&str>| {
            let cookie: Vec<(&str, &str)> = cookie.map(|cookie| ("cookie", cookie)).into_iter().collect();
            app.anonymous().send(Method::POST, EXCHANGE, Some(&body), &cookie).await
        };
        // Somebody else's address, opened in this browser: his code, and perhaps his state.
        for (body, cookie) in [
            (json!({ "code": code }), None),
            (json!({ "code": code }), Some(other.cookie.as_str())),
            (json!({ "code": code, "transport": "cookie" }), Some(other.cookie.as_str())),
            (json!({ "code": code, "app_state": "another_tab" }), None),
            (json!({ "code": code, "app_state": STATE }), Some(other.cookie.as_str())),
            (json!({ "code": code, "app_state": STATE, "transport": "cookie" }), None),
        ] {
            send(body, cookie).await.refused(401, "identity.oidc_code_invalid");
        }
        send(json!({ "code": code, "transport": "cookie" }), Some(&visit.cookie)).await.expect(200);
        // Begun without a state, it is known by the cookie alone.
        let code = parameter(&other.land(app, "google", "g-1", DOCTOR).await, "code").unwrap();
        send(json!({ "code": code, "app_state": STATE }), None).await.refused(401, "identity.oidc_code_invalid");
        send(json!({ "code": code }), Some(&other.cookie)).await.expect(200);
    }

    async fn i8_the_second_factor_counts_here_too(app) {
        let doctor = app.member("doctor").await;
        let (phone, _) = Authenticator::enrolled(&doctor, app.clock.now()).await;
        app.clock.advance(Duration::minutes(1));
        let code = google_code(app, "g-1", DOCTOR).await;
        let asked = exchange(app, json!({ "code": code })).await.refused(422, "identity.oidc_password_required");
        let ask = |factor: Option<String>| {
            json!({ "code": asked["code_next"], "password": api::demo::PASSWORD, "totp_code": factor })
        };
        let factor = exchange(app, ask(None)).await.refused(422, "identity.totp_code_required");
        assert_eq!(factor["code_next"], asked["code_next"]);
        let wrong = phone.wrong(app.clock.now());
        exchange(app, ask(Some(wrong))).await.refused(401, "identity.totp_code_wrong");
        assert_eq!(links(app).await, 0);
        let right = phone.code(app.clock.now());
        exchange(app, ask(Some(right))).await.expect(200);
        assert_eq!(links(app).await, 1);
    }

    async fn i8_a_person_is_one_account_and_an_account_one_person(app) {
        tie(app, "g-1", DOCTOR).await;
        let code = google_code(app, "g-2", DOCTOR).await;
        let asked = exchange(app, json!({ "code": code })).await.refused(422, "identity.oidc_password_required");
        let other = json!({ "code": asked["code_next"], "password": api::demo::PASSWORD });
        exchange(app, other).await.refused(409, "identity.oidc_tied_to_another");
        assert_eq!(links(app).await, 1);
    }

    async fn i8_a_place_that_is_out_of_use_is_not_entered(app) {
        tie(app, "g-1", DOCTOR).await;
        let sql = app.sql().await;
        let close = format!("UPDATE membership SET status = 'inactive' WHERE account_id = (SELECT id FROM account WHERE email = '{DOCTOR}')");
        assert_eq!(sql.run(&close).await, Ok(1));
        let code = google_code(app, "g-1", DOCTOR).await;
        exchange(app, json!({ "code": code })).await.refused(403, "identity.not_a_member");
    }

    async fn i8_who_works_in_several_companies_is_asked_which(app) {
        let doctor = app.member("doctor").await;
        let further = doctor.post("/api/v1/companies", &json!({ "company_name": "Clínica Boreal" })).await.expect(201);
        let company = further["id"].clone();
        forget_password(app, DOCTOR).await;
        let code = google_code(app, "g-1", DOCTOR).await;
        let asked = exchange(app, json!({ "code": code })).await.refused(422, "identity.company_required");
        assert_eq!(asked["companies"].as_array().unwrap().len(), 2, "{asked:#}");
        let chosen = json!({ "code": asked["code_next"], "company_id": company });
        let session = exchange(app, chosen).await.expect(200);
        assert_eq!(session["user"]["company_id"], company);
    }

    async fn i5_the_session_may_travel_in_cookies(app) {
        forget_password(app, DOCTOR).await;
        let visit = Visit::begin(app, "google").await;
        let code = parameter(&visit.land(app, "google", "g-1", DOCTOR).await, "code").unwrap();
        let (ask, cookie) = (json!({ "code": code, "transport": "cookie" }), [("cookie", visit.cookie.as_str())]);
        let answer = app.anonymous().send(Method::POST, EXCHANGE, Some(&ask), &cookie).await;
        let cookies = answer.headers.get_all("set-cookie").iter().count();
        assert_eq!((answer.status, cookies), (200, 2), "{}", answer.text());
        assert!(answer.json()["csrf_token"].is_string());
    }

    async fn i8_nothing_of_a_sign_in_that_was_given_up_stays(app) {
        for _ in 0..3 {
            Visit::begin(app, "google").await;
        }
        google_code(app, "g-1", DOCTOR).await;
        let sql = app.sql().await;
        let left = "SELECT (SELECT count(*) FROM oidc_flow) + (SELECT count(*) FROM oidc_grant)";
        assert_eq!(sql.number(left).await, 4);
        app.clock.advance(Duration::minutes(10));
        app.app.database.forget_spent_secrets().await.unwrap();
        assert_eq!(sql.number(left).await, 0);
    }
}

/// Guesses at an account's password by codes of its provider are counted with those at sign-in.
async fn guesses(kind: Kind) {
    let settings = [("RATE_LIMITS", "sign-in-account=3/h,sign-in=off,anonymous=off")];
    let app = TestApp::serve_with(kind, TestDatabase::copy_of_world(kind), &settings).await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        let code = google_code(&app, "g-1", DOCTOR).await;
        seen.push(exchange(&app, json!({ "code": code, "password": "not the password" })).await.status);
    }
    assert_eq!(seen, [401, 401, 401, 429]);
    let right = json!({ "email": DOCTOR, "password": api::demo::PASSWORD });
    app.anonymous().post("/api/v1/auth/sign-in", &right).await.refused(429, "rate_limited");
    app.app.database.close().await;
}

#[test]
fn c11_wrong_passwords_after_a_provider_count_against_the_account() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(guesses(Kind::Sqlite));
}
