//! The decisions about one appointment.

use chrono::TimeDelta;
use kernel::ids::ResourceId;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::model::samples::{clinic, practitioner, service, span, utc};
use crate::model::service::ServiceAsk;

const BOOKED_AT: &str = "2026-05-01T12:00:00Z";

fn ask(number: u128) -> BookingAsk {
    BookingAsk {
        id: AppointmentId::from_uuid(Uuid::from_u128(number)),
        patient_id: PatientId::from_uuid(Uuid::from_u128(number + 1000)),
        beneficiary_id: None,
        practitioner_id: practitioner(|_| {}).id(),
        resources: [8, 7, 8].map(|number| ResourceId::from_uuid(Uuid::from_u128(number))).to_vec(),
        time_zone: Zone::parse("America/Sao_Paulo").unwrap(),
        origin: BookingOrigin::of(kernel::Reach::Company),
        reason: None,
        notes: None,
    }
}

fn place(seating: Seating, seat: u32) -> Placement {
    Placement {
        clinic_id: clinic(1),
        interval: span("2026-05-04T12:00:00Z", "2026-05-04T12:30:00Z"),
        buffered: span("2026-05-04T11:55:00Z", "2026-05-04T12:40:00Z"),
        seating,
        seat,
    }
}

fn booked_with(edit: impl FnOnce(&mut ServiceAsk)) -> Appointment {
    let service = service(|ask| {
        ask.buffer_before_minutes = Some(5);
        ask.buffer_after_minutes = Some(10);
        edit(ask);
    });
    book(ask(1), &service, &place(Seating::Open, 1), utc(BOOKED_AT))
}

fn booked() -> Appointment {
    booked_with(|_| {})
}

fn in_status(status: AppointmentStatus) -> Appointment {
    Appointment::restore(AppointmentParts { status, ..booked().parts().clone() })
}

fn cancel_ask(requested_by: RequestedBy) -> CancelAsk {
    CancelAsk { requested_by, by: None, reason_code: None, reason: Some(Note::parse("moved away").unwrap()) }
}

fn changed(outcome: Outcome) -> Appointment {
    match outcome {
        Outcome::Changed(appointment) => *appointment,
        Outcome::Unchanged => panic!("nothing changed"),
    }
}

#[test]
fn b14_booking_keeps_the_terms_the_zone_and_the_wall_time() {
    let appointment = booked();
    let parts = appointment.parts();
    assert_eq!((parts.status, parts.version), (AppointmentStatus::Booked, 1));
    assert_eq!(parts.local_start, "2026-05-04T09:00:00".parse().unwrap());
    assert_eq!(parts.service.buffer_after.get(), 10);
    assert_eq!((parts.created_at, parts.updated_at), (utc(BOOKED_AT), utc(BOOKED_AT)));
    assert_eq!(appointment.state().status, "booked");
}

#[test]
fn b6_a_service_that_needs_approval_makes_a_request_that_blocks() {
    let requested = booked_with(|ask| ask.requires_approval = Some(true));
    assert_eq!(requested.parts().status, AppointmentStatus::Requested);
    assert!(requested.parts().status.is_active());
    let refused = requested.confirm(utc(BOOKED_AT)).unwrap_err();
    assert_eq!(refused.allowed[0], AppointmentStatus::Booked);
}

#[test]
fn b11_confirming_twice_is_harmless() {
    let now = utc("2026-05-02T12:00:00Z");
    let confirmed = changed(booked().confirm(now).unwrap());
    assert_eq!((confirmed.parts().status, confirmed.parts().version), (AppointmentStatus::Confirmed, 2));
    assert_eq!(confirmed.parts().updated_at, now);
    assert_eq!(confirmed.confirm(now), Ok(Outcome::Unchanged));
}

#[test]
fn b8_cancelling_records_who_when_and_why_and_repeating_has_no_effect() {
    let now = utc("2026-05-02T12:00:00Z");
    let cancelled = changed(booked().cancel(cancel_ask(RequestedBy::Clinic), now).unwrap());
    let cancellation = cancelled.parts().cancellation.clone().unwrap();
    assert_eq!((cancellation.at, cancellation.requested_by), (now, RequestedBy::Clinic));
    assert_eq!(cancellation.reason.unwrap().expose(), "moved away");
    assert!(!cancelled.parts().status.is_active());
    let later = now + TimeDelta::hours(1);
    assert_eq!(cancelled.cancel(cancel_ask(RequestedBy::Patient), later), Ok(Outcome::Unchanged));
    let late = in_status(AppointmentStatus::LateCancelled);
    assert_eq!(late.cancel(cancel_ask(RequestedBy::Clinic), later), Ok(Outcome::Unchanged));
}

#[test]
fn b9_exactly_at_the_limit_a_patient_is_in_time() {
    let limit = utc("2026-05-03T12:00:00Z");
    let status = |by, now| changed(booked().cancel(cancel_ask(by), now).unwrap()).parts().status;
    assert_eq!(status(RequestedBy::Patient, limit), AppointmentStatus::Cancelled);
    let after = limit + TimeDelta::microseconds(1);
    assert_eq!(status(RequestedBy::Patient, after), AppointmentStatus::LateCancelled);
    assert_eq!(status(RequestedBy::Clinic, after), AppointmentStatus::Cancelled);
}

#[test]
fn b9_the_clinic_gives_a_reason_inside_the_window() {
    let limit = utc("2026-05-03T12:00:00Z");
    let after = limit + TimeDelta::microseconds(1);
    let wordless = |by| CancelAsk { reason: None, ..cancel_ask(by) };
    let coded = CancelAsk { reason_code: Some(Label::parse("flu").unwrap()), ..wordless(RequestedBy::Clinic) };
    assert_eq!(booked().cancel(wordless(RequestedBy::Clinic), after), Err(CancelRefused::ReasonRequired));
    assert!(booked().cancel(wordless(RequestedBy::Clinic), limit).is_ok(), "nobody asks before the window");
    assert!(booked().cancel(coded, after).is_ok(), "its code says it too");
    assert!(booked().cancel(wordless(RequestedBy::Patient), after).is_ok(), "a patient owes none");
    let cancelled = in_status(AppointmentStatus::Cancelled);
    assert_eq!(cancelled.cancel(wordless(RequestedBy::Clinic), after), Ok(Outcome::Unchanged));
    let done = in_status(AppointmentStatus::Completed).cancel(wordless(RequestedBy::Clinic), after);
    assert!(matches!(done, Err(CancelRefused::Transition(_))), "where there is no way, no reason opens one");
}

#[test]
fn b9_the_window_is_the_one_of_the_booking() {
    let short = booked_with(|ask| ask.cancellation_window_minutes = Some(60));
    let now = utc("2026-05-04T11:00:00Z");
    let cancelled = changed(short.cancel(cancel_ask(RequestedBy::Patient), now).unwrap());
    assert_eq!(cancelled.parts().status, AppointmentStatus::Cancelled);
}

#[test]
fn b11_who_has_checked_in_is_cancelled_but_never_late() {
    let here = in_status(AppointmentStatus::CheckedIn);
    let now = utc("2026-05-04T11:58:00Z");
    let cancelled = changed(here.cancel(cancel_ask(RequestedBy::Patient), now).unwrap());
    assert_eq!(cancelled.parts().status, AppointmentStatus::Cancelled);
}

#[test]
fn b1_practitioner_and_resources_are_claimed_with_buffers_the_patient_without() {
    let claims = booked().claims();
    let shown: Vec<(&str, Interval)> = claims.iter().map(|claim| (claim.claimed.kind(), claim.span)).collect();
    let (bare, buffered) = (place(Seating::Open, 1).interval, place(Seating::Open, 1).buffered);
    assert_eq!(shown, [("practitioner", buffered), ("resource", buffered), ("resource", buffered), ("patient", bare)]);
    let own = SeatingId::from_uuid(Uuid::from_u128(1));
    assert!(claims.iter().all(|claim| claim.seating_id == own && claim.seat == 1));
}

#[test]
fn b1_a_group_shares_its_session_but_each_patient_has_their_own() {
    let service = service(|ask| ask.capacity = Some(3));
    let now = utc(BOOKED_AT);
    let first = book(ask(1), &service, &place(Seating::Open, 1), now);
    let joining = |seat| book(ask(2), &service, &place(Seating::Join(first.parts().seating_id), seat), now);
    let clash = |one: &Appointment, two: &Appointment| {
        one.claims().iter().any(|claim| two.claims().iter().any(|other| claim.conflicts_with(other)))
    };
    assert!(!clash(&first, &joining(2)));
    assert!(clash(&first, &joining(1)), "a seat is taken once");
    assert!(clash(&first, &book(ask(3), &service, &place(Seating::Open, 1), now)), "another session overlaps");
    let patient = |appointment: &Appointment| appointment.claims().last().unwrap().seating_id;
    assert_ne!(patient(&first), patient(&joining(2)));
}

proptest! {
    #[test]
    fn b11_no_decision_leaves_the_table(
        status in prop::sample::select(AppointmentStatus::ALL.to_vec()),
        by in prop::sample::select(RequestedBy::ALL.to_vec()),
        minutes in -4000_i64..4000,
    ) {
        let appointment = in_status(status);
        let now = appointment.parts().interval.start() + TimeDelta::minutes(minutes);
        for (step, outcome) in [
            (Step::Confirm, appointment.confirm(now).map_err(CancelRefused::from)),
            (Step::Cancel, appointment.cancel(cancel_ask(by), now)),
        ] {
            match outcome {
                Ok(Outcome::Changed(next)) => {
                    prop_assert!(status.may(step, next.parts().status));
                    prop_assert_eq!(next.parts().version, 2);
                }
                Ok(Outcome::Unchanged) => prop_assert!(status.is_cancelled() || status == AppointmentStatus::Confirmed),
                Err(refused) => {
                    let CancelRefused::Transition(refused) = refused else { panic!("a reason was given") };
                    prop_assert_eq!(refused.allowed, status.allowed_from());
                }
            }
        }
    }
}
