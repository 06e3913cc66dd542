//! Mails that identity sends, in the languages that Salus speaks.

use kernel::ids::TenantId;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use super::email::Email;
use super::name::{DisplayName, PlaceName};
use super::place::Locale;
use super::redacted::redacted_debug;
use super::session::Secret;

const LAYOUTS: [(&str, &str); 3] = [
    ("layout.subject", include_str!("mail/layout.subject")),
    ("layout.txt", include_str!("mail/layout.txt")),
    ("layout.html", include_str!("mail/layout.html")),
];

/// What somebody has to be told by mail, with the secret of the link that it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// To whom.
    pub to: Email,
    /// In which language.
    pub locale: Locale,
    /// About what.
    pub occasion: Occasion,
    /// The single-use secret; it leaves by this mail and by no other way (I10).
    pub secret: Secret,
}

/// Why somebody is written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Occasion {
    /// The address is to be verified, within 72 hours.
    Verification {
        /// Whose address it is said to be.
        name: DisplayName,
    },
    /// A new password may be set, within an hour.
    PasswordReset {
        /// Whose account it is.
        name: DisplayName,
    },
    /// Somebody is invited to a company, for 72 hours.
    Invitation {
        /// To which.
        company: PlaceName,
        /// By whom.
        inviter: DisplayName,
    },
}

/// A mail on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The same for each try to send it, so that a repeat is known as one.
    pub key: Uuid,
    /// The company in whose name it is sent.
    pub tenant: TenantId,
    /// To whom.
    pub to: Email,
    /// Its language.
    pub locale: Locale,
    /// Its subject.
    pub subject: Subject,
    /// Its body as plain text.
    pub text: MailText,
    /// The same as HTML.
    pub html: MailText,
}

/// A subject: one line without control characters, and without a person's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject(String);

/// The body of a mail: it may hold names and secrets, so it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct MailText(String);

redacted_debug!(MailText);

/// A template of ours is wrong.
#[derive(Debug, Error)]
#[error("the mail could not be written")]
pub struct Unwritten(#[from] minijinja::Error);

impl Subject {
    /// The longest subject, in characters.
    pub const LONGEST: usize = 200;

    /// Makes one line of a text: no name that gets in can begin another header.
    fn of(text: &str) -> Self {
        let visible = text.replace(char::is_control, " ");
        let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
        Self(line.chars().take(Self::LONGEST).collect())
    }

    /// The line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl MailText {
    /// The text, for the mail alone.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Occasion {
    /// The page under the application's address that the link leads to.
    fn page(&self) -> &'static str {
        match self {
            Self::Verification { .. } => "verify-email",
            Self::PasswordReset { .. } => "reset-password",
            Self::Invitation { .. } => "accept-invitation",
        }
    }

    fn words(&self, locale: Locale) -> &'static str {
        macro_rules! words {
            ($name:literal) => {
                match locale {
                    Locale::PtBr => include_str!(concat!("mail/", $name, ".pt-BR.jinja")),
                    Locale::Fr => include_str!(concat!("mail/", $name, ".fr.jinja")),
                    Locale::En => include_str!(concat!("mail/", $name, ".en.jinja")),
                }
            };
        }
        match self {
            Self::Verification { .. } => words!("verification"),
            Self::PasswordReset { .. } => words!("password_reset"),
            Self::Invitation { .. } => words!("invitation"),
        }
    }

    fn facts(&self) -> Value {
        match self {
            Self::Verification { name } | Self::PasswordReset { name } => context! { name => name.as_str() },
            Self::Invitation { company, inviter } => {
                context! { company => company.as_str(), inviter => inviter.as_str() }
            }
        }
    }
}

impl Notice {
    /// The mail; its link leads to a page under `app_url`, with the secret in the fragment, which browsers send to nobody.
    pub fn mail(&self, key: Uuid, tenant: TenantId, app_url: &str) -> Result<Mail, Unwritten> {
        let page = self.occasion.page();
        let link = format!("{}/{page}#token={}", app_url.trim_end_matches('/'), self.secret.expose());
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, layout) in LAYOUTS {
            templates.add_template(name, layout)?;
        }
        let written = |as_what: &str| {
            let (name, layout) = (format!("mail.{as_what}"), format!("layout.{as_what}"));
            let facts =
                context! { layout, link => link.as_str(), lang => self.locale.as_str(), ..self.occasion.facts() };
            // The end of the name decides that only HTML is escaped.
            templates.render_named_str(&name, self.occasion.words(self.locale), facts)
        };
        let (subject, text, html) = (written("subject")?, written("txt")?, written("html")?);
        Ok(Mail {
            key,
            tenant,
            to: self.to.clone(),
            locale: self.locale,
            subject: Subject::of(&subject),
            text: MailText(text),
            html: MailText(html),
        })
    }
}

#[cfg(test)]
mod tests;
