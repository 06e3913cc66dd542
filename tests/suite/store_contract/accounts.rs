//! What the stores of accounts promise: no write brings back what another one changed, and moments only move on.

use chrono::Duration;
use identity::model::account::Account;
use identity::model::email::Email;
use identity::model::password::PasswordHash;
use identity::model::place::Locale;
use identity::model::seen::SeenSession;
use identity::ports::IdentityDb;
use kernel::{Clock, StoreError};

use crate::both;
use crate::support::TestApp;

const EMAIL: &str = "nurse@aurora.example";

async fn account(app: &TestApp) -> Account {
    let view = app.app.database.view_across_tenants("test").await.unwrap();
    view.account_by_email(&Email::parse(EMAIL).unwrap()).await.unwrap().unwrap()
}

fn is_contended(late: &Result<(), StoreError>) {
    assert!(matches!(late, Err(StoreError::Contended)), "{late:?}");
}

both! {
    async fn i10_a_late_verification_does_not_bring_back_an_old_password(app) {
        app.sql().await.run("UPDATE account SET email_verified_at = NULL WHERE email = 'nurse@aurora.example'").await.unwrap();
        let seen = account(app).await;
        let new = PasswordHash::from_stored("$argon2id$another".to_owned());
        let changed = seen.clone().with_password(new.clone());
        let tx = app.app.database.begin_across_tenants("test").await.unwrap();
        tx.account_password_set(&changed).await.unwrap();
        tx.finish().await.unwrap();
        // Whoever read the account before knows the old password, and may write nothing.
        let now = app.clock.now();
        let renamed = Account { locale: Locale::Fr, version: seen.version + 1, ..seen.clone() };
        let tx = app.app.database.begin_across_tenants("test").await.unwrap();
        is_contended(&tx.account_verified(&seen.clone().verified(now)).await);
        is_contended(&tx.account_changed(&renamed).await);
        is_contended(&tx.account_password_set(&seen.with_password(PasswordHash::from_stored("$old".to_owned()))).await);
        drop(tx);
        assert_eq!(account(app).await, changed);
        // Whoever reads it anew verifies the address, and nothing else.
        let tx = app.app.database.begin_across_tenants("test").await.unwrap();
        let locked = tx.account_locked(changed.id).await.unwrap().unwrap().verified(now);
        let stranger = Account { password: None, locale: Locale::Fr, ..locked.clone() };
        tx.account_verified(&stranger).await.unwrap();
        tx.finish().await.unwrap();
        assert_eq!(account(app).await, locked);
        assert_eq!(locked.password, Some(new));
    }

    async fn i6_the_last_sign_of_life_only_moves_on(app) {
        let caller = app.member("nurse").await;
        let sessions = caller.get("/api/v1/auth/sessions").await.expect(200);
        let session = kernel::ids::SessionId::from_uuid(sessions["items"][0]["id"].as_str().unwrap().parse().unwrap());
        let me = caller.get("/api/v1/auth/me").await.expect(200);
        let tenant = kernel::ids::TenantId::from_uuid(me["company_id"].as_str().unwrap().parse().unwrap());
        let now = app.clock.now();
        for (minutes, kept) in [(2, 2), (1, 2), (3, 3)] {
            let seen = SeenSession { tenant, session, at: now + Duration::minutes(minutes) };
            let stranger = SeenSession { session: kernel::ids::SessionId::from_uuid(uuid::Uuid::from_u128(1)), ..seen };
            let tx = app.app.database.begin_across_tenants("test").await.unwrap();
            tx.sessions_seen(&[seen, stranger]).await.unwrap();
            let stored = tx.session_locked(tenant, session).await.unwrap().unwrap();
            tx.finish().await.unwrap();
            assert_eq!((stored.last_seen_at, stored.version), (now + Duration::minutes(kept), 1));
        }
    }
}
