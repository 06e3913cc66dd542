//! Receptionists who book as fast as they can.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DurationRound, TimeDelta};
use kernel::{Clock, SystemClock};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Caller, Office, text};

const EMAIL: &str = "admin@storm.example";
const PASSWORD: &str = "três tigres e um trigal";
const RECEPTIONISTS: usize = 8;
const PRACTITIONERS: usize = 3;
const PATIENTS: usize = 24;

/// A company under load.
pub struct Storm {
    admin: Caller,
    office: Office,
    practitioners: Vec<String>,
    patients: Vec<String>,
}

/// What all receptionists of a round share.
#[derive(Default)]
struct Round {
    acknowledged: Mutex<Vec<String>>,
    next: AtomicUsize,
    dead: AtomicBool,
}

impl Storm {
    /// Founds the company.
    pub async fn gather(anonymous: &Caller) -> Self {
        let ask = json!({ "company_name": "Tempestade", "name": "Tereza", "email": EMAIL, "password": PASSWORD, "country": "BR" });
        let session = anonymous.post("/api/v1/auth/sign-up", &ask).await.expect(201);
        let admin = Caller { token: Some(text(&session["access_token"])), ..anonymous.clone() };
        let office = Office::of(admin.clone(), admin.clone(), "America/Sao_Paulo", json!({})).await;
        let mut practitioners = vec![office.practitioner.clone()];
        for number in 1..PRACTITIONERS {
            practitioners.push(office.practitioner(&format!("Dr. {number}")).await);
        }
        let patients = office.patients(PATIENTS).await;
        Self { admin, office, practitioners, patients }
    }

    /// Signs in again at the server that runs now.
    pub async fn sign_in(&mut self, anonymous: &Caller) {
        let session =
            anonymous.post("/api/v1/auth/sign-in", &json!({ "email": EMAIL, "password": PASSWORD })).await.expect(200);
        self.admin = Caller { token: Some(text(&session["access_token"])), ..anonymous.clone() };
    }

    pub fn caller(&self) -> &Caller {
        &self.admin
    }

    /// Books until `deaths` bookings were acknowledged, then kills; all that were acknowledged, also while it died.
    pub async fn rage(&self, server: &Caller, number: usize, deaths: usize, kill: impl Fn()) -> Vec<String> {
        let round = Arc::new(Round::default());
        let mut receptionists = JoinSet::new();
        for _ in 0..RECEPTIONISTS {
            let (caller, round) = (Caller { base: server.base.clone(), ..self.admin.clone() }, round.clone());
            let asks: Vec<Value> = (0..self.patients.len() * 12).map(|place| self.ask(number, place)).collect();
            receptionists.spawn(async move { book(&caller, &round, &asks).await });
        }
        while round.acknowledged.lock().unwrap().len() < deaths {
            assert!(!receptionists.is_empty());
            tokio::task::yield_now().await;
        }
        kill();
        round.dead.store(true, Ordering::SeqCst);
        receptionists.join_all().await;
        std::mem::take(&mut round.acknowledged.lock().unwrap())
    }

    /// The booking of a place: half of them collide with an earlier one.
    fn ask(&self, number: usize, place: usize) -> Value {
        let of = |all: &[String], at: usize| all.get(at % all.len()).unwrap().clone();
        let day = SystemClock.now().duration_trunc(TimeDelta::days(1)).unwrap()
            + TimeDelta::days(10 + i64::try_from(number).unwrap());
        let half_hours = i64::try_from(place / 4 % 48).unwrap();
        let mut ask = self
            .office
            .booking(&of(&self.patients, place * 7), &(day + TimeDelta::minutes(30 * half_hours)).to_rfc3339());
        ask["practitioner_id"] = json!(of(&self.practitioners, place / 2));
        ask
    }
}

async fn book(caller: &Caller, round: &Round, asks: &[Value]) {
    while !round.dead.load(Ordering::SeqCst) {
        let place = round.next.fetch_add(1, Ordering::SeqCst);
        let ask = asks.get(place % asks.len()).unwrap();
        let request = caller.http.post(format!("{}/api/v1/appointments", caller.base)).json(ask);
        let request = request.bearer_auth(caller.token.as_deref().unwrap_or_default());
        // The server is dead, or dies: whether it was booked is not known, and nothing was promised.
        let Ok(answer) = request.send().await else { continue };
        let status = answer.status().as_u16();
        let Ok(body) = answer.json::<Value>().await else { continue };
        match status {
            201 => round.acknowledged.lock().unwrap().push(text(&body["id"])),
            409 => {}
            _ => panic!("{status}: {body}"),
        }
    }
}
