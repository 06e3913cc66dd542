//! The day itself: 16 receptionists and one queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::tests::measure::Random;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::api::{Account, Ask, Desk};
use crate::calendar::Calendar;
use crate::ledger::{Count, Ledger, Op};
use crate::names;
use crate::rows::{Person, Rows, Visit};
use crate::stage::Staffed;
use crate::{Args, Outcome};

/// How often a receptionist asks again after somebody else was faster.
const TRIES: usize = 10;
/// How many free slots are looked at.
const CHOICE: usize = 60;

/// What all receptionists share.
#[derive(Debug)]
pub struct Plan {
    rows: Rows,
    units: Vec<Staffed>,
    calendar: Calendar,
    ledger: Arc<Ledger>,
    patients: Vec<OnceCell<Option<Uuid>>>,
    next: AtomicUsize,
}

#[derive(Debug, Deserialize)]
struct Made {
    id: Uuid,
}

#[derive(Debug, Deserialize)]
struct Slots {
    items: Vec<Slot>,
}

#[derive(Debug, Deserialize)]
struct Slot {
    start: String,
    practitioner_id: Uuid,
    clinic_id: Uuid,
}

impl Plan {
    /// A day of which nothing is played yet.
    pub fn new(rows: Rows, units: Vec<Staffed>, calendar: Calendar, ledger: Arc<Ledger>) -> Self {
        let patients = rows.people.iter().map(|_| OnceCell::new()).collect();
        Self { rows, units, calendar, ledger, patients, next: AtomicUsize::new(0) }
    }

    fn next(&self) -> Option<&Visit> {
        self.rows.visits.get(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Registers the patient at the first of their rows; the others wait for that.
    async fn patient(&self, desk: &mut Desk, person: usize) -> Outcome<Option<Uuid>> {
        let cell = self.patients.get(person).ok_or("a row without a person")?;
        let person = self.rows.people.get(person).ok_or("a row without a person")?;
        let registered = cell.get_or_try_init(async || -> Outcome<Option<Uuid>> {
            let made = desk.call::<Made>(Op::Register, &Ask::post("/patients", registration(person))).await?;
            Ok(made.ok().map(|made| {
                self.ledger.count(Count::Registered);
                made.id
            }))
        });
        Ok(*registered.await?)
    }
}

/// Plays every row; ends early when a connection is lost.
pub async fn work(plan: &Arc<Plan>, args: &Args, account: &Account) -> Outcome<()> {
    let bar = ProgressBar::new(u64::try_from(plan.rows.visits.len())?)
        .with_style(ProgressStyle::with_template("{bar:40} {pos}/{len} {per_sec} {elapsed_precise} left {eta}")?);
    let account = Account { sign_up: None, ..account.clone() };
    let mut receptionists = JoinSet::new();
    for _ in 0..args.receptionists.max(1) {
        let mut desk = Desk::open(&args.base_url, &account, Arc::clone(&plan.ledger)).await?;
        let (plan, bar) = (Arc::clone(plan), bar.clone());
        receptionists.spawn(async move {
            while let Some(visit) = plan.next() {
                play(&plan, &mut desk, visit).await?;
                bar.inc(1);
            }
            Outcome::Ok(())
        });
    }
    while let Some(ended) = receptionists.join_next().await {
        ended??;
    }
    bar.finish();
    Ok(())
}

async fn play(plan: &Plan, desk: &mut Desk, visit: &Visit) -> Outcome<()> {
    let Some(patient) = plan.patient(desk, visit.person).await? else { return Ok(()) };
    let Some(appointment) = book(plan, desk, visit, patient).await? else { return Ok(()) };
    plan.ledger.count(Count::Booked);
    let (op, count, ask) = if visit.came {
        (Op::Confirm, Count::Confirmed, Ask::post(format!("/appointments/{appointment}/confirm"), json!({})))
    } else {
        let reason = json!({ "reason": "did not come", "requested_by": "patient" });
        (Op::Cancel, Count::Cancelled, Ask::post(format!("/appointments/{appointment}/cancel"), reason))
    };
    if desk.call::<Value>(op, &ask).await?.is_ok() {
        plan.ledger.count(count);
    }
    Ok(())
}

/// Asks for the day's slots and takes one; asks again when it was gone or when the patient is elsewhere at that time.
async fn book(plan: &Plan, desk: &mut Desk, visit: &Visit, patient: Uuid) -> Outcome<Option<Uuid>> {
    let service = plan.units.get(visit.unit).ok_or("a row without a unit")?.service;
    let (from, to) = plan.calendar.bounds(visit.day)?;
    let mut random = Random::of(&visit.appointment);
    for attempt in 0..TRIES {
        let ask = Ask::get(format!("/slots?service_id={service}&from={from}&to={to}&limit={CHOICE}"));
        let Ok(slots) = desk.call::<Slots>(Op::Slots, &ask).await? else { return Ok(None) };
        let Some(slot) = random.pick(&slots.items) else {
            plan.ledger.count(Count::Full);
            return Ok(None);
        };
        let body = json!({
            "service_id": service, "practitioner_id": slot.practitioner_id, "clinic_id": slot.clinic_id,
            "patient_id": patient, "start": slot.start,
        });
        let ask = Ask::post("/appointments", body).once(format!("{}-{attempt}", visit.appointment));
        match desk.call::<Made>(Op::Book, &ask).await? {
            Ok(made) => return Ok(Some(made.id)),
            Err(refused) if refused.taken() => {}
            Err(_) => return Ok(None),
        }
    }
    plan.ledger.count(Count::GaveUp);
    Ok(None)
}

fn registration(person: &Person) -> Value {
    let mut body = json!({
        "name": names::name(&person.source_id, person.female),
        "sex": if person.female { "female" } else { "male" },
        "custom": { "source_patient_id": person.source_id },
        // Names are invented from few words, so that two persons may share one and their date of birth.
        "allow_duplicate": true,
    });
    if let (Some(fields), Some(date)) = (body.as_object_mut(), person.birth_date) {
        fields.insert("birth_date".to_owned(), json!(date));
    }
    body
}
