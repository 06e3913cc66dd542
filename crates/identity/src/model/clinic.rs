//! Clinics: the places of a company.

use chrono::{DateTime, Utc};
use kernel::Facts;
use kernel::ids::{ClinicId, TenantId};

use super::name::PlaceName;
use super::place::{Country, Locale, TimeZone};

/// A place of a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clinic {
    /// Its id.
    pub id: ClinicId,
    /// The company.
    pub tenant: TenantId,
    /// Its name.
    pub name: PlaceName,
    /// Where it is.
    pub country: Country,
    /// The zone its wall clocks show.
    pub time_zone: TimeZone,
    /// The language of its messages.
    pub locale: Locale,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// Counts changes from 1.
    pub version: i64,
}

impl Clinic {
    /// The fields as the journal sees them.
    pub fn facts(&self) -> Facts {
        Facts::new()
            .open("name", &self.name)
            .open("country", self.country)
            .open("time_zone", self.time_zone)
            .open("locale", self.locale)
    }
}
