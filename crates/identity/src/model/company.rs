//! Companies.

use chrono::{DateTime, Utc};
use kernel::Facts;
use kernel::ids::TenantId;

use super::name::PlaceName;
use super::place::{Country, Locale};

/// A company: the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// Its id, which is the tenant's.
    pub id: TenantId,
    /// Its name.
    pub name: PlaceName,
    /// Where it is at home.
    pub country: Country,
    /// The language of its messages, unless a clinic says otherwise.
    pub locale: Locale,
    /// When it was founded.
    pub created_at: DateTime<Utc>,
    /// Counts changes from 1.
    pub version: i64,
}

impl Company {
    /// The fields as the journal sees them.
    pub fn facts(&self) -> Facts {
        Facts::new().open("name", &self.name).open("country", self.country).open("locale", self.locale)
    }
}
