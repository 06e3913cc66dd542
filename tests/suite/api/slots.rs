//! What is listed can be booked, and what is not has a reason (A2 to A4, A8, A9).

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use crate::both;
use crate::support::{Caller, Office, TestApp, text};

fn instant(value: &str) -> DateTime<Utc> {
    value.parse().unwrap()
}

fn written(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn starts(slots: &Value) -> BTreeSet<String> {
    slots["items"].as_array().unwrap().iter().map(|slot| text(&slot["start"])).collect()
}

/// The reason for the office's practitioner; `null` where it can be booked.
async fn explained(office: &Office, caller: &Caller, start: &str, patient: Option<&str>) -> Value {
    let Office { service, practitioner, .. } = office;
    let patient = patient.map(|id| format!("&patient_id={id}")).unwrap_or_default();
    let path =
        format!("/api/v1/slots/explain?service_id={service}&practitioner_id={practitioner}&start={start}{patient}");
    let answer = caller.get(&path).await.expect(200);
    let items = answer["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{answer:#}");
    items.first().unwrap()["reason"].clone()
}

/// Mornings on Mondays and Tuesdays, steps of 20 minutes, half an hour and ten minutes after; a leave and two appointments.
async fn busy_office(app: &TestApp) -> Office {
    let terms = json!({ "slot_interval_minutes": 20, "buffer_after_minutes": 10 });
    let mut office = Office::with(app, "America/Sao_Paulo", terms).await;
    let mornings = json!([
        { "weekday": "monday", "start": "08:00", "end": "12:00" }, { "weekday": "tuesday", "start": "08:00", "end": "10:00" }
    ]);
    office.practitioner = office.practitioner_open("Dra. Manhã", &mornings).await;
    let leave = json!({ "kind": "leave", "start": "2027-03-15T11:00:00Z", "end": "2027-03-15T11:30:00Z" });
    let path = format!("/api/v1/availability/{}/exceptions", office.practitioner);
    office.admin.post(&path, &leave).await.expect(201);
    let patients = office.patients(2).await;
    for (patient, start) in patients.iter().zip(["2027-03-15T12:55:00Z", "2027-03-16T11:40:00Z"]) {
        office.book(patient, start).await.expect(201);
    }
    office
}

both! {
    async fn a8_what_is_listed_books_and_what_is_not_is_refused_for_the_reason_that_explaining_names(app) {
        let office = busy_office(app).await;
        let patient = office.patient("Provador").await;
        let (from, to) = ("2027-03-15T10:00:00Z", "2027-03-16T14:00:00Z");
        let listed = starts(&office.slots(from, to).await);
        assert_eq!(listed.len(), 7, "{listed:?}");
        for start in &listed {
            assert_eq!(explained(&office, &office.staff, start, Some(&patient)).await, Value::Null, "{start}");
            let booked = office.book(&patient, start).await.expect(201);
            office.step(&booked, "cancel", &json!({})).await.expect(200);
        }
        let mut start = instant(from);
        let mut reasons = BTreeSet::new();
        while start < instant(to) {
            let at = written(start);
            start += Duration::minutes(20);
            if listed.contains(&at) {
                continue;
            }
            let reason = text(&explained(&office, &office.staff, &at, Some(&patient)).await);
            let refused = office.book(&patient, &at).await.expect(409);
            assert_eq!(text(&refused["reason"]), reason, "{at}");
            reasons.insert(reason);
        }
        let told: BTreeSet<String> = ["outside_hours", "leave", "busy", "buffer"].map(str::to_owned).into();
        assert_eq!(reasons, told);
    }

    async fn a9_an_empty_list_says_why(app) {
        let mut office = Office::open(app).await;
        let hour = json!([{ "weekday": "monday", "start": "08:00", "end": "09:00" }]);
        office.practitioner = office.practitioner_open("Dra. Hora", &hour).await;
        let patients = office.patients(2).await;
        let reason = |slots: Value| { assert_eq!(slots["items"], json!([])); text(&slots["reason"]) };
        assert_eq!(reason(office.slots("2027-03-16T00:00:00Z", "2027-03-17T00:00:00Z").await), "no_availability");
        // A quarter of an hour is left free on either side.
        office.book(&patients.first().unwrap().clone(), "2027-03-15T11:15:00Z").await.expect(201);
        assert_eq!(reason(office.slots("2027-03-15T00:00:00Z", "2027-03-16T00:00:00Z").await), "no_gap_long_enough");
        for (patient, start) in patients.iter().zip(["2027-03-22T11:00:00Z", "2027-03-22T11:30:00Z"]) {
            office.book(patient, start).await.expect(201);
        }
        assert_eq!(reason(office.slots("2027-03-22T00:00:00Z", "2027-03-23T00:00:00Z").await), "fully_booked");
    }

    async fn a9_each_reason_has_its_word(app) {
        let office = busy_office(app).await;
        let why = async |start: &str| text(&explained(&office, &office.staff, start, None).await);
        assert_eq!(why("2027-03-15T09:00:00Z").await, "outside_hours");
        assert_eq!(why("2027-03-15T11:00:00Z").await, "leave");
        assert_eq!(why("2027-03-15T13:00:00Z").await, "busy");
        assert_eq!(why("2027-03-15T12:20:00Z").await, "buffer");
        assert_eq!(why("2027-03-08T13:00:00Z").await, "past");
        let closed = json!({ "kind": "override", "clinic_id": office.clinic, "date": "2027-03-22", "windows": [] });
        office.admin.post(&format!("/api/v1/availability/{}/exceptions", office.practitioner), &closed).await.expect(201);
        assert_eq!(why("2027-03-22T13:00:00Z").await, "override_closed");
        let patient = office.patient("Em outro lugar").await;
        let mut elsewhere = office.clone();
        elsewhere.practitioner = office.practitioner("Dr. Outro").await;
        elsewhere.book(&patient, "2027-03-29T12:00:00Z").await.expect(201);
        let told = explained(&office, &office.staff, "2027-03-29T12:00:00Z", Some(&patient)).await;
        assert_eq!(told, "patient_busy");
    }

    async fn a4_notice_and_horizon_bind_patients_and_not_staff(app) {
        let terms = json!({ "minimum_notice_minutes": 120, "horizon_days": 7 });
        let office = Office::with(app, "America/Sao_Paulo", terms).await;
        let patient = app.member("patient").await;
        let why = async |start: &str| explained(&office, &patient, start, None).await;
        // It is noon in London: 120 minutes later is in time, a grid step earlier is not.
        assert_eq!((why("2027-03-10T13:30:00Z").await, why("2027-03-10T14:00:00Z").await), (json!("min_notice"), Value::Null));
        // The horizon is the end of the clinic's own day, 03:00 UTC.
        assert_eq!((why("2027-03-18T02:30:00Z").await, why("2027-03-18T03:00:00Z").await), (Value::Null, json!("beyond_horizon")));
        assert_eq!(why("2027-03-11T14:10:00Z").await, "off_grid");
        let seen = office.slots_for(&patient, "2027-03-10T12:00:00Z", "2027-03-10T15:00:00Z").await;
        assert_eq!(starts(&seen).first().unwrap(), "2027-03-10T14:00:00Z");
        let guest = office.patient("Encaixe").await;
        office.book(&guest, "2027-03-10T12:10:00Z").await.expect(201);
    }

    async fn a9_no_answer_about_slots_tells_of_another_patient(app) {
        let office = Office::open(app).await;
        let hidden = office.patient("Zoroastra Sigilosa").await;
        office.book(&hidden, "2027-03-15T12:00:00Z").await.expect(201);
        let patient = app.member("patient").await;
        assert_eq!(explained(&office, &patient, "2027-03-15T12:00:00Z", Some(&hidden)).await, "busy");
        let mut elsewhere = office.clone();
        elsewhere.practitioner = office.practitioner("Dr. Outro").await;
        assert_eq!(explained(&elsewhere, &patient, "2027-03-15T12:00:00Z", Some(&hidden)).await, Value::Null, "not theirs to know");
    }

    async fn a10_a_range_is_at_most_62_days(app) {
        let office = Office::open(app).await;
        let path = |to: &str| format!("/api/v1/slots?service_id={}&from=2027-03-15T00:00:00Z&to={to}&limit=1", office.service);
        assert_eq!(office.staff.get(&path("2027-05-16T00:00:00Z")).await.expect(200)["items"].as_array().unwrap().len(), 1);
        office.staff.get(&path("2027-05-16T00:00:01Z")).await.expect(422);
        office.staff.get(&path("2027-03-14T00:00:00Z")).await.expect(422);
    }
}
