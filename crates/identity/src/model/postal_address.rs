//! Where a place of the company stands.

use kernel::{Fault, Patch};
use serde::{Deserialize, Serialize};

/// The parts of an address as they are typed; all may be absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressParts {
    /// Street, at most 200 characters.
    pub street: Option<String>,
    /// House number as written, at most 20 characters.
    pub number: Option<String>,
    /// Floor, building, at most 100 characters.
    pub complement: Option<String>,
    /// Neighbourhood, at most 100 characters.
    pub neighbourhood: Option<String>,
    /// City, at most 100 characters.
    pub city: Option<String>,
    /// State, department or other region, at most 100 characters.
    pub region: Option<String>,
    /// Postal code as written, at most 16 characters.
    pub postal_code: Option<String>,
}

/// An address of which at least one part is there and each is sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PostalAddress(AddressParts);

/// A change of an address, part by part.
#[derive(Debug, Clone, Default)]
pub struct AddressPatch {
    /// See [`AddressParts::street`].
    pub street: Patch<String>,
    /// See [`AddressParts::number`].
    pub number: Patch<String>,
    /// See [`AddressParts::complement`].
    pub complement: Patch<String>,
    /// See [`AddressParts::neighbourhood`].
    pub neighbourhood: Patch<String>,
    /// See [`AddressParts::city`].
    pub city: Patch<String>,
    /// See [`AddressParts::region`].
    pub region: Patch<String>,
    /// See [`AddressParts::postal_code`].
    pub postal_code: Patch<String>,
}

impl PostalAddress {
    /// Folds the white space of all parts; blank ones are absent, and an address without any is none. The faults point at
    /// `/street` and the like.
    pub fn parse(parts: AddressParts) -> Result<Option<Self>, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut line = |part: Option<String>, longest: usize, pointer: &str| {
            let folded = part.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
            let text = folded.filter(|text| !text.is_empty())?;
            if text.chars().any(char::is_control) {
                faults.push(Fault::at(pointer, "control_character"));
            } else if text.chars().count() > longest {
                faults.push(Fault::at(pointer, "too_long"));
            }
            Some(text)
        };
        let read = AddressParts {
            street: line(parts.street, 200, "/street"),
            number: line(parts.number, 20, "/number"),
            complement: line(parts.complement, 100, "/complement"),
            neighbourhood: line(parts.neighbourhood, 100, "/neighbourhood"),
            city: line(parts.city, 100, "/city"),
            region: line(parts.region, 100, "/region"),
            postal_code: line(parts.postal_code, 16, "/postal_code"),
        };
        match faults.as_slice() {
            [] if read == AddressParts::default() => Ok(None),
            [] => Ok(Some(Self(read))),
            _ => Err(faults),
        }
    }

    /// The parts.
    pub const fn parts(&self) -> &AddressParts {
        &self.0
    }
}

impl AddressPatch {
    /// The address after the change; the faults as of [`PostalAddress::parse`].
    pub fn applied_to(self, present: Option<PostalAddress>) -> Result<Option<PostalAddress>, Vec<Fault>> {
        let present = present.map(|address| address.0).unwrap_or_default();
        PostalAddress::parse(AddressParts {
            street: self.street.applied_to(present.street),
            number: self.number.applied_to(present.number),
            complement: self.complement.applied_to(present.complement),
            neighbourhood: self.neighbourhood.applied_to(present.neighbourhood),
            city: self.city.applied_to(present.city),
            region: self.region.applied_to(present.region),
            postal_code: self.postal_code.applied_to(present.postal_code),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_city(city: &str) -> AddressParts {
        AddressParts { city: Some(city.to_owned()), ..AddressParts::default() }
    }

    #[test]
    fn parts_are_folded_and_blank_ones_absent() {
        let address = PostalAddress::parse(AddressParts { street: Some("  ".to_owned()), ..in_city(" São   Paulo ") });
        let address = address.unwrap().unwrap();
        assert_eq!((address.parts().city.as_deref(), &address.parts().street), (Some("São Paulo"), &None));
        assert_eq!(PostalAddress::parse(in_city(" ")), Ok(None));
    }

    #[test]
    fn all_bad_parts_are_told_at_once() {
        let parts = AddressParts { postal_code: Some("0".repeat(17)), ..in_city("a\0") };
        let faults = PostalAddress::parse(parts).unwrap_err();
        assert_eq!(faults, [Fault::at("/city", "control_character"), Fault::at("/postal_code", "too_long")]);
    }

    #[test]
    fn a_change_names_parts() {
        let before = PostalAddress::parse(in_city("Vitória")).unwrap();
        let patch = AddressPatch { region: Patch::Set("ES".to_owned()), ..AddressPatch::default() };
        let after = patch.applied_to(before).unwrap().unwrap();
        assert_eq!((after.parts().city.as_deref(), after.parts().region.as_deref()), (Some("Vitória"), Some("ES")));
        let patch = AddressPatch { region: Patch::Clear, city: Patch::Clear, ..AddressPatch::default() };
        assert_eq!(patch.applied_to(Some(after)), Ok(None));
    }
}
