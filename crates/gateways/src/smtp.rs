//! Mails through an SMTP server.

mod conversation;
mod server;

use std::time::Duration;

use async_trait::async_trait;
use identity::model::mail::Mail;
use identity::ports::{MailFailed, Mailer};
use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use lettre::transport::smtp::Error;
use thiserror::Error;
use tokio::time::timeout;

use conversation::Broken;
pub use server::{InvalidServer, SmtpServer};

/// How long one conversation may take: a server that falls silent must not hold a worker for ever.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long the server may take to say goodbye, once it has the mail.
const GOODBYE: Duration = Duration::from_secs(2);
/// Refusals of the credentials (RFC 4954 §6): the operator's to mend, so no mail is lost for them.
const CREDENTIALS: [u16; 4] = [530, 534, 535, 538];

/// Whom mails are from: an address with or without a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender(Mailbox);

/// A text that is no sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be an address, or Name <address>")]
pub struct InvalidSender;

/// The SMTP server cannot be used as it was given.
#[derive(Debug, Error)]
#[error("SMTP: {0}")]
pub struct Unusable(#[from] Error);

/// Sends mails through a server, each over a connection of its own.
#[derive(Clone)]
pub struct SmtpMailer {
    server: SmtpServer,
    sender: Sender,
    patience: Duration,
}

impl Sender {
    /// Reads `address` or `Name <address>`, on one line.
    pub fn parse(text: &str) -> Result<Self, InvalidSender> {
        if text.contains(char::is_control) {
            return Err(InvalidSender);
        }
        let (name, address) = match text.trim().strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
            Some((name, address)) => (Some(name.trim().trim_matches('"').to_owned()), address),
            None => (None, text.trim()),
        };
        let address = address.parse::<Address>().or(Err(InvalidSender))?;
        Ok(Self(Mailbox::new(name.filter(|name| !name.is_empty()), address)))
    }

    fn domain(&self) -> &str {
        self.0.email.domain()
    }
}

impl SmtpMailer {
    /// A mailer to this server; nothing is connected before the first mail.
    pub fn new(server: &SmtpServer, sender: Sender) -> Result<Self, Unusable> {
        // A name that no certificate can bear is found out at start.
        server.tls()?;
        Ok(Self { server: server.clone(), sender, patience: PATIENCE })
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailFailed> {
        let key = mail.key;
        let Some(message) = message(mail, &self.sender) else {
            tracing::error!(%key, "a mail cannot be put as a message");
            return Err(MailFailed::Refused);
        };
        let Ok(handed_over) = timeout(self.patience, conversation::hand_over(&self.server, &message)).await else {
            tracing::warn!(%key, "the SMTP server is silent");
            return Err(MailFailed::Unavailable);
        };
        let mut connection = handed_over.map_err(|broken| failed(&broken))?;
        tracing::info!(%key, "mail sent");
        // The server has the mail, whatever it says now.
        let _ = timeout(GOODBYE, connection.quit()).await;
        Ok(())
    }
}

/// What went wrong; the server's own words may hold an address, so of an answer only its code is logged. What is refused
/// before the server knows for whom the mail is, is ours or the operator's to mend, so no mail is lost for it.
fn failed(broken: &Broken) -> MailFailed {
    let (Broken::Before(error) | Broken::AtMail(error)) = broken;
    let Some(code) = error.status().map(u16::from) else {
        tracing::warn!(%error, "the SMTP server was not reached");
        return MailFailed::Unavailable;
    };
    tracing::warn!(code, "the SMTP server refused");
    let is_final = matches!(broken, Broken::AtMail(_)) && error.is_permanent() && !CREDENTIALS.contains(&code);
    if is_final { MailFailed::Refused } else { MailFailed::Unavailable }
}

/// The message: text and HTML of the same words. A repeat bears the same `Message-ID`, so that mailboxes keep one.
fn message(mail: &Mail, from: &Sender) -> Option<Message> {
    let header = |name, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
    Message::builder()
        .from(from.0.clone())
        .to(Mailbox::new(None, mail.to.as_str().parse().ok()?))
        .subject(mail.subject.as_str())
        .message_id(Some(format!("<{}@{}>", mail.key, from.domain())))
        .raw_header(header("Content-Language", mail.locale.as_str()))
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .multipart(MultiPart::alternative_plain_html(mail.text.as_str().to_owned(), mail.html.as_str().to_owned()))
        .ok()
}

#[cfg(test)]
mod tests;
