//! Asking for a link that sets a new password (I10). Known and unknown addresses are answered alike, after the same work.

use chrono::{DateTime, Utc};
use kernel::ids::AccountId;
use kernel::{Committed, Origin, Permit, Reply, StoreError, commit, unchanged};
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
    let asks = AttemptKey::reset(email);
    let tx = env.db.begin_across_tenants("forgotten password").await?;
    tx.failure_add(&[asks], now, now - FORGET_AFTER).await?;
    let Some((account, company)) = found else {
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
    let journal = permit.journal(account.id, now).job(mail_job(&notice(&account, secret), now));
    commit(tx, journal, Asked, reply).await
}

/// Whom to write to, and in the name of which company; nobody when there were too many such mails already.
async fn find(
    env: &Identity,
    email: &Email,
    now: DateTime<Utc>,
) -> Result<Option<(Account, CompanyOfAccount)>, StoreError> {
    let view = env.db.view_across_tenants("forgotten password").await?;
    let account = view.account_by_email(email).await?;
    // Asked for nobody too, so that an unknown address takes as many round trips as a known one.
    let id = account.as_ref().map_or(AccountId::from_uuid(Uuid::nil()), |account| account.id);
    let companies = view.companies_of_account(id).await?;
    let asks = view.failures_of(&[AttemptKey::reset(email)]).await?;
    if asks.iter().any(|(_, asks)| asks.reach(MOST_RESETS, now)) {
        return Ok(None);
    }
    let company = companies.iter().find(|company| company.is_active()).or(companies.first()).cloned();
    Ok(account.zip(company))
}

fn notice(account: &Account, secret: Secret) -> Notice {
    let occasion = Occasion::PasswordReset { name: account.name.clone() };
    Notice { to: account.email.clone(), locale: account.locale, occasion, secret }
}
