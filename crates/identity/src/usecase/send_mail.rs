//! Mails as work after the commit: what a use case asks for in its transaction, the worker sends.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::NewJob;
use kernel::jobs::{Failure, Job, JobHandler, MAX_TRIES, tries_within};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::email::Email;
use crate::model::mail::{Notice, Occasion};
use crate::model::place::Locale;
use crate::model::session::Secret;
use crate::ports::{MailFailed, Mailer};

/// The kind of the job.
pub const KIND: &str = "identity.mail";

/// Sends the mails that use cases asked for.
pub struct SendMail {
    /// The way out.
    pub mailer: Arc<dyn Mailer>,
    /// The address of the application that the links lead to.
    pub app_url: String,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    to: Email,
    locale: String,
    occasion: Occasion,
    secret: String,
}

/// The job that tells somebody; the queue seals it at rest. Put it into the journal of the act.
pub(crate) fn mail_job(notice: &Notice, now: DateTime<Utc>) -> NewJob {
    let payload = Payload {
        to: notice.to.clone(),
        locale: notice.locale.as_str().to_owned(),
        occasion: notice.occasion.clone(),
        secret: notice.secret.expose(),
    };
    NewJob { kind: KIND, payload: serde_json::to_value(payload).unwrap_or(Value::Null), run_at: now }
}

fn read(job: &Job) -> Option<Notice> {
    let Payload { to, locale, occasion, secret } = serde_json::from_value(job.payload.clone()).ok()?;
    Some(Notice { to, locale: Locale::parse(&locale).ok()?, occasion, secret: Secret::parse(&secret)? })
}

#[async_trait]
impl JobHandler for SendMail {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// As long as the link works: a mail server may be away for hours.
    fn max_tries(&self, job: &Job) -> i32 {
        read(job).map_or(MAX_TRIES, |notice| tries_within(notice.occasion.life()))
    }

    async fn run(&self, job: &Job) -> Result<(), Failure> {
        let notice = read(job).ok_or(Failure::Final("unreadable payload"))?;
        let written = notice.mail(job.id.uuid(), job.tenant, &self.app_url);
        let mail = written.or(Err(Failure::Final("the mail could not be written")))?;
        self.mailer.send(&mail).await.map_err(|failed| match failed {
            MailFailed::Unavailable => Failure::Retry("the mail was not taken"),
            MailFailed::Refused => Failure::Final("the mail was refused"),
        })
    }
}

#[cfg(test)]
mod tests {
    use kernel::ids::{JobId, TenantId};
    use uuid::Uuid;

    use super::*;
    use crate::model::name::{DisplayName, PlaceName};
    use crate::ports::MockMailer;

    fn asked() -> Notice {
        Notice {
            to: Email::parse("ana@aurora.example").unwrap(),
            locale: Locale::PtBr,
            occasion: Occasion::Invitation {
                company: PlaceName::parse("Clínica Aurora").unwrap(),
                inviter: DisplayName::parse("Bia").unwrap(),
            },
            secret: Secret::new([7; 32]),
        }
    }

    fn job(payload: Value) -> Job {
        let five = Uuid::from_u128(5);
        Job { id: JobId::from_uuid(five), tenant: TenantId::from_uuid(five), kind: KIND.to_owned(), payload, tries: 1 }
    }

    async fn ran(mailer: MockMailer, payload: Value) -> Result<(), Failure> {
        let handler = SendMail { mailer: Arc::new(mailer), app_url: "https://clinic.example".to_owned() };
        handler.run(&job(payload)).await
    }

    #[tokio::test]
    async fn i10_what_was_asked_for_is_mailed_under_the_jobs_own_key() {
        let mut mailer = MockMailer::new();
        mailer
            .expect_send()
            .withf(|mail| {
                mail.key == Uuid::from_u128(5)
                    && mail.to == asked().to
                    && mail.subject.as_str() == "Convite de Clínica Aurora"
                    && mail.text.as_str().contains(&format!("/accept-invitation#token={}", asked().secret.expose()))
            })
            .times(1)
            .returning(|_| Ok(()));
        assert_eq!(ran(mailer, mail_job(&asked(), DateTime::UNIX_EPOCH).payload).await, Ok(()));
    }

    #[tokio::test]
    async fn a_mail_that_is_not_taken_is_tried_again_and_one_that_is_refused_is_not() {
        for (answer, failure) in [
            (MailFailed::Unavailable, Failure::Retry("the mail was not taken")),
            (MailFailed::Refused, Failure::Final("the mail was refused")),
        ] {
            let mut mailer = MockMailer::new();
            mailer.expect_send().returning(move |_| Err(answer));
            assert_eq!(ran(mailer, mail_job(&asked(), DateTime::UNIX_EPOCH).payload).await, Err(failure));
        }
    }

    #[test]
    fn i10_a_mail_is_tried_as_long_as_its_link_works() {
        let handler = SendMail { mailer: Arc::new(MockMailer::new()), app_url: "https://clinic.example".to_owned() };
        for (occasion, hours) in [(asked().occasion, 72), (Occasion::Verification, 72), (Occasion::PasswordReset, 1)] {
            let notice = Notice { occasion, ..asked() };
            let tries = handler.max_tries(&job(mail_job(&notice, DateTime::UNIX_EPOCH).payload));
            assert_eq!(tries, tries_within(chrono::Duration::hours(hours)), "{hours} hours");
            assert!(tries > MAX_TRIES);
        }
        assert_eq!(handler.max_tries(&job(Value::Null)), MAX_TRIES);
    }

    #[tokio::test]
    async fn a_payload_that_cannot_be_read_is_not_tried_again() {
        assert_eq!(ran(MockMailer::new(), Value::Null).await, Err(Failure::Final("unreadable payload")));
    }
}
