//! What identity need not keep any longer.

use chrono::Duration;
use identity::model::backoff::FORGET_AFTER;
use identity::model::email_proof::PROOF_LIFE;
use identity::model::session::{FAMILY_LIFE, GRACE};
use kernel::{StoreError, Transaction as _};

use crate::database::Database;

/// How long a caught mail is kept once the longest-lived link in one works no more.
const MAIL_AFTERLIFE: Duration = Duration::hours(72);

/// How long a refused attempt is kept.
const ACCESS_LOG_LIFE: Duration = Duration::days(90);

impl Database {
    /// Drops sealed successors whose grace is over, tokens of families that are long over, failures that count no more,
    /// sign-ins at providers that nobody came back from, links whose time is over, caught mails, and refused attempts of 90 days ago; how many rows that were.
    pub async fn forget_spent_secrets(&self) -> Result<u64, StoreError> {
        let tx = self.open_across("spent secrets").await?;
        let now = tx.now();
        let sealed = "UPDATE refresh_token SET successor = NULL WHERE successor IS NOT NULL AND used_at <= $1";
        let mut rows = tx.run(sealed, [(now - GRACE).into()]).await?;
        rows += tx.run("DELETE FROM refresh_token WHERE expires_at <= $1", [(now - FAMILY_LIFE).into()]).await?;
        rows += tx.run("DELETE FROM sign_in_failure WHERE last_at <= $1", [(now - FORGET_AFTER).into()]).await?;
        rows += tx.run("DELETE FROM oidc_flow WHERE expires_at <= $1", [now.into()]).await?;
        rows += tx.run("DELETE FROM oidc_grant WHERE expires_at <= $1", [now.into()]).await?;
        rows += tx.run("DELETE FROM signed_token WHERE expires_at <= $1", [now.into()]).await?;
        rows += tx.run("DELETE FROM mail WHERE created_at <= $1", [(now - PROOF_LIFE - MAIL_AFTERLIFE).into()]).await?;
        rows += tx.run("DELETE FROM access_log WHERE at <= $1", [(now - ACCESS_LOG_LIFE).into()]).await?;
        Box::new(tx).finish().await?;
        Ok(rows)
    }
}
