//! The receptionist's day, from sign-in to the history of a cancelled appointment, and what may not happen in it.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::both;
use crate::support::{Office, text};

const NINE: &str = "2027-03-15T12:00:00Z";
const NINE_THIRTY: &str = "2027-03-15T12:30:00Z";
const TEN: &str = "2027-03-15T13:00:00Z";

fn instant(value: &Value) -> DateTime<Utc> {
    text(value).parse().unwrap()
}

fn starts(slots: &Value) -> Vec<DateTime<Utc>> {
    slots["items"].as_array().unwrap().iter().map(|slot| instant(&slot["start"])).collect()
}

both! {
    async fn the_receptionists_day(app) {
        let office = Office::open(app).await;
        let ask = json!({ "name": "Marina Alves", "contacts": [{ "kind": "phone", "value": "(11) 98765-4321" }] });
        let patient = office.staff.post("/api/v1/patients", &ask).await.expect(201);
        let slots = office.slots(NINE, "2027-03-15T14:00:00Z").await;
        assert_eq!(slots["items"].as_array().unwrap().len(), 4, "{slots:#}");
        let slot = &slots["items"][0];
        assert_eq!((text(&slot["local_start"]), text(&slot["utc_offset"])), ("2027-03-15T09:00".into(), "-03:00".into()));
        assert_eq!(text(&slot["practitioner_id"]), office.practitioner);

        let answer = office.book(&text(&patient["id"]), &text(&slot["start"])).await;
        let location = answer.header("location").unwrap().to_owned();
        assert_eq!(answer.header("etag"), Some("\"1\""));
        let booked = answer.expect(201);
        assert_eq!(location, format!("/api/v1/appointments/{}", text(&booked["id"])));
        assert_eq!((text(&booked["status"]), booked["version"].as_i64()), ("booked".into(), Some(1)));
        assert_eq!((instant(&booked["start"]), instant(&booked["end"])), (NINE.parse().unwrap(), NINE_THIRTY.parse().unwrap()));
        assert_eq!(office.staff.get(&location).await.expect(200), booked);

        let other = office.patient("Outra Pessoa").await;
        let refused = office.book(&other, NINE).await.refused(409, "scheduling.slot_taken");
        assert_eq!(text(&refused["resource"]), "practitioner");
        let alternatives = refused["alternatives"].as_array().unwrap();
        assert_eq!(alternatives.len(), 3, "{refused:#}");
        let alternative = alternatives.first().unwrap();
        office.book(&other, &text(&alternative["start"])).await.expect(201);

        let confirmed = office.step(&booked, "confirm", &json!({})).await.expect(200);
        assert_eq!((text(&confirmed["status"]), confirmed["version"].as_i64()), ("confirmed".into(), Some(2)));
        let cancelled = office.step(&booked, "cancel", &json!({ "reason": "Viagem" })).await.expect(200);
        assert_eq!((text(&cancelled["status"]), cancelled["version"].as_i64()), ("cancelled".into(), Some(3)));

        let history = office.staff.get(&format!("{location}/history")).await.expect(200);
        let versions: Vec<_> = history["items"].as_array().unwrap().iter().map(|entry| entry["version"].as_i64()).collect();
        assert_eq!(versions, [Some(1), Some(2), Some(3)], "{history:#}");
        assert!(starts(&office.slots(NINE, NINE_THIRTY).await).contains(&NINE.parse().unwrap()), "B8: free at once");
    }

    async fn t1_neighbours_do_not_conflict(app) {
        let office = Office::open(app).await;
        let patients = office.patients(3).await;
        for (patient, start) in patients.iter().zip([NINE_THIRTY, NINE, TEN]) {
            office.book(patient, start).await.expect(201);
        }
    }

    async fn b1_a_patient_is_not_in_two_places(app) {
        let mut office = Office::open(app).await;
        let patient = office.patient("Duplo").await;
        office.book(&patient, NINE).await.expect(201);
        office.practitioner = office.practitioner("Dr. Segundo").await;
        let refused = office.book(&patient, "2027-03-15T12:15:00Z").await.refused(409, "scheduling.slot_taken");
        assert_eq!((text(&refused["resource"]), text(&refused["reason"])), ("patient".into(), "patient_busy".into()));
    }

    async fn b1_the_database_refuses_what_goes_behind_the_application(app) {
        let office = Office::open(app).await;
        let (one, other) = (office.patient("Um").await, office.patient("Outro").await);
        let booked = office.book(&one, NINE).await.expect(201);
        let later = office.book(&other, TEN).await.expect(201);
        let sql = app.sql().await;
        let (booked, later) = (sql.id(&text(&booked["id"])), sql.id(&text(&later["id"])));
        let columns = "tenant_id, resource_id, session_id, seat, starts_at, ends_at, active, overbooked, appointment_id";
        let copied = |session: &str, seat: &str| {
            format!(
                "INSERT INTO busy ({columns}) SELECT tenant_id, resource_id, {session}, {seat}, starts_at, ends_at, active, \
                 overbooked, {later} FROM busy WHERE appointment_id = {booked} AND resource_id = {}",
                sql.id(&office.practitioner)
            )
        };
        // The practitioner is in the agenda of the second appointment already, so that row must go first.
        let gone = format!("DELETE FROM busy WHERE appointment_id = {later}");
        assert_eq!(sql.run(&gone).await.unwrap(), 2);
        let overlapping = sql.run(&copied(&later, "1")).await.unwrap_err();
        assert!(overlapping.contains("busy_no_overlap"), "{overlapping}");
        let same_seat = sql.run(&copied("session_id", "seat")).await.unwrap_err();
        assert!(same_seat.contains("busy_seat_once") || same_seat.contains("busy.seat"), "{same_seat}");
        assert_eq!(sql.run(&copied("session_id", "seat + 1")).await.unwrap(), 1, "another seat of the same session is free");
    }

    async fn b8_cancelling_frees_at_once_and_repeating_it_has_no_effect(app) {
        let office = Office::open(app).await;
        let (one, other) = (office.patient("Um").await, office.patient("Outro").await);
        let booked = office.book(&one, NINE).await.expect(201);
        let first = office.step(&booked, "cancel", &json!({ "reason": "Gripe" })).await.expect(200);
        office.book(&other, NINE).await.expect(201);
        let before = app.entries().await;
        let again = office.step(&booked, "cancel", &json!({ "reason": "Outra razão" })).await.expect(200);
        assert_eq!((&again, app.entries().await), (&first, before));
        let told = "SELECT count(*) FROM event WHERE kind = 'scheduling.appointment_cancelled' AND aggregate_id = ";
        let sql = app.sql().await;
        assert_eq!(sql.number(&format!("{told}{}", sql.id(&text(&booked["id"])))).await, 1);
    }

    async fn b9_the_window_binds_patients_and_not_staff(app) {
        // Noon is two hours away: exactly the window is in time, one minute less is late.
        for (window, by, status) in [(120, "patient", "cancelled"), (121, "patient", "late_cancelled"), (121, "clinic", "cancelled")] {
            let terms = json!({ "cancellation_window_minutes": window });
            let office = Office::with(app, "America/Sao_Paulo", terms).await;
            let patient = office.patient("Desistente").await;
            let booked = office.book(&patient, "2027-03-10T14:00:00Z").await.expect(201);
            let ask = json!({ "requested_by": by, "reason": "Imprevisto" });
            let cancelled = office.step(&booked, "cancel", &ask).await.expect(200);
            assert_eq!(text(&cancelled["status"]), status, "{window} {by}");
        }
    }

    async fn b9_staff_give_a_reason_inside_the_window(app) {
        let office = Office::with(app, "America/Sao_Paulo", json!({ "cancellation_window_minutes": 121 })).await;
        let patient = office.patient("Avisada").await;
        let booked = office.book(&patient, "2027-03-10T14:00:00Z").await.expect(201);
        let before = app.entries().await;
        for wordless in [json!({}), json!({ "requested_by": "clinic" }), json!({ "reason": null, "reason_code": null })] {
            let faults = office.step(&booked, "cancel", &wordless).await.faults();
            assert_eq!(faults, [("/reason".to_owned(), "scheduling.reason_required".to_owned())], "{wordless}");
        }
        assert_eq!(app.entries().await, before);
        let cancelled = office.step(&booked, "cancel", &json!({ "reason_code": "practitioner_ill" })).await.expect(200);
        assert_eq!(text(&cancelled["status"]), "cancelled");
        let other = office.book(&patient, "2027-03-10T15:00:00Z").await.expect(201);
        let late = office.step(&other, "cancel", &json!({ "requested_by": "patient" })).await.expect(200);
        assert_eq!(text(&late["status"]), "cancelled", "three hours are outside of the window, and a patient owes no reason");
    }

    async fn b11_other_ways_are_refused_with_those_there_are(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Indecisa").await;
        let booked = office.book(&patient, NINE).await.expect(201);
        let first = office.step(&booked, "confirm", &json!({})).await.expect(200);
        assert_eq!(office.step(&booked, "confirm", &json!({})).await.expect(200), first, "repeating is harmless");
        office.step(&booked, "cancel", &json!({})).await.expect(200);
        let refused = office.step(&booked, "confirm", &json!({})).await.refused(409, "scheduling.transition_refused");
        assert_eq!((text(&refused["status_now"]), &refused["allowed"]), ("cancelled".into(), &json!([])));
    }

    async fn c9_a_transition_honours_a_version_that_was_seen(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Atenta").await;
        let booked = office.book(&patient, NINE).await.expect(201);
        let path = format!("/api/v1/appointments/{}/confirm", text(&booked["id"]));
        let seen = |tag: &'static str| {
            let (staff, path) = (office.staff.clone(), path.clone());
            async move { staff.send(reqwest::Method::POST, &path, Some(&json!({})), &[("if-match", tag)]).await }
        };
        seen("\"7\"").await.refused(412, "stale");
        seen("\"1\"").await.expect(200);
    }

    async fn b13_staff_may_book_over_with_a_reason_and_patients_may_not(app) {
        let office = Office::open(app).await;
        let (one, other) = (office.patient("Marcada").await, office.patient("Encaixada").await);
        office.book(&one, NINE).await.expect(201);
        let mut ask = office.booking(&other, NINE);
        ask["override"] = json!({ "reason": "Urgência" });
        let booked = office.staff.post("/api/v1/appointments", &ask).await.expect(201);
        app.member("nurse").await.post("/api/v1/appointments", &ask).await.expect(403);
        let listed = starts(&office.slots(NINE, TEN).await);
        assert_eq!(listed, [NINE_THIRTY.parse::<DateTime<Utc>>().unwrap()], "both show as busy");
        office.step(&booked, "cancel", &json!({})).await.expect(200);
        ask.as_object_mut().unwrap().remove("override");
        office.staff.post("/api/v1/appointments", &ask).await.refused(409, "scheduling.slot_taken");
    }

    async fn a_reference_to_nothing_is_named_and_nothing_is_written(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Alguém").await;
        let before = app.entries().await;
        let nobody = "0192aaaa-0000-7000-8000-000000000000";
        for field in ["service_id", "practitioner_id", "patient_id", "clinic_id"] {
            let mut ask = office.booking(&patient, NINE);
            ask[field] = json!(nobody);
            let faults = office.staff.post("/api/v1/appointments", &ask).await.faults();
            assert_eq!(faults, [(format!("/{field}"), "unknown_reference".to_owned())]);
        }
        assert_eq!(app.entries().await, before);
    }
}
