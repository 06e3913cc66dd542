//! Forgotten, reset and changed passwords (I2, I6, I10).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::both;
use crate::support::{Answer, Caller, Kind, TestApp, at_once, run, text};

const ME: &str = "/api/v1/auth/me";
const OLD: &str = api::demo::PASSWORD;
const NEW: &str = "quatro tigres e um trigal";

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Answer {
    app.anonymous().post("/api/v1/auth/sign-in", &json!({ "email": email, "password": password })).await
}

async fn session(app: &TestApp, email: &str) -> Value {
    sign_in(app, email, OLD).await.expect(200)
}

fn bearer(app: &TestApp, session: &Value) -> Caller {
    Caller { token: Some(text(&session["access_token"])), ..app.anonymous() }
}

async fn refresh(app: &TestApp, session: &Value) -> Answer {
    app.anonymous().post("/api/v1/auth/refresh", &json!({ "refresh_token": session["refresh_token"] })).await
}

async fn forgot(app: &TestApp, email: &str) -> Answer {
    app.anonymous().post("/api/v1/auth/password/forgot", &json!({ "email": email })).await
}

async fn reset(caller: Caller, token: String, password: &'static str) -> Answer {
    caller.post("/api/v1/auth/password/reset", &json!({ "token": token, "password": password })).await
}

async fn change(caller: &Caller, current: &str, new: &str) -> Answer {
    let ask = json!({ "current_password": current, "new_password": new });
    caller.post("/api/v1/auth/password/change", &ask).await
}

/// The company that a session is of.
fn company(session: &Value) -> uuid::Uuid {
    text(&session["user"]["company_id"]).parse().unwrap()
}

/// Neither its access token nor its refresh token does anything any more.
async fn is_over(app: &TestApp, session: &Value) {
    bearer(app, session).get(ME).await.refused(401, "unauthenticated");
    refresh(app, session).await.refused(401, "identity.refresh_token_invalid");
}

async fn mails(app: &TestApp, company: uuid::Uuid) -> usize {
    app.app.worker(api::worker::Pace::default()).run_due().await.unwrap();
    app.app.database.caught_mails(kernel::ids::TenantId::from_uuid(company)).await.unwrap().len()
}

both! {
    async fn i10_a_forgotten_password_is_set_anew_by_the_mailed_link_once(app) {
        let email = "nurse@aurora.example";
        let (one, other) = (session(app, email).await, session(app, email).await);
        bearer(app, &one).get(ME).await.expect(200);
        forgot(app, email).await.expect(202);
        let older = app.mailed_token(company(&one)).await;
        forgot(app, email).await.expect(202);
        let token = app.mailed_token(company(&one)).await;
        assert_ne!(older, token);
        let before = app.entries().await;
        assert_eq!(reset(app.anonymous(), token.clone(), NEW).await.expect(204), Value::Null);
        assert_eq!(app.entries().await, before + 1);
        is_over(app, &one).await;
        is_over(app, &other).await;
        sign_in(app, email, OLD).await.refused(401, "identity.invalid_credentials");
        for used in [token, older] {
            reset(app.anonymous(), used, OLD).await.refused(422, "identity.link_invalid");
        }
        let anew = sign_in(app, email, NEW).await.expect(200);
        bearer(app, &anew).get(ME).await.expect(200);
    }

    async fn i10_of_two_resets_by_one_link_one_is_done(app) {
        let email = "driver@aurora.example";
        let of = company(&session(app, email).await);
        forgot(app, email).await.expect(202);
        let token = app.mailed_token(of).await;
        let passwords = [NEW, "cinco tigres e um trigal", "seis tigres e um trigal"];
        let answers = at_once(passwords.map(|password| reset(app.anonymous(), token.clone(), password))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 422, 422]);
        let mut opened = 0;
        for password in passwords {
            opened += u32::from(sign_in(app, email, password).await.status == 200);
        }
        assert_eq!(opened, 1);
    }

    async fn i10_of_two_resets_by_two_links_one_is_done_and_the_other_refused(app) {
        let email = "driver@aurora.example";
        let of = company(&session(app, email).await);
        for _ in 0..4 {
            let mut tokens = Vec::new();
            for _ in 0..2 {
                forgot(app, email).await.expect(202);
                tokens.push(app.mailed_token(of).await);
            }
            let answers = at_once(tokens.into_iter().map(|token| reset(app.anonymous(), token, NEW))).await;
            let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [204, 422]);
        }
        sign_in(app, email, NEW).await.expect(200);
    }

    async fn i10_a_link_works_for_an_hour_and_a_token_that_is_none_does_not(app) {
        let email = "analyst@aurora.example";
        let of = company(&session(app, email).await);
        forgot(app, email).await.expect(202);
        let token = app.mailed_token(of).await;
        for none in ["", "x", &"A".repeat(43), &"A".repeat(44)] {
            reset(app.anonymous(), none.to_owned(), NEW).await.refused(422, "identity.link_invalid");
        }
        app.clock.advance(Duration::hours(1));
        reset(app.anonymous(), token, NEW).await.refused(422, "identity.link_invalid");
        sign_in(app, email, OLD).await.expect(200);
    }

    async fn i10_a_link_of_another_purpose_sets_no_password(app) {
        let ask = json!({ "company_name": "Nova", "name": "Nina", "email": "nina@nova.example", "password": OLD });
        let founded = app.anonymous().post("/api/v1/auth/sign-up", &ask).await.expect(201);
        let verification = app.mailed_token(company(&founded)).await;
        reset(app.anonymous(), verification.clone(), NEW).await.refused(422, "identity.link_invalid");
        forgot(app, "nina@nova.example").await.expect(202);
        let token = app.mailed_token(company(&founded)).await;
        let verify = |token: String| async move { app.anonymous().post("/api/v1/auth/email/verify", &json!({ "token": token })).await };
        verify(token.clone()).await.refused(422, "identity.link_invalid");
        // Who reads the mail has the address.
        reset(app.anonymous(), token, NEW).await.expect(204);
        let anew = sign_in(app, "nina@nova.example", NEW).await.expect(200);
        assert_eq!(anew["user"]["email_verified"], true);
        verify(verification).await.expect(204);
    }

    async fn i2_known_and_unknown_addresses_are_answered_alike_and_take_as_long(app) {
        let before = app.entries().await;
        let of = company(&session(app, "doctor@aurora.example").await);
        let mailed = mails(app, of).await;
        let began = std::time::Instant::now();
        let unknown = forgot(app, "nobody@aurora.example").await;
        assert!(began.elapsed() >= std::time::Duration::from_millis(150), "the answer waits for the slower case");
        let known = forgot(app, "doctor@aurora.example").await;
        assert_eq!((known.status, &known.bytes), (unknown.status, &unknown.bytes));
        // The first two are each request's own; the last is a set, told in any order.
        let own = ["date", "x-request-id", "access-control-expose-headers"];
        let headers = |answer: &Answer| {
            let names = answer.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
            names.filter(|(name, _)| !own.contains(&name.as_str())).collect::<std::collections::BTreeMap<_, _>>()
        };
        assert_eq!(headers(&known), headers(&unknown));
        assert_eq!(known.expect(202), json!({ "expires_in": 3600 }));
        assert_eq!(mails(app, of).await, mailed + 1);
        assert_eq!(app.entries().await, before + 2, "a sign-in and the known address; the unknown one has no company");
    }

    async fn i10_the_secret_leaves_by_mail_alone_and_is_hashed_at_rest(app) {
        let of = company(&session(app, "doctor@aurora.example").await);
        let answer = forgot(app, "doctor@aurora.example").await;
        let token = app.mailed_token(of).await;
        assert!(!answer.text().contains(&token));
        let secret = URL_SAFE_NO_PAD.decode(&token).unwrap();
        assert_eq!(secret.len(), 32);
        let rows = app.sql().await.rows("SELECT hash FROM signed_token WHERE purpose = 'reset_password'").await;
        let hashes: Vec<Vec<u8>> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
        assert_eq!(hashes, [Sha256::digest(&secret).to_vec()]);
    }

    async fn i10_one_address_is_mailed_five_times_in_a_row_at_most(app) {
        let email = "doctor@aurora.example";
        let of = company(&session(app, email).await);
        let before = mails(app, of).await;
        for _ in 0..7 {
            forgot(app, email).await.expect(202);
        }
        assert_eq!(mails(app, of).await, before + 5);
        app.clock.advance(Duration::minutes(61));
        forgot(app, email).await.expect(202);
        assert_eq!(mails(app, of).await, before + 6);
    }

    async fn i10_who_asks_on_and_on_keeps_nobody_from_a_new_password(app) {
        let email = "doctor@aurora.example";
        let of = company(&session(app, email).await);
        let before = mails(app, of).await;
        for _ in 0..5 {
            forgot(app, email).await.expect(202);
        }
        for _ in 0..6 {
            app.clock.advance(Duration::minutes(10));
            forgot(app, email).await.expect(202);
        }
        assert_eq!(mails(app, of).await, before + 5);
        app.clock.advance(Duration::seconds(1));
        for _ in 0..5 {
            forgot(app, email).await.expect(202);
        }
        assert_eq!(mails(app, of).await, before + 10);
        // Whoever could set a new one begins anew.
        let token = app.mailed_token(of).await;
        reset(app.anonymous(), token, NEW).await.expect(204);
        forgot(app, email).await.expect(202);
        assert_eq!(mails(app, of).await, before + 11);
    }

    async fn i10_a_reset_forgives_the_wrong_passwords_before(app) {
        let email = "nurse@aurora.example";
        let of = company(&session(app, email).await);
        for _ in 0..9 {
            sign_in(app, email, "not the password").await.refused(401, "identity.invalid_credentials");
        }
        sign_in(app, email, OLD).await.refused(429, "identity.account_locked");
        forgot(app, email).await.expect(202);
        let token = app.mailed_token(of).await;
        reset(app.anonymous(), token, NEW).await.expect(204);
        sign_in(app, email, NEW).await.expect(200);
    }

    async fn i2_failures_from_one_network_hold_it_off_whoever_they_were_of(app) {
        for number in 0..51 {
            let refused = sign_in(app, &format!("nobody{number}@aurora.example"), "not the password").await;
            if number < 50 {
                refused.refused(401, "identity.invalid_credentials");
            }
        }
        let held = sign_in(app, "nurse@aurora.example", OLD).await;
        let wait: i64 = held.header("retry-after").unwrap().parse().unwrap();
        held.refused(429, "identity.network_locked");
        // Who is signed in already, and who forgot a password, goes on.
        forgot(app, "nurse@aurora.example").await.expect(202);
        app.clock.advance(Duration::seconds(wait));
        sign_in(app, "nurse@aurora.example", OLD).await.expect(200);
    }

    async fn i6_a_changed_password_ends_the_other_sessions(app) {
        let email = "nurse@aurora.example";
        let (own, one, other) = (session(app, email).await, session(app, email).await, session(app, email).await);
        let caller = bearer(app, &own);
        bearer(app, &one).get(ME).await.expect(200);
        forgot(app, email).await.expect(202);
        let asked = app.mailed_token(company(&own)).await;
        let before = app.entries().await;
        assert_eq!(change(&caller, OLD, NEW).await.expect(204), Value::Null);
        assert_eq!(app.entries().await, before + 1);
        for ended in [&one, &other] {
            is_over(app, ended).await;
        }
        caller.get(ME).await.expect(200);
        refresh(app, &own).await.expect(200);
        sign_in(app, email, OLD).await.refused(401, "identity.invalid_credentials");
        sign_in(app, email, NEW).await.expect(200);
        // A link that was asked for before opens nothing either.
        reset(app.anonymous(), asked, OLD).await.refused(422, "identity.link_invalid");
        let told = "SELECT count(*) FROM session WHERE ending = 'password_changed'";
        assert_eq!(app.sql().await.number(told).await, 2);
    }

    async fn i6_the_present_password_is_needed_and_a_stolen_session_cannot_guess_it(app) {
        let email = "analyst@aurora.example";
        let caller = bearer(app, &session(app, email).await);
        let before = app.entries().await;
        let faults = change(&caller, "not the password", NEW).await.faults();
        assert_eq!(faults, [("/current_password".to_owned(), "identity.wrong_password".to_owned())]);
        assert_eq!(app.entries().await, before + 1, "a wrong password is kept, and journalled");
        assert_eq!(app.sql().await.number("SELECT count(*) FROM sign_in_failure").await, 2, "of the account and of the network");
        for _ in 0..4 {
            change(&caller, "not the password", NEW).await.refused(422, "identity.wrong_password");
        }
        // From here on nobody learns whether a guess is right.
        change(&caller, "not the password", NEW).await.refused(429, "identity.account_locked");
        let locked = change(&caller, OLD, NEW).await;
        let wait: i64 = locked.header("retry-after").unwrap().parse().unwrap();
        locked.refused(429, "identity.account_locked");
        sign_in(app, email, OLD).await.refused(429, "identity.account_locked");
        app.clock.advance(Duration::seconds(wait));
        change(&caller, OLD, NEW).await.expect(204);
    }

    async fn i2_length_and_the_common_list_hold_wherever_a_password_is_set(app) {
        let email = "analyst@aurora.example";
        let own = session(app, email).await;
        forgot(app, email).await.expect(202);
        let token = app.mailed_token(company(&own)).await;
        for (weak, code) in [
            ("short", "identity.password_too_short"),
            ("password1234", "identity.password_too_common"),
            ("x234567890x234567890x234567890x234567890x234567890x234567890x234567890x234567890x234567890x234567890x234567890x234567890x23456789",
             "identity.password_too_long"),
        ] {
            let faults = change(&bearer(app, &own), OLD, weak).await.faults();
            assert_eq!(faults, [("/new_password".to_owned(), code.to_owned())]);
            let faults = reset(app.anonymous(), token.clone(), weak).await.faults();
            assert_eq!(faults, [("/password".to_owned(), code.to_owned())]);
        }
        reset(app.anonymous(), token, NEW).await.expect(204);
    }

    async fn i6_what_runs_beside_a_change_is_neither_lost_nor_brought_back(app) {
        for round in 0..6 {
            let email = format!("nina{round}@nova.example");
            let signing_up = json!({ "company_name": "Nova", "name": "Nina", "email": email, "password": OLD });
            let founded = app.anonymous().post("/api/v1/auth/sign-up", &signing_up).await.expect(201);
            let (token, caller) = (app.mailed_token(company(&founded)).await, bearer(app, &founded));
            let (anonymous, patching, signing) = (app.anonymous(), caller.clone(), app.anonymous());
            let (ask, credentials) = (json!({ "locale": "fr" }), json!({ "email": email, "password": OLD }));
            let asks: [std::pin::Pin<Box<dyn Future<Output = Answer> + Send>>; 4] = [
                Box::pin(async move { anonymous.post("/api/v1/auth/email/verify", &json!({ "token": token })).await }),
                Box::pin(async move { change(&caller, OLD, NEW).await }),
                Box::pin(async move { patching.patch(ME, "*", &ask).await }),
                Box::pin(async move { signing.post("/api/v1/auth/sign-in", &credentials).await }),
            ];
            let answers = at_once(asks).await;
            let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            assert!(statuses.contains(&200) && statuses.iter().filter(|status| **status == 204).count() == 2, "{statuses:?}");
            sign_in(app, &email, OLD).await.refused(401, "identity.invalid_credentials");
            let anew = sign_in(app, &email, NEW).await.expect(200);
            let user = &anew["user"];
            assert_eq!((&user["email_verified"], &user["locale"]), (&json!(true), &json!("fr")));
            // Whoever got in by the old password is out again.
            let signed_in = answers.iter().filter(|answer| answer.status == 200).map(Answer::json);
            for opened in signed_in.filter(|answer| answer["refresh_token"].is_string()) {
                is_over(app, &opened).await;
            }
        }
    }
}

/// A stolen session guesses at the password no faster than sign-in lets anybody.
#[test]
fn c11_guesses_at_ones_own_password_are_limited_as_those_at_sign_in() {
    run(Kind::Sqlite, async |app| {
        let (_node, elsewhere, _server) = app.second_node_with(&[("RATE_LIMITS", "sign-in-account=3/h")]).await;
        let own = session(app, "nurse@aurora.example").await;
        let caller = Caller { token: Some(text(&own["access_token"])), ..elsewhere };
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(change(&caller, "not the password", NEW).await.status);
        }
        assert_eq!(seen, [422, 422, 422, 429]);
        change(&caller, OLD, NEW).await.refused(429, "rate_limited");
    });
}
