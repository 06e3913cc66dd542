//! Working hours as in any practice, and a busy month: what free slots are computed from.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Outcome;
use crate::company::{id, instant, post};
use crate::wire::{Connection, Request};

const HOURS: [(&str, &str); 2] = [("08:00", "12:00"), ("13:30", "18:00")];
const WORKING_DAYS: [&str; 5] = ["monday", "tuesday", "wednesday", "thursday", "friday"];
/// Half past seven in UTC, the first of ten hourly bookings.
const FIRST_BOOKING: TimeDelta = TimeDelta::minutes(450);

/// Who hires.
#[derive(Debug)]
pub struct Staff<'a> {
    /// To the server.
    pub connection: &'a mut Connection,
    /// Of an administrator.
    pub token: &'a str,
    /// Where the practitioners work.
    pub clinic: Uuid,
}

/// One practitioner with a service every quarter of an hour.
#[derive(Debug)]
pub struct Office {
    /// Half an hour.
    pub service: Uuid,
    /// Who offers it.
    pub practitioner: Uuid,
}

impl Staff<'_> {
    /// Makes a practitioner with these weekly windows.
    pub async fn hire(&mut self, service: Uuid, weekly: &Value) -> Outcome<Uuid> {
        let Staff { connection, token, clinic } = self;
        let body =
            json!({ "name": "Dr Bench", "profession": "doctor", "service_ids": [service], "clinic_ids": [clinic] });
        let practitioner = id(post(connection, token, "/practitioners", &body).await?.get("id"))?;
        let body = json!({ "clinic_id": clinic, "weekly": weekly }).to_string();
        let line = format!("PUT /api/v1/availability/{practitioner}");
        connection.demand(&Request { line: &line, token, version: "*", body: &body, ..Request::default() }).await?;
        Ok(practitioner)
    }
}

impl Office {
    /// Opens the office.
    pub async fn open(staff: &mut Staff<'_>) -> Outcome<Self> {
        let service = json!({ "name": "Office", "duration_minutes": 30, "slot_interval_minutes": 15 });
        let service = id(post(staff.connection, staff.token, "/services", &service).await?.get("id"))?;
        let windows = WORKING_DAYS.iter().flat_map(|weekday| {
            HOURS.iter().map(move |(start, end)| json!({ "weekday": weekday, "start": start, "end": end }))
        });
        let practitioner = staff.hire(service, &windows.collect()).await?;
        Ok(Self { service, practitioner })
    }

    /// The path of its free slots in the thirty days from `first`.
    pub fn slots(&self, first: DateTime<Utc>) -> String {
        let [from, to] = [first, first + TimeDelta::days(30)].map(instant);
        let Self { service, practitioner } = self;
        format!("/slots?service_id={service}&practitioner_id={practitioner}&from={from}&to={to}&limit=1000")
    }
}

/// Ten hourly starts on each of thirty days; those outside the hours will be refused.
pub fn starts(first: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let days = (0..30).map(|day| first + FIRST_BOOKING + TimeDelta::days(day));
    days.flat_map(|day| (0..10).map(move |hour| day + TimeDelta::hours(hour))).collect()
}
