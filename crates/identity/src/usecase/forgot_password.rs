//! Asking for a link that sets a new password (I10). Known and unknown addresses are answered alike, after the same work.

use chrono::{DateTime, Utc};
use kernel::ids::AccountId;
use kernel::{Committed, Origin, Permit, Reply, StoreError, commit, unchanged, unit_of_work};
use uuid::Uuid;

use super::send_mail::mail_job;
use crate::Identity;
use crate::model::account::Account;
use crate::model::backoff::{AttemptKey, FORGET_AFTER};
use crate::model::email::Email;
use crate::model::mail::{Notice, Occasion};
use crate::model::membership::CompanyOfAccount;
use crate::model::password_reset::{MOST_RESETS, PasswordReset};
use crate::model::session::Secret;
use crate::permission;

/// What is answered, whoever asks.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked;

/// Mails the link where the address has an account, at most [`MOST_RESETS`] times in a row.
pub async fn forgot_password(
    env: &Identity,
    origin: &Origin,
    email: &Email,
    reply: Reply<Asked>,
) -> Result<Committed<Asked>, StoreError> {
    let now = env.clock.now();
    let found = find(env, email, now).await?;
    unit_of_work(async || ask(env, origin, (email, &found), now, reply).await).await
}

async fn ask(
    env: &Identity,
    origin: &Origin,
    (email, found): (&Email, &Found),
    now: DateTime<Utc>,
    reply: Reply<Asked>,
) -> Result<Committed<Asked>, StoreError> {
    let tx = env.db.begin_across_tenants("forgotten password").await?;
    match found.asks {
        Asks::Few => tx.failure_add(&[AttemptKey::reset(email)], now, now - FORGET_AFTER).await?,
        // Not counted: nobody keeps the address waiting by asking on. A statement that finds nothing stands in its place.
        Asks::Enough => tx.failures_forget(&AttemptKey::of_nobody()).await?,
    }
    let Some((account, company)) = &found.to else {
        // Two statements that find nothing, in place of the link's row and the journal; the count is committed likewise.
        tx.failures_forget(&AttemptKey::of_nobody()).await?;
        tx.failures_forget(&AttemptKey::of_nobody()).await?;
        tx.finish().await?;
        return unchanged(env.db.begin_across_tenants("forgotten password").await?, Asked, reply).await;
    };
    let secret = Secret::new(*env.random.secret());
    let reset = PasswordReset::ask(env.ids.next(), company.tenant, account.id, &secret, now);
    tx.password_reset_add(&reset).await?;
    let permit = Permit::<permission::ForgotPassword>::system(company.tenant, "forgotten password", origin.clone());
    let journal = permit.journal(account.id, now).job(mail_job(&notice(account, secret), now));
    commit(tx, journal, Asked, reply).await
}

/// How often a link was asked for lately.
enum Asks {
    Few,
    Enough,
}

/// Whom to write to, and in the name of which company: one that the account may enter.
struct Found {
    to: Option<(Account, CompanyOfAccount)>,
    asks: Asks,
}

async fn find(env: &Identity, email: &Email, now: DateTime<Utc>) -> Result<Found, StoreError> {
    let view = env.db.view_across_tenants("forgotten password").await?;
    let account = view.account_by_email(email).await?;
    // Asked for nobody too, so that an unknown address takes as many round trips as a known one.
    let id = account.as_ref().map_or(AccountId::from_uuid(Uuid::nil()), |account| account.id);
    let companies = view.companies_of_account(id).await?;
    let asks = view.failures_of(&[AttemptKey::reset(email)]).await?;
    if asks.iter().any(|(_, asks)| asks.reach(MOST_RESETS, now)) {
        return Ok(Found { to: None, asks: Asks::Enough });
    }
    let company = companies.into_iter().find(CompanyOfAccount::is_active);
    Ok(Found { to: account.zip(company), asks: Asks::Few })
}

fn notice(account: &Account, secret: Secret) -> Notice {
    let occasion = Occasion::PasswordReset;
    Notice { to: account.email.clone(), locale: account.locale, occasion, secret }
}
