//! The keys that sign access tokens: they change without signing anybody out, and nothing but them makes a token (I3).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use identity::usecase::signing_keys;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use kernel::seal::Place;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::both;
use crate::support::{Caller, TestApp, text};

const ME: &str = "/api/v1/auth/me";

async fn session(app: &TestApp) -> Value {
    let ask = json!({ "email": "doctor@aurora.example", "password": api::demo::PASSWORD });
    app.anonymous().post("/api/v1/auth/sign-in", &ask).await.expect(200)
}

fn bearer(app: &TestApp, token: &str) -> Caller {
    Caller { token: Some(token.to_owned()), ..app.anonymous() }
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn kid(token: &str) -> String {
    text(&part(token, 0)["kid"])
}

/// The names of the published keys, newest first.
async fn published(app: &TestApp) -> Vec<String> {
    let keys = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
    keys["keys"].as_array().unwrap().iter().map(|key| text(&key["kid"])).collect()
}

/// The key that signs, out of the database: with it, and nothing else, tokens can be made that Salus would not make.
async fn stolen_key(app: &TestApp) -> EncodingKey {
    let identity = &app.app.identity;
    let stored = identity.db.view_across_tenants("test").await.unwrap().signing_keys().await.unwrap();
    let newest = stored.iter().max_by_key(|key| key.number).unwrap();
    let place =
        Place { tenant: Uuid::nil(), purpose: "signing key", column: "signing_key.sealed", row: newest.id.uuid() };
    let secret = identity.keyring.open(place, &newest.sealed).unwrap();
    // PKCS #8 of RFC 8410 around the 32 bytes.
    let mut der = vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    der.extend(secret.iter());
    EncodingKey::from_ed_der(&der)
}

/// 401, and nothing of the reason.
async fn refused(app: &TestApp, token: &str, what: &str) {
    let answer = bearer(app, token).get(ME).await;
    assert_eq!(answer.status, 401, "{what}: {}", answer.text());
    answer.refused(401, "unauthenticated");
}

both! {
    async fn i3_a_new_key_signs_nobody_out_and_a_removed_one_is_of_no_use(app) {
        let first = session(app).await;
        let old = text(&first["access_token"]);
        let (node, elsewhere, _server) = app.second_node().await;
        assert_eq!(published(app).await, [kid(&old)]);

        signing_keys::rotate(&app.app.identity).await.unwrap();
        let keys = published(app).await;
        assert_eq!((keys.len(), &keys[1]), (2, &kid(&old)));
        bearer(app, &old).get(ME).await.expect(200);
        assert_eq!(kid(&text(&session(app).await["access_token"])), kid(&old), "every node gets to know a key before it signs");
        app.clock.advance(Duration::seconds(60));
        let second = session(app).await;
        let new = text(&second["access_token"]);
        assert_eq!(kid(&new), keys[0]);
        // Another node has not heard of the key yet, and reads it when a token names it.
        let there = Caller { token: Some(new.clone()), ..elsewhere.clone() };
        there.get(ME).await.expect(200);

        signing_keys::rotate(&app.app.identity).await.unwrap();
        assert_eq!(published(app).await.len(), 2);
        assert!(!published(app).await.contains(&kid(&old)));
        signing_keys::ready(&node.identity).await.unwrap();
        app.clock.advance(Duration::seconds(31)); // callers are remembered for half a minute
        refused(app, &old, "a token of the removed key").await;
        let there = Caller { token: Some(old.clone()), ..elsewhere };
        there.get(ME).await.refused(401, "unauthenticated");
        bearer(app, &new).get(ME).await.expect(200);
        // Who held the old token goes on with the refresh token.
        let ask = json!({ "refresh_token": first["refresh_token"] });
        let renewed = app.anonymous().post("/api/v1/auth/refresh", &ask).await.expect(200);
        bearer(app, &text(&renewed["access_token"])).get(ME).await.expect(200);
    }

    async fn i3_a_key_gives_way_after_ninety_days(app) {
        let before = published(app).await;
        app.clock.advance(Duration::days(89));
        signing_keys::ready(&app.app.identity).await.unwrap();
        assert_eq!(published(app).await, before);
        app.clock.advance(Duration::days(1));
        signing_keys::ready(&app.app.identity).await.unwrap();
        let after = published(app).await;
        assert_eq!((after.len(), &after[1]), (2, &before[0]));
    }

    async fn i3_nodes_that_rotate_at_once_agree_on_one_key(app) {
        let (node, _elsewhere, _server) = app.second_node().await;
        app.clock.advance(Duration::days(90));
        let (one, other) = tokio::join!(signing_keys::ready(&app.app.identity), signing_keys::ready(&node.identity));
        one.unwrap();
        other.unwrap();
        assert_eq!(app.app.identity.keys.set().public(), node.identity.keys.set().public());
        assert_eq!(app.sql().await.number("SELECT count(*) FROM signing_key").await, 2);
    }

    async fn i3_a_token_without_one_of_its_claims_is_none(app) {
        let token = text(&session(app).await["access_token"]);
        let (header, claims, key) = (part(&token, 0), part(&token, 1), stolen_key(app).await);
        let header = Header { kid: Some(text(&header["kid"])), ..Header::new(Algorithm::EdDSA) };
        let signed = |claims: &Value| jsonwebtoken::encode(&header, claims, &key).unwrap();
        bearer(app, &signed(&claims)).get(ME).await.expect(200);
        for name in claims.as_object().unwrap().keys() {
            let mut without = claims.clone();
            without.as_object_mut().unwrap().remove(name);
            refused(app, &signed(&without), &format!("without {name}")).await;
            for odd in [json!(null), json!(""), json!([]), json!({}), json!(-1), json!(true)] {
                let mut strange = claims.clone();
                strange[name] = odd.clone();
                // What a role is called decides nothing: the membership's counts.
                if name != "role" || !odd.is_string() {
                    refused(app, &signed(&strange), &format!("{name} is {odd}")).await;
                }
            }
        }
    }

    async fn i3_times_and_names_must_fit(app) {
        let token = text(&session(app).await["access_token"]);
        let (header, claims, key) = (part(&token, 0), part(&token, 1), stolen_key(app).await);
        let header = Header { kid: Some(text(&header["kid"])), ..Header::new(Algorithm::EdDSA) };
        let (iat, exp) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
        for (name, value) in [
            ("iat", json!(iat + 61)), ("iat", json!(i64::MAX)), ("iat", json!(1e300)), ("iat", json!(iat.to_string())),
            ("exp", json!(iat - 31)), ("exp", json!(0)), ("exp", json!(i64::MIN)), ("exp", json!(exp.to_string())),
            ("iss", json!("https://elsewhere.example")), ("iss", json!(["http://127.0.0.1:8080", "x"])),
            ("aud", json!("another")), ("aud", json!(["another"])), ("aud", json!(null)),
            ("sub", json!(Uuid::from_u128(1))), ("cid", json!(Uuid::from_u128(1))), ("mid", json!(Uuid::from_u128(1))),
            ("sid", json!(Uuid::from_u128(1))), ("sid", json!("../../etc/passwd")),
        ] {
            let mut other = claims.clone();
            other[name] = value.clone();
            let token = jsonwebtoken::encode(&header, &other, &key).unwrap();
            refused(app, &token, &format!("{name} = {value}")).await;
        }
        // The leeway covers clocks that differ a little.
        let mut early = claims.clone();
        early["iat"] = json!(iat + 20);
        bearer(app, &jsonwebtoken::encode(&header, &early, &key).unwrap()).get(ME).await.expect(200);
    }

    async fn i3_a_header_names_a_live_key_and_nothing_else_chooses_one(app) {
        let token = text(&session(app).await["access_token"]);
        let (own, claims, key) = (part(&token, 0), part(&token, 1), stolen_key(app).await);
        let name = text(&own["kid"]);
        for kid in [
            "", " ", "..", "../../../../dev/null", "/proc/self/environ", "file:///dev/null", "' OR '1'='1", "%00", "0", "1",
            "https://evil.example/jwks.json", &format!("{name} "), &format!("{name}\u{0}"), &name.to_lowercase(), &"k".repeat(4_000),
        ] {
            let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::EdDSA) };
            refused(app, &jsonwebtoken::encode(&header, &claims, &key).unwrap(), &format!("kid {kid}")).await;
        }
        // A key that the token brings along is not looked at.
        let mut der = vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
        der.extend([7; 32]);
        let foreign = EncodingKey::from_ed_der(&der);
        let keys = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
        let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(keys["keys"][0].clone()).unwrap();
        for header in [
            Header { kid: Some(name.clone()), jku: Some("https://evil.example/jwks.json".to_owned()), ..Header::new(Algorithm::EdDSA) },
            Header { kid: Some(name.clone()), x5u: Some("https://evil.example/x.pem".to_owned()), ..Header::new(Algorithm::EdDSA) },
            Header { kid: Some(name.clone()), jwk: Some(jwk), ..Header::new(Algorithm::EdDSA) },
        ] {
            refused(app, &jsonwebtoken::encode(&header, &claims, &foreign).unwrap(), "a key of its own").await;
        }
        // Our own key under another name of an algorithm, its signature left as it is.
        let (_, rest) = token.split_once('.').unwrap();
        for alg in ["none", "nOnE", "HS256", "HS512", "RS256", "PS256", "ES256", "Ed25519", "", "eddsa"] {
            let forged = URL_SAFE_NO_PAD.encode(json!({ "alg": alg, "kid": name, "typ": "JWT" }).to_string());
            refused(app, &format!("{forged}.{rest}"), alg).await;
        }
        let bare = URL_SAFE_NO_PAD.encode(json!({ "kid": name }).to_string());
        refused(app, &format!("{bare}.{rest}"), "no algorithm").await;
        refused(app, &format!("{token}."), "a part too many").await;
        refused(app, &format!("{token}="), "padding").await;
    }
}
