//! Sessions in cookies: what browsers get, what scripts cannot have, and what other sites cannot do (I5).

use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::support::{Answer, Caller, TestApp, text};

const SIGN_IN: &str = "/api/v1/auth/sign-in";
const REFRESH: &str = "/api/v1/auth/refresh";
const ME: &str = "/api/v1/auth/me";
const PATIENTS: &str = "/api/v1/patients";
const ACCESS_COOKIE: &str = "__Host-salus_access";
const REFRESH_COOKIE: &str = "__Host-salus_refresh";
const FOREIGN: [&str; 3] = ["https://evil.example", "null", "http://127.0.0.1:1"];

/// A browser with its cookies, on a page of some origin.
#[derive(Clone)]
struct Browser {
    caller: Caller,
    jar: Vec<(String, String)>,
    csrf: Option<String>,
    origin: Option<String>,
}

impl Browser {
    /// An empty one, on a page of the server itself.
    fn new(app: &TestApp) -> Self {
        Self { caller: app.anonymous(), jar: Vec::new(), csrf: None, origin: Some(app.base.clone()) }
    }

    async fn signed_in(app: &TestApp, role: &str) -> Self {
        let mut browser = Self::new(app);
        browser.sign_in(role).await.expect(200);
        browser
    }

    async fn sign_in(&mut self, role: &str) -> Answer {
        let email = api::demo::address_of(role);
        let ask = json!({ "email": email, "password": api::demo::PASSWORD, "transport": "cookie" });
        self.send(Method::POST, SIGN_IN, Some(ask)).await
    }

    /// Sends what a browser would, and keeps the cookies of the answer.
    async fn send(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let cookies = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let mut headers = vec![("cookie", cookies.as_str())];
        headers.extend(self.csrf.as_deref().map(|token| ("x-csrf-token", token)));
        if method != Method::GET {
            headers.extend(self.origin.as_deref().map(|origin| ("origin", origin)));
        }
        headers.retain(|(_, value)| !value.is_empty());
        let answer = self.caller.send(method, path, body.as_ref(), &headers).await;
        for (name, value, _) in set_cookies(&answer) {
            self.jar.retain(|(known, _)| *known != name);
            if !value.is_empty() {
                self.jar.push((name, value));
            }
        }
        if answer.status < 300 && !answer.bytes.is_empty() {
            self.csrf = answer.json()["csrf_token"].as_str().map(str::to_owned).or(self.csrf.take());
        }
        answer
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    async fn add_patient(&mut self, name: &str) -> Answer {
        self.send(Method::POST, PATIENTS, Some(json!({ "name": name }))).await
    }

    fn cookie(&self, name: &str) -> String {
        self.jar.iter().find(|(known, _)| known == name).unwrap().1.clone()
    }
}

/// Name, value and attributes of each cookie that an answer sets.
fn set_cookies(answer: &Answer) -> Vec<(String, String, Vec<String>)> {
    let lines = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned());
    let parsed = lines.map(|line| {
        let mut parts = line.split("; ").map(str::to_owned);
        let first = parts.next().unwrap();
        let (name, value) = first.split_once('=').unwrap();
        (name.to_owned(), value.to_owned(), parts.collect())
    });
    parsed.collect()
}

both! {
    async fn i5_tokens_travel_in_cookies_that_no_script_reads(app) {
        let mut browser = Browser::new(app);
        let answer = browser.sign_in("doctor").await;
        let cookies = set_cookies(&answer);
        assert_eq!(cookies.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>(), [ACCESS_COOKIE, REFRESH_COOKIE]);
        for ((name, value, attributes), life) in cookies.iter().zip(["Max-Age=900", "Max-Age=604800"]) {
            let mut found = attributes.clone();
            found.sort();
            assert_eq!(found, ["HttpOnly", life, "Path=/", "SameSite=Lax", "Secure"], "{name}");
            assert!(!answer.text().contains(value.as_str()), "{name} stands in the body");
        }
        let session = answer.expect(200);
        assert_eq!((&session["access_token"], &session["refresh_token"]), (&Value::Null, &Value::Null));
        assert_eq!(text(&session["csrf_token"]).len(), 43);
        let me = browser.get(ME).await.expect(200);
        assert_eq!((&me["email"], &me["csrf_token"]), (&json!("doctor@aurora.example"), &session["csrf_token"]));
        // Who asks for no cookies gets none.
        let plain = json!({ "email": "doctor@aurora.example", "password": api::demo::PASSWORD });
        for ask in [plain.clone(), { let mut ask = plain; ask["transport"] = json!("token"); ask }] {
            let answer = app.anonymous().post(SIGN_IN, &ask).await;
            assert_eq!(set_cookies(&answer).len(), 0);
            assert!(answer.expect(200)["access_token"].is_string());
        }
    }

    async fn i5_signing_up_and_switching_can_use_cookies_too(app) {
        let mut browser = Browser::new(app);
        let founder = json!({
            "company_name": "Uma", "name": "Dora", "email": "dora@duas.example", "password": api::demo::PASSWORD,
            "transport": "cookie"
        });
        let session = browser.send(Method::POST, "/api/v1/auth/sign-up", Some(founder)).await.expect(201);
        assert_eq!(session["access_token"], Value::Null);
        let further = json!({ "company_name": "Outra" });
        let other = browser.send(Method::POST, "/api/v1/companies", Some(further)).await.expect(201)["id"].clone();
        let before = (browser.cookie(ACCESS_COOKIE), browser.csrf.clone());
        // A script cannot talk the tokens out of the cookies.
        let ask = json!({ "company_id": other, "transport": "token" });
        let switched = browser.send(Method::POST, "/api/v1/auth/switch-company", Some(ask)).await.expect(200);
        assert_eq!((&switched["access_token"], &switched["refresh_token"]), (&Value::Null, &Value::Null));
        assert_ne!((browser.cookie(ACCESS_COOKIE), browser.csrf.clone()), before);
        assert_eq!(browser.get(ME).await.expect(200)["company_id"], other);
        browser.add_patient("Da outra").await.expect(201);
    }

    async fn i5_an_unsafe_request_by_cookie_needs_the_sessions_token(app) {
        let mut browser = Browser::signed_in(app, "doctor").await;
        browser.add_patient("Com token").await.expect(201);
        let before = app.entries().await;
        let others = Browser::signed_in(app, "nurse").await.csrf;
        let own = browser.csrf.clone().unwrap();
        let shortened = own.get(..42).map(str::to_owned);
        let before = before + 1; // the nurse's sign-in
        for wrong in [None, Some("x".to_owned()), others, shortened, Some(format!("{own}A"))] {
            let mut page = Browser { csrf: wrong.clone(), ..browser.clone() };
            let problem = page.add_patient("Sem token").await.refused(403, "csrf_token_invalid");
            assert!(problem["detail"].is_string(), "{wrong:?}");
            page.send(Method::DELETE, "/api/v1/auth/totp", Some(json!({ "password": "x" }))).await.refused(403, "csrf_token_invalid");
            page.send(Method::POST, "/api/v1/auth/sign-out", None).await.refused(403, "csrf_token_invalid");
            page.get(PATIENTS).await.expect(200);
        }
        assert_eq!(app.entries().await, before);
        browser.add_patient("Com token outra vez").await.expect(201);
        // A bearer token needs none, wherever it comes from: no browser sends it by itself.
        let bearer = app.member("doctor").await;
        let headers = [("origin", "https://evil.example")];
        bearer.send(Method::POST, PATIENTS, Some(&json!({ "name": "Por token" })), &headers).await.expect(201);
    }

    async fn i5_foreign_pages_can_do_nothing_with_cookies(app) {
        let mut browser = Browser::signed_in(app, "doctor").await;
        let before = app.entries().await;
        for origin in FOREIGN {
            let mut page = Browser { origin: Some(origin.to_owned()), ..browser.clone() };
            page.add_patient("De fora").await.refused(403, "foreign_origin");
            page.send(Method::POST, "/api/v1/auth/sign-out", None).await.refused(403, "foreign_origin");
            page.send(Method::POST, REFRESH, Some(json!({}))).await.refused(403, "foreign_origin");
            page.sign_in("nurse").await.refused(403, "foreign_origin");
            let answer = page.get(ME).await;
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
        let cross = [("sec-fetch-site", "cross-site"), ("cookie", &*format!("{ACCESS_COOKIE}={}", browser.cookie(ACCESS_COOKIE))),
            ("x-csrf-token", &*browser.csrf.clone().unwrap())];
        let body = json!({ "name": "De fora" });
        app.anonymous().send(Method::POST, PATIENTS, Some(&body), &cross).await.refused(403, "foreign_origin");
        assert_eq!(app.entries().await, before, "a refused request left an entry");
        browser.add_patient("De dentro").await.expect(201);
        app.app.refusals.written().await;
        let noted = "SELECT count(*) FROM access_log WHERE code = 'foreign_origin' AND membership_id IS NOT NULL";
        assert_eq!(app.sql().await.number(noted).await, 7);
    }

    async fn i5_pages_of_listed_origins_may_call(app) {
        let page = "http://127.0.0.1:5173";
        let (_node, listed, _server) = app.second_node_with(&[("CORS_ORIGINS", page)]).await;
        let mut browser = Browser { caller: listed.clone(), origin: Some(page.to_owned()), ..Browser::new(app) };
        let answer = browser.sign_in("doctor").await;
        assert_eq!(answer.header("access-control-allow-origin"), Some(page));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        answer.expect(200);
        browser.add_patient("De outra porta").await.expect(201);
        let preflight = async |origin: &str| {
            let asks = [("origin", origin), ("access-control-request-method", "POST"),
                ("access-control-request-headers", "content-type,x-csrf-token")];
            listed.send(Method::OPTIONS, PATIENTS, None, &asks).await
        };
        let allowed = preflight(page).await;
        assert_eq!(allowed.header("access-control-allow-origin"), Some(page));
        assert_eq!(allowed.header("access-control-allow-credentials"), Some("true"));
        assert!(allowed.header("access-control-allow-headers").unwrap().to_lowercase().contains("x-csrf-token"));
        for origin in FOREIGN {
            assert_eq!(preflight(origin).await.header("access-control-allow-origin"), None, "{origin}");
        }
    }

    async fn i5_a_session_in_cookies_is_renewed_without_a_token_and_stays_there(app) {
        let mut browser = Browser::signed_in(app, "doctor").await;
        let (first, csrf) = (browser.cookie(REFRESH_COOKIE), browser.csrf.clone());
        // A page that was opened anew knows neither tokens nor the CSRF token.
        browser.csrf = None;
        app.clock.advance(chrono::Duration::minutes(20));
        browser.get(ME).await.refused(401, "unauthenticated");
        let renewed = browser.send(Method::POST, REFRESH, None).await.expect(200);
        assert_eq!((&renewed["access_token"], &renewed["refresh_token"]), (&Value::Null, &Value::Null));
        assert_eq!(browser.csrf, csrf, "it belongs to the session");
        assert_ne!(browser.cookie(REFRESH_COOKIE), first);
        browser.add_patient("Depois").await.expect(201);
        let talked = browser.send(Method::POST, REFRESH, Some(json!({ "transport": "token" }))).await.expect(200);
        assert_eq!((&talked["access_token"], &talked["refresh_token"]), (&Value::Null, &Value::Null));
        // The first cookie is spent: who comes with it later has stolen it.
        app.clock.advance(chrono::Duration::seconds(11));
        let mut thief = browser.clone();
        thief.jar = vec![(REFRESH_COOKIE.to_owned(), first)];
        thief.send(Method::POST, REFRESH, None).await.refused(401, "identity.refresh_token_reused");
        browser.get(ME).await.refused(401, "unauthenticated");
        let mut empty = Browser::new(app);
        empty.send(Method::POST, REFRESH, Some(json!({ "transport": "cookie" }))).await.refused(401, "identity.refresh_token_invalid");
        assert_eq!(empty.send(Method::POST, REFRESH, Some(json!({}))).await.faults(), [("/refresh_token".to_owned(), "required".to_owned())]);
    }

    async fn i5_a_session_of_tokens_can_move_into_cookies(app) {
        let ask = json!({ "email": "doctor@aurora.example", "password": api::demo::PASSWORD });
        let session = app.anonymous().post(SIGN_IN, &ask).await.expect(200);
        let mut browser = Browser::new(app);
        let moving = json!({ "refresh_token": session["refresh_token"], "transport": "cookie" });
        let moved = browser.send(Method::POST, REFRESH, Some(moving)).await.expect(200);
        assert_eq!(moved["refresh_token"], Value::Null);
        browser.get(ME).await.expect(200);
    }

    async fn i5_signing_out_takes_the_cookies_away(app) {
        let mut browser = Browser::signed_in(app, "doctor").await;
        let stolen = browser.clone();
        let answer = browser.send(Method::POST, "/api/v1/auth/sign-out", None).await;
        for (name, value, attributes) in set_cookies(&answer) {
            assert!(value.is_empty() && attributes.contains(&"Max-Age=0".to_owned()), "{name}");
            assert!(["Path=/", "Secure", "HttpOnly", "SameSite=Lax"].iter().all(|one| attributes.contains(&(*one).to_owned())));
        }
        answer.expect(204);
        assert!(browser.jar.is_empty());
        let mut stolen = stolen;
        stolen.get(ME).await.refused(401, "unauthenticated");
        stolen.send(Method::POST, REFRESH, None).await.refused(401, "identity.refresh_token_invalid");
        // Who signs out by token is told of no cookies.
        let answer = app.member("doctor").await.send(Method::POST, "/api/v1/auth/sign-out", None, &[]).await;
        assert_eq!(set_cookies(&answer).len(), 0);
    }

    async fn i5_signing_in_fixes_no_session(app) {
        let mut attacker = Browser::signed_in(app, "patient").await;
        // The victim's browser was given the attacker's cookies before signing in.
        let mut victim = Browser { jar: attacker.jar.clone(), csrf: attacker.csrf.clone(), ..Browser::new(app) };
        let session = victim.sign_in("doctor").await.expect(200);
        assert_ne!(victim.cookie(ACCESS_COOKIE), attacker.cookie(ACCESS_COOKIE));
        assert_ne!(victim.cookie(REFRESH_COOKIE), attacker.cookie(REFRESH_COOKIE));
        assert_ne!(victim.csrf, attacker.csrf);
        assert_eq!(session["user"]["role"], "doctor");
        assert_eq!(victim.get(ME).await.expect(200)["role"], "doctor");
        assert_eq!(attacker.get(ME).await.expect(200)["role"], "patient");
        // Made-up cookies become no session, either.
        let mut made_up = Browser::new(app);
        made_up.jar = vec![(ACCESS_COOKIE.to_owned(), "chosen".to_owned()), (REFRESH_COOKIE.to_owned(), "A".repeat(43))];
        made_up.sign_in("doctor").await.expect(200);
        assert_ne!(made_up.cookie(REFRESH_COOKIE), "A".repeat(43));
    }

    async fn i5_the_header_goes_before_the_cookie(app) {
        let browser = Browser::signed_in(app, "doctor").await;
        let cookie = format!("{ACCESS_COOKIE}={}", browser.cookie(ACCESS_COOKIE));
        let nurse = app.member("nurse").await;
        let me = nurse.send(Method::GET, ME, None, &[("cookie", &cookie)]).await.expect(200);
        assert_eq!(me["role"], "nurse");
        let wrong = Caller { token: Some("not-a-token".to_owned()), ..app.anonymous() };
        wrong.send(Method::GET, ME, None, &[("cookie", &cookie)]).await.refused(401, "unauthenticated");
        for doubtful in [format!("{cookie}; {cookie}"), format!("salus_access={}", browser.cookie(ACCESS_COOKIE)), format!("{ACCESS_COOKIE}=")] {
            app.anonymous().send(Method::GET, ME, None, &[("cookie", &doubtful)]).await.refused(401, "unauthenticated");
        }
    }

    async fn i5_a_cookie_holds_no_api_key(app) {
        let ask = json!({ "name": "Integração", "permissions": ["patients:read", "patients:write"] });
        let made = app.admin().await.post("/api/v1/api-keys", &ask).await.expect(201);
        let key = text(&made["key"]);
        Caller { token: Some(key.clone()), ..app.anonymous() }.get(PATIENTS).await.expect(200);
        let mut browser = Browser::new(app);
        browser.jar = vec![(ACCESS_COOKIE.to_owned(), key)];
        browser.get(PATIENTS).await.refused(401, "unauthenticated");
        browser.add_patient("Pela chave").await.refused(401, "unauthenticated");
    }
}
