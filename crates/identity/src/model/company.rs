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
    /// The language of its messages, unless a clinic says otherwise; one of its settings.
    pub locale: Locale,
    /// When it was founded.
    pub created_at: DateTime<Utc>,
    /// Counts changes from 1.
    pub version: i64,
}

/// A change of a company; what is not mentioned stays.
#[derive(Debug, Clone, Default)]
pub struct CompanyPatch {
    /// The name.
    pub name: Option<PlaceName>,
    /// The country.
    pub country: Option<Country>,
}

impl Company {
    /// The fields as the journal sees them.
    pub fn facts(&self) -> Facts {
        Facts::new().open("name", &self.name).open("country", self.country).open("locale", self.locale)
    }

    /// The company after a change, one version on; itself where the change changes nothing.
    #[must_use]
    pub fn changed(&self, patch: CompanyPatch) -> Self {
        let name = patch.name.unwrap_or_else(|| self.name.clone());
        let after = Self { name, country: patch.country.unwrap_or(self.country), ..self.clone() };
        after.unless_same(self)
    }

    /// The company in another language, one version on; itself where it is the same.
    #[must_use]
    pub fn in_language(&self, locale: Locale) -> Self {
        Self { locale, ..self.clone() }.unless_same(self)
    }

    fn unless_same(self, before: &Self) -> Self {
        if self == *before { self } else { Self { version: before.version + 1, ..self } }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_change_is_one_version() {
        let company = Company {
            id: TenantId::from_uuid(Uuid::from_u128(2)),
            name: PlaceName::parse("Aurora").unwrap(),
            country: Country::BRAZIL,
            locale: Locale::PtBr,
            created_at: DateTime::UNIX_EPOCH,
            version: 1,
        };
        let patch = CompanyPatch { country: Some(Country::FRANCE), name: None };
        let after = company.changed(patch.clone());
        assert_eq!((after.version, after.country, &after.name), (2, Country::FRANCE, &company.name));
        assert_eq!(after.changed(patch), after);
        assert_eq!(company.in_language(Locale::PtBr), company);
        assert_eq!(company.in_language(Locale::Fr).version, 2);
    }
}
