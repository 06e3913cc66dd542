//! How far the journal is numbered, as the next sequencer and whoever verifies the journal are told.

use sea_orm::sqlx::{self, Connection as _, PgConnection};
use serde_json::json;

use crate::support::{Kind, eventually, run};

const REMEMBERED: &str = "SELECT place FROM sequencer_horizon WHERE stream = 'journal'";

#[test]
fn i11_the_remembered_place_catches_up_when_an_older_transaction_has_ended() {
    run(Kind::Postgres, async |app| {
        let (admin, sql, sequencer) = (app.admin().await, app.sql().await, app.app.sequencer());
        sequencer.run_dry().await.unwrap();
        let mut older = PgConnection::connect(&app.database().owner_url()).await.unwrap();
        sqlx::raw_sql("BEGIN; SELECT pg_current_xact_id()").execute(&mut older).await.unwrap();
        admin.post("/api/v1/patients", &json!({ "name": "Mais Nova" })).await.expect(201);
        assert!(sequencer.run_dry().await.unwrap() > 0, "it is numbered although something older is open");
        let place = sql.number("SELECT max(xact) FROM journal_entry").await;
        assert_eq!(sequencer.run_dry().await.unwrap(), 0);
        assert!(sql.number(REMEMBERED).await <= place, "what is older may still come");
        sqlx::raw_sql("COMMIT").execute(&mut older).await.unwrap();
        // Transactions of any other database keep the place behind for a moment too.
        eventually("the remembered place is behind the last entry", async || {
            assert_eq!(sequencer.run_dry().await.unwrap(), 0, "nothing new is numbered");
            sql.number(REMEMBERED).await > place
        })
        .await;
    });
}
