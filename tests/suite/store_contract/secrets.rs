//! Who has the database and not the key reads no person in jobs, journal, mails and stored answers (I11, I12).

use std::path::Path;

use chrono::Duration;
use serde_json::json;

use crate::both;
use crate::support::{Kind, TestApp};

const NAME: &str = "Xilofonina Abracadabrante";
const EMAIL: &str = "xilofonina@abracadabra.example";

/// The tables that keep what was said to other ends than answering with it.
const SEALED: [(&str, &str); 7] = [
    ("journal_entry", "act"),
    ("journal_change", "before"),
    ("journal_change", "after"),
    ("journal_change", "sealed"),
    ("job", "payload"),
    ("idempotency", "body"),
    ("mail", "sealed"),
];

fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// A copy of the database's file without the tables that answer with their values.
async fn file_of_the_sealed(app: &TestApp, copy: &Path) -> Vec<u8> {
    let sql = app.sql().await;
    sql.run(&format!("VACUUM INTO '{}'", copy.display())).await.unwrap();
    std::fs::read(copy).unwrap()
}

both! {
    async fn i12_no_name_and_no_address_lies_open_beside_the_record_itself(app) {
        let ask = json!({ "company_name": "Empresa Sem Rosto", "name": NAME, "email": EMAIL, "password": "três tigres e um trigal" });
        app.anonymous().post("/api/v1/auth/sign-up", &ask).await.expect(201);
        let staff = app.receptionist().await;
        let patient = json!({ "name": NAME, "contacts": [{ "kind": "email", "value": EMAIL }], "notes": "Abracadabra pessoal" });
        let patient = staff.post_once("/api/v1/patients", "sealed", &patient).await.expect(201);
        let path = format!("/api/v1/patients/{}", patient["id"].as_str().unwrap());
        staff.patch(&path, "\"1\"", &json!({ "social_name": "Abracadabra Social" })).await.expect(200);
        let sql = app.sql().await;
        for (table, column) in SEALED {
            let shown = match app.kind() {
                Kind::Sqlite => format!("CAST({column} AS BLOB)"),
                Kind::Postgres if matches!(column, "act" | "before" | "after") => format!("convert_to({column}, 'UTF8')"),
                Kind::Postgres => column.to_owned(),
            };
            let rows = sql.rows(&format!("SELECT {shown} FROM {table} WHERE {column} IS NOT NULL")).await;
            assert!(!rows.is_empty(), "{table}.{column} is empty");
            for row in rows {
                let bytes: Vec<u8> = row.try_get_by_index(0).unwrap();
                for word in [NAME, EMAIL, "bracadabra"] {
                    assert!(!holds(&bytes, word), "{word} lies open in {table}.{column}");
                }
            }
        }
        app.settle().await;
        let mails = sql.rows("SELECT sealed FROM mail").await;
        for row in &mails {
            let bytes: Vec<u8> = row.try_get_by_index(0).unwrap();
            assert!(!holds(&bytes, "bracadabra"), "a mail lies open");
        }
        assert!(!mails.is_empty());
    }

    async fn i10_links_go_with_their_time_and_caught_mails_some_days_later(app) {
        let ask = json!({ "company_name": "Empresa Fugaz", "name": NAME, "email": "fugaz@example.com", "password": "três tigres e um trigal" });
        app.anonymous().post("/api/v1/auth/sign-up", &ask).await.expect(201);
        app.anonymous().post("/api/v1/auth/password/forgot", &json!({ "email": "fugaz@example.com" })).await.expect(202);
        app.settle().await;
        let sql = app.sql().await;
        let count = async |table: &str| sql.number(&format!("SELECT count(*) FROM {table}")).await;
        let (links, mails) = (count("signed_token").await, count("mail").await);
        assert!(links >= 2 && mails >= 2, "{links} links, {mails} mails");
        let forget = async || app.app.database.forget_spent_secrets().await.unwrap();
        app.clock.advance(Duration::hours(1));
        forget().await;
        assert_eq!(count("signed_token").await, links - 1, "the link to a new password worked for an hour");
        app.clock.advance(Duration::hours(71));
        forget().await;
        assert_eq!((count("signed_token").await, count("mail").await), (0, mails));
        app.clock.advance(Duration::hours(71));
        forget().await;
        assert_eq!(count("mail").await, mails);
        app.clock.advance(Duration::hours(1));
        forget().await;
        assert_eq!(count("mail").await, 0);
    }
}

mod sqlite_file {
    use super::*;
    use crate::support::run;

    /// The bytes of the file itself, once nothing but the journal and what was sealed is left in it.
    #[test]
    fn i12_the_file_holds_no_personal_value_of_a_change() {
        run(Kind::Sqlite, async |app| {
            let staff = app.receptionist().await;
            let patient = staff.post("/api/v1/patients", &json!({ "name": "Ana" })).await.expect(201);
            let path = format!("/api/v1/patients/{}", patient["id"].as_str().unwrap());
            staff.patch(&path, "\"1\"", &json!({ "social_name": "Quetzalcoatlina" })).await.expect(200);
            // The record itself goes back, so that only the journal still knows.
            staff.patch(&path, "\"2\"", &json!({ "social_name": null })).await.expect(200);
            let folder = tempfile::tempdir().unwrap();
            let bytes = file_of_the_sealed(app, &folder.path().join("copy.db")).await;
            assert!(bytes.len() > 100_000 && holds(&bytes, "journal_change"));
            assert!(!holds(&bytes, "Quetzalcoatlina") && !holds(&bytes, "quetzalcoatlina"));
        });
    }
}
