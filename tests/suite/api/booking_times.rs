//! Clock changes and the ways to say when, through HTTP (T2 to T4, T7).

use serde_json::{Value, json};

use crate::both;
use crate::support::{Caller, Office, TestApp, text};

/// In Paris, where the clock jumps from 02:00 to 03:00 on 2027-03-28 and shows 02:00 to 03:00 twice on 2027-10-31.
async fn paris(app: &TestApp) -> Office {
    Office::with(app, "Europe/Paris", json!({})).await
}

fn at_local(office: &Office, patient: &str, local: &str, offset: Option<&str>) -> Value {
    let mut ask = office.booking(patient, "");
    let members = ask.as_object_mut().unwrap();
    members.remove("start");
    members.insert("local_start".to_owned(), json!(local));
    if let Some(offset) = offset {
        members.insert("utc_offset".to_owned(), json!(offset));
    }
    ask
}

fn starts(slots: &Value) -> Vec<String> {
    slots["items"].as_array().unwrap().iter().map(|slot| text(&slot["start"])).collect()
}

fn codes(problem: &Value) -> Vec<String> {
    problem["errors"].as_array().unwrap().iter().map(|fault| text(&fault["code"])).collect()
}

both! {
    async fn t2_a_local_time_in_a_gap_is_refused_with_its_neighbours(app) {
        let office = paris(app).await;
        let patient = office.patient("Madrugador").await;
        let ask = at_local(&office, &patient, "2027-03-28T02:30", None);
        let refused = office.staff.post("/api/v1/appointments", &ask).await.expect(422);
        assert_eq!(codes(&refused), ["nonexistent_local_time"], "{refused:#}");
        let neighbours: Vec<_> = refused["neighbours"].as_array().unwrap().iter().map(|time| text(&time["local_start"])).collect();
        assert_eq!(neighbours, ["2027-03-28T01:59", "2027-03-28T03:00"]);
        let slots = office.slots("2027-03-28T00:00:00Z", "2027-03-28T02:00:00Z").await;
        let local: Vec<_> = slots["items"].as_array().unwrap().iter().map(|slot| text(&slot["local_start"])).collect();
        assert_eq!(local, ["2027-03-28T01:00", "2027-03-28T01:30", "2027-03-28T03:00", "2027-03-28T03:30"]);
    }

    async fn t3_a_local_time_that_occurs_twice_needs_its_offset(app) {
        let office = paris(app).await;
        let (one, other) = (office.patient("Primeira").await, office.patient("Segunda").await);
        let ask = at_local(&office, &one, "2027-10-31T02:30", None);
        let refused = office.staff.post("/api/v1/appointments", &ask).await.expect(422);
        assert_eq!(codes(&refused), ["ambiguous_local_time"], "{refused:#}");
        let slots = office.slots("2027-10-31T00:00:00Z", "2027-10-31T02:00:00Z").await;
        let half_past: Vec<_> = slots["items"].as_array().unwrap().iter()
            .filter(|slot| slot["local_start"] == "2027-10-31T02:30")
            .map(|slot| text(&slot["utc_offset"]))
            .collect();
        assert_eq!(half_past, ["+02:00", "+01:00"]);
        for (patient, offset, start) in [(&one, "+02:00", "2027-10-31T00:30:00Z"), (&other, "+01:00", "2027-10-31T01:30:00Z")] {
            let ask = at_local(&office, patient, "2027-10-31T02:30", Some(offset));
            let booked = office.staff.post("/api/v1/appointments", &ask).await.expect(201);
            assert_eq!((text(&booked["start"]), text(&booked["local_start"])), (start.to_owned(), "2027-10-31T02:30".to_owned()));
        }
        let wrong = at_local(&office, &one, "2027-10-31T09:30", Some("+02:00"));
        assert_eq!(codes(&office.staff.post("/api/v1/appointments", &wrong).await.expect(422)), ["wrong_utc_offset"]);
    }

    async fn t4_an_afternoon_in_new_york_on_the_day_of_the_change(app) {
        let ask = json!({
            "company_name": "Aurora of New York", "name": "Ada Admin", "email": "ada@newyork.example",
            "password": "three tigers and a wheat field", "country": "US", "time_zone": "America/New_York", "locale": "en"
        });
        let session = app.anonymous().post("/api/v1/auth/sign-up", &ask).await.expect(201);
        let admin = Caller { token: Some(text(&session["access_token"])), ..app.anonymous() };
        let mut office = Office::of(admin.clone(), admin, "America/New_York", json!({})).await;
        let sunday = json!([{ "weekday": "sunday", "start": "13:00", "end": "18:00" }]);
        office.practitioner = office.practitioner_open("Dr. Sunday", &sunday).await;
        let starts = starts(&office.slots("2027-03-14T00:00:00Z", "2027-03-15T12:00:00Z").await);
        assert_eq!((starts.len(), starts.first().unwrap().as_str(), starts.last().unwrap().as_str()),
            (10, "2027-03-14T17:00:00Z", "2027-03-14T21:30:00Z"));
    }

    async fn t6_a_window_that_crosses_midnight_belongs_to_the_day_it_begins_on(app) {
        let mut office = Office::open(app).await;
        let night = json!([{ "weekday": "monday", "start": "22:00", "end": "02:00" }]);
        office.practitioner = office.practitioner_open("Dra. Noite", &night).await;
        let starts = starts(&office.slots("2027-03-15T00:00:00Z", "2027-03-17T12:00:00Z").await);
        assert_eq!((starts.len(), starts.first().unwrap().as_str(), starts.last().unwrap().as_str()),
            (8, "2027-03-16T01:00:00Z", "2027-03-16T04:30:00Z"));
    }

    async fn t7_exactly_one_start_is_taken(app) {
        let office = paris(app).await;
        let patient = office.patient("Precisa").await;
        let mut both_starts = at_local(&office, &patient, "2027-06-01T10:00", None);
        both_starts["start"] = json!("2027-06-01T08:00:00Z");
        let mut neither = both_starts.clone();
        neither.as_object_mut().unwrap().retain(|name, _| name != "start" && name != "local_start");
        let mut stray = office.booking(&patient, "2027-06-01T08:00:00Z");
        stray["utc_offset"] = json!("+02:00");
        for ask in [both_starts, neither, stray] {
            office.staff.post("/api/v1/appointments", &ask).await.expect(422);
        }
        for bare in ["2027-06-01T10:00", "2027-06-01T10:00:00", "2027-06-01", "tomorrow", "2027-06-31T10:00:00Z"] {
            let faults = office.book(&patient, bare).await.faults();
            assert_eq!(faults.iter().map(|(pointer, _)| pointer.as_str()).collect::<Vec<_>>(), ["/start"], "{bare}");
        }
        let any_offset = office.book(&patient, "2027-06-01T17:00:00+09:00").await.expect(201);
        assert_eq!(text(&any_offset["start"]), "2027-06-01T08:00:00Z");
        assert_eq!((text(&any_offset["local_start"]), text(&any_offset["time_zone"])), ("2027-06-01T10:00".into(), "Europe/Paris".into()));
    }
}
