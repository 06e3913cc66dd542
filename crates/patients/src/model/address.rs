//! Postal addresses.

use kernel::Fault;
use serde::{Deserialize, Serialize};

use super::country::Country;
use super::redacted::redacted_debug;
use super::text::optional_line;

/// The most addresses of one patient.
pub const MOST_ADDRESSES: usize = 10;

/// The parts of an address; all may be absent.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AddressParts {
    /// Street, at most 200 characters.
    pub street: Option<String>,
    /// House number as written, at most 20 characters.
    pub number: Option<String>,
    /// Flat, floor, building, at most 100 characters.
    pub complement: Option<String>,
    /// Neighbourhood, at most 100 characters.
    pub neighbourhood: Option<String>,
    /// City, at most 100 characters.
    pub city: Option<String>,
    /// State, department or other region, at most 100 characters.
    pub region: Option<String>,
    /// Postal code as written, at most 16 characters.
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2 code.
    pub country: Option<String>,
    /// Degrees north, −90 to 90; only together with the longitude.
    pub latitude: Option<f64>,
    /// Degrees east, −180 to 180; only together with the latitude.
    pub longitude: Option<f64>,
}

/// An address of which at least one part is there and each is sound; stored as JSON.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(AddressParts);

redacted_debug!(AddressParts, Address);

impl Address {
    /// Checks all parts and folds their white space; blank parts are absent. Faults point into the address.
    pub fn parse(parts: AddressParts) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut text = |part: Option<String>, longest, pointer: &str| match optional_line(part.as_deref(), longest) {
            Ok(part) => part,
            Err(error) => {
                faults.push(Fault::at(pointer, error.code()));
                None
            }
        };
        let read = AddressParts {
            street: text(parts.street, 200, "/street"),
            number: text(parts.number, 20, "/number"),
            complement: text(parts.complement, 100, "/complement"),
            neighbourhood: text(parts.neighbourhood, 100, "/neighbourhood"),
            city: text(parts.city, 100, "/city"),
            region: text(parts.region, 100, "/region"),
            postal_code: text(parts.postal_code, 16, "/postal_code"),
            country: text(parts.country, 2, "/country").map(|code| code.to_ascii_uppercase()),
            latitude: parts.latitude,
            longitude: parts.longitude,
        };
        if read.country.as_deref().is_some_and(|code| Country::parse(code).is_err()) {
            faults.push(Fault::at("/country", "unknown_country"));
        }
        faults.extend(coordinate_faults(read.latitude, read.longitude));
        if faults.is_empty() && read == AddressParts::default() {
            faults.push(Fault::at("", "required"));
        }
        if faults.is_empty() { Ok(Self(read)) } else { Err(faults) }
    }

    /// The parts.
    pub fn parts(&self) -> &AddressParts {
        &self.0
    }
}

fn coordinate_faults(latitude: Option<f64>, longitude: Option<f64>) -> Vec<Fault> {
    let mut faults = Vec::new();
    match (latitude, longitude) {
        (Some(_), None) => faults.push(Fault::at("/longitude", "required")),
        (None, Some(_)) => faults.push(Fault::at("/latitude", "required")),
        _ => {}
    }
    if latitude.is_some_and(|degrees| !(-90.0..=90.0).contains(&degrees)) {
        faults.push(Fault::at("/latitude", "out_of_range"));
    }
    if longitude.is_some_and(|degrees| !(-180.0..=180.0).contains(&degrees)) {
        faults.push(Fault::at("/longitude", "out_of_range"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_folded_and_blank_ones_absent() {
        let address = Address::parse(AddressParts {
            street: Some("  Rua  Sete de Setembro ".to_owned()),
            number: Some("S/N".to_owned()),
            complement: Some(" ".to_owned()),
            country: Some("br".to_owned()),
            latitude: Some(-20.3155),
            longitude: Some(-40.3128),
            ..AddressParts::default()
        })
        .unwrap();
        let parts = address.parts();
        assert_eq!(parts.street.as_deref(), Some("Rua Sete de Setembro"));
        assert_eq!((parts.complement.as_deref(), parts.country.as_deref()), (None, Some("BR")));
        assert_eq!(format!("{address:?}"), "Address(..)");
    }

    #[test]
    fn all_bad_parts_are_pointed_at_together() {
        let faults = Address::parse(AddressParts {
            street: Some("a".repeat(201)),
            city: Some("a\0".to_owned()),
            country: Some("ZZ".to_owned()),
            latitude: Some(90.1),
            ..AddressParts::default()
        })
        .unwrap_err();
        let expected = [
            Fault::at("/street", "too_long"),
            Fault::at("/city", "control_character"),
            Fault::at("/country", "unknown_country"),
            Fault::at("/longitude", "required"),
            Fault::at("/latitude", "out_of_range"),
        ];
        assert_eq!(faults, expected);
    }

    #[test]
    fn an_empty_address_and_impossible_coordinates_are_refused() {
        assert_eq!(Address::parse(AddressParts::default()), Err(vec![Fault::at("", "required")]));
        let nowhere = AddressParts { latitude: Some(f64::NAN), longitude: Some(180.1), ..AddressParts::default() };
        let expected = vec![Fault::at("/latitude", "out_of_range"), Fault::at("/longitude", "out_of_range")];
        assert_eq!(Address::parse(nowhere), Err(expected));
    }

    #[test]
    fn the_stored_form_reads_back() {
        let address =
            Address::parse(AddressParts { city: Some("Vitória".to_owned()), ..AddressParts::default() }).unwrap();
        let json = serde_json::to_value(&address).unwrap();
        assert_eq!(json["city"], "Vitória");
        assert_eq!(serde_json::from_value::<Address>(json).unwrap(), address);
    }
}
