//! One's own sessions: listed, revoked, idle, and never the client's to choose (I4, I6).

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::support::{Answer, Caller, TestApp, at_once, text};

const ME: &str = "/api/v1/auth/me";
const SESSIONS: &str = "/api/v1/auth/sessions";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0";

async fn sign_in(app: &TestApp, email: &str) -> Value {
    let ask = json!({ "email": email, "password": api::demo::PASSWORD });
    app.anonymous().post("/api/v1/auth/sign-in", &ask).await.expect(200)
}

fn bearer(app: &TestApp, session: &Value) -> Caller {
    Caller { token: Some(text(&session["access_token"])), ..app.anonymous() }
}

async fn refresh(caller: Caller, token: String) -> Answer {
    caller.post("/api/v1/auth/refresh", &json!({ "refresh_token": token })).await
}

async fn renewed(app: &TestApp, session: &Value) -> Answer {
    refresh(app.anonymous(), text(&session["refresh_token"])).await
}

async fn listed(caller: &Caller) -> Vec<Value> {
    caller.get(SESSIONS).await.expect(200)["items"].as_array().unwrap().clone()
}

fn current(sessions: &[Value]) -> &Value {
    let mut own = sessions.iter().filter(|session| session["current"] == true);
    let (Some(own), None) = (own.next(), own.next()) else { panic!("{sessions:?}") };
    own
}

both! {
    async fn i6_sessions_are_listed_with_device_address_and_last_sign_of_life(app) {
        let email = "nurse@aurora.example";
        let ask = json!({ "email": email, "password": api::demo::PASSWORD });
        let firefox = [("user-agent", FIREFOX)];
        let one = app.anonymous().send(Method::POST, "/api/v1/auth/sign-in", Some(&ask), &firefox).await.expect(200);
        app.clock.advance(Duration::minutes(5));
        let other = sign_in(app, email).await;
        sign_in(app, "doctor@aurora.example").await;
        app.clock.advance(Duration::minutes(1));
        bearer(app, &one).get(ME).await.expect(200);
        app.clock.advance(Duration::minutes(1));
        let sessions = listed(&bearer(app, &other)).await;
        assert_eq!(sessions.len(), 2, "only one's own: {sessions:?}");
        let (newer, older) = (&sessions[0], &sessions[1]);
        assert_eq!((&newer["current"], &older["current"]), (&json!(true), &json!(false)));
        assert_eq!((&older["device"], &older["user_agent"]), (&json!("Firefox, Linux"), &json!(FIREFOX)));
        assert_eq!(older["ip"], "127.0.0.1");
        assert_eq!(older["created_at"], "2027-03-10T12:00:00Z");
        assert_eq!(older["last_seen_at"], "2027-03-10T12:06:00Z", "a request is a sign of life");
        assert_eq!(newer["last_seen_at"], "2027-03-10T12:07:00Z", "so is this one");
        assert_eq!(older["expires_at"], "2027-04-09T12:00:00Z");
        assert_eq!(current(&listed(&bearer(app, &one)).await)["id"], older["id"]);
    }

    async fn i6_signs_of_life_cost_no_entry_and_no_version(app) {
        let session = sign_in(app, "nurse@aurora.example").await;
        let (caller, sql) = (bearer(app, &session), app.sql().await);
        let before = app.entries().await;
        for _ in 0..5 {
            app.clock.advance(Duration::minutes(1));
            caller.get(ME).await.expect(200);
        }
        let unwritten = "SELECT count(*) FROM session WHERE last_seen_at > created_at";
        assert_eq!(sql.number(unwritten).await, 0, "no request writes");
        identity::usecase::note_seen::note_seen(&app.app.identity).await.unwrap();
        assert_eq!(sql.number(unwritten).await, 1);
        assert_eq!(sql.number("SELECT max(version) FROM session").await, 1);
        assert_eq!(app.entries().await, before);
    }

    async fn i6_a_session_is_revoked_from_another_one(app) {
        let email = "nurse@aurora.example";
        let (one, other) = (sign_in(app, email).await, sign_in(app, email).await);
        let (caller, lost) = (bearer(app, &one), bearer(app, &other));
        lost.get(ME).await.expect(200);
        let path = format!("{SESSIONS}/{}", text(&current(&listed(&lost).await)["id"]));
        let stranger = app.member("doctor").await;
        stranger.delete(&path).await.refused(404, "not_found");
        app.admin().await.delete(&path).await.refused(404, "not_found");
        let before = app.entries().await;
        assert_eq!(caller.delete(&path).await.expect(204), Value::Null);
        assert_eq!(app.entries().await, before + 1);
        lost.get(ME).await.refused(401, "unauthenticated");
        renewed(app, &other).await.refused(401, "identity.refresh_token_invalid");
        caller.delete(&path).await.refused(404, "not_found");
        assert_eq!(listed(&caller).await.len(), 1);
        assert_eq!(app.entries().await, before + 1);
        // One's own session may go the same way.
        let own = format!("{SESSIONS}/{}", text(&current(&listed(&caller).await)["id"]));
        caller.delete(&own).await.expect(204);
        caller.get(ME).await.refused(401, "unauthenticated");
    }

    async fn i6_a_revoked_session_is_over_on_other_nodes_within_a_minute(app) {
        let email = "nurse@aurora.example";
        let (one, other) = (sign_in(app, email).await, sign_in(app, email).await);
        let (_node, elsewhere, _server) = app.second_node().await;
        let elsewhere = Caller { token: Some(text(&other["access_token"])), ..elsewhere };
        elsewhere.get(ME).await.expect(200);
        let caller = bearer(app, &one);
        let lost = listed(&caller).await.into_iter().find(|session| session["current"] == false).unwrap();
        caller.delete(&format!("{SESSIONS}/{}", text(&lost["id"]))).await.expect(204);
        app.clock.advance(Duration::seconds(59));
        elsewhere.get(ME).await.refused(401, "unauthenticated");
    }

    async fn i6_an_idle_session_is_over_after_the_companys_time(app) {
        let admin = app.admin().await;
        admin.patch("/api/v1/settings", "*", &json!({ "session_idle_minutes": 20 })).await.expect(200);
        let email = "nurse@aurora.example";
        let (used, unused) = (sign_in(app, email).await, sign_in(app, email).await);
        let other = app.other_admin().await;
        app.clock.advance(Duration::minutes(14));
        bearer(app, &used).get(ME).await.expect(200);
        app.clock.advance(Duration::minutes(6));
        renewed(app, &unused).await.refused(401, "identity.refresh_token_invalid");
        let used = renewed(app, &used).await.expect(200);
        let sessions = listed(&bearer(app, &used)).await;
        assert_eq!(sessions.len(), 1, "an idle one may not be used, so it is not listed: {sessions:?}");
        app.clock.advance(Duration::minutes(20));
        bearer(app, &used).get(ME).await.refused(401, "unauthenticated");
        renewed(app, &used).await.refused(401, "identity.refresh_token_invalid");
        // Another company's time is its own.
        other.get(ME).await.refused(401, "unauthenticated");
        sign_in(app, email).await;
    }

    async fn i6_an_idle_session_stays_over_when_the_company_allows_more(app) {
        let admin = app.admin().await;
        admin.patch("/api/v1/settings", "*", &json!({ "session_idle_minutes": 20 })).await.expect(200);
        let session = sign_in(app, "nurse@aurora.example").await;
        app.clock.advance(Duration::minutes(20));
        let before = app.entries().await;
        renewed(app, &session).await.refused(401, "identity.refresh_token_invalid");
        assert_eq!(app.entries().await, before + 1, "its end is kept, and journalled");
        assert_eq!(app.sql().await.number("SELECT count(*) FROM session WHERE ending = 'idle'").await, 1);
        app.admin().await.patch("/api/v1/settings", "*", &json!({ "session_idle_minutes": null })).await.expect(200);
        renewed(app, &session).await.refused(401, "identity.refresh_token_invalid");
    }

    async fn i6_a_sign_of_life_at_one_node_counts_at_the_others(app) {
        let admin = app.admin().await;
        admin.patch("/api/v1/settings", "*", &json!({ "session_idle_minutes": 20 })).await.expect(200);
        let session = sign_in(app, "nurse@aurora.example").await;
        let (node, elsewhere, _server) = app.second_node().await;
        app.clock.advance(Duration::minutes(14));
        let caller = Caller { token: Some(text(&session["access_token"])), ..elsewhere };
        caller.get(ME).await.expect(200);
        identity::usecase::note_seen::note_seen(&node.identity).await.unwrap();
        app.clock.advance(Duration::minutes(19));
        renewed(app, &session).await.expect(200);
    }

    async fn i4_fifty_refreshes_of_one_token_make_one_successor_and_no_alarm(app) {
        let session = sign_in(app, "doctor@aurora.example").await;
        let token = text(&session["refresh_token"]);
        let before = app.entries().await;
        let answers = at_once((0..50).map(|_| refresh(app.anonymous(), token.clone()))).await;
        let successors: std::collections::BTreeSet<String> =
            answers.into_iter().map(|answer| text(&answer.expect(200)["refresh_token"])).collect();
        assert_eq!(successors.len(), 1);
        let sql = app.sql().await;
        assert_eq!(app.entries().await, before + 1, "one rotation");
        assert_eq!(sql.number("SELECT count(*) FROM session WHERE ended_at IS NOT NULL").await, 0);
        let family = "SELECT count(*) FROM refresh_token WHERE session_id = (SELECT session_id FROM refresh_token WHERE used_at IS NOT NULL)";
        assert_eq!(sql.number(family).await, 2, "the token and its successor");
        refresh(app.anonymous(), successors.first().unwrap().clone()).await.expect(200);
    }

    async fn i6_a_session_is_never_the_clients_to_choose(app) {
        let email = "doctor@aurora.example";
        let fixed = sign_in(app, email).await;
        let known = text(&current(&listed(&bearer(app, &fixed)).await)["id"]);
        let mut ask = json!({ "email": email, "password": api::demo::PASSWORD });
        // Whoever brings the token of a session, or its id in a cookie, signs in to another one.
        let headers = [("cookie", format!("session_id={known}; sid={known}")), ("x-session-id", known.clone())];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let signed_in = bearer(app, &fixed).send(Method::POST, "/api/v1/auth/sign-in", Some(&ask), &headers).await;
        let signed_in = signed_in.expect(200);
        assert_ne!(text(&current(&listed(&bearer(app, &signed_in)).await)["id"]), known);
        assert_ne!(signed_in["refresh_token"], fixed["refresh_token"]);
        for name in ["session_id", "sid", "id", "refresh_token"] {
            ask[name] = json!(known);
            let answer = app.anonymous().post("/api/v1/auth/sign-in", &ask).await;
            assert_eq!(answer.faults(), [(format!("/{name}"), "unknown_field".to_owned())]);
            ask.as_object_mut().unwrap().remove(name);
        }
    }

    async fn c4_sessions_are_paged(app) {
        let email = "nurse@aurora.example";
        for _ in 0..4 {
            sign_in(app, email).await;
        }
        let caller = bearer(app, &sign_in(app, email).await);
        let all: Vec<Value> = listed(&caller).await.into_iter().map(|session| session["id"].clone()).collect();
        let mut seen = Vec::new();
        let mut path = format!("{SESSIONS}?limit=2&include=total");
        loop {
            let page = caller.get(&path).await.expect(200);
            seen.extend(page["items"].as_array().unwrap().iter().map(|session| session["id"].clone()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            assert_eq!(page["total"], 5);
            path = format!("{SESSIONS}?limit=2&include=total&cursor={next}");
        }
        assert_eq!((seen.len(), &seen), (5, &all));
    }
}
