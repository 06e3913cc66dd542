use chrono::Duration;

use super::*;

#[tokio::test]
async fn c10_a_repeat_gets_the_stored_reply_byte_for_byte() {
    let own = Own::new().await;
    let first = permit(1).claiming(Some(claim(1, 1)));
    act(&own.db, &first, 10, 7).await.unwrap();
    let Err(StoreError::Replay(reply)) = own.db.open(first.scope()).await else { panic!("no replay") };
    assert_eq!(*reply, created(&7));
    let tx = own.db.open(permit(1).claiming(Some(claim(2, 1))).scope()).await;
    assert!(tx.is_ok(), "another key is another request");
    drop(tx);
    assert!(own.db.open(permit(2).claiming(Some(claim(1, 1))).scope()).await.is_ok(), "so is another tenant's");
}

#[tokio::test]
async fn c10_the_same_key_with_another_body_is_refused() {
    let own = Own::new().await;
    act(&own.db, &permit(1).claiming(Some(claim(1, 1))), 10, 7).await.unwrap();
    let other = own.db.open(permit(1).claiming(Some(claim(1, 2))).scope()).await;
    assert!(matches!(other, Err(StoreError::KeyReused)));
}

#[tokio::test]
async fn c10_while_the_first_still_runs_the_second_is_told_so() {
    let own = Own::new().await;
    let mine = permit(1).claiming(Some(claim(1, 1)));
    let first = own.db.open(mine.scope()).await.unwrap();
    assert!(matches!(own.db.open(mine.scope()).await, Err(StoreError::InProgress)));
    drop(first);
    assert!(own.db.open(mine.scope()).await.is_ok(), "a request that failed leaves the key free");
}

#[tokio::test]
async fn c10_after_a_day_the_key_is_free_again() {
    let own = Own::new().await;
    let mine = permit(1).claiming(Some(claim(1, 1)));
    act(&own.db, &mine, 10, 7).await.unwrap();
    own.clock.advance(Duration::hours(24));
    act(&own.db, &permit(1).claiming(Some(claim(1, 2))), 11, 8).await.unwrap();
    let again = own.db.open(permit(1).claiming(Some(claim(1, 2))).scope()).await;
    assert!(matches!(again, Err(StoreError::Replay(reply)) if *reply == created(&8)));
    own.clock.advance(Duration::hours(25));
    assert_eq!(own.db.forget_expired_replies().await.unwrap(), 1);
}

#[tokio::test]
async fn c10_stored_bodies_are_sealed() {
    let own = Own::new().await;
    act(&own.db, &permit(1).claiming(Some(claim(1, 1))), 10, 7).await.unwrap();
    let open = "SELECT count(*) FROM idempotency WHERE hex(body) LIKE '%' || hex('value') || '%'";
    assert_eq!(number(&own.db, open).await, 0);
}

#[tokio::test]
async fn c10_an_act_without_effect_keeps_its_reply_and_leaves_no_entry() {
    let own = Own::new().await;
    let mine = permit(1).claiming(Some(claim(1, 1)));
    let tx = own.db.open(mine.scope()).await.unwrap();
    let done = kernel::unchanged(Box::new(tx), 7, created).await.unwrap();
    assert_eq!(done.into_parts().1, created(&7));
    let again = own.db.open(mine.scope()).await;
    assert!(matches!(again, Err(StoreError::Replay(reply)) if *reply == created(&7)));
    assert_eq!(number(&own.db, "SELECT count(*) FROM journal_entry").await, 0);
    let tx = own.db.open(permit(1).scope()).await.unwrap();
    tx.run("DELETE FROM idempotency", []).await.unwrap();
    drop(kernel::unchanged(Box::new(tx), 7, created).await.unwrap());
    assert_eq!(number(&own.db, "SELECT count(*) FROM idempotency").await, 1, "without a key nothing is committed");
}
