//! What PostgreSQL alone has: the functions that search past the policies must not show what the policies hide.

use sea_orm::sqlx::{self, Connection, PgConnection};

use super::*;

const SEARCH: &str =
    "SELECT id FROM patient_search_live('ana', '', '', '', true, 'company', NULL, NULL, NULL, 0, NULL, NULL, 0, 50)";

/// One connection as the role that serves requests, on which nobody has set a tenant.
async fn stranger() -> Option<PgConnection> {
    let url = std::env::var("TEST_APP_ROLE_URL").ok()?;
    Some(PgConnection::connect(&url).await.unwrap())
}

#[tokio::test]
async fn without_a_tenant_a_search_finds_nothing() {
    for clinic in clinics().await {
        let ana = clinic.registered("Ana").await;
        let Some(mut stranger) = stranger().await else { return };
        for setting in ["", "SET app.tenant_id = ''"] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(setting)).execute(&mut stranger).await.unwrap();
            let found = sqlx::query(SEARCH).fetch_all(&mut stranger).await.unwrap();
            assert_eq!(found.len(), 0);
            let total = "SELECT count(*) FROM patient_search_ids('ana', false)";
            assert_eq!(sqlx::query_scalar::<_, i64>(total).fetch_one(&mut stranger).await.unwrap(), 0);
        }
        let mine = format!("SET app.tenant_id = '{}'", clinic.tenant);
        sqlx::raw_sql(sqlx::AssertSqlSafe(mine)).execute(&mut stranger).await.unwrap();
        let found: Vec<Uuid> = sqlx::query_scalar(SEARCH).fetch_all(&mut stranger).await.unwrap();
        assert_eq!(found, if clinic.is_postgres() { vec![ana.uuid()] } else { Vec::new() });
    }
}

#[tokio::test]
async fn an_unknown_reach_finds_nothing() {
    for clinic in clinics().await {
        clinic.registered("Ana").await;
        let Some(mut stranger) = stranger().await else { return };
        let mine = format!("SET app.tenant_id = '{}'", clinic.tenant);
        sqlx::raw_sql(sqlx::AssertSqlSafe(mine)).execute(&mut stranger).await.unwrap();
        for reach in ["everything", "", "self", "linked", "agenda"] {
            let search = SEARCH.replace("'company'", &format!("'{reach}'"));
            let found = sqlx::query(sqlx::AssertSqlSafe(search)).fetch_all(&mut stranger).await.unwrap();
            assert_eq!(found.len(), 0, "{reach}");
        }
    }
}
