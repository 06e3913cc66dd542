//! A place beside the rules, for staff who give a reason (B13).

use chrono::{DateTime, Utc};
use kernel::ids::ClinicId;

use super::agenda::Agenda;
use super::interval::Interval;
use super::placement::{Placement, Seating};
use super::practitioner::Practitioner;
use super::reason::Reason;
use super::service::Service;

/// The place that an overbooked appointment takes: whatever is taken or shut then, but only of an active practitioner who
/// gives the service, and in a clinic they work in.
pub fn overbook(
    practitioner: &Practitioner,
    service: &Service,
    agenda: &Agenda,
    clinic_id: Option<ClinicId>,
    start: DateTime<Utc>,
) -> Result<Placement, Reason> {
    let terms = service.terms();
    if !terms.active() || !practitioner.profile().active {
        return Err(Reason::Inactive);
    }
    if !practitioner.offers(service) {
        return Err(Reason::NotOffered);
    }
    let open_then = |clinic: &&super::schedule::Openings| clinic.windows().iter().any(|window| window.contains(start));
    let mut openings =
        agenda.openings().iter().filter(|one| clinic_id.is_none_or(|id| id == one.clinic_id())).peekable();
    let first = openings.peek().map(|one| one.clinic_id());
    let clinic_id = openings.find(open_then).map(super::schedule::Openings::clinic_id).or(first);
    let clinic_id = clinic_id.ok_or(Reason::NotOffered)?;
    let interval = Interval::lasting(start, terms.duration().delta()).ok_or(Reason::OutsideHours)?;
    let buffered =
        interval.widened(terms.buffer_before().delta(), terms.buffer_after().delta()).ok_or(Reason::OutsideHours)?;
    Ok(Placement { clinic_id, interval, buffered, seating: Seating::Open, seat: 1 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::agenda::AgendaFacts;
    use crate::model::samples::{busy, clinic, daily, practitioner, service, span, utc};

    #[test]
    fn b13_an_override_takes_a_place_that_is_taken_or_shut() {
        let day = span("2026-05-04T00:00:00Z", "2026-05-05T00:00:00Z");
        let taken = span("2026-05-04T09:00:00Z", "2026-05-04T09:30:00Z");
        let openings = vec![daily("UTC", &[("08:00", "12:00")]).expand(&day)];
        let agenda = Agenda::new(AgendaFacts { openings, busy: vec![busy(taken, 1, 1)], ..AgendaFacts::default() });
        let (who, what) = (practitioner(|_| {}), service(|_| {}));
        let at = |start| overbook(&who, &what, &agenda, None, utc(start));
        assert_eq!(at("2026-05-04T09:00:00Z").unwrap().interval, taken);
        assert_eq!(at("2026-05-04T22:00:00Z").unwrap().clinic_id, clinic(1));
        let away = practitioner(|profile| profile.active = false);
        assert_eq!(overbook(&away, &what, &agenda, None, utc("2026-05-04T09:00:00Z")), Err(Reason::Inactive));
        let elsewhere = overbook(&who, &what, &agenda, Some(clinic(2)), utc("2026-05-04T09:00:00Z"));
        assert_eq!(elsewhere, Err(Reason::NotOffered));
    }
}
