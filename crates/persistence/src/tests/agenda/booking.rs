//! Booking: places, references, reach.

use scheduling::model::reason::Reason;
use scheduling::model::status::AppointmentStatus;
use scheduling::permission::{AppointmentsOverride, AppointmentsRead, AppointmentsWrite};
use scheduling::usecase::{Overbooking, ReadError, read_appointment, read_history};

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
