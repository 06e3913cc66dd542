//! Services, practitioners and their hours.

use std::collections::BTreeSet;

use scheduling::model::availability::Effect;
use scheduling::model::patch::{PractitionerPatch, ServicePatch};
use scheduling::model::practitioner::Registration;
use scheduling::permission::AvailabilityWrite;
use scheduling::ports::{PractitionerList, ServiceList};
use scheduling::usecase::{
    AddException, AvailabilityError, ChangePractitioner, ChangeService, ChangeServiceError, PractitionerError,
    RemoveException, add_exception, change_practitioner, change_service, list_practitioners, list_services,
    read_availability, read_practitioner, read_service, remove_exception,
};

use super::*;

#[tokio::test]
async fn a_service_is_read_as_it_was_changed_and_a_stale_change_refused() {
    for clinic in clinics().await {
        let service_id =
            clinic.service(|ask| ask.required_professions = [Label::parse("doctor").unwrap()].into()).await;
        let change = async |seen_version, capacity| {
            let patch = ServicePatch { capacity: Patch::Set(capacity), ..ServicePatch::default() };
            let ask = ChangeService { service_id, seen_version, patch };
            change_service(&clinic.env, &clinic.all(), ask, unheard).await.map(Committed::into_value)
        };
        let changed = change(Some(1), 4).await.unwrap();
        assert_eq!(read_service(&clinic.env, &clinic.all(), service_id).await.unwrap(), changed);
        assert_eq!((changed.version(), changed.terms().capacity()), (2, 4));
        assert!(matches!(change(Some(1), 5).await, Err(ChangeServiceError::Stale)));
        assert!(matches!(change(None, 0).await, Err(ChangeServiceError::Invalid(_))));
        let page = kernel::PageAsk::first(10);
        let active = async |active| {
            let ask = ServiceList { active, page: page.clone() };
            list_services(&clinic.env, &clinic.all(), &ask).await.unwrap().items.len()
        };
        assert_eq!((active(None).await, active(Some(true)).await, active(Some(false)).await), (1, 1, 0));
    }
}

#[tokio::test]
async fn a_practitioner_is_read_as_they_were_changed() {
    for clinic in clinics().await {
        let (given, other) = (clinic.service(|_| {}).await, clinic.service(|ask| ask.name = "Exame".into()).await);
        let practitioner_id = clinic.practitioner("Zoé").await;
        clinic.practitioner("álvaro").await;
        let change = async |patch| {
            let ask = ChangePractitioner { practitioner_id, seen_version: None, patch };
            change_practitioner(&clinic.env, &clinic.all(), ask, unheard).await.map(Committed::into_value)
        };
        let changed = change(PractitionerPatch {
            service_ids: Patch::Set(BTreeSet::from([given])),
            clinic_ids: Patch::Set(BTreeSet::from([clinic.id])),
            registrations: Patch::Set(vec![Registration::parse("CRM", "123", "SP").unwrap()]),
            ..PractitionerPatch::default()
        })
        .await
        .unwrap();
        assert_eq!(read_practitioner(&clinic.env, &clinic.all(), practitioner_id).await.unwrap(), changed);
        let unknown = PractitionerPatch { clinic_ids: Patch::Set([fresh()].into()), ..PractitionerPatch::default() };
        assert!(matches!(change(unknown).await, Err(PractitionerError::UnknownReference(_))));
        let names = async |service_id, clinic_id, limit, start| {
            let page = kernel::PageAsk { start, ..kernel::PageAsk::first(limit) };
            let ask = PractitionerList { active: None, service_id, clinic_id, page };
            let page = list_practitioners(&clinic.env, &clinic.all(), &ask).await.unwrap();
            let names: Vec<_> = page.items.iter().map(|one| one.profile().name.expose().to_owned()).collect();
            (names, page.next)
        };
        let first = kernel::Start::First;
        assert_eq!(names(Some(given), Some(clinic.id), 9, first.clone()).await.0, ["álvaro", "Zoé"]);
        assert_eq!(names(Some(other), None, 9, first.clone()).await.0, ["álvaro"]);
        assert_eq!(names(None, Some(fresh()), 9, first.clone()).await.0, ["álvaro"]);
        let (one, next) = names(None, None, 1, first).await;
        let rest = names(None, None, 9, kernel::Start::After(next.unwrap().key().unwrap())).await.0;
        assert_eq!((one, rest), (vec!["álvaro".to_owned()], vec!["Zoé".to_owned()]));
    }
}

#[tokio::test]
async fn c9_availability_has_one_version_and_a_put_replaces_one_clinic() {
    for clinic in clinics().await {
        let (practitioner_id, second): (_, ClinicId) = (clinic.working("Dra. Ana").await, fresh());
        clinic.clinic(second, "Europe/Paris").await;
        let set = async |permit: &Permit<AvailabilityWrite>, seen_version, clinic_id| {
            let window = DayWindow::parse("22:00", "02:00").unwrap();
            let windows = vec![WeeklyWindow { weekday: chrono::Weekday::Fri, window }];
            let schedule =
                WeeklySchedule::try_new(clinic_id, windows, Some("2026-01-01".parse().unwrap()), None).unwrap();
            let ask = SetAvailability { practitioner_id, seen_version, schedule };
            set_availability(&clinic.env, permit, ask, unheard).await.map(Committed::into_value)
        };
        let all = clinic.all();
        let after = set(&all, Some(2), second).await.unwrap();
        let read = read_availability(&clinic.env, &clinic.all(), practitioner_id).await.unwrap();
        assert_eq!((read.version, read.schedules.len(), &read.schedules), (3, 2, &after.schedules));
        assert_eq!(set(&all, None, clinic.id).await.unwrap().schedules.len(), 2);
        assert!(matches!(set(&all, Some(2), second).await, Err(AvailabilityError::Stale)));
        assert!(matches!(set(&all, None, fresh()).await, Err(AvailabilityError::UnknownClinic)));
        let other = clinic.by(Reach::Agenda(fresh()));
        assert!(matches!(set(&other, None, second).await, Err(AvailabilityError::OutOfReach)));
        set(&clinic.by(Reach::Agenda(practitioner_id)), Some(4), second).await.unwrap();
    }
}

#[tokio::test]
async fn a1_exceptions_close_and_open_days() {
    for clinic in clinics().await {
        let (service, practitioner_id) = (clinic.service(|_| {}).await, clinic.working("Dra. Ana").await);
        let add = async |effect: Effect| {
            let ask = AddException { practitioner_id, effect, note: Some(Note::parse("congress").unwrap()) };
            add_exception(&clinic.env, &clinic.all(), ask, unheard).await.unwrap().into_value().exception
        };
        let free = async || {
            let day = clinic.slots(service, "2026-03-03T03:00:00Z", "2026-03-04T03:00:00Z", Audience::Staff).await;
            day.slots.len()
        };
        assert_eq!(free().await, 8);
        let date = "2026-03-03".parse().unwrap();
        let replaced = |windows| Effect::Override { clinic_id: clinic.id, date, windows };
        add(replaced(vec![DayWindow::parse("08:00", "09:00").unwrap()])).await;
        assert_eq!(free().await, 2);
        let closed = add(replaced(Vec::new())).await;
        assert_eq!(free().await, 0);
        let away = Interval::between(utc("2026-03-03T11:30:00Z"), utc("2026-03-03T13:00:00Z")).unwrap();
        add(Effect::Leave(away)).await;
        let remove = async |exception_id| {
            let ask = RemoveException { practitioner_id, exception_id };
            remove_exception(&clinic.env, &clinic.all(), ask, unheard).await.map(drop)
        };
        remove(closed.id).await.unwrap();
        assert!(matches!(remove(closed.id).await, Err(AvailabilityError::NotFound)));
        assert_eq!(free().await, 5);
        let read = read_availability(&clinic.env, &clinic.all(), practitioner_id).await.unwrap();
        assert_eq!((read.exceptions.len(), read.version), (1, 6));
        assert_eq!(read.exceptions[0].effect, Effect::Leave(away));
    }
}
