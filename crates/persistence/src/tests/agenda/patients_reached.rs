use kernel::PageAsk;
use patients::Patients;
use patients::model::{PatientSelection, SearchTerms};
use patients::permission::{PatientsRead, Sight};
use patients::ports::{PatientList, PatientSort};
use patients::usecase::{list_patients, read_patient};

use super::*;

impl Clinic {
    /// The patients that a caller of this reach lists and finds, which must be the same.
    async fn patients_reached(&self, reach: Reach) -> Vec<PatientId> {
        let env = Patients { db: Arc::new(self.db.clone()), clock: self.clock.clone(), ids: Arc::new(SystemIds) };
        let permit = self.by::<PatientsRead>(reach);
        let sight = Sight { appointments: Some(reach), members: None };
        let ask = |search| PatientList {
            selection: PatientSelection { search, ..PatientSelection::default() },
            sort: PatientSort::Name,
            page: PageAsk::first(50),
        };
        let ids = |page: kernel::Page<patients::model::PatientSummary>| -> Vec<PatientId> {
            page.items.iter().map(|item| item.id).collect()
        };
        let listed = ids(list_patients(&env, &permit, &ask(None), &sight).await.unwrap());
        let terms = SearchTerms::parse("ana").unwrap();
        let found = ids(list_patients(&env, &permit, &ask(Some(terms)), &sight).await.unwrap());
        assert_eq!(listed, found);
        for id in &listed {
            assert_eq!(read_patient(&env, &permit, *id).await.unwrap().id, *id);
        }
        listed
    }

    async fn edit_appointment_of(&self, patient: PatientId, edit: &str) {
        let tx = self.db.open(self.all::<Act>().scope()).await.unwrap();
        let sql = format!("UPDATE appointment SET {edit} WHERE tenant_id = $1 AND patient_id = $2");
        let values = [self.tenant.uuid().into(), patient.uuid().into(), utc("2025-12-02T12:00:00Z").into()];
        let used = if edit.contains("$3") { 3 } else { 2 };
        assert_eq!(tx.run(&sql, values.into_iter().take(used)).await.unwrap(), 1);
        Box::new(tx).finish_unappended().await;
    }
}

#[tokio::test]
async fn an_agenda_reaches_its_patients_of_90_days_and_the_future() {
    for clinic in clinics().await {
        let service = clinic.service(|_| {}).await;
        let (mine, other) = (clinic.working("Dra. Mina").await, clinic.working("Dr. Outro").await);
        let mut patients = Vec::new();
        for (practitioner, start) in [
            (mine, "2026-03-03T12:00:00Z"),
            (mine, "2026-03-03T12:30:00Z"),
            (mine, "2026-03-03T13:00:00Z"),
            (mine, "2026-03-03T13:30:00Z"),
            (other, "2026-03-03T12:00:00Z"),
        ] {
            let patient = clinic.patient().await;
            clinic.book(Clinic::ask(service, Some(practitioner), patient, start)).await.unwrap();
            patients.push(patient);
        }
        clinic.patient().await;
        let [booked, past, long_past, mistaken, of_other] = patients[..] else { panic!("five patients") };
        // 2025-12-02 12:00 is 90 days before now, to the second.
        clinic.edit_appointment_of(past, "starts_at = $3, status = 'completed'").await;
        clinic.edit_appointment_of(long_past, "starts_at = $3").await;
        clinic.edit_appointment_of(mistaken, "status = 'entered_in_error'").await;
        let mut reached = clinic.patients_reached(Reach::Agenda(mine)).await;
        reached.sort();
        assert_eq!(reached, [booked, past, long_past]);
        clinic.clock.advance(TimeDelta::microseconds(1));
        assert_eq!(clinic.patients_reached(Reach::Agenda(mine)).await, [booked]);
        assert_eq!(clinic.patients_reached(Reach::Agenda(other)).await, [of_other]);
    }
}
