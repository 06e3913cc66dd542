//! Many callers for one place: the promises of B1 to B4 and A6, on both databases.

use serde_json::{Value, json};

use crate::both;
use crate::support::{Answer, Office, TestApp, at_once, text};

const NINE: &str = "2027-03-15T12:00:00Z";
const QUARTER_PAST: &str = "2027-03-15T12:15:00Z";

async fn all(office: &Office, asks: impl IntoIterator<Item = Value>) -> Vec<Answer> {
    let asks = asks.into_iter().map(|ask| {
        let staff = office.staff.clone();
        async move { staff.post("/api/v1/appointments", &ask).await }
    });
    at_once(asks).await
}

/// How many were booked; the others must be clean refusals.
fn winners(answers: Vec<Answer>) -> usize {
    let asked = answers.len();
    let lost = answers
        .into_iter()
        .filter(|answer| answer.status != 201)
        .map(|answer| answer.refused(409, "scheduling.slot_taken"));
    asked - lost.count()
}

/// Appointments of the office's service, their events, and their rows in agendas.
async fn traces(app: &TestApp, office: &Office) -> [i64; 3] {
    let sql = app.sql().await;
    let own = format!("SELECT id FROM appointment WHERE service_id = {}", sql.id(&office.service));
    [
        sql.number(&format!("SELECT count(*) FROM ({own}) q")).await,
        sql.number(&format!("SELECT count(*) FROM event WHERE aggregate_id IN ({own})")).await,
        sql.number(&format!("SELECT count(*) FROM busy WHERE active AND appointment_id IN ({own})")).await,
    ]
}

both! {
    async fn b2_of_64_callers_for_one_place_one_wins(app) {
        let office = Office::open(app).await;
        let patients = office.patients(64).await;
        let before = app.entries().await;
        let starts = [NINE, QUARTER_PAST].into_iter().cycle();
        let answers = all(&office, patients.iter().zip(starts).map(|(patient, start)| office.booking(patient, start))).await;
        assert_eq!(winners(answers), 1);
        assert_eq!(traces(app, &office).await, [1, 1, 2]);
        assert_eq!(app.entries().await, before + 1);
    }

    async fn b2_a_refusal_names_what_is_taken_and_up_to_three_others(app) {
        let office = Office::open(app).await;
        let patients = office.patients(8).await;
        let answers = all(&office, patients.iter().map(|patient| office.booking(patient, NINE))).await;
        for refused in answers.into_iter().filter(|answer| answer.status != 201) {
            let refused = refused.refused(409, "scheduling.slot_taken");
            let alternatives = refused["alternatives"].as_array().unwrap();
            assert_eq!((text(&refused["resource"]), alternatives.len()), ("practitioner".to_owned(), 3), "{refused:#}");
            assert!(alternatives.iter().all(|slot| text(&slot["start"]).as_str() > NINE), "{refused:#}");
        }
    }

    async fn a6_a_group_of_three_takes_exactly_three(app) {
        let office = Office::with(app, "America/Sao_Paulo", json!({ "capacity": 3 })).await;
        let patients = office.patients(12).await;
        let answers = all(&office, patients.iter().map(|patient| office.booking(patient, NINE))).await;
        assert_eq!(winners(answers), 3);
        let sql = app.sql().await;
        let seats = format!("SELECT count(DISTINCT seat) FROM busy WHERE active AND resource_id = {}", sql.id(&office.practitioner));
        assert_eq!((sql.number(&seats).await, traces(app, &office).await), (3, [3, 3, 6]));
    }

    async fn b1_one_patient_asked_for_in_many_places_gets_one(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Disputado").await;
        let mut asks = Vec::new();
        for number in 0..12 {
            let mut ask = office.booking(&patient, if number % 2 == 0 { NINE } else { QUARTER_PAST });
            ask["practitioner_id"] = json!(office.practitioner(&format!("Dr. {number}")).await);
            asks.push(ask);
        }
        assert_eq!(winners(all(&office, asks).await), 1);
        assert_eq!(traces(app, &office).await, [1, 1, 2]);
    }

    async fn a7_a_pool_takes_as_many_as_it_has_members(app) {
        let office = Office::open(app).await;
        office.practitioner("Dr. Segundo").await;
        office.practitioner("Dr. Terceiro").await;
        let patients = office.patients(9).await;
        let asks = patients.iter().map(|patient| {
            let mut ask = office.booking(patient, NINE);
            ask.as_object_mut().unwrap().remove("practitioner_id");
            ask
        });
        assert_eq!(winners(all(&office, asks).await), 3);
    }

    async fn b4_twenty_requests_under_one_key_are_one_booking(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Impaciente").await;
        let ask = office.booking(&patient, NINE);
        let once = |staff: crate::support::Caller, ask: Value| async move { staff.post_once("/api/v1/appointments", "k-1", &ask).await };
        let answers = at_once((0..20).map(|_| once(office.staff.clone(), ask.clone()))).await;
        let stored = once(office.staff.clone(), ask.clone()).await;
        assert_eq!((stored.status, stored.header("idempotency-replayed")), (201, Some("true")), "{}", stored.text());
        let mut originals = 0;
        for answer in answers {
            if answer.status == 201 {
                assert_eq!(answer.bytes, stored.bytes, "byte for byte");
                originals += i32::from(answer.header("idempotency-replayed").is_none());
            } else {
                assert!(answer.header("retry-after").is_some());
                answer.refused(409, "request_in_progress");
            }
        }
        assert_eq!(originals, 1);
        assert_eq!(traces(app, &office).await, [1, 1, 2]);
    }

    async fn b4_a_key_stands_for_one_body_one_caller_and_one_day(app) {
        let office = Office::open(app).await;
        let (one, other) = (office.patient("Uma").await, office.patient("Outra").await);
        let first = office.staff.post_once("/api/v1/appointments", "k-2", &office.booking(&one, NINE)).await.expect(201);
        let changed = office.booking(&other, "2027-03-15T15:00:00Z");
        office.staff.post_once("/api/v1/appointments", "k-2", &changed).await.refused(422, "idempotency_key_reused");
        let somebody_else = office.admin.post_once("/api/v1/appointments", "k-2", &changed).await.expect(201);
        assert_ne!(first["id"], somebody_else["id"]);
        app.clock.advance(chrono::Duration::hours(25));
        let staff = app.receptionist().await;
        let third = office.patient_of(&staff, "Terceira").await;
        staff.post_once("/api/v1/appointments", "k-2", &office.booking(&third, "2027-03-15T18:00:00Z")).await.expect(201);
    }

    async fn b4_a_refusal_is_not_kept_under_the_key(app) {
        let office = Office::open(app).await;
        let (one, other) = (office.patient("Uma").await, office.patient("Outra").await);
        let taken = office.book(&one, NINE).await.expect(201);
        let ask = office.booking(&other, NINE);
        office.staff.post_once("/api/v1/appointments", "k-3", &ask).await.refused(409, "scheduling.slot_taken");
        office.step(&taken, "cancel", &json!({})).await.expect(200);
        let booked = office.staff.post_once("/api/v1/appointments", "k-3", &ask).await;
        assert_eq!(booked.header("idempotency-replayed"), None);
        booked.expect(201);
    }

    async fn b3_bookings_and_cancellations_side_by_side_answer_cleanly(app) {
        let office = Office::open(app).await;
        let patients = office.patients(12).await;
        let mut booked = Vec::new();
        for (number, patient) in patients.iter().enumerate() {
            booked.push(office.book(patient, &format!("2027-03-16T{:02}:00:00Z", 8 + number)).await.expect(201));
        }
        let cancelled = booked.iter().map(|one| {
            let (office, one) = (office.clone(), one.clone());
            tokio::spawn(async move { office.step(&one, "cancel", &json!({})).await })
        });
        // Each wants the hour of another one, whose place is being freed at this moment.
        let asks = patients.iter().enumerate().map(|(number, patient)| {
            let hour = 8 + (number + 1) % patients.len();
            office.booking(patient, &format!("2027-03-16T{hour:02}:00:00Z"))
        });
        let cancelled: Vec<_> = cancelled.collect();
        winners(all(&office, asks).await);
        for one in cancelled {
            one.await.unwrap().expect(200);
        }
        let [_, _, busy] = traces(app, &office).await;
        let sql = app.sql().await;
        let active = format!("SELECT count(*) FROM appointment WHERE status = 'booked' AND service_id = {}", sql.id(&office.service));
        assert_eq!(busy, 2 * sql.number(&active).await);
    }
}
