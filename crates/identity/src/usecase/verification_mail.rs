//! The mail that asks to verify an address.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::jobs::{Failure, Job, JobHandler};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::account::Account;
use crate::model::email::Email;
use crate::model::mail::{Addressee, verification};
use crate::model::name::DisplayName;
use crate::model::place::Locale;
use crate::model::session::Secret;
use crate::ports::Mailer;

/// The kind of the job.
pub const KIND: &str = "identity.verification_mail";

/// Sends verification mails.
pub struct VerificationMail {
    /// The way out.
    pub mailer: Arc<dyn Mailer>,
    /// Where the link points to.
    pub public_url: String,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    email: Email,
    name: DisplayName,
    locale: String,
    secret: String,
}

/// What the job needs to know; the queue seals it at rest.
pub(super) fn payload(account: &Account, secret: &Secret) -> Value {
    let payload = Payload {
        email: account.email.clone(),
        name: account.name.clone(),
        locale: account.locale.as_str().to_owned(),
        secret: secret.expose(),
    };
    serde_json::to_value(payload).unwrap_or(Value::Null)
}

impl VerificationMail {
    fn read(job: &Job) -> Option<(Addressee, Secret)> {
        let payload: Payload = serde_json::from_value(job.payload.clone()).ok()?;
        let locale = Locale::parse(&payload.locale).ok()?;
        Some((Addressee { email: payload.email, name: payload.name, locale }, Secret::parse(&payload.secret)?))
    }
}

#[async_trait]
impl JobHandler for VerificationMail {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, job: &Job) -> Result<(), Failure> {
        let (to, secret) = Self::read(job).ok_or(Failure::Final("unreadable payload"))?;
        let mail = verification(job.id.uuid(), job.tenant, &to, &self.public_url, &secret);
        self.mailer.send(&mail).await.or(Err(Failure::Retry("the mail was not taken")))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use kernel::ids::{AccountId, JobId, TenantId};
    use uuid::Uuid;

    use super::*;
    use crate::ports::{MailFailed, MockMailer};

    fn job(payload: Value) -> Job {
        let nil = Uuid::from_u128(5);
        Job { id: JobId::from_uuid(nil), tenant: TenantId::from_uuid(nil), kind: KIND.to_owned(), payload, tries: 1 }
    }

    fn asked() -> Value {
        let account = Account {
            id: AccountId::from_uuid(Uuid::nil()),
            email: Email::parse("ana@aurora.example").unwrap(),
            name: DisplayName::parse("Ana").unwrap(),
            password: None,
            email_verified_at: None,
            locale: Locale::PtBr,
            created_at: DateTime::UNIX_EPOCH,
            version: 1,
        };
        payload(&account, &Secret::new([7; 32]))
    }

    fn handler(mailer: MockMailer) -> VerificationMail {
        VerificationMail { mailer: Arc::new(mailer), public_url: "https://clinic.example".to_owned() }
    }

    #[tokio::test]
    async fn i1_the_link_is_mailed_once_per_job() {
        let mut mailer = MockMailer::new();
        mailer
            .expect_send()
            .withf(|mail| {
                mail.key == Uuid::from_u128(5)
                    && mail.to.as_str() == "ana@aurora.example"
                    && mail.text.as_str().contains(&Secret::new([7; 32]).expose())
            })
            .times(1)
            .returning(|_| Ok(()));
        assert_eq!(handler(mailer).run(&job(asked())).await, Ok(()));
    }

    #[tokio::test]
    async fn a_mail_that_is_not_taken_is_tried_again() {
        let mut mailer = MockMailer::new();
        mailer.expect_send().returning(|_| Err(MailFailed));
        assert_eq!(handler(mailer).run(&job(asked())).await, Err(Failure::Retry("the mail was not taken")));
    }

    #[tokio::test]
    async fn a_payload_that_cannot_be_read_is_not_tried_again() {
        let ran = handler(MockMailer::new()).run(&job(Value::Null)).await;
        assert_eq!(ran, Err(Failure::Final("unreadable payload")));
    }
}
