//! Single values of members, places and settings: how their texts are read and described.

use identity::model::contact::{ContactPhone, InvalidContact, LogoUrl};
use identity::model::invitation::InvitationStatus;
use identity::model::membership::MembershipStatus;
use identity::model::place_number::{Cnpj, Finess, InvalidPlaceNumber, Siret};
use identity::model::registration::{Adeli, Council, InvalidRegistration, Registration, Rpps};
use identity::model::reminders::ReminderChannel;
use identity::model::working_hours::{InvalidTimeOfDay, TimeOfDay};

use crate::FromText;
use crate::fault::{Faults, Place};
use crate::from_json::{FromJson, Members};
use crate::json::Json;
use crate::schema::{self, AnySchema, ObjectSketch, Schemas};

macro_rules! texts {
    ($($value:ty, $flaw:ty, $longest:literal;)+) => {$(
        impl FromText for $value {
            fn from_text(text: &str) -> Result<Self, &'static str> {
                Self::parse(text).map_err(<$flaw>::code)
            }

            fn text_schema() -> AnySchema {
                schema::text(1, $longest)
            }
        }
    )+};
}

texts! {
    ContactPhone, InvalidContact, 32;
    LogoUrl, InvalidContact, 2048;
    Cnpj, InvalidPlaceNumber, 32;
    Siret, InvalidPlaceNumber, 32;
    Finess, InvalidPlaceNumber, 32;
    Rpps, InvalidRegistration, 32;
    Adeli, InvalidRegistration, 32;
}

macro_rules! words {
    ($($value:ty, $name:ident, $description:literal;)+) => {$(
        impl FromText for $value {
            fn from_text(text: &str) -> Result<Self, &'static str> {
                Self::parse(text).ok_or("unknown_value")
            }

            fn text_schema() -> AnySchema {
                schema::choice($description, &Self::ALL.map(Self::$name))
            }
        }
    )+};
}

words! {
    MembershipStatus, name, "Whether a member may sign in.";
    InvitationStatus, as_str, "Where an invitation stands.";
    ReminderChannel, as_str, "How a reminder reaches a patient.";
}

impl FromText for TimeOfDay {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).map_err(InvalidTimeOfDay::code)
    }

    fn text_schema() -> AnySchema {
        schema::pattern("^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")
    }
}

/// The words of a registration, each pointed at when it is wrong.
impl FromJson for Registration {
    fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self> {
        let mut members = Members::of(json, at, faults)?;
        let council = members.take::<String>("council", faults);
        let region = members.take::<String>("region", faults);
        let number = members.take::<String>("number", faults);
        members.finish(faults);
        match Self::parse(&council?, &region?, &number?) {
            Ok(registration) => Some(registration),
            Err(flaw) => faults.refuse(&Place::Member(at, place_of(flaw)), flaw.code()),
        }
    }

    fn json_schema() -> AnySchema {
        schema::reference("NewProfessionalRegistration")
    }

    fn json_schemas(schemas: &mut Schemas) {
        schemas.add("NewProfessionalRegistration", || {
            let councils = Council::ALL.map(Council::name).join(", ");
            ObjectSketch::new("A registration with a professional council.")
                .property::<String>("council", &format!("One of {councils}."))
                .property::<String>("region", "A state, or a region's number where the council numbers its regions.")
                .property::<String>("number", "The number within the region, as on the card.")
                .done()
        });
    }
}

const fn place_of(flaw: InvalidRegistration) -> &'static str {
    match flaw {
        InvalidRegistration::Council => "council",
        InvalidRegistration::Region => "region",
        InvalidRegistration::Number | InvalidRegistration::CheckDigit => "number",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: serde_json::Value) -> Result<Registration, Vec<(String, &'static str)>> {
        let mut faults = Faults::new();
        let read = Registration::from_json(Json::of(value), &Place::Root, &mut faults);
        read.ok_or_else(|| faults.into_vec().into_iter().map(|fault| (fault.pointer, fault.code)).collect())
    }

    #[test]
    fn a_registration_is_read_member_by_member() {
        let crm = read(json!({ "council": "CRM", "region": "SP", "number": "123456" })).unwrap();
        assert_eq!(crm, Registration::parse("CRM", "SP", "123456").unwrap());
        let told = |value| read(value).unwrap_err();
        let bad = json!({ "council": "CRM", "region": "XX", "number": "1" });
        assert_eq!(told(bad), [("/region".to_owned(), "identity.unknown_region")]);
        let bad = json!({ "council": "OAB", "region": "SP" });
        assert_eq!(told(bad), [("/number".to_owned(), "required")]);
    }
}
