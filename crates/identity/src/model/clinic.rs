//! Clinics: the places of a company.

use chrono::{DateTime, Utc};
use kernel::ids::{ClinicId, TenantId};
use kernel::{Facts, Fault, Patch};

use super::name::PlaceName;
use super::place::{Country, Locale, TimeZone};
use super::place_number::{Cnpj, Finess, Siret};
use super::postal_address::{AddressPatch, PostalAddress};

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
    /// What the authorities know it by.
    pub register: ClinicRegister,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// Counts changes from 1.
    pub version: i64,
}

/// What the authorities know a clinic by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClinicRegister {
    /// The name it is registered under.
    pub legal_name: Option<PlaceName>,
    /// Its number in Brazil.
    pub cnpj: Option<Cnpj>,
    /// Its number in France.
    pub siret: Option<Siret>,
    /// Its number as a health establishment in France.
    pub finess: Option<Finess>,
    /// Where it stands.
    pub address: Option<PostalAddress>,
}

/// A change of a clinic; what is not mentioned stays.
#[derive(Debug, Clone, Default)]
pub struct ClinicPatch {
    /// The name.
    pub name: Option<PlaceName>,
    /// The country.
    pub country: Option<Country>,
    /// The zone; booked appointments keep their instants.
    pub time_zone: Option<TimeZone>,
    /// The language.
    pub locale: Option<Locale>,
    /// The registered name.
    pub legal_name: Patch<PlaceName>,
    /// The number in Brazil.
    pub cnpj: Patch<Cnpj>,
    /// The number in France.
    pub siret: Patch<Siret>,
    /// The number as a health establishment.
    pub finess: Patch<Finess>,
    /// The address, part by part.
    pub address: Patch<AddressPatch>,
}

impl Clinic {
    /// The fields as the journal sees them.
    pub fn facts(&self) -> Facts {
        Facts::new()
            .open("name", &self.name)
            .open("country", self.country)
            .open("time_zone", self.time_zone)
            .open("locale", self.locale)
            .open("legal_name", &self.register.legal_name)
            .open("cnpj", &self.register.cnpj)
            .open("siret", &self.register.siret)
            .open("finess", &self.register.finess)
            .open("address", &self.register.address)
    }

    /// The clinic after a change, one version on; itself where the change changes nothing. The faults point into the address.
    pub fn changed(&self, patch: ClinicPatch) -> Result<Self, Vec<Fault>> {
        let Self { register, .. } = self.clone();
        let address = match patch.address {
            Patch::Keep => register.address,
            Patch::Clear => None,
            Patch::Set(parts) => parts.applied_to(register.address).map_err(in_address)?,
        };
        let after = Self {
            name: patch.name.unwrap_or_else(|| self.name.clone()),
            country: patch.country.unwrap_or(self.country),
            time_zone: patch.time_zone.unwrap_or(self.time_zone),
            locale: patch.locale.unwrap_or(self.locale),
            register: ClinicRegister {
                legal_name: patch.legal_name.applied_to(register.legal_name),
                cnpj: patch.cnpj.applied_to(register.cnpj),
                siret: patch.siret.applied_to(register.siret),
                finess: patch.finess.applied_to(register.finess),
                address,
            },
            ..self.clone()
        };
        Ok(if after == *self { after } else { Self { version: self.version + 1, ..after } })
    }
}

/// Faults of an address as those of the member `address`.
pub fn in_address(faults: Vec<Fault>) -> Vec<Fault> {
    faults.into_iter().map(|fault| Fault::at(format!("/address{}", fault.pointer), fault.code)).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn clinic() -> Clinic {
        Clinic {
            id: ClinicId::from_uuid(Uuid::from_u128(1)),
            tenant: TenantId::from_uuid(Uuid::from_u128(2)),
            name: PlaceName::parse("Aurora").unwrap(),
            country: Country::BRAZIL,
            time_zone: Country::BRAZIL.usual_time_zone(),
            locale: Locale::PtBr,
            register: ClinicRegister::default(),
            created_at: DateTime::UNIX_EPOCH,
            version: 3,
        }
    }

    #[test]
    fn a_change_is_one_version() {
        let cnpj = Cnpj::parse("11.222.333/0001-81").unwrap();
        let patch = ClinicPatch { cnpj: Patch::Set(cnpj.clone()), locale: Some(Locale::Fr), ..ClinicPatch::default() };
        let after = clinic().changed(patch).unwrap();
        assert_eq!((after.version, after.locale, &after.register.cnpj), (4, Locale::Fr, &Some(cnpj)));
        let cleared = after.changed(ClinicPatch { cnpj: Patch::Clear, ..ClinicPatch::default() }).unwrap();
        assert_eq!(cleared.register, ClinicRegister::default());
        assert_eq!(clinic().changed(ClinicPatch::default()), Ok(clinic()));
    }

    #[test]
    fn faults_point_into_the_address() {
        let address = AddressPatch { city: Patch::Set("x".repeat(101)), ..AddressPatch::default() };
        let refused = clinic().changed(ClinicPatch { address: Patch::Set(address), ..ClinicPatch::default() });
        assert_eq!(refused, Err(vec![Fault::at("/address/city", "too_long")]));
    }
}
