//! Whoever waits for an account decides by what there is when the wait is over (I2, I6, I7). A connection of the test's own
//! holds the account, so that the wait is certain.

use sea_orm::sqlx::{self, AssertSqlSafe, Connection, PgConnection};
use serde_json::{Value, json};

use crate::support::{Answer, Authenticator, Caller, Kind, TestApp, run, text};

const SIGN_IN: &str = "/api/v1/auth/sign-in";
const SWITCH: &str = "/api/v1/auth/switch-company";
const ME: &str = "/api/v1/auth/me";
const EMAIL: &str = "nurse@aurora.example";

/// A transaction that holds the account.
struct Held(PgConnection);

impl Held {
    async fn of(app: &TestApp, email: &str) -> Self {
        let mut held = Self(PgConnection::connect(&app.database().owner_url()).await.unwrap());
        held.run("BEGIN").await;
        held.run(&format!("SELECT id FROM account WHERE email = '{email}' FOR UPDATE")).await;
        held
    }

    async fn run(&mut self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.0).await.unwrap();
    }

    async fn released(mut self) {
        self.run("COMMIT").await;
    }
}

/// Returns once so many wait for a lock of this database.
async fn waiting(app: &TestApp, many: i64) {
    let sql = app.sql().await;
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0";
    for _ in 0..20_000 {
        if sql.number(waiting).await == many {
            return;
        }
    }
    panic!("nobody waits for the account");
}

fn asked(email: &str) -> Value {
    json!({ "email": email, "password": api::demo::PASSWORD })
}

fn posted(caller: Caller, path: &'static str, body: Value) -> tokio::task::JoinHandle<Answer> {
    tokio::spawn(async move { caller.post(path, &body).await })
}

fn bearer(app: &TestApp, session: &Value) -> Caller {
    Caller { token: Some(text(&session["access_token"])), ..app.anonymous() }
}

#[test]
fn i2_what_failed_while_a_right_password_was_on_its_way_holds_it_off() {
    run(Kind::Postgres, async |app| {
        let held = Held::of(app, EMAIL).await;
        let right = posted(app.anonymous(), SIGN_IN, asked(EMAIL));
        waiting(app, 1).await;
        for _ in 0..6 {
            let wrong = json!({ "email": EMAIL, "password": "not the password" });
            app.anonymous().post(SIGN_IN, &wrong).await.refused(401, "identity.invalid_credentials");
        }
        held.released().await;
        right.await.unwrap().refused(429, "identity.account_locked");
        let opened =
            format!("SELECT count(*) FROM session WHERE account_id = (SELECT id FROM account WHERE email = '{EMAIL}')");
        assert_eq!(app.sql().await.number(&opened).await, 0);
    });
}

#[test]
fn i6_who_was_put_out_of_use_meanwhile_is_not_signed_in() {
    run(Kind::Postgres, async |app| {
        let mut held = Held::of(app, EMAIL).await;
        let signing = posted(app.anonymous(), SIGN_IN, asked(EMAIL));
        waiting(app, 1).await;
        let of = format!("account_id = (SELECT id FROM account WHERE email = '{EMAIL}')");
        held.run(&format!("UPDATE membership SET status = 'inactive' WHERE {of}")).await;
        held.released().await;
        signing.await.unwrap().refused(403, "identity.not_a_member");
    });
}

#[test]
fn i6_a_switch_waits_for_whoever_ends_the_accounts_sessions() {
    run(Kind::Postgres, async |app| {
        let founder = json!({ "company_name": "Uma", "name": "Dora", "email": "dora@duas.example", "password": api::demo::PASSWORD });
        let session = app.anonymous().post("/api/v1/auth/sign-up", &founder).await.expect(201);
        let dora = bearer(app, &session);
        let other = dora.post("/api/v1/companies", &json!({ "company_name": "Outra" })).await.expect(201);
        let mut held = Held::of(app, "dora@duas.example").await;
        let switching = posted(dora, SWITCH, json!({ "company_id": other["id"] }));
        waiting(app, 1).await;
        held.run("UPDATE session SET ended_at = now(), ending = 'password_changed', version = version + 1").await;
        held.released().await;
        switching.await.unwrap().refused(401, "unauthenticated");
        assert_eq!(app.sql().await.number("SELECT count(*) FROM session WHERE ended_at IS NULL").await, 0);
    });
}

#[test]
fn i7_a_password_that_was_changed_meanwhile_turns_nothing_off() {
    run(Kind::Postgres, async |app| {
        let nurse = app.member("nurse").await;
        Authenticator::enrolled(&nurse, kernel::Clock::now(&*app.clock)).await;
        let mut held = Held::of(app, EMAIL).await;
        let proof = json!({ "password": api::demo::PASSWORD });
        let asking =
            tokio::spawn(
                async move { nurse.send(reqwest::Method::DELETE, "/api/v1/auth/totp", Some(&proof), &[]).await },
            );
        waiting(app, 1).await;
        let other = "'$argon2id$another'";
        held.run(&format!("UPDATE account SET password_hash = {other}, version = version + 1 WHERE email = '{EMAIL}'"))
            .await;
        held.released().await;
        asking.await.unwrap().refused(503, "busy");
        assert_eq!(app.sql().await.number("SELECT count(*) FROM totp WHERE confirmed_at IS NOT NULL").await, 1);
    });
}

#[test]
fn i7_a_session_that_is_being_opened_without_a_code_ends_when_the_factor_is_turned_on() {
    run(Kind::Postgres, async |app| {
        let nurse = app.member("nurse").await;
        let phone = Authenticator::begun(&nurse).await;
        let code = phone.code(kernel::Clock::now(&*app.clock));
        let held = Held::of(app, EMAIL).await;
        let signing = posted(app.anonymous(), SIGN_IN, asked(EMAIL));
        waiting(app, 1).await;
        let confirming = posted(nurse.clone(), "/api/v1/auth/totp/confirm", json!({ "totp_code": code }));
        waiting(app, 2).await;
        held.released().await;
        confirming.await.unwrap().expect(200);
        let opened = signing.await.unwrap().expect(200);
        bearer(app, &opened).get(ME).await.refused(401, "unauthenticated");
        nurse.get(ME).await.expect(200);
    });
}
