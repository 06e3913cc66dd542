//! Mails that identity sends, in the languages that Salus speaks.

use chrono::Duration;
use kernel::ids::TenantId;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use super::email::Email;
use super::email_proof::PROOF_LIFE;
use super::invitation::INVITATION_LIFE;
use super::name::{DisplayName, PlaceName};
use super::password_reset::RESET_LIFE;
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
    /// The address is to be verified, within 72 hours. It may be anybody's, so the mail holds no word of who signed up.
    Verification,
    /// A new password may be set, within an hour; the same holds for its mail.
    PasswordReset,
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

/// A subject: one line without control and format characters, and without a person's name.
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
        let visible = text.replace(char::is_control, " ").replace(is_format, "");
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
            Self::Verification => "verify-email",
            Self::PasswordReset => "reset-password",
            Self::Invitation { .. } => "accept-invitation",
        }
    }

    /// How long the link works, from when it was asked for: the mail is of no use afterwards.
    pub fn life(&self) -> Duration {
        match self {
            Self::Verification => PROOF_LIFE,
            Self::PasswordReset => RESET_LIFE,
            Self::Invitation { .. } => INVITATION_LIFE,
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
            Self::Verification => words!("verification"),
            Self::PasswordReset => words!("password_reset"),
            Self::Invitation { .. } => words!("invitation"),
        }
    }

    fn facts(&self) -> Value {
        match self {
            Self::Verification | Self::PasswordReset => context! {},
            Self::Invitation { company, inviter } => {
                context! { company => unlinked(company.as_str()), inviter => unlinked(inviter.as_str()) }
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

/// A name that no mail program makes a link or an address of: nothing stands right after a dot, a colon before slashes, or
/// an at sign.
fn unlinked(name: &str) -> String {
    let visible = name.replace(is_format, "");
    let mut apart = String::with_capacity(visible.len());
    let mut rest = visible.chars().peekable();
    while let Some(this) = rest.next() {
        apart.push(this);
        let joins = match this {
            '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}' | '@' => rest.peek().is_some_and(|next| next.is_alphanumeric()),
            ':' => rest.peek() == Some(&'/'),
            _ => false,
        };
        if joins {
            apart.push(' ');
        }
    }
    apart
}

/// True for characters of Unicode's category Cf, which are not seen, and some of which turn around what is.
fn is_format(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
        | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}' | '\u{e0020}'..='\u{e007f}')
}

#[cfg(test)]
mod tests;
