//! Any of a pool: who takes a booking that names nobody (A7).

use chrono::{DateTime, TimeDelta, Utc};
use kernel::ids::{ClinicId, PractitionerId};

use super::interval::Interval;
use super::reason::Reason;
use super::schedule::Openings;
use super::situation::Agendas;
use super::slots::Audience;

/// Who could take the booking, best first: least load in the window, then longest since the last, then by id (A7).
/// Without anyone it tells why not, a taken place before a closed one.
pub fn candidates(
    agendas: &Agendas,
    clinic_id: Option<ClinicId>,
    start: DateTime<Utc>,
    now: DateTime<Utc>,
    audience: Audience,
) -> Result<Vec<PractitionerId>, Reason> {
    let mut free = Vec::new();
    let mut refusal = None;
    for (practitioner, agenda) in agendas.members() {
        match agendas.search(practitioner, agenda, now, audience).decide(clinic_id, start) {
            Ok(placement) => {
                let load = agenda.load_around(placement.clinic_id, &placement.interval);
                let last = agenda.last_start_before(start).or_else(|| agendas.last_start(practitioner.id()));
                free.push((load, last, practitioner.id()));
            }
            Err(reason) if refusal.is_none_or(|known: Reason| !known.is_taken()) => refusal = Some(reason),
            Err(_) => {}
        }
    }
    if free.is_empty() {
        return Err(refusal.unwrap_or(Reason::NotOffered));
    }
    // Nobody's `None` sorts first: who has had nothing has waited longest.
    free.sort_unstable();
    Ok(free.into_iter().map(|(_, _, id)| id).collect())
}

impl super::agenda::Agenda {
    /// How many places are taken in the windows of this clinic that hold the interval.
    fn load_around(&self, clinic_id: ClinicId, interval: &Interval) -> usize {
        let windows = self.openings().iter().filter(|one| one.clinic_id() == clinic_id).flat_map(Openings::windows);
        let holding = windows.filter(|window| window.covers(interval));
        holding.map(|window| self.near(window).taken(*window).count()).max().unwrap_or_default()
    }

    /// The start of the last time taken within a day before this instant.
    fn last_start_before(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let day = Interval::between(instant.checked_sub_signed(TimeDelta::hours(24))?, instant)?;
        self.near(&day).taken(day).map(|entry| entry.buffered.start()).max()
    }
}

impl Reason {
    /// Whether someone or something else is there at that time.
    pub const fn is_taken(self) -> bool {
        matches!(
            self,
            Self::Busy
                | Self::Buffer
                | Self::Capacity
                | Self::Room
                | Self::Equipment
                | Self::Vehicle
                | Self::PatientBusy
        )
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::practitioner::Practitioner;
    use crate::model::samples::{busy, clinic, daily, practitioner, service, span, utc};
    use crate::model::situation::{Bookable, PatientStanding, Situation};

    const START: &str = "2026-05-04T10:00:00Z";

    fn id(number: u128) -> PractitionerId {
        PractitionerId::from_uuid(Uuid::from_u128(number))
    }

    fn member(number: u128, taken: &[Interval], last: Option<&str>) -> Bookable {
        let who = practitioner(|_| {});
        Bookable {
            practitioner: Practitioner::new(id(number), who.profile().clone(), 1),
            schedules: daily("UTC", &[("08:00", "12:00")]).schedules,
            overrides: Vec::new(),
            leaves: Vec::new(),
            busy: taken.iter().zip(1_u128..).map(|(span, n)| busy(*span, number * 100 + n, 1)).collect(),
            last_start: last.map(utc),
        }
    }

    fn ordered(practitioners: Vec<Bookable>) -> Result<Vec<PractitionerId>, Reason> {
        let zone = crate::model::local_time::Zone::UTC;
        let situation = Situation {
            service: Some(service(|_| {})),
            clinics: vec![crate::model::availability::ClinicZone { clinic_id: clinic(1), zone }],
            practitioners,
            patient: PatientStanding::default(),
            beneficiary_known: true,
        };
        let day = span("2026-05-04T00:00:00Z", "2026-05-05T00:00:00Z");
        let agendas = situation.into_agendas(&day, None).unwrap();
        candidates(&agendas, None, utc(START), utc("2026-05-03T00:00:00Z"), Audience::Staff)
    }

    #[test]
    fn a7_least_load_then_longest_since_last_then_id() {
        let early = span("2026-05-04T08:00:00Z", "2026-05-04T08:30:00Z");
        let yesterday = Some("2026-05-03T09:00:00Z");
        let order = ordered(vec![
            member(5, &[early], None),
            member(4, &[], yesterday),
            member(3, &[], yesterday),
            member(2, &[], Some("2026-05-01T09:00:00Z")),
            member(1, &[span("2026-05-04T09:45:00Z", "2026-05-04T10:15:00Z")], None),
        ]);
        assert_eq!(order, Ok(vec![id(2), id(3), id(4), id(5)]));
    }

    #[test]
    fn a7_a_pool_without_anyone_free_tells_that_it_is_taken() {
        let taken = span(START, "2026-05-04T10:30:00Z");
        assert_eq!(ordered(vec![member(1, &[taken], None)]), Err(Reason::Busy));
        assert_eq!(ordered(vec![]), Err(Reason::NotOffered));
    }
}
