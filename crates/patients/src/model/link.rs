//! Links that let a caregiver or guardian reach a patient.

use chrono::NaiveDate;
use kernel::Facts;
use kernel::ids::{MembershipId, PatientId, PatientLinkId};
use thiserror::Error;

/// What a member is to a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// Looks after the patient.
    Caregiver,
    /// Decides for the patient.
    Guardian,
}

/// A member's link to a patient: valid from a day on and until the day before another, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatientLink {
    id: PatientLinkId,
    membership: MembershipId,
    patient: PatientId,
    kind: LinkKind,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
}

/// The link would never be valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the link ends before it begins")]
pub struct EmptyPeriod;

impl LinkKind {
    /// All kinds.
    pub const ALL: [Self; 2] = [Self::Caregiver, Self::Guardian];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Caregiver => "caregiver",
            Self::Guardian => "guardian",
        }
    }

    /// The kind of a word; `None` for an unknown one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl PatientLink {
    /// A link; `valid_to` lies after `valid_from`.
    pub fn try_new(
        id: PatientLinkId,
        (membership, patient): (MembershipId, PatientId),
        kind: LinkKind,
        valid_from: NaiveDate,
        valid_to: Option<NaiveDate>,
    ) -> Result<Self, EmptyPeriod> {
        if valid_to.is_some_and(|to| to <= valid_from) {
            return Err(EmptyPeriod);
        }
        Ok(Self { id, membership, patient, kind, valid_from, valid_to })
    }

    /// Its id.
    pub fn id(&self) -> PatientLinkId {
        self.id
    }

    /// The member.
    pub fn membership(&self) -> MembershipId {
        self.membership
    }

    /// The patient.
    pub fn patient(&self) -> PatientId {
        self.patient
    }

    /// What the member is to the patient.
    pub fn kind(&self) -> LinkKind {
        self.kind
    }

    /// The first day.
    pub fn valid_from(&self) -> NaiveDate {
        self.valid_from
    }

    /// The day after the last.
    pub fn valid_to(&self) -> Option<NaiveDate> {
        self.valid_to
    }

    /// What the journal records.
    pub fn facts(&self) -> Facts {
        Facts::new()
            .open("membership_id", self.membership)
            .open("patient_id", self.patient)
            .open("kind", self.kind.as_str())
            .open("valid_from", self.valid_from)
            .open("valid_to", self.valid_to)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn link(from: &str, to: Option<&str>) -> Result<PatientLink, EmptyPeriod> {
        let day = |text: &str| text.parse().unwrap();
        let id = Uuid::from_u128(1);
        let who = (MembershipId::from_uuid(id), PatientId::from_uuid(id));
        PatientLink::try_new(PatientLinkId::from_uuid(id), who, LinkKind::Caregiver, day(from), to.map(day))
    }

    #[test]
    fn a_link_has_at_least_one_day() {
        assert!(link("2026-03-01", None).is_ok());
        assert!(link("2026-03-01", Some("2026-03-02")).is_ok());
        assert_eq!(link("2026-03-01", Some("2026-03-01")), Err(EmptyPeriod));
    }

    #[test]
    fn kinds_are_read_as_they_are_written() {
        assert!(LinkKind::ALL.iter().all(|kind| LinkKind::parse(kind.as_str()) == Some(*kind)));
        assert_eq!(LinkKind::parse("driver"), None);
    }
}
