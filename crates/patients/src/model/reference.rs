//! What names a patient outside of the record.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::ids::{AppointmentId, InvitationId, MembershipId, PatientId, PatientLinkId};
use kernel::{Change, Facts};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::link::Days;

/// How a row of another table names a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceKind {
    /// An appointment that the patient comes to.
    Appointment,
    /// An appointment of somebody else that is for the patient.
    Beneficiary,
    /// A caregiver's or guardian's link.
    Link,
    /// The membership of a patient who signs in.
    Membership,
    /// The invitation of a patient to sign in.
    Invitation,
}

/// A row that names a patient, as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// How it names the patient.
    pub kind: ReferenceKind,
    /// The row.
    pub id: Uuid,
    /// Its version.
    pub version: i64,
    /// First instant and instant after the last, of an appointment.
    pub time: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Its time in the agenda of the one patient is taken in that of the other: to be in one agenda, it is overbooked.
    pub overbooked: bool,
    /// It does not move: the other patient has its like, or it is the other patient's own.
    pub stays: bool,
    /// A link's days before and after, where they change: no member is linked twice for one day.
    pub days: Option<(Days, Days)>,
}

impl ReferenceKind {
    /// All kinds, an invitation before the membership that comes of it.
    pub const ALL: [Self; 5] = [Self::Appointment, Self::Beneficiary, Self::Link, Self::Invitation, Self::Membership];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Appointment => "appointment",
            Self::Beneficiary => "beneficiary",
            Self::Link => "link",
            Self::Membership => "membership",
            Self::Invitation => "invitation",
        }
    }

    const fn field(self) -> &'static str {
        match self {
            Self::Beneficiary => "beneficiary_id",
            _ => "patient_id",
        }
    }
}

impl Reference {
    /// What the journal records when it names another patient, or has other days, from this version on.
    pub fn change(&self, from: PatientId, to: PatientId, version: i64) -> Change {
        let mut facts = [Facts::new(), Facts::new()];
        if !self.stays {
            facts = [from, to].map(|patient| Facts::new().open(self.kind.field(), patient));
        }
        if let Some((was, is)) = self.days {
            let [before, after] = facts;
            let told = |facts: Facts, days: Days| facts.open("valid_from", days.from).open("valid_to", days.to);
            facts = [told(before, was), told(after, is)];
        }
        let [before, after] = facts;
        match self.kind {
            ReferenceKind::Appointment | ReferenceKind::Beneficiary => {
                Change::updated(AppointmentId::from_uuid(self.id), version, &before, &after)
            }
            ReferenceKind::Link => Change::updated(PatientLinkId::from_uuid(self.id), version, &before, &after),
            ReferenceKind::Membership => Change::updated(MembershipId::from_uuid(self.id), version, &before, &after),
            ReferenceKind::Invitation => Change::updated(InvitationId::from_uuid(self.id), version, &before, &after),
        }
    }

    /// True when it changes with a merge: it moves, or its days do.
    pub fn is_touched(&self) -> bool {
        !self.stays || self.days.is_some()
    }

    /// The version of each row after these were moved, one by one: an appointment may name the patient twice.
    pub fn versions_after<'a>(moved: impl IntoIterator<Item = &'a Self>) -> BTreeMap<Uuid, i64> {
        moved.into_iter().fold(BTreeMap::new(), |mut versions, one| {
            *versions.entry(one.id).or_insert(one.version) += 1;
            versions
        })
    }
}
