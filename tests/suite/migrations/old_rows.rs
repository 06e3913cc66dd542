//! What a migration makes of rows that were there before it.

use migrations::sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use migrations::{Migrator, MigratorTrait, roles};

use crate::support::{Kind, Sql, TestDatabase};

const COMPANY: &str = "00000000-0000-0000-0000-00000000000a";

/// A database as it was after so many migrations.
async fn after(kind: Kind, migrations: u32) -> (TestDatabase, DatabaseConnection) {
    let database = TestDatabase::empty(kind);
    let url = database.owner_url();
    let url = if kind == Kind::Sqlite { format!("{url}?mode=rwc") } else { url };
    let db = Database::connect(url).await.unwrap();
    if kind == Kind::Postgres {
        db.execute_unprepared(&roles::prepare(None)).await.unwrap();
    }
    Migrator::up(&db, Some(migrations)).await.unwrap();
    (database, db)
}

/// A record with its lists as JSON, and what is said of its archive.
fn patient(sql: &Sql, number: u8, [addresses, plans, tags]: [&str; 3], archived: &str) -> String {
    let id = sql.id(&format!("00000000-0000-0000-0000-0000000000{number:02x}"));
    format!(
        "INSERT INTO patient (tenant_id, id, name, birth_date, sex, stage, addresses, health_plans, tags, preferences, \
         emergency_contacts, custom, sort_text, search_text, version, created_at, updated_at, archived_at) \
         VALUES ({}, {id}, 'Ana', '1990-02-28', 'female', 'active', '{addresses}', '{plans}', '{tags}', '{{}}', '[]', '{{}}', \
         'ana', ' ana', 1, '2026-01-31T00:00:00+00:00', '2026-01-31T00:00:00+00:00', {archived})",
        sql.id(COMPANY)
    )
}

/// Before m0013, records had no labels, and nothing was counted.
async fn records_before_the_statistics(kind: Kind) {
    let (database, db) = after(kind, 12).await;
    let sql = Sql::connect(&database).await;
    let spelled = [
        r#"[{"city":"Vitória"},{"city":"VITORIA"},{"city":"vitoria."},{"neighbourhood":"Centro"},{"city":"Serra"}]"#,
        r#"[{"operator":"São José-Saúde"},{"operator":"sao jose saude"}]"#,
        r#"["VIP","vip","C++","C"]"#,
    ];
    let spelled_otherwise = [r#"[{"city":"VITÓRIA"}]"#, "[]", r#"["vip"]"#];
    let rows = [
        patient(&sql, 1, spelled, "NULL"),
        patient(&sql, 2, spelled_otherwise, "NULL"),
        patient(&sql, 3, spelled, "'2026-02-01T00:00:00+00:00'"),
    ];
    for row in rows {
        assert_eq!(sql.run(&row).await, Ok(1));
    }
    for (number, visits, missed) in [(1, 3, 1), (2, 2, 0), (3, 5, 5)] {
        let id = sql.id(&format!("00000000-0000-0000-0000-0000000000{number:02x}"));
        let row = format!(
            "INSERT INTO patient_attendance (tenant_id, patient_id, visits, no_shows) VALUES ({}, {id}, {visits}, {missed})",
            sql.id(COMPANY)
        );
        assert_eq!(sql.run(&row).await, Ok(1));
    }
    assert_eq!(migrations::up(&db, None).await.unwrap().first().unwrap(), "m0013_patient_statistics");
    let text = if kind == Kind::Postgres { "labels::text" } else { "labels" };
    let labels = sql.texts(&format!("SELECT {text} FROM patient ORDER BY id")).await;
    let labels: Vec<Vec<String>> = labels.iter().map(|labels| serde_json::from_str(labels).unwrap()).collect();
    let first = ["city:Serra", "city:Vitória", "plan:São José-Saúde", "tag:C", "tag:C++", "tag:VIP"];
    assert_eq!(labels, [first.to_vec(), vec!["city:VITÓRIA", "plan:", "tag:vip"], first.to_vec()]);
    assert_eq!(sql.number("SELECT count(*) FROM patient_statistic_delta").await, 0, "the base holds them");
    let number = if kind == Kind::Postgres { "total::text" } else { "CAST(total AS text)" };
    let totals = sql.texts(&format!("SELECT facet || ' ' || {number} FROM patient_statistic ORDER BY facet")).await;
    assert_eq!(
        totals,
        [
            "birth:1990-02-28 2",
            "birthday:02-28 2",
            "born:1990-02 2",
            "city:Serra 1",
            "city:VITÓRIA 1",
            "city:Vitória 1",
            "plan: 1",
            "plan:São José-Saúde 1",
            "sex:female 2",
            "since:2026-01-31 2",
            "stage:active 2",
            "tag:C 1",
            "tag:C++ 1",
            "tag:VIP 1",
            "tag:vip 1",
            "visit:completed 5",
            "visit:no_show 1",
        ]
    );
}

/// Before m0016, a member could be linked twice to a patient for one day.
async fn doubled_links(kind: Kind) {
    let (database, db) = after(kind, 15).await;
    let sql = Sql::connect(&database).await;
    let (company, now) = (sql.id(COMPANY), "'2026-01-31T00:00:00+00:00'");
    let link = |number: usize, kind: &str, from: &str, to: &str| {
        let id = sql.id(&format!("00000000-0000-0000-0000-0000000000{number:02x}"));
        let patient = sql.id("00000000-0000-0000-0000-000000000001");
        format!(
            "INSERT INTO patient_link (tenant_id, id, membership_id, patient_id, kind, valid_from, valid_to) \
             VALUES ({company}, {id}, {company}, {patient}, '{kind}', '{from}', {to})"
        )
    };
    let rows = [
        format!(
            "INSERT INTO account (id, email, name, locale, created_at, version) \
             VALUES ({company}, 'a@example.com', 'A', 'pt-BR', {now}, 1)"
        ),
        format!(
            "INSERT INTO company (tenant_id, id, name, country, locale, created_at, version) \
             VALUES ({company}, {company}, 'C', 'BR', 'pt-BR', {now}, 1)"
        ),
        format!(
            "INSERT INTO membership (tenant_id, id, account_id, role, status, display_name, registrations, created_at, version) \
             VALUES ({company}, {company}, {company}, 'caregiver', 'active', 'A', '[]', {now}, 1)"
        ),
        patient(&sql, 1, ["[]"; 3], "NULL"),
        link(1, "caregiver", "2026-01-01", "'2026-02-01'"),
        link(2, "caregiver", "2026-01-10", "'2026-01-20'"),
        link(3, "caregiver", "2026-01-15", "'2026-03-01'"),
        link(4, "caregiver", "2026-03-01", "NULL"),
        link(5, "caregiver", "2026-04-01", "NULL"),
        link(6, "guardian", "2026-01-01", "NULL"),
        link(7, "guardian", "2026-01-01", "NULL"),
    ];
    for row in rows {
        assert_eq!(sql.run(&row).await, Ok(1), "{row}");
    }
    assert_eq!(migrations::up(&db, None).await.unwrap().first().unwrap(), "m0016_tags_and_links");
    let days =
        "SELECT CAST(valid_from AS text) || ' ' || COALESCE(CAST(valid_to AS text), '-') FROM patient_link ORDER BY id";
    assert_eq!(
        sql.texts(days).await,
        [
            "2026-01-01 2026-02-01",
            "2026-01-10 2026-01-10",
            "2026-02-01 2026-03-01",
            "2026-03-01 -",
            "2026-04-01 2026-04-01",
            "2026-01-01 -",
            "2026-01-01 2026-01-01",
        ]
    );
    assert!(sql.run(&link(8, "guardian", "2026-05-01", "NULL")).await.is_err(), "from now on it is refused");
}

fn block_on(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work);
}

#[test]
fn pt4_records_of_an_older_sqlite_schema_are_labelled_and_counted() {
    block_on(records_before_the_statistics(Kind::Sqlite));
}

#[cfg(feature = "postgres")]
#[test]
fn pt4_records_of_an_older_postgresql_schema_are_labelled_and_counted() {
    block_on(records_before_the_statistics(Kind::Postgres));
}

#[test]
fn pt5_doubled_links_of_an_older_sqlite_schema_keep_their_days_once() {
    block_on(doubled_links(Kind::Sqlite));
}

#[cfg(feature = "postgres")]
#[test]
fn pt5_doubled_links_of_an_older_postgresql_schema_keep_their_days_once() {
    block_on(doubled_links(Kind::Postgres));
}
