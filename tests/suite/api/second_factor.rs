//! The second factor as people meet it: enrolment, codes that work once, recovery codes, and companies that require it (I7).

use chrono::Duration;
use kernel::Clock as _;
use serde_json::{Value, json};

use crate::both;
use crate::support::{Answer, Authenticator, Caller, TestApp, at_once, text};

const SIGN_IN: &str = "/api/v1/auth/sign-in";
const TOTP: &str = "/api/v1/auth/totp";
const ME: &str = "/api/v1/auth/me";
const DOCTOR: &str = "doctor@aurora.example";

/// Signs in with what is added to address and password.
async fn sign_in(app: &TestApp, email: &str, more: Value) -> Answer {
    app.anonymous().post(SIGN_IN, &asked(email, &more)).await
}

fn asked(email: &str, more: &Value) -> Value {
    let mut ask = json!({ "email": email, "password": api::demo::PASSWORD });
    ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ask
}

fn bearer(app: &TestApp, session: &Value) -> Caller {
    Caller { token: Some(text(&session["access_token"])), ..app.anonymous() }
}

/// The clock shows the next code.
fn next_code(app: &TestApp) {
    app.clock.advance(Duration::seconds(30));
}

async fn turn_off(caller: &Caller, proof: Value) -> Answer {
    caller.send(reqwest::Method::DELETE, TOTP, Some(&proof), &[]).await
}

async fn renew(app: &TestApp, session: &Value) -> Answer {
    let ask = json!({ "refresh_token": session["refresh_token"] });
    app.anonymous().post("/api/v1/auth/refresh", &ask).await
}

async fn require(admin: &Caller, roles: Value) {
    let body = json!({ "totp_required_roles": roles });
    admin.patch("/api/v1/settings", "*", &body).await.expect(200);
}

both! {
    async fn i7_once_it_is_on_sign_in_asks_for_a_code(app) {
        let doctor = app.member("doctor").await;
        let phone = Authenticator::begun(&doctor).await;
        assert_eq!(doctor.get(ME).await.expect(200)["totp_enabled"], false);
        sign_in(app, DOCTOR, json!({})).await.expect(200);

        let proof = json!({ "totp_code": phone.code(app.clock.now()) });
        let codes = doctor.post("/api/v1/auth/totp/confirm", &proof).await.expect(200);
        assert_eq!(codes["recovery_codes"].as_array().unwrap().len(), 10);
        assert_eq!(doctor.get(ME).await.expect(200)["totp_enabled"], true);

        let before = app.entries().await;
        let problem = sign_in(app, DOCTOR, json!({})).await.refused(401, "identity.totp_code_required");
        assert_eq!(problem["errors"][0]["pointer"], "/totp_code");
        assert_eq!(app.entries().await, before, "a missing code is no failure");
        next_code(app);
        sign_in(app, DOCTOR, json!({ "totp_code": phone.code(app.clock.now()) })).await.expect(200);
        // Who does not know the password learns nothing of a second factor.
        let wrong = json!({ "email": DOCTOR, "password": "not the password", "totp_code": phone.code(app.clock.now()) });
        app.anonymous().post(SIGN_IN, &wrong).await.refused(401, "identity.invalid_credentials");
    }

    async fn i7_a_code_works_once_and_within_one_step_of_now(app) {
        let (phone, _) = Authenticator::enrolled(&app.member("doctor").await, app.clock.now()).await;
        let now = app.clock.now();
        // The code that confirmed is spent, too.
        sign_in(app, DOCTOR, json!({ "totp_code": phone.code(now) })).await.refused(401, "identity.totp_code_wrong");
        let early = phone.code(now + Duration::seconds(30));
        sign_in(app, DOCTOR, json!({ "totp_code": early })).await.expect(200);
        next_code(app);
        sign_in(app, DOCTOR, json!({ "totp_code": early })).await.refused(401, "identity.totp_code_wrong");
        for far in [-2, 3] {
            let code = phone.code(app.clock.now() + Duration::seconds(30 * far));
            sign_in(app, DOCTOR, json!({ "totp_code": code })).await.refused(401, "identity.totp_code_wrong");
        }
        next_code(app);
        let late = phone.code(app.clock.now() - Duration::seconds(30));
        sign_in(app, DOCTOR, json!({ "totp_code": late })).await.refused(401, "identity.totp_code_wrong");
    }

    async fn i7_of_two_requests_with_one_code_one_gets_in(app) {
        let (phone, _) = Authenticator::enrolled(&app.member("doctor").await, app.clock.now()).await;
        for _ in 0..3 {
            next_code(app);
            let ask = asked(DOCTOR, &json!({ "totp_code": phone.code(app.clock.now()) }));
            let send = |caller: Caller| { let ask = ask.clone(); async move { caller.post(SIGN_IN, &ask).await } };
            let answers = at_once((0..4).map(|_| send(app.anonymous()))).await;
            let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
            assert_eq!((won.len(), lost.len()), (1, 3));
            for answer in lost {
                answer.refused(401, "identity.totp_code_wrong");
            }
        }
    }

    async fn i7_a_recovery_code_stands_in_once(app) {
        let (phone, codes) = Authenticator::enrolled(&app.member("doctor").await, app.clock.now()).await;
        let sql = app.sql().await;
        let kept = "SELECT count(*) FROM recovery_code";
        assert_eq!(sql.number(kept).await, 10);
        let spoken = codes[0].to_uppercase().replace('-', " ");
        sign_in(app, DOCTOR, json!({ "totp_code": spoken })).await.expect(200);
        sign_in(app, DOCTOR, json!({ "totp_code": codes[0] })).await.refused(401, "identity.totp_code_wrong");
        let ask = asked(DOCTOR, &json!({ "totp_code": codes[1] }));
        let send = |caller: Caller| { let ask = ask.clone(); async move { caller.post(SIGN_IN, &ask).await } };
        let answers = at_once((0..3).map(|_| send(app.anonymous()))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        assert_eq!(sql.number(kept).await, 8);
        // It is another account's of no use.
        let (_, others) = Authenticator::enrolled(&app.member("nurse").await, app.clock.now()).await;
        sign_in(app, DOCTOR, json!({ "totp_code": others[0] })).await.refused(401, "identity.totp_code_wrong");
        next_code(app);
        sign_in(app, DOCTOR, json!({ "totp_code": phone.code(app.clock.now()) })).await.expect(200);
    }

    async fn i7_wrong_codes_slow_down_as_wrong_passwords_do(app) {
        let (phone, _) = Authenticator::enrolled(&app.member("doctor").await, app.clock.now()).await;
        let before = app.entries().await;
        for wrong in [phone.wrong(app.clock.now()), "12".to_owned(), "abcd-efgh-ijkl-mnop".to_owned(), String::new(), "x".to_owned()] {
            sign_in(app, DOCTOR, json!({ "totp_code": wrong })).await.refused(401, "identity.totp_code_wrong");
        }
        let told = "SELECT count(*) FROM journal_entry WHERE system_reason = 'wrong second factor'";
        assert_eq!(app.sql().await.number(told).await, 5);
        assert_eq!(app.entries().await, before + 5);
        let right = phone.code(app.clock.now() + Duration::seconds(30));
        let locked = sign_in(app, DOCTOR, json!({ "totp_code": right })).await;
        let wait: i64 = locked.header("retry-after").unwrap().parse().unwrap();
        locked.refused(429, "identity.account_locked");
        app.clock.advance(Duration::seconds(wait));
        sign_in(app, DOCTOR, json!({ "totp_code": right })).await.expect(200);
    }

    async fn i7_only_a_code_of_the_seed_begun_last_confirms(app) {
        let doctor = app.member("doctor").await;
        let confirm = async |code: String| doctor.post("/api/v1/auth/totp/confirm", &json!({ "totp_code": code })).await;
        confirm("123456".to_owned()).await.refused(409, "identity.totp_not_begun");
        let first = Authenticator::begun(&doctor).await;
        let second = Authenticator::begun(&doctor).await;
        let now = app.clock.now();
        for wrong in [first.code(now), second.wrong(now), "abcd-efgh-ijkl-mnop".to_owned(), String::new()] {
            let problem = confirm(wrong).await.refused(422, "identity.totp_code_wrong");
            assert_eq!(problem["errors"][0]["pointer"], "/totp_code");
        }
        confirm(second.code(now)).await.expect(200);
        confirm(second.code(now)).await.refused(409, "identity.totp_already_on");
        doctor.send(reqwest::Method::POST, TOTP, None, &[]).await.refused(409, "identity.totp_already_on");
        let send = |caller: Caller| async move { caller.send(reqwest::Method::POST, TOTP, None, &[]).await };
        let nurse = app.member("nurse").await;
        let begun = at_once((0..4).map(|_| send(nurse.clone()))).await;
        assert!(begun.iter().all(|answer| answer.status == 200), "{begun:?}");
        assert_eq!(app.sql().await.number("SELECT count(*) FROM totp").await, 2);
    }

    async fn i7_turning_it_off_needs_a_code_or_the_password(app) {
        let doctor = app.member("doctor").await;
        turn_off(&doctor, json!({ "password": api::demo::PASSWORD })).await.refused(409, "identity.totp_not_on");
        let (phone, codes) = Authenticator::enrolled(&doctor, app.clock.now()).await;
        let faults = turn_off(&doctor, json!({})).await.faults();
        assert_eq!(faults, [("/totp_code".to_owned(), "required".to_owned())]);
        let before = app.entries().await;
        for wrong in [json!({ "password": "not the password" }), json!({ "totp_code": phone.wrong(app.clock.now()) })] {
            turn_off(&doctor, wrong).await.refused(403, "identity.owner_not_proved");
        }
        assert_eq!(app.entries().await, before + 2);
        sign_in(app, DOCTOR, json!({})).await.refused(401, "identity.totp_code_required");
        turn_off(&doctor, json!({ "totp_code": codes[3] })).await.expect(204);
        sign_in(app, DOCTOR, json!({})).await.expect(200);
        assert_eq!(app.sql().await.number("SELECT count(*) FROM recovery_code").await, 0);
        let (phone, _) = Authenticator::enrolled(&doctor, app.clock.now()).await;
        next_code(app);
        turn_off(&doctor, json!({ "totp_code": phone.code(app.clock.now()) })).await.expect(204);
        Authenticator::enrolled(&doctor, app.clock.now()).await;
        turn_off(&doctor, json!({ "password": api::demo::PASSWORD })).await.expect(204);
    }

    async fn i7_wrong_proofs_of_the_owner_slow_down_too(app) {
        let doctor = app.member("doctor").await;
        Authenticator::enrolled(&doctor, app.clock.now()).await;
        for _ in 0..5 {
            turn_off(&doctor, json!({ "password": "not the password" })).await.refused(403, "identity.owner_not_proved");
        }
        let locked = turn_off(&doctor, json!({ "password": api::demo::PASSWORD })).await;
        assert!(locked.header("retry-after").is_some());
        locked.refused(429, "identity.account_locked");
    }

    async fn i7_the_second_factor_comes_before_the_companies(app) {
        let founder = json!({ "company_name": "Uma", "name": "Dora", "email": "dora@duas.example", "password": api::demo::PASSWORD });
        let session = app.anonymous().post("/api/v1/auth/sign-up", &founder).await.expect(201);
        let dora = bearer(app, &session);
        let other = text(&dora.post("/api/v1/companies", &json!({ "company_name": "Outra" })).await.expect(201)["id"]);
        let (phone, _) = Authenticator::enrolled(&dora, app.clock.now()).await;
        next_code(app);
        let email = "dora@duas.example";
        let problem = sign_in(app, email, json!({})).await.refused(401, "identity.totp_code_required");
        assert!(problem.get("companies").is_none(), "{problem:#}");
        let code = phone.code(app.clock.now());
        sign_in(app, email, json!({ "totp_code": code })).await.refused(422, "identity.company_required");
        // What was refused for another reason has not spent the code.
        sign_in(app, email, json!({ "totp_code": code, "company_id": other })).await.expect(200);
        sign_in(app, email, json!({ "totp_code": code, "company_id": other })).await.refused(401, "identity.totp_code_wrong");
    }

    async fn i7_where_a_company_requires_it_a_session_is_for_enrolment_until_then(app) {
        let admin = app.admin().await;
        require(&admin, json!(["doctor"])).await;
        let session = sign_in(app, DOCTOR, json!({})).await.expect(200);
        assert_eq!(session["totp_enrolment_required"], true);
        let doctor = bearer(app, &session);
        for path in ["/api/v1/patients", "/api/v1/clinics", "/api/v1/appointments?from=2027-03-01T00:00:00Z&to=2027-03-20T00:00:00Z"] {
            doctor.get(path).await.refused(403, "identity.totp_enrolment_required");
        }
        assert_eq!(doctor.get(ME).await.expect(200)["totp_enrolment_required"], true);
        doctor.get("/api/v1/roles").await.expect(200);
        let (_node, elsewhere, _server) = app.second_node().await;
        let elsewhere = Caller { token: doctor.token.clone(), ..elsewhere };
        elsewhere.get("/api/v1/patients").await.refused(403, "identity.totp_enrolment_required");

        let (phone, _) = Authenticator::enrolled(&doctor, app.clock.now()).await;
        doctor.get("/api/v1/patients").await.expect(200);
        elsewhere.get("/api/v1/patients").await.expect(200);
        assert_eq!(doctor.get(ME).await.expect(200)["totp_enrolment_required"], false);
        turn_off(&doctor, json!({ "password": api::demo::PASSWORD })).await.refused(409, "identity.totp_required_by_company");
        next_code(app);
        let session = sign_in(app, DOCTOR, json!({ "totp_code": phone.code(app.clock.now()) })).await.expect(200);
        assert_eq!(session["totp_enrolment_required"], false);
        // Others are as free as before.
        let nurse = sign_in(app, "nurse@aurora.example", json!({})).await.expect(200);
        assert_eq!(nurse["totp_enrolment_required"], false);
        require(&admin, json!([])).await;
        turn_off(&doctor, json!({ "password": api::demo::PASSWORD })).await.expect(204);
    }

    async fn i7_the_requirement_reaches_open_sessions_when_they_are_renewed(app) {
        let session = sign_in(app, DOCTOR, json!({})).await.expect(200);
        let admin = app.admin().await;
        require(&admin, json!(["doctor"])).await;
        bearer(app, &session).get("/api/v1/patients").await.expect(200);
        let renewed = renew(app, &session).await.expect(200);
        assert_eq!(renewed["totp_enrolment_required"], true);
        bearer(app, &renewed).get("/api/v1/patients").await.refused(403, "identity.totp_enrolment_required");
        require(&admin, json!(null)).await;
        let free = renew(app, &renewed).await.expect(200);
        assert_eq!(free["totp_enrolment_required"], false);
        bearer(app, &free).get("/api/v1/patients").await.expect(200);
    }

    async fn i7_the_requirement_is_checked_at_a_switch(app) {
        let founder = json!({ "company_name": "Livre", "name": "Dora", "email": "dora@duas.example", "password": api::demo::PASSWORD });
        let session = app.anonymous().post("/api/v1/auth/sign-up", &founder).await.expect(201);
        let dora = bearer(app, &session);
        let free = text(&session["user"]["company_id"]);
        let strict = text(&dora.post("/api/v1/companies", &json!({ "company_name": "Severa" })).await.expect(201)["id"]);
        let go = async |caller: &Caller, company: &str| {
            caller.post("/api/v1/auth/switch-company", &json!({ "company_id": company })).await.expect(200)
        };
        let there = go(&dora, &strict).await;
        assert_eq!(there["totp_enrolment_required"], false);
        require(&bearer(app, &there), json!(["admin"])).await;
        let back = go(&bearer(app, &there), &free).await;
        assert_eq!(back["totp_enrolment_required"], false);
        let again = go(&bearer(app, &back), &strict).await;
        assert_eq!(again["totp_enrolment_required"], true);
        bearer(app, &again).get("/api/v1/patients").await.refused(403, "identity.totp_enrolment_required");
        Authenticator::enrolled(&bearer(app, &again), app.clock.now()).await;
        bearer(app, &again).get("/api/v1/patients").await.expect(200);
    }

    async fn i7_turning_it_on_ends_the_accounts_other_sessions(app) {
        require(&app.admin().await, json!(["doctor"])).await;
        // Somebody else who knows the password is held where the company requires a second factor.
        let (stranger, owner) = (sign_in(app, DOCTOR, json!({})).await.expect(200), sign_in(app, DOCTOR, json!({})).await.expect(200));
        bearer(app, &stranger).get(ME).await.expect(200);
        Authenticator::enrolled(&bearer(app, &owner), app.clock.now()).await;
        bearer(app, &stranger).get(ME).await.refused(401, "unauthenticated");
        renew(app, &stranger).await.refused(401, "identity.refresh_token_invalid");
        bearer(app, &owner).get("/api/v1/patients").await.expect(200);
        let renewed = renew(app, &owner).await.expect(200);
        assert_eq!(renewed["totp_enrolment_required"], false);
        bearer(app, &renewed).get("/api/v1/patients").await.expect(200);
        let ended = "SELECT count(*) FROM session WHERE ending = 'factor_confirmed'";
        assert_eq!(app.sql().await.number(ended).await, 1);
    }

    async fn i7_a_session_in_which_no_factor_was_proved_stays_held(app) {
        let founder = json!({ "company_name": "Severa", "name": "Dora", "email": "dora@duas.example", "password": api::demo::PASSWORD });
        let session = app.anonymous().post("/api/v1/auth/sign-up", &founder).await.expect(201);
        let dora = bearer(app, &session);
        let strict = text(&session["user"]["company_id"]);
        let free = text(&dora.post("/api/v1/companies", &json!({ "company_name": "Livre" })).await.expect(201)["id"]);
        require(&dora, json!(["admin"])).await;
        let (phone, _) = Authenticator::enrolled(&dora, app.clock.now()).await;
        let go = async |session: &Value, company: &str| {
            let ask = json!({ "company_id": company });
            bearer(app, session).post("/api/v1/auth/switch-company", &ask).await.expect(200)
        };
        // What was proved goes along.
        let back = go(&go(&session, &free).await, &strict).await;
        assert_eq!(back["totp_enrolment_required"], false);

        let forget = "UPDATE session SET factor_proved_at = NULL";
        assert!(app.sql().await.run(forget).await.unwrap() > 0);
        let renewed = renew(app, &back).await.expect(200);
        assert_eq!(renewed["totp_enrolment_required"], true);
        bearer(app, &renewed).get("/api/v1/patients").await.refused(403, "identity.totp_enrolment_required");
        let back = go(&go(&renewed, &free).await, &strict).await;
        assert_eq!(back["totp_enrolment_required"], true);
        bearer(app, &back).get("/api/v1/patients").await.refused(403, "identity.totp_enrolment_required");

        next_code(app);
        let code = json!({ "totp_code": phone.code(app.clock.now()), "company_id": strict });
        let proved = sign_in(app, "dora@duas.example", code).await.expect(200);
        assert_eq!(proved["totp_enrolment_required"], false);
        assert_eq!(renew(app, &proved).await.expect(200)["totp_enrolment_required"], false);
    }

    async fn i7_the_password_alone_turns_nothing_off_where_no_factor_was_proved(app) {
        let doctor = app.member("doctor").await;
        let (_, codes) = Authenticator::enrolled(&doctor, app.clock.now()).await;
        assert!(app.sql().await.run("UPDATE session SET factor_proved_at = NULL").await.unwrap() > 0);
        turn_off(&doctor, json!({ "password": api::demo::PASSWORD })).await.refused(403, "identity.owner_not_proved");
        sign_in(app, DOCTOR, json!({})).await.refused(401, "identity.totp_code_required");
        turn_off(&doctor, json!({ "totp_code": codes[0] })).await.expect(204);
    }

    async fn i11_seed_and_codes_are_in_no_journal(app) {
        let doctor = app.member("doctor").await;
        let begun = doctor.send(reqwest::Method::POST, TOTP, None, &[]).await.expect(200);
        let secret = text(&begun["secret"]);
        assert!(text(&begun["otpauth_uri"]).starts_with("otpauth://totp/Salus:doctor%40aurora.example?secret="), "{begun}");
        assert!(text(&begun["otpauth_uri"]).contains(&secret));
        let open = match app.kind() {
            crate::support::Kind::Sqlite => "SELECT coalesce(group_concat(before || after), '') FROM journal_change WHERE entity_kind = 'totp'",
            crate::support::Kind::Postgres => "SELECT coalesce(string_agg(before::text || after::text, ''), '') FROM journal_change WHERE entity_kind = 'totp'",
        };
        let told = app.sql().await.texts(open).await.concat();
        assert!(told.contains("account_id") && !told.contains(&secret), "{told}");
    }
}
