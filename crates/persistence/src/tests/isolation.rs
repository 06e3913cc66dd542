use sea_orm::{ColumnTrait, QueryFilter};

use super::journal_entry::{Column, Entity as Entries, Model};
use super::*;

fn entry(of: u128, id: u128) -> Model {
    Model {
        tenant_id: Uuid::from_u128(of),
        id: Uuid::from_u128(id),
        at: noon(),
        act: "patients:write".to_owned(),
        membership_id: None,
        account_id: None,
        session_id: None,
        system_reason: None,
        request_id: None,
        ip: None,
        user_agent: None,
        entity_kind: "patient".to_owned(),
        entity_id: Uuid::nil(),
        version: 1,
    }
}

#[tokio::test]
async fn dropping_a_transaction_rolls_back() {
    let own = Own::new().await;
    let tx = own.db.open(permit(1).scope()).await.unwrap();
    tx.insert(entry(1, 5)).await.unwrap();
    assert_eq!(tx.count(tx.select::<Entries>()).await.unwrap(), 1);
    drop(tx);
    assert_eq!(number(&own.db, "SELECT count(*) FROM journal_entry").await, 0);
}

#[tokio::test]
async fn a_select_sees_its_own_tenant_alone() {
    let own = Own::new().await;
    act(&own.db, &permit(1), 10, 1).await.unwrap();
    act(&own.db, &permit(2), 20, 1).await.unwrap();
    let view = own.db.look(permit(1).scope()).await.unwrap();
    let seen = view.all(view.select::<Entries>()).await.unwrap();
    assert_eq!(seen.iter().map(|row| row.entity_id).collect::<Vec<_>>(), [Uuid::from_u128(10)]);
    assert_eq!(
        view.one(view.select::<Entries>().filter(Column::EntityId.eq(Uuid::from_u128(20)))).await.unwrap(),
        None
    );
    let across = own.db.open_across("test").await.unwrap();
    assert_eq!(across.count(across.select::<Entries>()).await.unwrap(), 2);
}

#[tokio::test]
async fn a_row_of_another_tenant_is_not_written() {
    let own = Own::new().await;
    let tx = own.db.open(permit(1).scope()).await.unwrap();
    assert!(matches!(tx.insert(entry(2, 5)).await, Err(StoreError::Broken(_))));
    assert!(matches!(tx.insert_all([entry(1, 6), entry(2, 7)]).await, Err(StoreError::Broken(_))));
    let journal_of_another = end(tx, &permit(2), 10, 1).await;
    assert!(matches!(journal_of_another, Err(StoreError::Broken(_))));
}

#[tokio::test]
async fn a_view_does_not_write() {
    let own = Own::new().await;
    let view = own.db.look(permit(1).scope()).await.unwrap();
    assert!(view.insert(entry(1, 5)).await.is_err());
}

#[tokio::test]
async fn i13_a_pooled_connection_carries_no_tenant_over() {
    let own = Own::new().await;
    for round in 0..4_u128 {
        let mine = permit(1 + round % 2);
        let tx = own.db.open(mine.scope()).await.unwrap();
        let before = tx.count(tx.select::<Entries>()).await.unwrap();
        assert_eq!(u128::from(before), round / 2);
        assert_eq!(end(tx, &mine, round, 1).await.unwrap().into_value(), 1);
    }
}

#[tokio::test]
async fn a_failed_statement_spoils_the_transaction() {
    let own = Own::new().await;
    let tx = own.db.open(permit(1).scope()).await.unwrap();
    tx.insert(entry(1, 5)).await.unwrap();
    assert!(!tx.insert_if_free(entry(1, 5)).await.unwrap());
    let twice = tx.insert(entry(1, 5)).await;
    assert!(matches!(twice, Err(StoreError::Constraint("journal_entry_pkey"))));
    assert!(matches!(kernel::Transaction::finish(Box::new(tx)).await, Err(StoreError::Broken(_))));
    assert_eq!(number(&own.db, "SELECT count(*) FROM journal_entry").await, 0);
}

#[tokio::test]
async fn i11_the_journal_only_grows() {
    let own = Own::new().await;
    act(&own.db, &permit(1), 10, 1).await.unwrap();
    for sql in ["UPDATE journal_entry SET act = 'x'", "DELETE FROM journal_change", "DELETE FROM event"] {
        let tx = own.db.open_across("test").await.unwrap();
        assert!(matches!(tx.run(sql, []).await, Err(StoreError::Constraint("append_only"))), "{sql}");
    }
}

#[tokio::test]
async fn named_constraints_are_told_apart() {
    let own = Own::new().await;
    let tx = own.db.open_across("test").await.unwrap();
    let link = "INSERT INTO journal_link (tenant_id, position, entry_id, prev, mac) VALUES (x'01', 1, x'02', x'', x'')";
    assert!(matches!(tx.run(link, []).await, Err(StoreError::Constraint(crate::constraints::FOREIGN_KEY))));
    drop(tx);
    let tx = own.db.open_across("test").await.unwrap();
    let job = "INSERT INTO job (tenant_id, id, kind, payload, status, created_at, run_at, tries) \
               VALUES (x'01', x'02', 'k', x'', 'lost', '', '', 0)";
    assert!(matches!(tx.run(job, []).await, Err(StoreError::Constraint("job_status_check"))));
}

#[tokio::test]
async fn i12_personal_values_are_sealed_in_the_journal() {
    let own = Own::new().await;
    act(&own.db, &permit(1), 10, 1).await.unwrap();
    let open = "SELECT count(*) FROM journal_change WHERE after LIKE '%lead%' AND after NOT LIKE '%Ana%'";
    assert_eq!(number(&own.db, open).await, 1);
    assert_eq!(number(&own.db, "SELECT count(*) FROM journal_change WHERE sealed LIKE '%Ana%'").await, 0);
}
