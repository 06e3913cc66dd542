//! Signing up, in and out; access tokens and the rotation of refresh tokens (I1 to I4).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use identity::model::access_token::{Claims, Issuer};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::both;
use crate::support::{Answer, Caller, TestApp, at_once, text};

const PASSWORD: &str = "três tigres e um trigal";
const ME: &str = "/api/v1/auth/me";

fn founder(email: &str) -> Value {
    json!({ "company_name": "Clínica Nova", "name": "Nina Nova", "email": email, "password": PASSWORD, "country": "FR" })
}

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Answer {
    app.anonymous().post("/api/v1/auth/sign-in", &json!({ "email": email, "password": password })).await
}

async fn refresh(caller: Caller, token: String) -> Answer {
    caller.post("/api/v1/auth/refresh", &json!({ "refresh_token": token })).await
}

fn bearer(app: &TestApp, session: &Value) -> Caller {
    Caller { token: Some(text(&session["access_token"])), ..app.anonymous() }
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// 401 with a challenge, and nothing of the reason.
async fn refused(app: &TestApp, token: &str) {
    let caller = Caller { token: Some(token.to_owned()), ..app.anonymous() };
    let answer = caller.get(ME).await;
    assert!(answer.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer")), "{}", answer.text());
    answer.refused(401, "unauthenticated");
}

both! {
    async fn i1_signing_up_makes_company_clinic_and_admin(app) {
        let session = app.anonymous().post("/api/v1/auth/sign-up", &founder("nina@nova.example")).await.expect(201);
        let user = &session["user"];
        assert_eq!((text(&user["role"]), text(&user["company_name"])), ("admin".to_owned(), "Clínica Nova".to_owned()));
        assert_eq!((&session["token_type"], &session["expires_in"]), (&json!("Bearer"), &json!(900)));
        let admin = bearer(app, &session);
        let clinics = admin.get("/api/v1/clinics").await.expect(200);
        assert_eq!((clinics["items"].as_array().unwrap().len(), &clinics["items"][0]["time_zone"]), (1, &json!("Europe/Paris")));
        let me = admin.get(ME).await.expect(200);
        for (name, value) in user.as_object().unwrap() {
            assert_eq!(&me[name], value, "{name}");
        }
        assert_eq!(me["csrf_token"], session["csrf_token"]);
        assert_eq!(user["permissions"]["company"]["manage"], true);
        sign_in(app, "NINA@nova.example", PASSWORD).await.expect(200);
    }

    async fn i1_an_address_is_taken_once_also_when_both_come_together(app) {
        let before = app.entries().await;
        let send = |caller: Caller| async move { caller.post("/api/v1/auth/sign-up", &founder("dupla@nova.example")).await };
        let answers = at_once((0..4).map(|_| send(app.anonymous()))).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
        assert_eq!((won.len(), lost.len()), (1, 3));
        for answer in lost {
            answer.refused(409, "email_taken");
        }
        app.anonymous().post("/api/v1/auth/sign-up", &founder("Dupla@Nova.example")).await.refused(409, "email_taken");
        let sql = app.sql().await;
        assert_eq!(sql.number("SELECT count(*) FROM company WHERE name = 'Clínica Nova'").await, 1);
        assert_eq!(app.entries().await, before + 1);
    }

    async fn i1_a_weak_password_is_refused(app) {
        for (password, code) in [
            ("short", "identity.password_too_short"), ("password1234", "identity.password_too_common"),
            (&"x".repeat(129), "identity.password_too_long"),
        ] {
            let mut ask = founder("fraca@nova.example");
            ask["password"] = json!(password);
            let faults = app.anonymous().post("/api/v1/auth/sign-up", &ask).await.faults();
            assert_eq!(faults, [("/password".to_owned(), code.to_owned())]);
        }
    }

    async fn i2_a_wrong_password_and_an_unknown_address_are_answered_alike(app) {
        let bare = |answer: Answer| {
            let mut problem = answer.refused(401, "identity.invalid_credentials");
            for own in ["instance", "request_id"] {
                problem.as_object_mut().unwrap().remove(own);
            }
            problem
        };
        let wrong = bare(sign_in(app, "doctor@aurora.example", "not the password").await);
        let unknown = bare(sign_in(app, "nobody@aurora.example", "not the password").await);
        assert_eq!(wrong, unknown);
    }

    async fn i2_failures_slow_down_and_a_locked_account_is_told_only_after_the_right_password(app) {
        let email = "nurse@aurora.example";
        for _ in 0..7 {
            sign_in(app, email, "not the password").await.refused(401, "identity.invalid_credentials");
        }
        let locked = sign_in(app, email, api::demo::PASSWORD).await;
        let wait: i64 = locked.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=8).contains(&wait), "{wait}");
        locked.refused(429, "identity.account_locked");
        app.clock.advance(Duration::seconds(wait));
        sign_in(app, email, api::demo::PASSWORD).await.expect(200);
        sign_in(app, email, "not the password").await.refused(401, "identity.invalid_credentials");
        sign_in(app, email, api::demo::PASSWORD).await.expect(200);
    }

    async fn i3_a_token_says_what_the_page_lists_and_is_signed_by_a_published_key(app) {
        let session = sign_in(app, "doctor@aurora.example", api::demo::PASSWORD).await.expect(200);
        let token = text(&session["access_token"]);
        let (header, claims) = (part(&token, 0), part(&token, 1));
        let mut names: Vec<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["aud", "cid", "exp", "iat", "iss", "jti", "mid", "role", "sid", "sub"]);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
        let keys = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
        let kids: Vec<&Value> = keys["keys"].as_array().unwrap().iter().map(|key| &key["kid"]).collect();
        assert!(header["alg"] == "EdDSA" && kids.contains(&&header["kid"]), "{header} {keys}");
        assert!(!keys.to_string().contains("\"d\""), "no private part");
    }

    async fn i3_forged_tokens_are_refused(app) {
        let session = sign_in(app, "doctor@aurora.example", api::demo::PASSWORD).await.expect(200);
        let token = text(&session["access_token"]);
        let (header, claims) = (part(&token, 0), part(&token, 1));
        let (kid, rest) = (text(&header["kid"]), token.split_once('.').unwrap().1);
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let (body, signature) = rest.split_once('.').unwrap();
        for alg in ["none", "None", "NONE", "HS256", "RS256"] {
            let forged = encoded(&json!({ "alg": alg, "kid": kid, "typ": "JWT" }));
            refused(app, &format!("{forged}.{body}.")).await;
            refused(app, &format!("{forged}.{rest}")).await;
        }
        let keys = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
        let public = URL_SAFE_NO_PAD.decode(text(&keys["keys"][0]["x"])).unwrap();
        let confused = Header { kid: Some(kid.clone()), ..Header::new(Algorithm::HS256) };
        refused(app, &jsonwebtoken::encode(&confused, &claims, &EncodingKey::from_secret(&public)).unwrap()).await;
        // A key of one's own, under the name of the published one: PKCS #8 of RFC 8410 around 32 sevens.
        let mut der = vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
        der.extend([7; 32]);
        for name in [Some(kid), Some("unknown".to_owned()), None] {
            let own = Header { kid: name, ..Header::new(Algorithm::EdDSA) };
            refused(app, &jsonwebtoken::encode(&own, &claims, &EncodingKey::from_ed_der(&der)).unwrap()).await;
        }
        let mut more = claims.clone();
        more["role"] = json!("admin");
        refused(app, &format!("{}.{}.{signature}", encoded(&header), encoded(&more))).await;
        for garbage in ["", "x", "a.b.c", "....", &"a".repeat(5_000)] {
            refused(app, garbage).await;
        }
    }

    async fn i3_a_token_for_somebody_else_or_of_another_time_is_refused(app) {
        let session = sign_in(app, "doctor@aurora.example", api::demo::PASSWORD).await.expect(200);
        let claims: Claims = serde_json::from_value(part(&text(&session["access_token"]), 1)).unwrap();
        let identity = &app.app.identity;
        let keys = identity.keys.set();
        let signed = |claims: &Claims| identity.issuer.sign(claims, &keys).unwrap();
        let accepted = Caller { token: Some(signed(&claims)), ..app.anonymous() };
        accepted.get(ME).await.expect(200);
        let elsewhere = Issuer { iss: "https://elsewhere.example".to_owned(), ..identity.issuer.clone() };
        let others = [
            Claims { aud: "another".to_owned(), ..claims.clone() },
            Claims { iss: elsewhere.iss, ..claims.clone() },
            Claims { exp: claims.exp - 1_000, iat: claims.iat - 1_000, ..claims.clone() },
            Claims { iat: claims.iat + 120, exp: claims.exp + 120, ..claims.clone() },
            Claims { cid: kernel::ids::TenantId::from_uuid(uuid::Uuid::from_u128(1)), ..claims.clone() },
            Claims { sid: kernel::ids::SessionId::from_uuid(uuid::Uuid::from_u128(1)), ..claims.clone() },
            Claims { mid: kernel::ids::MembershipId::from_uuid(uuid::Uuid::from_u128(1)), ..claims.clone() },
        ];
        for other in others {
            refused(app, &signed(&other)).await;
        }
        app.clock.advance(Duration::minutes(16));
        refused(app, &text(&session["access_token"])).await;
    }

    async fn i4_a_refresh_token_is_rotated_and_its_successors_work(app) {
        let session = sign_in(app, "doctor@aurora.example", api::demo::PASSWORD).await.expect(200);
        let mut token = text(&session["refresh_token"]);
        for _ in 0..3 {
            app.clock.advance(Duration::minutes(14));
            let next = refresh(app.anonymous(), token.clone()).await.expect(200);
            bearer(app, &next).get(ME).await.expect(200);
            assert_ne!(text(&next["refresh_token"]), token);
            token = text(&next["refresh_token"]);
        }
        let raw = URL_SAFE_NO_PAD.decode(&token).unwrap();
        assert_eq!(raw.len(), 32, "256 bits");
        app.clock.advance(Duration::days(7));
        refresh(app.anonymous(), token).await.refused(401, "identity.refresh_token_invalid");
    }

    async fn i4_ten_refreshes_side_by_side_get_the_same_successor(app) {
        let session = sign_in(app, "doctor@aurora.example", api::demo::PASSWORD).await.expect(200);
        let token = text(&session["refresh_token"]);
        let answers = at_once((0..10).map(|_| refresh(app.anonymous(), token.clone()))).await;
        let successors: std::collections::BTreeSet<String> =
            answers.into_iter().map(|answer| text(&answer.expect(200)["refresh_token"])).collect();
        assert_eq!(successors.len(), 1);
        app.clock.advance(Duration::seconds(9));
        let late = refresh(app.anonymous(), token).await.expect(200);
        assert_eq!(Some(&text(&late["refresh_token"])), successors.first());
        refresh(app.anonymous(), successors.first().unwrap().clone()).await.expect(200);
    }

    async fn i4_a_reused_refresh_token_ends_the_family_and_is_journalled(app) {
        let session = sign_in(app, "doctor@aurora.example", api::demo::PASSWORD).await.expect(200);
        let stolen = text(&session["refresh_token"]);
        let next = refresh(app.anonymous(), stolen.clone()).await.expect(200);
        let holder = bearer(app, &next);
        holder.get(ME).await.expect(200);
        app.clock.advance(Duration::seconds(11));
        let before = app.entries().await;
        refresh(app.anonymous(), stolen.clone()).await.refused(401, "identity.refresh_token_reused");
        assert_eq!(app.entries().await, before + 1);
        let told = "SELECT act FROM journal_entry WHERE system_reason = 'refresh token reused'";
        assert_eq!(app.sql().await.texts(told).await.len(), 1);
        holder.get(ME).await.refused(401, "unauthenticated");
        refresh(app.anonymous(), text(&next["refresh_token"])).await.refused(401, "identity.refresh_token_invalid");
        refresh(app.anonymous(), stolen).await.refused(401, "identity.refresh_token_invalid");
        assert_eq!(app.entries().await, before + 1);
    }

    async fn i4_a_family_lives_thirty_days(app) {
        let session = sign_in(app, "doctor@aurora.example", api::demo::PASSWORD).await.expect(200);
        let mut token = text(&session["refresh_token"]);
        for _ in 0..4 {
            app.clock.advance(Duration::days(6));
            token = text(&refresh(app.anonymous(), token).await.expect(200)["refresh_token"]);
        }
        app.clock.advance(Duration::days(6) + Duration::seconds(1));
        refresh(app.anonymous(), token).await.refused(401, "identity.refresh_token_invalid");
    }

    async fn i6_signing_out_really_ends_the_session(app) {
        let session = sign_in(app, "doctor@aurora.example", api::demo::PASSWORD).await.expect(200);
        let other = sign_in(app, "doctor@aurora.example", api::demo::PASSWORD).await.expect(200);
        let caller = bearer(app, &session);
        let (_node, elsewhere, _server) = app.second_node().await;
        let elsewhere = Caller { token: caller.token.clone(), ..elsewhere };
        elsewhere.get(ME).await.expect(200);
        assert_eq!(caller.post("/api/v1/auth/sign-out", &json!({})).await.expect(204), Value::Null);
        caller.get(ME).await.refused(401, "unauthenticated");
        refresh(app.anonymous(), text(&session["refresh_token"])).await.refused(401, "identity.refresh_token_invalid");
        bearer(app, &other).get(ME).await.expect(200);
        // Other nodes remember a caller for half a minute.
        app.clock.advance(Duration::seconds(31));
        elsewhere.get(ME).await.refused(401, "unauthenticated");
    }

    async fn i6_a_refresh_beside_a_sign_out_does_not_revive_the_session(app) {
        for _ in 0..12 {
            let session = sign_in(app, "doctor@aurora.example", api::demo::PASSWORD).await.expect(200);
            let (caller, token) = (bearer(app, &session), text(&session["refresh_token"]));
            let out = async move { caller.post("/api/v1/auth/sign-out", &json!({})).await };
            let renewed = refresh(app.anonymous(), token.clone());
            let asks: [std::pin::Pin<Box<dyn Future<Output = Answer> + Send>>; 2] = [Box::pin(out), Box::pin(renewed)];
            let answers = at_once(asks).await;
            assert!(answers.iter().all(|answer| [200, 204, 401].contains(&answer.status)), "{answers:?}");
            assert!(answers.iter().any(|answer| answer.status == 204), "{answers:?}");
            refresh(app.anonymous(), token).await.refused(401, "identity.refresh_token_invalid");
            for next in answers.iter().filter(|answer| answer.status == 200) {
                let next = text(&next.json()["refresh_token"]);
                refresh(app.anonymous(), next).await.refused(401, "identity.refresh_token_invalid");
            }
        }
        let ended = app.sql().await.number("SELECT count(*) FROM session WHERE ending = 'signed_out'").await;
        assert_eq!(ended, 12);
    }

    async fn i4_the_alarm_beside_a_rotation_ends_the_family(app) {
        for _ in 0..8 {
            let session = sign_in(app, "doctor@aurora.example", api::demo::PASSWORD).await.expect(200);
            let stolen = text(&session["refresh_token"]);
            let next = text(&refresh(app.anonymous(), stolen.clone()).await.expect(200)["refresh_token"]);
            app.clock.advance(Duration::seconds(11));
            let answers = at_once([refresh(app.anonymous(), stolen), refresh(app.anonymous(), next.clone())]).await;
            assert!(answers.iter().any(|answer| answer.status == 401), "{answers:?}");
            refresh(app.anonymous(), next).await.refused(401, "identity.refresh_token_invalid");
            for last in answers.iter().filter(|answer| answer.status == 200) {
                let last = text(&last.json()["refresh_token"]);
                refresh(app.anonymous(), last).await.refused(401, "identity.refresh_token_invalid");
            }
        }
        let ended = app.sql().await.number("SELECT count(*) FROM session WHERE ending = 'reused'").await;
        assert_eq!(ended, 8);
    }

    async fn i13_a_refused_attempt_stands_in_the_access_log_with_its_status(app) {
        let reader = app.member("analyst").await;
        reader.post("/api/v1/patients", &json!({ "name": "Ana" })).await.refused(403, "forbidden");
        app.anonymous().get("/api/v1/patients").await.refused(401, "unauthenticated");
        sign_in(app, "nobody@aurora.example", "not the password").await.refused(401, "identity.invalid_credentials");
        app.settle().await;
        let sql = app.sql().await;
        let noted = "SELECT method || ' ' || route || ' ' || CAST(status AS text) || ' ' || code FROM access_log ORDER BY 1";
        assert_eq!(sql.texts(noted).await, [
            "GET /api/v1/patients 401 unauthenticated",
            "POST /api/v1/auth/sign-in 401 identity.invalid_credentials",
            "POST /api/v1/patients 403 forbidden",
        ]);
        let nobodys = format!("SELECT count(*) FROM journal_entry WHERE tenant_id = {}", sql.id(&uuid::Uuid::nil().to_string()));
        assert_eq!(sql.number(&nobodys).await, 0);
    }

    async fn every_role_signs_in_and_reads_itself(app) {
        let admin = app.admin().await;
        let roles = admin.get("/api/v1/roles").await.expect(200);
        let roles = roles["items"].as_array().unwrap();
        assert_eq!(roles.len(), 16);
        for role in roles {
            let name = text(&role["role"]);
            let me = app.member(&name).await.get(ME).await.expect(200);
            assert_eq!(text(&me["role"]), name);
            for permission in role["permissions"].as_array().unwrap() {
                let permission = text(&permission["permission"]);
                let (area, verb) = permission.split_once(':').unwrap();
                assert_eq!(me["permissions"][area][verb], true, "{name} {permission}");
            }
        }
    }

    async fn a_secret_never_comes_back_by_an_idempotency_key(app) {
        let ask = json!({ "email": "doctor@aurora.example", "password": api::demo::PASSWORD });
        let first = app.anonymous().post_once("/api/v1/auth/sign-in", "same", &ask).await.expect(200);
        let second = app.anonymous().post_once("/api/v1/auth/sign-in", "same", &ask).await.expect(200);
        assert_ne!(first["refresh_token"], second["refresh_token"]);
    }
}
