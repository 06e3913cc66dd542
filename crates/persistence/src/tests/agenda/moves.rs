//! Confirming and cancelling.

use scheduling::model::appointment::RequestedBy;
use scheduling::model::status::AppointmentStatus;
use scheduling::permission::AppointmentsWrite;
use scheduling::ports::{AppointmentList, AppointmentSort};
use scheduling::usecase::{
    CancelAppointment, ConfirmAppointment, MoveAppointmentError, cancel_appointment, confirm_appointment,
    list_appointments, read_history,
};

use super::*;

const NINE: &str = "2026-03-03T12:00:00Z";

struct Booked {
    service: ServiceId,
    practitioner: PractitionerId,
    patient: PatientId,
    id: AppointmentId,
}

impl Clinic {
    async fn booked(&self) -> Booked {
        let (service, practitioner) = (self.service(|_| {}).await, self.working("Dra. Ana").await);
        let patient = self.patient().await;
        let id = self.book(Self::ask(service, Some(practitioner), patient, NINE)).await.unwrap().parts().id;
        Booked { service, practitioner, patient, id }
    }

    async fn confirm(&self, appointment_id: AppointmentId) -> Result<Appointment, MoveAppointmentError> {
        let ask = ConfirmAppointment { appointment_id, seen_version: None };
        confirm_appointment(&self.env, &self.by(Reach::Company), ask, unheard).await.map(Committed::into_value)
    }

    async fn cancel(
        &self,
        permit: &Permit<AppointmentsWrite>,
        appointment_id: AppointmentId,
        requested_by: Option<RequestedBy>,
    ) -> Result<Appointment, MoveAppointmentError> {
        let reason = Some(Note::parse("travels").unwrap());
        let ask = CancelAppointment { appointment_id, seen_version: None, requested_by, reason_code: None, reason };
        cancel_appointment(&self.env, permit, ask, unheard).await.map(Committed::into_value)
    }

    async fn entries(&self) -> i64 {
        self.count("SELECT count(*) FROM journal_entry WHERE tenant_id = $1").await
    }
}

#[tokio::test]
async fn b11_confirming_twice_is_harmless_and_leaves_one_entry() {
    for clinic in clinics().await {
        let booked = clinic.booked().await;
        let before = clinic.entries().await;
        let first = clinic.confirm(booked.id).await.unwrap();
        let second = clinic.confirm(booked.id).await.unwrap();
        assert_eq!((first.parts().status, first.parts().version), (AppointmentStatus::Confirmed, 2));
        assert_eq!(first, second);
        assert_eq!(clinic.entries().await, before + 1);
        let history = read_history(&clinic.env, &clinic.all(), booked.id).await.unwrap();
        assert_eq!(history.iter().map(|entry| entry.version).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(
            (&history[1].before["status"], &history[1].after["status"]),
            (&json!("booked"), &json!("confirmed"))
        );
        assert!(history[1].membership_id.is_some() && history[1].act == "appointments:write");
    }
}

#[tokio::test]
async fn b8_cancelling_frees_the_time_at_once_and_twice_is_harmless() {
    for clinic in clinics().await {
        let booked = clinic.booked().await;
        let staff = clinic.by(Reach::Company);
        let cancelled = clinic.cancel(&staff, booked.id, None).await.unwrap();
        let parts = cancelled.parts();
        assert_eq!(parts.status, AppointmentStatus::Cancelled);
        let cancellation = parts.cancellation.clone().unwrap();
        assert!(matches!(staff.actor(), Actor::Member { membership, .. } if cancellation.by == Some(membership)));
        assert_eq!(cancellation.requested_by, RequestedBy::Clinic);
        let entries = clinic.entries().await;
        assert_eq!(clinic.cancel(&staff, booked.id, None).await.unwrap(), cancelled);
        assert_eq!(clinic.entries().await, entries);
        let again = Clinic::ask(booked.service, Some(booked.practitioner), booked.patient, NINE);
        clinic.book(again).await.unwrap();
        let refused = clinic.confirm(booked.id).await.unwrap_err();
        assert_eq!((refused.code(), &refused.details()["allowed"]), ("scheduling.transition_refused", &json!([])));
    }
}

#[tokio::test]
async fn b9_the_window_binds_patients_who_cannot_speak_for_the_clinic() {
    for clinic in clinics().await {
        let booked = clinic.booked().await;
        // The window of a day closed a minute ago.
        clinic.clock.set(utc("2026-03-02T12:01:00Z"));
        let patient = clinic.by(Reach::Own(booked.patient));
        let clinics_word = clinic.cancel(&patient, booked.id, Some(RequestedBy::Clinic)).await.unwrap_err();
        assert_eq!(clinics_word.code(), "scheduling.out_of_reach");
        let late = clinic.cancel(&patient, booked.id, None).await.unwrap();
        assert_eq!(late.parts().status, AppointmentStatus::LateCancelled);
        let stranger = clinic.by(Reach::Own(clinic.patient().await));
        let hidden = clinic.cancel(&stranger, booked.id, None).await.unwrap_err();
        assert_eq!(hidden.code(), "not_found");
    }
}

#[tokio::test]
async fn lists_are_filtered_sorted_and_paged() {
    for clinic in clinics().await {
        let booked = clinic.booked().await;
        for start in ["2026-03-03T12:30:00Z", "2026-03-04T12:00:00Z"] {
            let patient = clinic.patient().await;
            clinic.book(Clinic::ask(booked.service, Some(booked.practitioner), patient, start)).await.unwrap();
        }
        let all = AppointmentList {
            from: None,
            to: None,
            practitioner_id: None,
            patient_id: None,
            clinic_id: None,
            statuses: Vec::new(),
            sort: AppointmentSort::default(),
            page: kernel::PageAsk { total: kernel::Total::Count, ..kernel::PageAsk::first(2) },
        };
        let list = async |ask: &AppointmentList| {
            let page = list_appointments(&clinic.env, &clinic.by(Reach::Company), ask).await.unwrap();
            let starts: Vec<_> = page.items.iter().map(|one| one.parts().interval.start().to_rfc3339()).collect();
            (starts, page.next, page.total)
        };
        let (starts, next, total) = list(&all).await;
        assert_eq!((starts.len(), total), (2, Some(3)));
        let after = kernel::Start::After(next.unwrap().key().unwrap());
        let rest = AppointmentList { page: kernel::PageAsk { start: after, ..all.page.clone() }, ..all.clone() };
        assert_eq!(list(&rest).await.0, ["2026-03-04T12:00:00+00:00"]);
        let last_first = AppointmentList { sort: AppointmentSort::StartDescending, ..all.clone() };
        assert_eq!(list(&last_first).await.0[0], "2026-03-04T12:00:00+00:00");
        let day = AppointmentList {
            from: Some(utc("2026-03-03T12:30:00Z")),
            to: Some(utc("2026-03-04T12:00:00Z")),
            ..all.clone()
        };
        assert_eq!(list(&day).await.0, ["2026-03-03T12:30:00+00:00"]);
        let mine = AppointmentList { patient_id: Some(booked.patient), ..all.clone() };
        assert_eq!(list(&mine).await.0.len(), 1);
        let none = AppointmentList { statuses: vec![AppointmentStatus::Cancelled], ..all };
        assert_eq!(list(&none).await.0.len(), 0);
    }
}
