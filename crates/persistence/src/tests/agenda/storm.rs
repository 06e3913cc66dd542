//! Many callers of one place (B1, B2).

use std::rc::Rc;

use super::*;

/// 64 callers, half for 09:00 to 09:30 and half for 09:15 to 09:45: one wins, the others are told that it is taken.
#[tokio::test(flavor = "local")]
async fn b2_of_64_callers_of_one_practitioner_one_wins_and_63_are_told() {
    for clinic in clinics().await {
        let (service, practitioner) = (clinic.service(|_| {}).await, clinic.working("Dra. Ana").await);
        let clinic = Rc::new(clinic);
        let mut callers = tokio::task::JoinSet::new();
        for n in 0..64 {
            let (clinic, patient) = (clinic.clone(), clinic.patient().await);
            let start = if n % 2 == 0 { "2026-03-03T12:00:00Z" } else { "2026-03-03T12:15:00Z" };
            callers.spawn_local(
                async move { clinic.book(Clinic::ask(service, Some(practitioner), patient, start)).await },
            );
        }
        let (mut won, mut taken) = (0, 0);
        while let Some(done) = callers.join_next().await {
            match done.unwrap() {
                Ok(_) => won += 1,
                Err(error) => {
                    assert_eq!(error.code(), "scheduling.slot_taken", "{error:?}");
                    assert_eq!(error.details()["resource"], "practitioner");
                    taken += 1;
                }
            }
        }
        assert_eq!((won, taken), (1, 63));
        assert_eq!(clinic.count("SELECT count(*) FROM appointment WHERE tenant_id = $1").await, 1);
        assert_eq!(clinic.count("SELECT count(*) FROM busy WHERE tenant_id = $1 AND active").await, 2);
    }
}

#[tokio::test(flavor = "local")]
async fn a6_of_20_callers_of_a_group_of_5_exactly_5_win_a_seat_each() {
    for clinic in clinics().await {
        let service = clinic.service(|ask| ask.capacity = Some(5)).await;
        let practitioner = clinic.working("Dra. Ana").await;
        let clinic = Rc::new(clinic);
        let mut callers = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (clinic, patient) = (clinic.clone(), clinic.patient().await);
            callers.spawn_local(async move {
                let ask = Clinic::ask(service, Some(practitioner), patient, "2026-03-03T12:00:00Z");
                clinic.book(ask).await
            });
        }
        let mut seats = Vec::new();
        while let Some(done) = callers.join_next().await {
            match done.unwrap() {
                Ok(appointment) => seats.push(appointment.parts().seat),
                Err(error) => assert_eq!(error.code(), "scheduling.slot_taken", "{error:?}"),
            }
        }
        seats.sort_unstable();
        assert_eq!(seats, [1, 2, 3, 4, 5]);
    }
}

/// One patient asked for by many practitioners at once: the patient's own agenda decides.
#[tokio::test(flavor = "local")]
async fn b1_a_patient_cannot_be_in_two_places() {
    for clinic in clinics().await {
        let (service, patient) = (clinic.service(|_| {}).await, clinic.patient().await);
        let clinic = Rc::new(clinic);
        let mut callers = tokio::task::JoinSet::new();
        for n in 0..8 {
            let (clinic, practitioner) = (clinic.clone(), clinic.working(&format!("Dr. {n}")).await);
            callers.spawn_local(async move {
                let ask = Clinic::ask(service, Some(practitioner), patient, "2026-03-03T12:00:00Z");
                clinic.book(ask).await
            });
        }
        let mut won = 0;
        while let Some(done) = callers.join_next().await {
            match done.unwrap() {
                Ok(_) => won += 1,
                Err(error) => assert_eq!(error.details()["resource"], "patient", "{error:?}"),
            }
        }
        assert_eq!(won, 1);
    }
}

/// The database itself refuses what the lock and the decision let through.
#[tokio::test]
async fn b1_the_database_refuses_an_overlap_and_a_seat_taken_twice() {
    for clinic in clinics().await {
        let (service, practitioner) = (clinic.service(|_| {}).await, clinic.working("Dra. Ana").await);
        let patient = clinic.patient().await;
        let first =
            clinic.book(Clinic::ask(service, Some(practitioner), patient, "2026-03-03T12:00:00Z")).await.unwrap();
        let row = "INSERT INTO busy (tenant_id, resource_id, session_id, seat, starts_at, ends_at, active, overbooked, \
             appointment_id) VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8)";
        let other =
            clinic.book(Clinic::ask(service, Some(practitioner), patient, "2026-03-03T13:00:00Z")).await.unwrap();
        let insert = async |resource: Uuid, session: Uuid, start: &str, active: bool| {
            let tx = clinic.db.open(clinic.all::<Act>().scope()).await.unwrap();
            // The appointment's own row is gone first, so that the primary key is free.
            let delete = "DELETE FROM busy WHERE tenant_id = $1 AND appointment_id = $2";
            let id = other.parts().id.uuid();
            tx.run(delete, [clinic.tenant.uuid().into(), id.into()]).await.unwrap();
            let end = utc(start) + TimeDelta::minutes(30);
            let values = [
                clinic.tenant.uuid().into(),
                resource.into(),
                session.into(),
                utc(start).into(),
                end.into(),
                active.into(),
                (!active).into(),
                id.into(),
            ];
            tx.run(row, values).await.map(drop)
        };
        let (agenda, own) = (practitioner.uuid(), first.parts().id.uuid());
        let refused = |result: Result<(), StoreError>| match result {
            Err(StoreError::Constraint(name)) => name,
            other => panic!("{other:?}"),
        };
        let overlap = insert(agenda, Uuid::from_u128(9), "2026-03-03T12:15:00Z", true).await;
        assert_eq!(refused(overlap), scheduling::ports::BUSY_NO_OVERLAP);
        let seat = insert(agenda, own, "2026-03-03T12:00:00Z", true).await;
        assert_eq!(refused(seat), scheduling::ports::BUSY_SEAT_ONCE);
        // Touching ends are free (T1), and what is overbooked excludes nothing.
        insert(agenda, Uuid::from_u128(9), "2026-03-03T12:30:00Z", true).await.unwrap();
        insert(agenda, Uuid::from_u128(9), "2026-03-03T12:15:00Z", false).await.unwrap();
    }
}

/// Each request has a key and tries one practitioner after the other: its own earlier tries must not stand in its way.
#[tokio::test(flavor = "local")]
async fn a7_b4_callers_of_a_pool_with_keys_of_their_own_get_as_many_as_there_are() {
    for clinic in clinics().await {
        let service = clinic.service(|_| {}).await;
        for n in 0..4 {
            clinic.working(&format!("Dr. {n}")).await;
        }
        let clinic = Rc::new(clinic);
        let mut callers = tokio::task::JoinSet::new();
        for n in 0..24 {
            let (clinic, patient) = (clinic.clone(), clinic.patient().await);
            callers.spawn_local(async move {
                let ask = Clinic::ask(service, None, patient, "2026-03-03T12:00:00Z");
                let permit = clinic.by(Reach::Company).claiming(Some(claim(n, 1)));
                book(&clinic.env, &permit, ask, unheard).await.map(Committed::into_value)
            });
        }
        let mut won = 0;
        while let Some(done) = callers.join_next().await {
            match done.unwrap() {
                Ok(_) => won += 1,
                Err(error) => assert_eq!(error.code(), "scheduling.slot_taken", "{error:?}"),
            }
        }
        assert_eq!(won, 4);
    }
}
