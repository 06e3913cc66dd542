//! Listing, booking and explaining are one decision (A8), over one query (A10).

use scheduling::model::reason::{EmptyReason, Reason};
use scheduling::permission::AppointmentsWrite;
use scheduling::usecase::{ExplainSlot, explain_slot};

use super::*;

#[tokio::test]
async fn a8_what_is_listed_books_and_what_is_not_is_refused_as_explained() {
    for clinic in clinics().await {
        let service = clinic
            .service(|ask| {
                ask.buffer_after_minutes = Some(5);
                ask.slot_interval_minutes = Some(15);
                ask.minimum_notice_minutes = Some(60);
                ask.horizon_days = Some(2);
            })
            .await;
        let practitioner = clinic.working("Dra. Ana").await;
        let taken = Clinic::ask(service, Some(practitioner), clinic.patient().await, "2026-03-03T12:00:00Z");
        clinic.book(taken).await.unwrap();
        // 07:30 of the second day: what starts before 08:30 comes too soon.
        clinic.clock.set(utc("2026-03-03T10:30:00Z"));
        let patient = clinic.patient().await;
        let permit = clinic.by::<AppointmentsWrite>(Reach::Own(patient));
        let listed = clinic.slots(service, "2026-03-03T10:30:00Z", "2026-03-07T00:00:00Z", Audience::Patient).await;
        let starts: Vec<_> = listed.slots.iter().map(|slot| slot.interval.start()).collect();
        assert!(!starts.is_empty());
        let mut refused = Vec::new();
        for quarter in 0..(4 * 24 * 3) {
            let start = utc("2026-03-03T10:30:00Z") + TimeDelta::minutes(quarter * 15);
            let explain = ExplainSlot {
                service_id: service,
                practitioner_id: Some(practitioner),
                clinic_id: None,
                start: RequestedStart::Instant(start),
                patient: None,
                audience: Audience::Patient,
            };
            let explained = explain_slot(&clinic.env, &clinic.all(), explain).await.unwrap();
            assert_eq!(explained[0].reason.is_none(), starts.contains(&start), "{start}");
            let Some(reason) = explained[0].reason else { continue };
            let ask = Clinic::ask(service, Some(practitioner), patient, &start.to_rfc3339());
            let error = book(&clinic.env, &permit, ask, unheard).await.unwrap_err();
            assert_eq!(error.details()["reason"], json!(reason), "{start}");
            refused.push(reason);
        }
        for reason in [Reason::Busy, Reason::Buffer, Reason::MinNotice, Reason::BeyondHorizon, Reason::OutsideHours] {
            assert!(refused.contains(&reason), "{reason}");
        }
        for start in starts.into_iter().step_by(4) {
            let ask = Clinic::ask(service, Some(practitioner), patient, &start.to_rfc3339());
            let _ = book(&clinic.env, &permit, ask, unheard).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a9_an_empty_list_says_why_and_patients_are_not_told_of_each_other() {
    for clinic in clinics().await {
        let (service, one, two) =
            (clinic.service(|_| {}).await, clinic.working("Dra. Ana").await, clinic.working("Dr. Rui").await);
        let night = clinic.slots(service, "2026-03-03T20:00:00Z", "2026-03-04T02:00:00Z", Audience::Staff).await;
        assert_eq!(night.reason, Some(EmptyReason::NoAvailability));
        let unknown = clinic.slots(fresh(), "2026-03-03T00:00:00Z", "2026-03-04T00:00:00Z", Audience::Staff).await;
        assert_eq!((unknown.slots.len(), unknown.reason), (0, Some(EmptyReason::NoAvailability)));
        let patient = clinic.patient().await;
        clinic.book(Clinic::ask(service, Some(one), patient, "2026-03-03T12:00:00Z")).await.unwrap();
        let explain = async |reach| {
            let ask = ExplainSlot {
                service_id: service,
                practitioner_id: Some(two),
                clinic_id: Some(clinic.id),
                start: at("2026-03-03T12:00:00Z"),
                patient: Some((patient, reach)),
                audience: Audience::Staff,
            };
            explain_slot(&clinic.env, &clinic.all(), ask).await.unwrap()[0].reason
        };
        assert_eq!(explain(Reach::Company).await, Some(Reason::PatientBusy));
        assert_eq!(explain(Reach::Own(patient)).await, Some(Reason::PatientBusy));
        assert_eq!(explain(Reach::Agenda(one)).await, Some(Reason::PatientBusy));
        assert_eq!(explain(Reach::Agenda(two)).await, None);
        assert_eq!(explain(Reach::Linked(fresh())).await, None);
        assert_eq!(explain(Reach::Nothing).await, None);
    }
}

#[tokio::test]
async fn another_company_sees_neither_hours_nor_what_is_taken() {
    for clinic in clinics().await {
        let (service, practitioner) = (clinic.service(|_| {}).await, clinic.working("Dra. Ana").await);
        let other = Clinic::of(clinic.db.clone(), clinic.clock.clone(), None).await;
        let foreign = other.slots(service, "2026-03-03T00:00:00Z", "2026-03-04T00:00:00Z", Audience::Staff).await;
        assert_eq!(foreign.slots.len(), 0);
        let ask = Clinic::ask(service, Some(practitioner), other.patient().await, "2026-03-03T12:00:00Z");
        let error = other.book(ask).await.unwrap_err();
        assert_eq!(error.code(), "unknown_reference");
        let pointers: Vec<_> = error.faults().into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(pointers, ["/service_id", "/practitioner_id"]);
    }
}
