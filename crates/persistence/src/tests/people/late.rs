//! What comes late must not undo what came before, and what is old goes.

use identity::model::session::Ending;

use super::*;

#[tokio::test]
async fn i4_within_the_grace_a_late_repeat_is_no_theft_although_its_successor_is_spent_too() {
    let (world, founder) = World::founded("ana@aurora.example").await;
    let second = world.refresh(&founder.refresh_token).await.unwrap();
    let third = world.refresh(&second.refresh_token).await.unwrap();
    world.advance(Duration::seconds(9));
    let repeat = world.refresh(&founder.refresh_token).await.unwrap();
    assert_eq!(repeat.refresh_token, second.refresh_token);
    assert_eq!(world.refresh(&repeat.refresh_token).await.unwrap().refresh_token, third.refresh_token);
    world.refresh(&third.refresh_token).await.unwrap();
    assert_eq!(world.entries("auth:refresh_reused").await, 0);
}

#[tokio::test]
async fn i6_a_session_is_not_overwritten_by_what_was_read_before() {
    let (world, founder) = World::founded("ana@aurora.example").await;
    let caller = world.session(&founder).await;
    let (tenant, id) = (caller.principal().tenant, caller.principal().session().unwrap());
    let tx = world.own.db.begin_across_tenants("test").await.unwrap();
    let seen = tx.session_locked(tenant, id).await.unwrap().unwrap();
    tx.session_update(&seen.clone().ended(Ending::SignedOut, noon())).await.unwrap();
    let late = tx.session_update(&seen.seen(&origin(), noon())).await;
    assert!(matches!(late, Err(StoreError::Contended)), "{late:?}");
    assert!(tx.session_locked(tenant, id).await.unwrap().unwrap().ended.is_some());
}

#[tokio::test]
async fn i2_a_renewed_hash_does_not_undo_a_changed_password_or_anything_else() {
    let (world, _) = World::founded("ana@aurora.example").await;
    let tx = world.own.db.begin_across_tenants("test").await.unwrap();
    let read = async || tx.account_by_email(&address("ana@aurora.example")).await.unwrap().unwrap();
    let account = read().await;
    let new = PasswordHash::from_stored(format!("{TODAY}another salt"));
    let unlike = PasswordHash::from_stored(format!("{TODAY}changed meanwhile"));
    tx.account_rehashed(account.id, &unlike, &new).await.unwrap();
    assert_eq!(read().await, account);
    let verified = account.clone().verified(noon());
    tx.account_verified(&verified).await.unwrap();
    tx.account_rehashed(account.id, account.password.as_ref().unwrap(), &new).await.unwrap();
    assert_eq!(read().await, identity::model::account::Account { password: Some(new), ..verified });
}

#[tokio::test]
async fn refused_attempts_are_kept_for_ninety_days() {
    let world = World::new().await;
    let attempt = kernel::RefusedAttempt {
        tenant: None,
        membership: None,
        api_key: None,
        at: noon(),
        origin: origin(),
        method: "GET".to_owned(),
        route: "/api/v1/patients".to_owned(),
        status: 401,
        code: "unauthenticated".to_owned(),
    };
    kernel::AccessLog::attempt_refused(&world.own.db, &attempt).await.unwrap();
    world.advance(Duration::days(90) - Duration::seconds(1));
    assert_eq!(world.own.db.forget_spent_secrets().await.unwrap(), 0);
    world.advance(Duration::seconds(1));
    assert_eq!(world.own.db.forget_spent_secrets().await.unwrap(), 1);
    assert_eq!(number(&world.own.db, "SELECT count(*) FROM access_log").await, 0);
}
