//! Practitioners on the wire.

use kernel::ids::{ClinicId, MembershipId, ServiceId};
use scheduling::model::patch::PractitionerPatch;
use scheduling::model::practitioner::{Practitioner, PractitionerProfile, Registration};
use scheduling::model::words::{Label, PersonName};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::service::mapped;
use crate::fault::{Faults, Place};
use crate::from_json::{Ask, FromJson, Members, Patch};
use crate::json::Json;
use crate::schema::{self, AnySchema, ObjectSketch, Schemas};
use crate::wire::shapes::{AtMost, Given};
use crate::{Wire, pages};

/// A professional registration
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PractitionerRegistration {
    /// The council, such as CRM.
    council: String,
    /// The number there.
    number: String,
    /// The region, such as SP.
    region: String,
}

/// A person whose agenda can be booked
#[derive(Serialize, ToSchema)]
#[schema(as = Practitioner)]
pub struct PractitionerWire {
    /// Their id.
    id: Uuid,
    /// Their name.
    name: String,
    /// Their profession.
    profession: String,
    /// Registrations with professional councils.
    registrations: Vec<PractitionerRegistration>,
    /// The services given; `null` for all of the company's.
    service_ids: Option<Vec<Uuid>>,
    /// The clinics worked in; `null` for all of the company's.
    clinic_ids: Option<Vec<Uuid>>,
    /// Their membership, if they sign in.
    membership_id: Option<Uuid>,
    /// Whether they can be booked.
    active: bool,
    /// Rises by one with every change; the entity tag in quotes.
    version: i64,
}

pages! {
    /// A page of practitioners
    PractitionerPage of PractitionerWire;
}

impl From<&Practitioner> for PractitionerWire {
    fn from(practitioner: &Practitioner) -> Self {
        let profile = practitioner.profile();
        let services = profile.service_ids.as_ref();
        let clinics = profile.clinic_ids.as_ref();
        Self {
            id: practitioner.id().uuid(),
            name: profile.name.expose().to_owned(),
            profession: profile.profession.as_str().to_owned(),
            registrations: profile.registrations.iter().map(Into::into).collect(),
            service_ids: services.map(|ids| ids.iter().map(|id| id.uuid()).collect()),
            clinic_ids: clinics.map(|ids| ids.iter().map(|id| id.uuid()).collect()),
            membership_id: profile.membership_id.map(MembershipId::uuid),
            active: profile.active,
            version: practitioner.version(),
        }
    }
}

impl From<&Registration> for PractitionerRegistration {
    fn from(one: &Registration) -> Self {
        Self {
            council: one.council().as_str().to_owned(),
            number: one.number().as_str().to_owned(),
            region: one.region().as_str().to_owned(),
        }
    }
}

impl Wire for PractitionerWire {
    fn sample() -> Self {
        Self {
            id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0012),
            name: "Dra. Helena Prado".to_owned(),
            profession: "doctor".to_owned(),
            registrations: vec![PractitionerRegistration {
                council: "CRM".to_owned(),
                number: "123456".to_owned(),
                region: "SP".to_owned(),
            }],
            service_ids: None,
            clinic_ids: Some(vec![Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0013)]),
            membership_id: None,
            active: true,
            version: 1,
        }
    }
}

impl FromJson for Registration {
    fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self> {
        let mut members = Members::of(json, at, faults)?;
        let [council, number, region] =
            ["council", "number", "region"].map(|name| members.take::<String>(name, faults));
        members.finish(faults);
        match Self::parse(&council?, &number?, &region?) {
            Ok(registration) => Some(registration),
            Err(error) => faults.refuse(&Place::Member(at, error.field), error.source.code()),
        }
    }

    fn json_schema() -> AnySchema {
        schema::reference("NewRegistration")
    }

    fn json_schemas(schemas: &mut Schemas) {
        schemas.add("NewRegistration", || {
            ObjectSketch::new("A professional registration; each part has at most 40 characters.")
                .property::<String>("council", "The council, such as CRM.")
                .property::<String>("number", "The number there.")
                .property::<String>("region", "The region, such as SP.")
                .done()
        });
    }
}

/// A new practitioner
#[derive(Debug, crate::FromJson)]
pub struct NewPractitioner {
    /// Their name.
    name: PersonName,
    /// Their profession.
    profession: Label,
    /// Registrations with professional councils.
    #[json(default)]
    registrations: AtMost<Registration, 20>,
    /// The services given; absent: all of the company's.
    service_ids: Option<AtMost<ServiceId, 500>>,
    /// The clinics worked in; absent: all of the company's.
    clinic_ids: Option<AtMost<ClinicId, 500>>,
    /// Their membership, if they sign in.
    membership_id: Option<MembershipId>,
}

impl From<NewPractitioner> for PractitionerProfile {
    fn from(ask: NewPractitioner) -> Self {
        Self {
            name: ask.name,
            profession: ask.profession,
            registrations: ask.registrations.0,
            service_ids: ask.service_ids.map(|ids| ids.0.into_iter().collect()),
            clinic_ids: ask.clinic_ids.map(|ids| ids.0.into_iter().collect()),
            membership_id: ask.membership_id,
            active: true,
        }
    }
}

impl Ask for NewPractitioner {
    fn sample() -> Value {
        json!({
            "name": "Dra. Helena Prado",
            "profession": "doctor",
            "registrations": [{ "council": "CRM", "number": "123456", "region": "SP" }],
        })
    }
}

/// A change of a practitioner, as a JSON merge patch: what is absent stays, lists are replaced
#[derive(Debug, crate::FromJson)]
pub struct PractitionerChanges {
    /// Their name.
    name: Given<PersonName>,
    /// Their profession.
    profession: Given<Label>,
    /// Registrations with professional councils.
    registrations: Patch<AtMost<Registration, 20>>,
    /// The services given; `null`: all of the company's.
    service_ids: Patch<AtMost<ServiceId, 500>>,
    /// The clinics worked in; `null`: all of the company's.
    clinic_ids: Patch<AtMost<ClinicId, 500>>,
    /// Their membership.
    membership_id: Patch<MembershipId>,
}

impl From<PractitionerChanges> for PractitionerPatch {
    fn from(ask: PractitionerChanges) -> Self {
        Self {
            name: ask.name.0,
            profession: ask.profession.0,
            registrations: mapped(ask.registrations, |list| list.0),
            service_ids: mapped(ask.service_ids, |ids| ids.0.into_iter().collect()),
            clinic_ids: mapped(ask.clinic_ids, |ids| ids.0.into_iter().collect()),
            membership_id: ask.membership_id,
        }
    }
}

impl Ask for PractitionerChanges {
    fn sample() -> Value {
        json!({ "profession": "physiotherapist", "service_ids": null })
    }
}
