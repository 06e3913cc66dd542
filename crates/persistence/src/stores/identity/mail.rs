//! The mail catcher: where no way out is configured, mails are kept, sealed, and only their subject is logged.

use async_trait::async_trait;
use identity::model::mail::Mail;
use identity::ports::{MailFailed, Mailer};
use kernel::ids::TenantId;
use kernel::seal::Place;
use kernel::{StoreError, Transaction as _};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::database::Database;
use crate::rows::identity::mail;

/// A mail that the catcher kept; it holds names and secrets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaughtMail {
    /// To whom.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its body as plain text.
    pub text: String,
    /// The same as HTML; of mails that an earlier version kept, nothing.
    #[serde(default)]
    pub html: String,
}

impl std::fmt::Debug for CaughtMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CaughtMail").field("subject", &self.subject).finish_non_exhaustive()
    }
}

#[async_trait]
impl Mailer for Database {
    async fn send(&self, mail: &Mail) -> Result<(), MailFailed> {
        match self.catch(mail).await {
            Ok(is_new) => {
                tracing::info!(subject = mail.subject.as_str(), is_new, "mail caught");
                Ok(())
            }
            Err(error) => {
                tracing::warn!(%error, "mail not caught");
                Err(MailFailed::Unavailable)
            }
        }
    }
}

impl Database {
    /// The mails caught for a company, oldest first.
    pub async fn caught_mails(&self, tenant: TenantId) -> Result<Vec<CaughtMail>, StoreError> {
        let tx = self.look_across("mail catcher").await?;
        let select = tx
            .select::<mail::Entity>()
            .filter(mail::Column::TenantId.eq(tenant.uuid()))
            .order_by_asc(mail::Column::CreatedAt)
            .order_by_asc(mail::Column::Id);
        let rows = tx.all(select).await?;
        rows.iter().map(|row| self.opened_mail(row)).collect()
    }

    /// Keeps a mail unless it was kept before.
    async fn catch(&self, mail: &Mail) -> Result<bool, StoreError> {
        let caught = CaughtMail {
            to: mail.to.as_str().to_owned(),
            subject: mail.subject.as_str().to_owned(),
            text: mail.text.as_str().to_owned(),
            html: mail.html.as_str().to_owned(),
        };
        let plain = serde_json::to_vec(&caught).map_err(StoreError::broken)?;
        let sealed = self.keys().seal(place(mail.tenant.uuid(), mail.key), &plain).map_err(StoreError::broken)?;
        let tx = self.open_across("mail catcher").await?;
        let row = mail::Model { tenant_id: mail.tenant.uuid(), id: mail.key, sealed, created_at: tx.now() };
        let is_new = tx.insert_if_free(row).await?;
        Box::new(tx).finish().await?;
        Ok(is_new)
    }

    fn opened_mail(&self, row: &mail::Model) -> Result<CaughtMail, StoreError> {
        let plain = self.keys().open(place(row.tenant_id, row.id), &row.sealed).map_err(StoreError::broken)?;
        serde_json::from_slice(&plain).map_err(StoreError::broken)
    }
}

fn place(tenant: Uuid, row: Uuid) -> Place<'static> {
    Place { tenant, purpose: "mail", column: "mail.sealed", row }
}
