//! Booking: places, references, reach.

use scheduling::model::patch::PractitionerPatch;
use scheduling::model::reason::Reason;
use scheduling::model::status::AppointmentStatus;
use scheduling::model::words::BookingOrigin;
use scheduling::permission::{AppointmentsOverride, AppointmentsRead, AppointmentsWrite};
use scheduling::usecase::{
    CancelAppointment, ChangePractitioner, Overbooking, ReadError, cancel_appointment, change_practitioner,
    read_appointment, read_history,
};

use super::*;

const NINE: &str = "2026-03-03T12:00:00Z";

#[tokio::test]
async fn an_appointment_is_read_as_it_was_booked() {
    for clinic in clinics().await {
        let service = clinic
            .service(|ask| {
                ask.buffer_after_minutes = Some(10);
                ask.price = Some(kernel::Money::new(12_990, kernel::Currency::BRL));
            })
            .await;
        let (practitioner, patient) = (clinic.working("Dra. Ana").await, clinic.patient().await);
        let mut ask = Clinic::ask(service, Some(practitioner), patient, NINE);
        ask.notes = Some(Note::parse("brings exams").unwrap());
        let booked = clinic.book(ask).await.unwrap();
        let id = booked.parts().id;
        let read = read_appointment(&clinic.env, &clinic.all(), id).await.unwrap();
        assert_eq!(read, booked);
        assert_eq!((read.parts().status, read.parts().clinic_id), (AppointmentStatus::Booked, clinic.id));
        assert_eq!(read.parts().local_start.to_string(), "2026-03-03 09:00:00");
        let own = read_appointment(&clinic.env, &clinic.by(Reach::Own(patient)), id).await.unwrap();
        assert_eq!((own.parts().notes.clone(), own.parts().id), (None, id));
    }
}

#[tokio::test]
async fn a3_buffers_are_kept_free_and_the_refusal_names_others() {
    for clinic in clinics().await {
        let service = clinic.service(|ask| ask.buffer_after_minutes = Some(10)).await;
        let practitioner = clinic.working("Dra. Ana").await;
        let book = async |start: &str| {
            clinic.book(Clinic::ask(service, Some(practitioner), clinic.patient().await, start)).await
        };
        book(NINE).await.unwrap();
        let Err(BookError::Taken(Reason::Buffer, others)) = book("2026-03-03T12:30:00Z").await else { panic!() };
        let starts: Vec<String> = others.iter().map(|slot| slot.interval.start().to_rfc3339()).collect();
        assert_eq!(starts.len(), 3);
        // The grid goes on in steps of the duration, from the window's start at 11:00Z.
        assert_eq!(starts[0], "2026-03-03T13:00:00+00:00");
        book(&starts[2]).await.unwrap();
    }
}

#[tokio::test]
async fn t2_t3_local_starts_of_gaps_and_folds_are_refused_with_their_neighbours() {
    for clinic in clinics().await {
        let paris: ClinicId = fresh();
        clinic.clinic(paris, "Europe/Paris").await;
        let (service, practitioner) = (clinic.service(|_| {}).await, clinic.working("Dra. Ana").await);
        let patient = clinic.patient().await;
        let book = async |clinic_id, local: &str, offset: Option<&str>| {
            let start = RequestedStart::parse(None, Some(local), offset).unwrap();
            let ask = Book { start, clinic_id, ..Clinic::ask(service, Some(practitioner), patient, NINE) };
            clinic.book(ask).await
        };
        let gap = book(Some(paris), "2026-03-29T02:30", None).await.unwrap_err();
        assert_eq!((gap.code(), gap.kind()), ("scheduling.nonexistent_local_time", kernel::Kind::Invalid));
        assert_eq!(gap.details()["neighbours"][1]["local_start"], "2026-03-29T03:00");
        let fold = book(Some(paris), "2026-10-25T02:30", None).await.unwrap_err();
        assert_eq!(fold.code(), "scheduling.ambiguous_local_time");
        assert_eq!(fold.details()["neighbours"][0]["utc_offset"], "+02:00");
        let open = book(Some(paris), "2026-10-25T02:30", Some("+02:00")).await.unwrap_err();
        assert_eq!(open.code(), "scheduling.outside_hours");
        let where_to = book(None, "2026-03-29T09:00", None).await.unwrap_err();
        assert_eq!(where_to.faults()[0].pointer, "/clinic_id");
        let here = book(Some(clinic.id), "2026-03-29T09:00", None).await.unwrap();
        assert_eq!(here.parts().interval.start(), utc("2026-03-29T12:00:00Z"));
    }
}

#[tokio::test]
async fn foreign_and_unknown_ids_are_told_with_their_pointers() {
    for clinic in clinics().await {
        let (service, practitioner) = (clinic.service(|_| {}).await, clinic.working("Dra. Ana").await);
        let patient = clinic.patient().await;
        let pointers = async |ask: Book| match clinic.book(ask).await {
            Err(error) if error.code() == "unknown_reference" => {
                error.faults().into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        };
        let known = || Clinic::ask(service, Some(practitioner), patient, NINE);
        assert_eq!(pointers(Book { service_id: fresh(), ..known() }).await, ["/service_id"]);
        assert_eq!(pointers(Book { patient_id: fresh(), ..known() }).await, ["/patient_id"]);
        let strangers =
            Book { practitioner_id: Some(fresh()), clinic_id: Some(fresh()), beneficiary_id: Some(fresh()), ..known() };
        assert_eq!(pointers(strangers).await, ["/practitioner_id", "/beneficiary_id", "/clinic_id"]);
    }
}

#[tokio::test]
async fn each_reach_books_what_is_its_own_and_reads_no_more() {
    for clinic in clinics().await {
        let (service, mine, other) =
            (clinic.service(|_| {}).await, clinic.working("Dra. Ana").await, clinic.working("Dr. Rui").await);
        let (patient, stranger) = (clinic.patient().await, clinic.patient().await);
        let book_as = async |reach: Reach, ask: Book| {
            let permit = clinic.by::<AppointmentsWrite>(reach);
            book(&clinic.env, &permit, ask, unheard).await.map(|done| done.into_value().parts().id)
        };
        let code = |result: Result<AppointmentId, BookError>| result.unwrap_err().code();
        let agenda = Reach::Agenda(mine);
        let at_nine = |practitioner, patient| Clinic::ask(service, practitioner, patient, NINE);
        assert_eq!(code(book_as(agenda, at_nine(Some(other), patient)).await), "scheduling.out_of_reach");
        let first = book_as(agenda, at_nine(None, patient)).await.unwrap();
        let own = Reach::Own(patient);
        assert_eq!(code(book_as(own, at_nine(Some(other), stranger)).await), "scheduling.out_of_reach");
        assert_eq!(code(book_as(own, at_nine(Some(other), patient)).await), "scheduling.slot_taken");
        let linked = Reach::Linked(fresh::<MembershipId>());
        assert_eq!(code(book_as(linked, at_nine(Some(other), patient)).await), "scheduling.out_of_reach");
        let second = book_as(Reach::Company, at_nine(Some(other), stranger)).await.unwrap();
        let reads = async |reach, id| {
            let read = read_appointment(&clinic.env, &clinic.by::<AppointmentsRead>(reach), id).await;
            !matches!(read, Err(ReadError::NotFound))
        };
        assert_eq!((reads(agenda, first).await, reads(agenda, second).await), (true, false));
        assert_eq!((reads(own, first).await, reads(own, second).await), (true, false));
        assert!(!reads(linked, first).await && !reads(Reach::Nothing, first).await);
        let history = read_history(&clinic.env, &clinic.by(own), second).await;
        assert!(matches!(history, Err(ReadError::NotFound)));
    }
}

#[tokio::test]
async fn a7_anyone_is_the_least_loaded_and_all_are_taken_in_the_end() {
    for clinic in clinics().await {
        let service = clinic.service(|_| {}).await;
        let (one, two) = (clinic.working("Dra. Ana").await, clinic.working("Dr. Rui").await);
        let book = async |practitioner, start: &str| {
            let ask = Clinic::ask(service, practitioner, clinic.patient().await, start);
            clinic.book(ask).await.map(|done| done.parts().practitioner_id)
        };
        book(Some(one), "2026-03-03T11:00:00Z").await.unwrap();
        assert_eq!(book(None, NINE).await.unwrap(), two);
        assert_eq!(book(None, NINE).await.unwrap(), one);
        assert_eq!(book(None, NINE).await.unwrap_err().code(), "scheduling.slot_taken");
    }
}

#[tokio::test]
async fn b13_an_override_books_what_is_taken_and_shows_as_busy() {
    for clinic in clinics().await {
        let (service, practitioner) = (clinic.service(|_| {}).await, clinic.working("Dra. Ana").await);
        let ask = || Clinic::ask(service, Some(practitioner), PatientId::from_uuid(Uuid::nil()), NINE);
        let with = async |reach: Option<Reach>| {
            let overbooking = reach.map(|reach| Overbooking {
                permit: clinic.by::<AppointmentsOverride>(reach),
                reason: Note::parse("an emergency").unwrap(),
            });
            clinic.book(Book { patient_id: clinic.patient().await, overbooking, ..ask() }).await
        };
        with(None).await.unwrap();
        assert_eq!(with(None).await.unwrap_err().code(), "scheduling.slot_taken");
        let foreign = with(Some(Reach::Agenda(fresh()))).await.unwrap_err();
        assert_eq!(foreign.code(), "scheduling.out_of_reach");
        let second = with(Some(Reach::Agenda(practitioner))).await.unwrap();
        assert_eq!(second.parts().interval.start(), utc(NINE));
        assert_eq!(clinic.count("SELECT count(*) FROM busy WHERE tenant_id = $1 AND overbooked").await, 2);
        let history = read_history(&clinic.env, &clinic.all(), second.parts().id).await.unwrap();
        assert_eq!(history[0].after["override_reason"], "an emergency");
    }
}

#[tokio::test]
async fn a7_c10_a_repeat_for_anyone_is_told_what_the_first_took() {
    for clinic in clinics().await {
        let (service, _) = (clinic.service(|_| {}).await, clinic.working("Dra. Ana").await);
        let (patient, permit) = (clinic.patient().await, clinic.by::<AppointmentsWrite>(Reach::Company));
        let keyed = async |body: u8| {
            let permit = permit.clone().claiming(Some(claim(1, body)));
            book(&clinic.env, &permit, Clinic::ask(service, None, patient, NINE), unheard).await
        };
        drop(keyed(1).await.unwrap());
        assert!(matches!(keyed(1).await, Err(BookError::Store(StoreError::Replay(_)))));
        assert!(matches!(keyed(2).await, Err(BookError::Store(StoreError::KeyReused))));
        let unkeyed = book(&clinic.env, &permit, Clinic::ask(service, None, patient, NINE), unheard).await;
        assert_eq!(unkeyed.unwrap_err().code(), "scheduling.slot_taken");
    }
}

#[tokio::test]
async fn a6_b13_nobody_joins_what_staff_overbooked() {
    for clinic in clinics().await {
        let (single, group) = (clinic.service(|_| {}).await, clinic.service(|ask| ask.capacity = Some(5)).await);
        let practitioner = clinic.working("Dra. Ana").await;
        let ask = async |service| Clinic::ask(service, Some(practitioner), clinic.patient().await, NINE);
        let first = clinic.book(ask(single).await).await.unwrap();
        let permit = clinic.by::<AppointmentsOverride>(Reach::Company);
        let overbooking = Some(Overbooking { permit, reason: Note::parse("an emergency").unwrap() });
        clinic.book(Book { overbooking, ..ask(group).await }).await.unwrap();
        let called_off = CancelAppointment {
            appointment_id: first.parts().id,
            seen_version: None,
            requested_by: None,
            reason_code: None,
            reason: None,
        };
        drop(cancel_appointment(&clinic.env, &clinic.all(), called_off, unheard).await.unwrap());
        let Err(BookError::Taken(Reason::Busy, _)) = clinic.book(ask(group).await).await else { panic!() };
    }
}

#[tokio::test]
async fn a9_alternatives_do_not_tell_where_a_patient_out_of_reach_is() {
    for clinic in clinics().await {
        let (service, mine, other) =
            (clinic.service(|_| {}).await, clinic.working("Dra. Ana").await, clinic.working("Dr. Rui").await);
        let (patient, stranger) = (clinic.patient().await, clinic.patient().await);
        let half_past = "2026-03-03T12:30:00Z";
        clinic.book(Clinic::ask(service, Some(other), patient, half_past)).await.unwrap();
        clinic.book(Clinic::ask(service, Some(mine), stranger, NINE)).await.unwrap();
        let first_of = async |reach: Reach| {
            let ask = Clinic::ask(service, Some(mine), patient, NINE);
            match book(&clinic.env, &clinic.by(reach), ask, unheard).await {
                Err(BookError::Taken(Reason::Busy, others)) => others[0].interval.start(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(first_of(Reach::Agenda(mine)).await, utc(half_past));
        assert_eq!(first_of(Reach::Company).await, utc("2026-03-03T13:00:00Z"));
    }
}

#[tokio::test]
async fn the_origin_is_the_side_of_the_caller_and_patients_are_not_staff() {
    for clinic in clinics().await {
        let (service, practitioner) = (clinic.service(|_| {}).await, clinic.working("Dra. Ana").await);
        let patient = clinic.patient().await;
        let booked = async |reach, start: &str, origin: Option<&str>| {
            let origin = origin.map(|origin| BookingOrigin::parse(origin).unwrap());
            let ask = Book { origin, ..Clinic::ask(service, Some(practitioner), patient, start) };
            let done = book(&clinic.env, &clinic.by(reach), ask, unheard).await?;
            Ok::<_, BookError>(done.value().parts().origin.as_str().to_owned())
        };
        let own = Reach::Own(patient);
        assert_eq!(booked(Reach::Company, NINE, None).await.unwrap(), "staff");
        assert_eq!(booked(own, "2026-03-04T12:00:00Z", None).await.unwrap(), "patient");
        assert_eq!(booked(own, "2026-03-05T12:00:00Z", Some("whatsapp")).await.unwrap(), "whatsapp");
        let refused = booked(own, "2026-03-06T12:00:00Z", Some("staff")).await.unwrap_err();
        assert_eq!((refused.kind(), refused.faults()[0].pointer.as_str()), (kernel::Kind::Forbidden, "/origin"));
    }
}

/// A booking decides by the profile: it must not change in between.
#[tokio::test]
async fn b1_a_profile_changes_only_under_the_lock_of_its_agenda() {
    for clinic in clinics().await {
        let practitioner = clinic.working("Dra. Ana").await;
        let agenda = clinic.db.open_agenda(clinic.all::<Act>().scope(), &[practitioner.uuid()]).await.unwrap();
        let patch =
            PractitionerPatch { name: Some(PersonName::parse("Dra. Bia").unwrap()), ..PractitionerPatch::default() };
        let ask = ChangePractitioner { practitioner_id: practitioner, seen_version: None, patch };
        let permit = clinic.all();
        let mut change = Box::pin(change_practitioner(&clinic.env, &permit, ask, unheard));
        let patience = std::time::Duration::from_millis(150);
        assert!(tokio::time::timeout(patience, &mut change).await.is_err(), "it did not wait for the lock");
        drop(agenda);
        assert_eq!(change.await.unwrap().value().profile().name.expose(), "Dra. Bia");
    }
}
