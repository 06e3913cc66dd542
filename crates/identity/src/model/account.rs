//! Accounts: the people who sign in.

use chrono::{DateTime, Utc};
use kernel::ids::AccountId;
use kernel::{Facts, Patch};

use super::email::Email;
use super::name::DisplayName;
use super::password::PasswordHash;
use super::place::Locale;
use super::preferences::{Preferences, PreferencesPatch, TooManyPreferences};

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
    /// What the person has chosen for the screens.
    pub preferences: Preferences,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Counts changes from 1.
    pub version: i64,
}

/// What the owner of an account changes of it; what is not mentioned stays.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// The name.
    pub name: Option<DisplayName>,
    /// The language.
    pub locale: Option<Locale>,
    /// What was chosen for the screens, merged into what is there.
    pub preferences: Patch<PreferencesPatch>,
}

impl Account {
    /// The fields as the journal sees them; never the password.
    pub fn facts(&self) -> Facts {
        Facts::new()
            .personal("email", &self.email)
            .personal("name", &self.name)
            .open("email_verified", self.email_verified_at.is_some())
            .open("locale", self.locale)
            .personal("preferences", &self.preferences)
    }

    /// The account with its address verified; unchanged when it was before.
    #[must_use]
    pub fn verified(self, now: DateTime<Utc>) -> Self {
        match self.email_verified_at {
            Some(_) => self,
            None => Self { email_verified_at: Some(now), version: self.version + 1, ..self },
        }
    }

    /// The account with another password, by somebody who knew the present one.
    #[must_use]
    pub fn with_password(self, password: PasswordHash) -> Self {
        Self { password: Some(password), version: self.version + 1, ..self }
    }

    /// The account with another password, by somebody who reads its mail: that proves the address as well.
    #[must_use]
    pub fn reset(self, password: PasswordHash, now: DateTime<Utc>) -> Self {
        let email_verified_at = self.email_verified_at.or(Some(now));
        Self { email_verified_at, ..self.with_password(password) }
    }

    /// The account after its owner's change; itself when that changes nothing.
    pub fn changed(&self, change: AccountChange) -> Result<Self, TooManyPreferences> {
        let preferences = match change.preferences {
            Patch::Keep => self.preferences.clone(),
            Patch::Clear => Preferences::default(),
            Patch::Set(chosen) => self.preferences.merged(&chosen)?,
        };
        let changed = Self {
            name: change.name.unwrap_or_else(|| self.name.clone()),
            locale: change.locale.unwrap_or(self.locale),
            preferences,
            ..self.clone()
        };
        Ok(if changed == *self { changed } else { Self { version: self.version + 1, ..changed } })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn account() -> Account {
        Account {
            id: AccountId::from_uuid(Uuid::nil()),
            email: Email::parse("ana@aurora.example").unwrap(),
            name: DisplayName::parse("Ana").unwrap(),
            password: None,
            email_verified_at: None,
            locale: Locale::PtBr,
            preferences: Preferences::default(),
            created_at: DateTime::UNIX_EPOCH,
            version: 1,
        }
    }

    #[test]
    fn a_change_that_changes_nothing_is_no_version() {
        let same = AccountChange { name: Some(account().name), locale: Some(Locale::PtBr), preferences: Patch::Clear };
        assert_eq!(account().changed(same), Ok(account()));
        let other = AccountChange { locale: Some(Locale::Fr), ..AccountChange::default() };
        let changed = account().changed(other).unwrap();
        assert_eq!((changed.locale, changed.version), (Locale::Fr, 2));
    }

    #[test]
    fn preferences_are_merged_and_cleared() {
        let choose = |value: serde_json::Value| AccountChange {
            preferences: Patch::Set(PreferencesPatch::parse(value.as_object().unwrap().clone()).unwrap()),
            ..AccountChange::default()
        };
        let dark = account().changed(choose(json!({ "theme": "dark", "agenda": { "view": "week" } }))).unwrap();
        let both = dark.changed(choose(json!({ "theme": null, "agenda": { "days": 5 } }))).unwrap();
        let merged = json!({ "agenda": { "view": "week", "days": 5 } });
        assert_eq!(serde_json::to_value(&both.preferences).unwrap(), merged);
        let cleared = both.changed(AccountChange { preferences: Patch::Clear, ..AccountChange::default() }).unwrap();
        assert_eq!((cleared.preferences, cleared.version), (Preferences::default(), 4));
    }

    #[test]
    fn i10_a_reset_proves_the_address_and_a_change_does_not() {
        let hash = || PasswordHash::from_stored("new".to_owned());
        let (reset, changed) = (account().reset(hash(), DateTime::UNIX_EPOCH), account().with_password(hash()));
        assert_eq!((reset.email_verified_at, reset.version), (Some(DateTime::UNIX_EPOCH), 2));
        assert_eq!((changed.email_verified_at, changed.version), (None, 2));
        assert_eq!((reset.password, changed.password), (Some(hash()), Some(hash())));
    }

    #[test]
    fn i11_the_journal_never_sees_a_password() {
        let facts = account().with_password(PasswordHash::from_stored("$argon2id$secret".to_owned())).facts();
        assert!(!format!("{facts:?}").contains("argon2id"));
    }
}
