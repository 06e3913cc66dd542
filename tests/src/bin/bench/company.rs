//! The bench company and its neighbours, made through the API like any other.

use std::net::SocketAddr;
use std::sync::Arc;

use ::tests::measure::Random;
use chrono::{DateTime, NaiveTime, SecondsFormat, TimeDelta, Utc};
use kernel::{Clock, SystemClock};
use serde_json::{Value, json};
use tokio::runtime::Builder;
use uuid::Uuid;

use crate::drive::Make;
use crate::office::{self, Office, Staff};
use crate::patients::{self, SEARCHED};
use crate::wire::{Connection, Request};
use crate::{Args, Outcome};

/// Companies on one server, the bench company among them.
pub const COMPANIES: u64 = 10;
/// Patients that bookings pick from: one for all would queue on that patient's own agenda.
const BOOKABLE: usize = 20_000;
/// Half hours that bookings pick from, ten years of them.
const HALF_HOURS: usize = 175_000;
const PASSWORD: &str = "Bench-company-2026";
const WEEK: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The company that is measured.
#[derive(Debug)]
pub struct Company {
    /// All companies of the server, this one first.
    pub tenants: Vec<Uuid>,
    /// Its clinic.
    pub clinic: Uuid,
    /// The service that is booked.
    pub service: Uuid,
    /// Booked at random.
    pub practitioners: Vec<Uuid>,
    /// The patients that bookings pick from.
    pub bookable: Vec<Uuid>,
    /// Midnight, the day after tomorrow: bookings start here.
    pub first_start: DateTime<Utc>,
    /// Working hours as in any practice, for the slots.
    pub office: Office,
    contended: Uuid,
    token: String,
}

impl Company {
    /// Signs up ten companies and gives the first a service and practitioners.
    pub fn found(address: SocketAddr, args: &Args) -> Outcome<Self> {
        Builder::new_current_thread().enable_all().build()?.block_on(async {
            let mut connection = Connection::open(address).await?;
            let mut sessions = Vec::new();
            for number in 0..COMPANIES {
                sessions.push(sign_up(&mut connection, number).await?);
            }
            let session = sessions.first().ok_or("no company")?;
            let clinic = id(session.pointer("/user/clinics/0/id"))?;
            let token = text(session.get("access_token"))?;
            let service = json!({ "name": "Consultation", "duration_minutes": 30, "horizon_days": 4000 });
            let service = post(&mut connection, &token, "/services", &service).await?;
            let service = id(service.get("id"))?;
            let around_the_clock =
                json!(WEEK.map(|weekday| json!({ "weekday": weekday, "start": "00:00", "end": "24:00" })));
            let mut staff = Staff { connection: &mut connection, token: &token, clinic };
            let contended = staff.hire(service, &around_the_clock).await?;
            let mut practitioners = Vec::with_capacity(args.practitioners);
            for _ in 0..args.practitioners {
                practitioners.push(staff.hire(service, &around_the_clock).await?);
            }
            let office = Office::open(&mut staff).await?;
            let tenants = sessions.iter().map(|session| id(session.pointer("/user/company_id")));
            let bookable = patients::of_company(0).take(args.patients);
            let every = (args.patients / BOOKABLE).max(1);
            Ok(Self {
                clinic,
                tenants: tenants.collect::<Outcome<_>>()?,
                service,
                practitioners,
                bookable: bookable.step_by(every).map(|patient| patient.id).collect(),
                first_start: (SystemClock.now().date_naive() + TimeDelta::days(2)).and_time(NaiveTime::MIN).and_utc(),
                office,
                contended,
                token,
            })
        })
    }

    /// Signs in again: an access token lives for a quarter of an hour.
    pub fn sign_in(&mut self, address: SocketAddr) -> Outcome<()> {
        Builder::new_current_thread().enable_all().build()?.block_on(async {
            let body = json!({ "email": email(0), "password": PASSWORD });
            let session = post(&mut Connection::open(address).await?, "", "/auth/sign-in", &body).await?;
            self.token = text(session.get("access_token"))?;
            Ok(())
        })
    }

    /// The first twenty patients.
    pub fn list(&self) -> Make {
        self.get("/patients?limit=20")
    }

    /// The patients of a rare word.
    pub fn search(&self) -> Make {
        self.get(&format!("/patients?limit=20&search={SEARCHED}"))
    }

    /// Thirty days of free slots in the office.
    pub fn slots(&self) -> Make {
        self.get(&self.office.slots(self.first_start))
    }

    /// Gives the office the bookings of a busy month.
    pub fn fill_office(&self, address: SocketAddr) -> Outcome<()> {
        Builder::new_current_thread().enable_all().build()?.block_on(async {
            let mut connection = Connection::open(address).await?;
            let starts = office::starts(self.first_start);
            for (start, patient) in starts.into_iter().zip(&self.bookable) {
                let body = booking_body(self.office.service, self.office.practitioner, *patient, start);
                let (status, answer) = connection.ask(&booking(&self.token, "", &body)).await?;
                // Outside the office's hours the refusal is right.
                if !matches!(status, 201 | 409 | 422) {
                    return Err(format!("booking: {status} {}", String::from_utf8_lossy(answer)).into());
                }
            }
            Ok(())
        })
    }

    /// What other load programs need to know.
    pub fn describe(&self, address: SocketAddr, pid: u32) -> Value {
        json!({
            "url": format!("http://{address}"), "pid": pid, "token": self.token, "service_id": self.service,
            "contended_practitioner_id": self.contended, "first_start": instant(self.first_start),
            "slots": self.office.slots(self.first_start),
        })
    }

    /// A random practitioner, half hour and patient, under an idempotency key of its own.
    pub fn book(&self) -> Make {
        let (practitioners, patients) = (self.practitioners.clone(), self.bookable.clone());
        let (token, service, first) = (self.token.clone(), self.service, self.first_start);
        Arc::new(move |random| {
            let practitioner = random.pick(&practitioners).copied().unwrap_or_default();
            let patient = random.pick(&patients).copied().unwrap_or_default();
            let start = half_hour(first, random.below(HALF_HOURS));
            let key = format!("{:016x}{:016x}", random.bits(), random.bits());
            booking(&token, &key, &booking_body(service, practitioner, patient, start))
        })
    }

    /// As many callers for one slot as there are connections, each for another patient.
    pub fn contenders(&self, callers: usize, round: u64) -> Vec<Vec<u8>> {
        let mut random = Random::new(round);
        let start = half_hour(self.first_start, random.below(HALF_HOURS));
        let body = |patient: &Uuid| booking_body(self.service, self.contended, *patient, start);
        self.bookable.iter().take(callers).map(|patient| booking(&self.token, "", &body(patient))).collect()
    }

    /// SQL values for the booking script: how many practitioners, patients and half hours there are.
    pub fn choices(&self) -> [usize; 3] {
        [self.practitioners.len(), self.bookable.len(), HALF_HOURS]
    }

    fn get(&self, path: &str) -> Make {
        let line = format!("GET /api/v1{path}");
        let request = Request { line: &line, token: &self.token, ..Request::default() }.render();
        Arc::new(move |_| request.clone())
    }
}

fn half_hour(first: DateTime<Utc>, number: usize) -> DateTime<Utc> {
    first + TimeDelta::minutes(30 * i64::try_from(number).unwrap_or_default())
}

/// An instant as the API takes it.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn booking_body(service: Uuid, practitioner: Uuid, patient: Uuid, start: DateTime<Utc>) -> String {
    let start = instant(start);
    format!(
        r#"{{"service_id":"{service}","practitioner_id":"{practitioner}","patient_id":"{patient}","start":"{start}"}}"#
    )
}

fn booking(token: &str, key: &str, body: &str) -> Vec<u8> {
    Request { line: "POST /api/v1/appointments", token, key, body, ..Request::default() }.render()
}

fn email(number: u64) -> String {
    format!("admin-{number}@bench.example")
}

async fn sign_up(connection: &mut Connection, number: u64) -> Outcome<Value> {
    let body = json!({
        "company_name": format!("Company {number}"), "name": "Admin", "email": email(number), "password": PASSWORD,
        "country": "FR", "time_zone": "Europe/Paris", "locale": "fr",
    });
    post(connection, "", "/auth/sign-up", &body).await
}

/// `POST` below `/api/v1` of what has to be accepted.
pub async fn post(connection: &mut Connection, token: &str, path: &str, body: &Value) -> Outcome<Value> {
    let line = format!("POST /api/v1{path}");
    connection.demand(&Request { line: &line, token, body: &body.to_string(), ..Request::default() }).await
}

/// The id in an answer.
pub fn id(value: Option<&Value>) -> Outcome<Uuid> {
    Ok(text(value)?.parse()?)
}

fn text(value: Option<&Value>) -> Outcome<String> {
    Ok(value.and_then(Value::as_str).ok_or("an answer lacks a field")?.to_owned())
}
