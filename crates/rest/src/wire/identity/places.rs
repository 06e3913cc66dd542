//! Companies and their clinics on the wire.

use chrono::{DateTime, Utc};
use identity::model::clinic::{Clinic, ClinicPatch, ClinicRegister, in_address};
use identity::model::company::{Company, CompanyPatch};
use identity::model::name::PlaceName;
use identity::model::place::{Country, Locale, TimeZone};
use identity::model::place_number::{Cnpj, Finess, Siret};
use identity::model::postal_address::{AddressPatch, PostalAddress};
use identity::usecase::add_clinic::AddClinic;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::wire::shapes::Given;
use crate::{Ask, FromJson, Patch, Problem, Wire};

/// The company
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Company)]
pub struct CompanyWire {
    /// Its id.
    id: Uuid,
    /// Counted from 1.
    version: i64,
    /// Its name.
    name: String,
    /// ISO 3166-1 alpha-2.
    country: String,
    /// The language of its messages; one of its settings.
    locale: String,
    /// When it was founded.
    created_at: DateTime<Utc>,
}

/// Where a clinic stands
#[derive(Debug, Serialize, ToSchema)]
pub struct ClinicAddress {
    /// Street.
    street: Option<String>,
    /// House number.
    number: Option<String>,
    /// Floor, building.
    complement: Option<String>,
    /// Neighbourhood.
    neighbourhood: Option<String>,
    /// City.
    city: Option<String>,
    /// State, department or other region.
    region: Option<String>,
    /// Postal code.
    postal_code: Option<String>,
}

/// A place of the company
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Clinic)]
pub struct ClinicWire {
    /// Its id.
    id: Uuid,
    /// Counted from 1.
    version: i64,
    /// Its name.
    name: String,
    /// ISO 3166-1 alpha-2.
    country: String,
    /// The IANA zone of its wall clocks.
    time_zone: String,
    /// The language of its messages.
    locale: String,
    /// The name it is registered under.
    legal_name: Option<String>,
    /// Its number in Brazil, without punctuation.
    cnpj: Option<String>,
    /// Its number in France.
    siret: Option<String>,
    /// Its number as a health establishment in France.
    finess: Option<String>,
    /// Where it stands.
    address: Option<ClinicAddress>,
    /// When it was added.
    created_at: DateTime<Utc>,
}

impl From<&Company> for CompanyWire {
    fn from(company: &Company) -> Self {
        Self {
            id: company.id.uuid(),
            version: company.version,
            name: company.name.as_str().to_owned(),
            country: company.country.as_str().to_owned(),
            locale: company.locale.as_str().to_owned(),
            created_at: company.created_at,
        }
    }
}

impl From<&PostalAddress> for ClinicAddress {
    fn from(address: &PostalAddress) -> Self {
        let parts = address.parts().clone();
        Self {
            street: parts.street,
            number: parts.number,
            complement: parts.complement,
            neighbourhood: parts.neighbourhood,
            city: parts.city,
            region: parts.region,
            postal_code: parts.postal_code,
        }
    }
}

impl From<&Clinic> for ClinicWire {
    fn from(clinic: &Clinic) -> Self {
        let ClinicRegister { legal_name, cnpj, siret, finess, address } = &clinic.register;
        Self {
            id: clinic.id.uuid(),
            version: clinic.version,
            name: clinic.name.as_str().to_owned(),
            country: clinic.country.as_str().to_owned(),
            time_zone: clinic.time_zone.as_str().to_owned(),
            locale: clinic.locale.as_str().to_owned(),
            legal_name: legal_name.as_ref().map(|name| name.as_str().to_owned()),
            cnpj: cnpj.as_ref().map(|number| number.as_str().to_owned()),
            siret: siret.as_ref().map(|number| number.as_str().to_owned()),
            finess: finess.as_ref().map(|number| number.as_str().to_owned()),
            address: address.as_ref().map(Into::into),
            created_at: clinic.created_at,
        }
    }
}

impl Wire for CompanyWire {
    fn sample() -> Self {
        Self {
            id: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0004),
            version: 1,
            name: "Clínica Aurora".to_owned(),
            country: "BR".to_owned(),
            locale: "pt-BR".to_owned(),
            created_at: DateTime::UNIX_EPOCH,
        }
    }
}

impl Wire for ClinicWire {
    fn sample() -> Self {
        Self {
            id: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001),
            version: 1,
            name: "Clínica Aurora".to_owned(),
            country: "BR".to_owned(),
            time_zone: "America/Sao_Paulo".to_owned(),
            locale: "pt-BR".to_owned(),
            legal_name: Some("Clínica Aurora Ltda.".to_owned()),
            cnpj: Some("11222333000181".to_owned()),
            siret: None,
            finess: None,
            address: Some(ClinicAddress {
                street: Some("Rua das Flores".to_owned()),
                number: Some("10".to_owned()),
                complement: None,
                neighbourhood: Some("Centro".to_owned()),
                city: Some("São Paulo".to_owned()),
                region: Some("SP".to_owned()),
                postal_code: Some("01000-000".to_owned()),
            }),
            created_at: DateTime::UNIX_EPOCH,
        }
    }
}

/// What changes of the company; its language is one of its settings
#[derive(Debug, FromJson)]
pub struct CompanyChanges {
    /// Its name.
    name: Given<PlaceName>,
    /// ISO 3166-1 alpha-2.
    country: Given<Country>,
}

impl From<CompanyChanges> for CompanyPatch {
    fn from(changes: CompanyChanges) -> Self {
        Self { name: changes.name.0, country: changes.country.0 }
    }
}

impl Ask for CompanyChanges {
    fn sample() -> Value {
        json!({ "name": "Clínica Aurora" })
    }
}

/// Parts of an address; what is absent stays, `null` empties
#[derive(Debug, FromJson)]
pub struct ClinicAddressChanges {
    /// Street, up to 200 characters.
    street: Patch<String>,
    /// House number, up to 20.
    number: Patch<String>,
    /// Floor, building, up to 100.
    complement: Patch<String>,
    /// Neighbourhood, up to 100.
    neighbourhood: Patch<String>,
    /// City, up to 100.
    city: Patch<String>,
    /// State, department or other region, up to 100.
    region: Patch<String>,
    /// Postal code, up to 16.
    postal_code: Patch<String>,
}

impl From<ClinicAddressChanges> for AddressPatch {
    fn from(changes: ClinicAddressChanges) -> Self {
        Self {
            street: changes.street,
            number: changes.number,
            complement: changes.complement,
            neighbourhood: changes.neighbourhood,
            city: changes.city,
            region: changes.region,
            postal_code: changes.postal_code,
        }
    }
}

/// A new clinic
#[derive(Debug, FromJson)]
pub struct NewClinic {
    /// Its name.
    name: PlaceName,
    /// ISO 3166-1 alpha-2; the company's when absent.
    country: Option<Country>,
    /// The IANA zone of its wall clocks; the country's usual one when absent.
    time_zone: Option<TimeZone>,
    /// The language of its messages; the country's usual one when absent.
    locale: Option<Locale>,
    /// The name it is registered under.
    legal_name: Option<PlaceName>,
    /// Its number in Brazil.
    cnpj: Option<Cnpj>,
    /// Its number in France.
    siret: Option<Siret>,
    /// Its number as a health establishment in France.
    finess: Option<Finess>,
    /// Where it stands.
    address: Option<ClinicAddressChanges>,
}

impl NewClinic {
    /// The clinic to add, in the company's country unless it names one; faults of the address.
    pub fn into_ask(self, country: Country) -> Result<AddClinic, Problem> {
        let country = self.country.unwrap_or(country);
        let address = match self.address {
            Some(parts) => AddressPatch::from(parts).applied_to(None).map_err(in_address).map_err(Problem::invalid)?,
            None => None,
        };
        Ok(AddClinic {
            name: self.name,
            country,
            time_zone: self.time_zone.unwrap_or_else(|| country.usual_time_zone()),
            locale: self.locale.unwrap_or_else(|| country.usual_locale()),
            register: ClinicRegister {
                legal_name: self.legal_name,
                cnpj: self.cnpj,
                siret: self.siret,
                finess: self.finess,
                address,
            },
        })
    }
}

impl Ask for NewClinic {
    fn sample() -> Value {
        json!({
            "name": "Clínica Aurora Paris",
            "country": "FR",
            "time_zone": "Europe/Paris",
            "locale": "fr",
            "siret": "50397442000021",
            "address": { "street": "Rue des Fleurs", "number": "10", "city": "Paris", "postal_code": "75001" },
        })
    }
}

/// What changes of a clinic
#[derive(Debug, FromJson)]
pub struct ClinicChanges {
    /// Its name.
    name: Given<PlaceName>,
    /// ISO 3166-1 alpha-2.
    country: Given<Country>,
    /// The IANA zone of its wall clocks; appointments that are booked keep their instants.
    time_zone: Given<TimeZone>,
    /// The language of its messages.
    locale: Given<Locale>,
    /// The name it is registered under.
    legal_name: Patch<PlaceName>,
    /// Its number in Brazil.
    cnpj: Patch<Cnpj>,
    /// Its number in France.
    siret: Patch<Siret>,
    /// Its number as a health establishment in France.
    finess: Patch<Finess>,
    /// Where it stands.
    address: Patch<ClinicAddressChanges>,
}

impl From<ClinicChanges> for ClinicPatch {
    fn from(changes: ClinicChanges) -> Self {
        Self {
            name: changes.name.0,
            country: changes.country.0,
            time_zone: changes.time_zone.0,
            locale: changes.locale.0,
            legal_name: changes.legal_name,
            cnpj: changes.cnpj,
            siret: changes.siret,
            finess: changes.finess,
            address: changes.address.map(Into::into),
        }
    }
}

impl Ask for ClinicChanges {
    fn sample() -> Value {
        json!({ "legal_name": "Clínica Aurora Ltda.", "cnpj": "11.222.333/0001-81", "address": { "city": "São Paulo" } })
    }
}
