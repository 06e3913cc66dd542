use super::*;
use crate::{Broken, Head, Sequencer};

async fn seven_acts() -> (Own, Sequencer) {
    let own = Own::new().await;
    let sequencer = Sequencer::new(own.db.clone());
    for n in 0..4 {
        act(&own.db, &permit(1), n, 1).await.unwrap();
    }
    assert_eq!(sequencer.run_dry().await.unwrap(), 8);
    for n in 0..3 {
        act(&own.db, &permit(1), n, 2).await.unwrap();
        act(&own.db, &permit(2), n, 1).await.unwrap();
    }
    assert_eq!(sequencer.run_dry().await.unwrap(), 12);
    assert_eq!(sequencer.run_once().await.unwrap(), 0);
    (own, sequencer)
}

/// Somebody with the file in hands takes the triggers away first.
async fn tamper(own: &Own, sql: &str) {
    own.tamper("DROP TRIGGER journal_entry_no_update; DROP TRIGGER journal_change_no_update; DROP TRIGGER journal_link_no_delete; DROP TRIGGER journal_link_no_update").await;
    own.tamper(sql).await;
}

async fn broken(own: &Own) -> Option<Broken> {
    own.db.verify_whole_journal(tenant(1), None).await.unwrap().broken
}

#[tokio::test]
async fn positions_are_dense_per_tenant() {
    let (own, _) = seven_acts().await;
    for table in ["journal_link", "event_position"] {
        let sql = format!(
            "SELECT count(*) FROM (SELECT tenant_id FROM {table} GROUP BY tenant_id \
             HAVING min(position) = 1 AND max(position) = count(*) AND count(*) IN (7, 3))"
        );
        assert_eq!(number(&own.db, &sql).await, 2, "{table}");
    }
}

#[tokio::test]
async fn a_new_sequencer_goes_on_where_the_last_one_ended() {
    let (own, _) = seven_acts().await;
    let other = Sequencer::new(own.db.clone());
    assert_eq!(other.run_dry().await.unwrap(), 0);
    act(&own.db, &permit(1), 9, 1).await.unwrap();
    assert_eq!(other.run_dry().await.unwrap(), 2);
    assert_eq!(own.db.verify_whole_journal(tenant(1), None).await.unwrap().head.position, 8);
}

#[tokio::test]
async fn i11_an_untouched_chain_verifies_also_in_pieces() {
    let (own, _) = seven_acts().await;
    let whole = own.db.verify_whole_journal(tenant(1), None).await.unwrap();
    assert_eq!((whole.head.position, whole.broken), (7, None));
    let first = own.db.verify_journal(tenant(1), 0, 3).await.unwrap();
    assert!(!first.complete);
    let rest = own.db.verify_journal(tenant(1), first.head.position, 100).await.unwrap();
    assert_eq!(rest, whole);
    assert_eq!(own.db.audited_tenants().await.unwrap(), [tenant(1), tenant(2)]);
}

#[tokio::test]
async fn i11_a_changed_entry_breaks_the_chain_at_its_place() {
    let (own, _) = seven_acts().await;
    let sql = "UPDATE journal_entry SET act = 'other' WHERE id = (SELECT entry_id FROM journal_link WHERE position = 3 \
               AND tenant_id = x'00000000000000000000000000000001')";
    tamper(&own, sql).await;
    assert_eq!(broken(&own).await, Some(Broken::Altered(3)));
}

#[tokio::test]
async fn i11_a_changed_change_breaks_the_chain_at_its_place() {
    let (own, _) = seven_acts().await;
    let sql = "UPDATE journal_change SET after = '{}' WHERE entry_id = (SELECT entry_id FROM journal_link \
               WHERE position = 5 AND tenant_id = x'00000000000000000000000000000001')";
    tamper(&own, sql).await;
    assert_eq!(broken(&own).await, Some(Broken::Altered(5)));
}

#[tokio::test]
async fn i11_a_removed_row_is_missed() {
    let (own, _) = seven_acts().await;
    tamper(&own, "DELETE FROM journal_link WHERE position = 4").await;
    assert_eq!(broken(&own).await, Some(Broken::Missing(4)));
}

#[tokio::test]
async fn i11_a_cut_tail_is_missed() {
    let (own, _) = seven_acts().await;
    tamper(&own, "DELETE FROM journal_link WHERE position >= 6").await;
    assert_eq!(broken(&own).await, Some(Broken::Missing(6)));
}

#[tokio::test]
async fn i11_the_last_link_is_missed_and_what_waits_is_not() {
    let (own, sequencer) = seven_acts().await;
    act(&own.db, &permit(1), 9, 1).await.unwrap();
    assert_eq!(broken(&own).await, None, "it waits for its place");
    assert_eq!(sequencer.run_dry().await.unwrap(), 2);
    tamper(&own, "DELETE FROM journal_link WHERE position = 8").await;
    assert_eq!(broken(&own).await, Some(Broken::Missing(8)));
}

#[tokio::test]
async fn i11_a_tail_that_is_gone_with_its_entries_is_missed_by_who_knows_the_head() {
    let (own, _) = seven_acts().await;
    let known = own.db.verify_whole_journal(tenant(1), None).await.unwrap().head;
    let gone = "PRAGMA foreign_keys = OFF; DROP TRIGGER journal_entry_no_delete; \
                DELETE FROM journal_entry WHERE tenant_id = x'00000000000000000000000000000001' AND id IN \
                (SELECT entry_id FROM journal_link WHERE position >= 6); DELETE FROM journal_link WHERE position >= 6";
    tamper(&own, gone).await;
    assert_eq!(broken(&own).await, None);
    let seen = own.db.verify_whole_journal(tenant(1), Some(&known)).await.unwrap();
    assert_eq!(seen.broken, Some(Broken::Missing(7)));
    let other = Head { position: 2, mac: vec![0; 32] };
    let seen = own.db.verify_whole_journal(tenant(1), Some(&other)).await.unwrap();
    assert_eq!(seen.broken, Some(Broken::Altered(2)));
}

/// A copy of an entry of the first company's with another id and its values changed, as somebody with the file would insert it.
fn forged(id: &str, values: &str) -> String {
    format!(
        "CREATE TEMP TABLE f AS SELECT * FROM journal_entry ORDER BY rowid LIMIT 1; UPDATE f SET id = {id}, {values}; \
         INSERT INTO journal_entry SELECT * FROM f"
    )
}

#[tokio::test]
async fn i11_forged_entries_become_no_links_when_the_chain_key_is_taken_away() {
    let (own, sequencer) = seven_acts().await;
    own.tamper("CREATE TABLE saved AS SELECT * FROM chain_key").await;
    tamper(&own, "DROP TRIGGER chain_key_no_delete; DELETE FROM chain_key").await;
    assert_eq!(broken(&own).await, Some(Broken::Keyless), "whatever this process remembers");
    own.tamper(&forged("x'000000000000000000000000000000ff'", "mac = NULL")).await;
    sequencer.run_dry().await.unwrap();
    assert_eq!(number(&own.db, "SELECT count(*) FROM journal_link").await, 10);
    own.tamper("INSERT INTO chain_key SELECT * FROM saved").await;
    assert_eq!(broken(&own).await, Some(Broken::Foreign(Uuid::from_u128(0xff))));
}

#[tokio::test]
async fn i11_a_chain_key_cannot_be_changed_or_removed() {
    let (own, _) = seven_acts().await;
    for statement in [
        "DELETE FROM chain_key",
        "UPDATE chain_key SET tenant_id = x'01', id = x'01'",
        "UPDATE chain_key SET created_at = ''",
    ] {
        let tx = own.db.open_across("test").await.unwrap();
        assert!(tx.run(statement, []).await.is_err(), "{statement}");
    }
    let tx = own.db.open_across("test").await.unwrap();
    assert_eq!(tx.run("UPDATE chain_key SET sealed = sealed", []).await.unwrap(), 2);
}

#[tokio::test]
async fn i11_a_row_that_cannot_be_read_stops_nobody() {
    let (own, sequencer) = seven_acts().await;
    own.tamper(&forged("x'000000000000000000000000000000fe'", "at = 'never', version = 'none'")).await;
    own.tamper(&forged("'no id'", "tenant_id = 'no company'")).await;
    act(&own.db, &permit(1), 9, 1).await.unwrap();
    act(&own.db, &permit(2), 9, 1).await.unwrap();
    assert_eq!(sequencer.run_dry().await.unwrap(), 4);
    assert_eq!(broken(&own).await, Some(Broken::Foreign(Uuid::from_u128(0xfe))));
    assert_eq!(own.db.verify_whole_journal(tenant(2), None).await.unwrap().broken, None);
    tamper(
        &own,
        "UPDATE journal_entry SET version = 'none' WHERE id = (SELECT entry_id FROM journal_link WHERE position = 2)",
    )
    .await;
    assert_eq!(broken(&own).await, Some(Broken::Altered(2)));
}

#[tokio::test]
async fn i11_a_company_without_an_entry_is_not_whole() {
    let (own, _) = seven_acts().await;
    own.tamper(
        "INSERT INTO company (tenant_id, id, name, country, locale, created_at, version) VALUES \
         (x'00000000000000000000000000000003', x'00000000000000000000000000000003', 'Vazia', 'BR', 'pt', '2026-03-02T12:00:00Z', 1)",
    )
    .await;
    assert_eq!(own.db.audited_tenants().await.unwrap(), [tenant(1), tenant(2), tenant(3)]);
    assert_eq!(own.db.verify_whole_journal(tenant(3), None).await.unwrap().broken, Some(Broken::Missing(1)));
}

#[tokio::test]
async fn i11_keys_are_destroyed_by_their_company_alone() {
    use kernel::SubjectKeys as _;
    let own = Own::new().await;
    let tx = own.db.open_across("test").await.unwrap();
    assert!(tx.subject_keys_destroy(Uuid::from_u128(1)).await.is_err());
}

#[tokio::test]
async fn a_sequencer_that_is_late_is_noticed() {
    let own = Own::new().await;
    act(&own.db, &permit(1), 1, 1).await.unwrap();
    assert!(!own.db.sequencer_is_late().await.unwrap());
    own.clock.advance(chrono::Duration::seconds(6));
    assert!(own.db.sequencer_is_late().await.unwrap());
    Sequencer::new(own.db.clone()).run_dry().await.unwrap();
    assert!(!own.db.sequencer_is_late().await.unwrap());
}

#[tokio::test]
async fn a_late_sequencer_is_noticed_behind_any_number_of_younger_entries() {
    let own = Own::new().await;
    act(&own.db, &permit(1), 1, 1).await.unwrap();
    own.clock.advance(chrono::Duration::seconds(6));
    for n in 0..101 {
        act(&own.db, &permit(2), n, 1).await.unwrap();
    }
    assert!(own.db.sequencer_is_late().await.unwrap());
}

/// What was numbered once is not looked at again: a link that is gone would be missed otherwise.
#[tokio::test]
async fn a_new_sequencer_does_not_read_what_the_last_one_has_numbered() {
    let (own, _) = seven_acts().await;
    let first = "DELETE FROM journal_link WHERE position = 2 AND tenant_id = x'00000000000000000000000000000001'";
    tamper(&own, first).await;
    assert_eq!(Sequencer::new(own.db.clone()).run_dry().await.unwrap(), 0);
    own.tamper("DELETE FROM sequencer_horizon").await;
    assert_eq!(Sequencer::new(own.db.clone()).run_dry().await.unwrap(), 1);
}

#[tokio::test]
async fn a_horizon_of_another_server_is_not_believed() {
    let (own, _) = seven_acts().await;
    own.tamper("UPDATE sequencer_horizon SET place = 1000000").await;
    act(&own.db, &permit(1), 9, 1).await.unwrap();
    assert_eq!(Sequencer::new(own.db.clone()).run_dry().await.unwrap(), 2);
    assert_eq!(number(&own.db, "SELECT max(place) FROM sequencer_horizon").await, 12);
}
