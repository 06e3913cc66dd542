//! Links that let a caregiver or guardian reach a patient.

use chrono::NaiveDate;
use kernel::Facts;
use kernel::ids::{MembershipId, PatientId, PatientLinkId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::PersonName;

/// What a member is to a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// Looks after the patient.
    Caregiver,
    /// Decides for the patient.
    Guardian,
}

/// Days from the first on until before another; without end where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// The first day.
    pub from: NaiveDate,
    /// The day after the last.
    pub to: Option<NaiveDate>,
}

/// What becomes of the days of a link when another patient's links of the same member and kind are there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// None of its days is there: it fits as it is.
    Whole,
    /// Every day that is left of it is there.
    Covered,
    /// It fits with these days, and those others, by their place in the list, take the rest with theirs.
    Shaped(Days, Vec<(usize, Days)>),
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
    version: i64,
}

/// A link as it is shown: with the member's name, and whether it is valid today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownLink {
    /// The link.
    pub link: PatientLink,
    /// The member's name.
    pub member: PersonName,
    /// Where it stands today.
    pub standing: LinkStanding,
}

/// Where a link stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkStanding {
    /// Its first day is yet to come.
    Upcoming,
    /// It gives reach.
    Current,
    /// Its last day is over, or it was withdrawn before its first.
    Ended,
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

impl LinkStanding {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Upcoming, Self::Current, Self::Ended];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upcoming => "upcoming",
            Self::Current => "current",
            Self::Ended => "ended",
        }
    }

    /// The standing of a word; `None` for an unknown one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.as_str() == word)
    }
}

impl Days {
    fn is_none(self) -> bool {
        self.to.is_some_and(|to| to <= self.from)
    }

    fn overlap(self, other: Self) -> bool {
        let begins_before_end = |one: Self, other: Self| other.to.is_none_or(|to| one.from < to);
        !self.is_none() && !other.is_none() && begins_before_end(self, other) && begins_before_end(other, self)
    }

    /// How these days fit in beside others, of which no two share a day: no day is there twice, and of the days from today on
    /// none is lost.
    pub fn beside(self, others: &[Self], today: NaiveDate) -> Fit {
        let mut near: Vec<(usize, Self)> =
            others.iter().copied().enumerate().filter(|(_, other)| self.overlap(*other)).collect();
        if near.is_empty() {
            return Fit::Whole;
        }
        near.sort_by_key(|(_, other)| other.from);
        let mut gaps = self.gaps(&near);
        gaps.retain(|(_, gap)| gap.to.is_none_or(|to| to > today));
        let mut gaps = gaps.into_iter();
        let Some((_, own)) = gaps.next() else { return Fit::Covered };
        let longer = gaps.filter_map(|(before, gap)| {
            before.map(|(place, other): (usize, Self)| (place, Self { to: gap.to, ..other }))
        });
        Fit::Shaped(own, longer.collect())
    }

    /// The days that the others leave, each span with the one that ends where it begins.
    fn gaps(self, near: &[(usize, Self)]) -> Vec<(Option<(usize, Self)>, Self)> {
        let (mut gaps, mut from, mut before) = (Vec::new(), self.from, None);
        for (place, other) in near {
            if other.from > from {
                gaps.push((before, Self { from, to: Some(other.from) }));
            }
            let Some(to) = other.to else { return gaps };
            (from, before) = (to, Some((*place, *other)));
        }
        if self.to.is_none_or(|to| from < to) {
            gaps.push((before, Self { from, to: self.to }));
        }
        gaps
    }
}

impl PatientLink {
    /// A link as it was stored.
    pub fn from_stored(
        id: PatientLinkId,
        (membership, patient): (MembershipId, PatientId),
        kind: LinkKind,
        Days { from: valid_from, to: valid_to }: Days,
        version: i64,
    ) -> Self {
        Self { id, membership, patient, kind, valid_from, valid_to, version }
    }

    /// Where it stands on a day.
    pub fn standing(&self, day: NaiveDate) -> LinkStanding {
        if self.valid_to.is_some_and(|to| to <= day || to == self.valid_from) {
            LinkStanding::Ended
        } else if self.valid_from > day {
            LinkStanding::Upcoming
        } else {
            LinkStanding::Current
        }
    }

    /// The link ended today: what was valid until now is valid no longer, and what was still to come has no day at all.
    /// Nothing when it had ended before.
    pub fn ended(&self, today: NaiveDate) -> Option<Self> {
        match self.standing(today) {
            LinkStanding::Ended => None,
            LinkStanding::Current | LinkStanding::Upcoming => {
                Some(Self { valid_to: Some(today.max(self.valid_from)), version: self.version + 1, ..*self })
            }
        }
    }

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
        Ok(Self { id, membership, patient, kind, valid_from, valid_to, version: 1 })
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

    /// Rises by one with every change.
    pub fn version(&self) -> i64 {
        self.version
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
    fn pt5_a_link_that_is_ended_is_valid_no_longer_and_keeps_the_days_it_had() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let today = day("2026-03-05");
        for (from, to, standing, ended_on) in [
            ("2026-03-01", None, LinkStanding::Current, Some("2026-03-05")),
            ("2026-03-01", Some("2026-03-06"), LinkStanding::Current, Some("2026-03-05")),
            ("2026-03-05", None, LinkStanding::Current, Some("2026-03-05")),
            ("2026-03-06", Some("2026-04-01"), LinkStanding::Upcoming, Some("2026-03-06")),
            ("2026-03-01", Some("2026-03-05"), LinkStanding::Ended, None),
        ] {
            let link = link(from, to).unwrap();
            assert_eq!(link.standing(today), standing, "{from} {to:?}");
            let ended = link.ended(today);
            assert_eq!(ended.and_then(|link| link.valid_to()), ended_on.map(day), "{from} {to:?}");
            for later in
                ended.iter().flat_map(|link| (0..60).map(|days| link.standing(today + chrono::Days::new(days))))
            {
                assert_eq!(later, LinkStanding::Ended);
            }
            assert!(ended.is_none_or(|link| link.ended(today).is_none()), "it ends once");
        }
    }

    #[test]
    fn pt7_days_beside_others_are_there_once_and_none_to_come_is_lost() {
        let day = |n: u32| NaiveDate::from_ymd_opt(2027, 3, n).unwrap();
        let days = |from, to: Option<u32>| Days { from: day(from), to: to.map(day) };
        let today = day(10);
        let fit = |own: Days, others: &[Days]| own.beside(others, today);
        assert_eq!(fit(days(1, None), &[days(2, Some(2))]), Fit::Whole, "no day at all");
        assert_eq!(fit(days(12, None), &[days(1, Some(12))]), Fit::Whole);
        assert_eq!(fit(days(1, None), &[days(10, None)]), Fit::Covered, "from today on");
        assert_eq!(fit(days(1, Some(9)), &[days(3, Some(4))]), Fit::Covered, "all over");
        assert_eq!(fit(days(1, None), &[days(1, Some(12))]), Fit::Shaped(days(12, None), Vec::new()));
        assert_eq!(fit(days(1, None), &[days(2, Some(3))]), Fit::Shaped(days(3, None), Vec::new()), "an old one");
        assert_eq!(fit(days(10, None), &[days(15, None)]), Fit::Shaped(days(10, Some(15)), Vec::new()));
        let two = [days(20, Some(22)), days(12, Some(14))];
        let longer = vec![(1, days(12, Some(20))), (0, days(20, None))];
        assert_eq!(fit(days(10, None), &two), Fit::Shaped(days(10, Some(12)), longer));
    }

    #[test]
    fn pt7_whatever_the_days_each_to_come_is_there_exactly_once() {
        let day = |n: u32| NaiveDate::from_ymd_opt(2027, 3, 1 + n).unwrap();
        let has = |days: Days, on: NaiveDate| days.from <= on && days.to.is_none_or(|to| on < to);
        let spans: Vec<Days> = (0..7)
            .flat_map(|from| (from..8).map(Some).chain([None]).map(move |to| (from, to)))
            .map(|(from, to)| Days { from: day(from), to: to.map(day) })
            .collect();
        for own in &spans {
            for (index, one) in spans.iter().enumerate() {
                for other in spans.iter().skip(index).filter(|other| !one.overlap(**other)) {
                    let mut after = vec![*one, *other];
                    match own.beside(&after.clone(), day(3)) {
                        Fit::Whole => after.push(*own),
                        Fit::Covered => {}
                        Fit::Shaped(days, longer) => {
                            after.push(days);
                            for (place, days) in longer {
                                after[place] = days;
                            }
                        }
                    }
                    for on in (0..10).map(day) {
                        let times = after.iter().filter(|days| has(**days, on)).count();
                        assert!(times <= 1, "{own:?} beside {one:?} {other:?}: {after:?}");
                        assert!(
                            on < day(3) || !has(*own, on) || times == 1,
                            "{own:?} beside {one:?} {other:?}: {after:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn kinds_are_read_as_they_are_written() {
        assert!(LinkStanding::ALL.iter().all(|one| LinkStanding::parse(one.as_str()) == Some(*one)));
        assert!(LinkKind::ALL.iter().all(|kind| LinkKind::parse(kind.as_str()) == Some(*kind)));
        assert_eq!(LinkKind::parse("driver"), None);
    }
}
