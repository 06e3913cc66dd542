//! Accounts: the people who sign in.

use chrono::{DateTime, Utc};
use kernel::Facts;
use kernel::ids::AccountId;

use super::email::Email;
use super::name::DisplayName;
use super::password::PasswordHash;
use super::place::Locale;

/// A person who signs in; not owned by a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The address it signs in with; no two accounts share one.
    pub email: Email,
    /// The person's name.
    pub name: DisplayName,
    /// The password's hash; `None` while none was set.
    pub password: Option<PasswordHash>,
    /// When the address proved to be the person's.
    pub email_verified_at: Option<DateTime<Utc>>,
    /// The person's language.
    pub locale: Locale,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Counts changes from 1.
    pub version: i64,
}

impl Account {
    /// The fields as the journal sees them; never the password.
    pub fn facts(&self) -> Facts {
        Facts::new()
            .personal("email", &self.email)
            .personal("name", &self.name)
            .open("email_verified", self.email_verified_at.is_some())
            .open("locale", self.locale)
    }

    /// The account with its address verified; unchanged when it was before.
    #[must_use]
    pub fn verified(self, now: DateTime<Utc>) -> Self {
        match self.email_verified_at {
            Some(_) => self,
            None => Self { email_verified_at: Some(now), version: self.version + 1, ..self },
        }
    }
}
