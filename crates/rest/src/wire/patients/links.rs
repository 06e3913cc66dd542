//! Links of caregivers and guardians on the wire.

use chrono::NaiveDate;
use kernel::ids::MembershipId;
use patients::model::ShownLink;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::values::{LinkKind, LinkStanding};
use crate::from_json::Ask;
use crate::{FromJson, Wire, pages};

/// A caregiver's or guardian's link to a patient
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PatientLink)]
pub struct PatientLinkWire {
    /// Its id.
    id: Uuid,
    /// The member.
    membership_id: Uuid,
    /// The member's name.
    member_name: String,
    /// What the member is to the patient.
    kind: LinkKind,
    /// The first day, in UTC.
    valid_from: NaiveDate,
    /// The day after the last, in UTC; `null` while none is set.
    valid_to: Option<NaiveDate>,
    /// Where it stands today.
    standing: LinkStanding,
}

/// A link that is wanted
#[derive(Debug, FromJson)]
pub struct NewPatientLink {
    /// The member who looks after the patient or decides for them.
    pub membership_id: MembershipId,
    /// What the member is to the patient.
    pub kind: LinkKind,
    /// The first day, in UTC; today when absent.
    pub valid_from: Option<NaiveDate>,
    /// The day after the last, in UTC; absent means until it is ended.
    pub valid_to: Option<NaiveDate>,
}

pages! {
    /// A page of links
    PatientLinkPage of PatientLinkWire;
}

impl From<&ShownLink> for PatientLinkWire {
    fn from(shown: &ShownLink) -> Self {
        let link = &shown.link;
        Self {
            id: link.id().uuid(),
            membership_id: link.membership().uuid(),
            member_name: shown.member.as_str().to_owned(),
            kind: LinkKind(link.kind()),
            valid_from: link.valid_from(),
            valid_to: link.valid_to(),
            standing: LinkStanding(shown.standing),
        }
    }
}

impl Wire for PatientLinkWire {
    fn sample() -> Self {
        Self {
            id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0011),
            membership_id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0012),
            member_name: "Rita Souza".to_owned(),
            kind: LinkKind(patients::model::LinkKind::Caregiver),
            valid_from: NaiveDate::from_ymd_opt(2027, 3, 1).unwrap_or_default(),
            valid_to: None,
            standing: LinkStanding(patients::model::LinkStanding::Current),
        }
    }
}

impl Ask for NewPatientLink {
    fn sample() -> serde_json::Value {
        json!({
            "membership_id": Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0012), "kind": "caregiver",
            "valid_from": "2027-03-01", "valid_to": "2028-03-01"
        })
    }
}
