//! Before the doors open: the account, the health units, their practitioners and hours.

use ::tests::measure::Random;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use kernel::{Clock, SystemClock};

use crate::api::{Account, Ask, Clinic, Desk};
use crate::ledger::Op;
use crate::rows::{Rows, Unit};
use crate::{Args, Outcome};

/// Length of an appointment. The file has none; this is the usual consultation of a health unit.
const MINUTES: usize = 20;
/// Opening hours of every unit.
const HOURS: [(&str, &str); 2] = [("07:00", "12:00"), ("13:00", "18:00")];
/// Slots of one practitioner on one day.
const SLOTS_A_DAY: usize = 10 * 60 / MINUTES;
const WEEK: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// A health unit as the server knows it.
#[derive(Debug)]
pub struct Staffed {
    /// The unit's own service.
    pub service: Uuid,
    /// How many practitioners offer it.
    pub practitioners: usize,
}

#[derive(Debug, Deserialize)]
struct Made {
    id: Uuid,
}

/// The account that was named, or a new company's.
pub fn account(args: &Args) -> Account {
    if let (Some(email), Some(password)) = (&args.email, &args.password) {
        return Account { email: email.clone(), password: password.clone(), sign_up: None };
    }
    let now = SystemClock.now().timestamp_micros();
    let mut random = Random::new(now.unsigned_abs());
    Account {
        email: format!("admin-{now}@vitoria.example"),
        password: format!("Vitoria-{:016x}", random.bits()),
        sign_up: Some(format!("Secretaria de Saúde de Vitória {now}")),
    }
}

/// Makes every health unit of the file: a service, and the practitioners that its busiest day needs.
pub async fn set(admin: &mut Desk, rows: &Rows) -> Outcome<Vec<Staffed>> {
    let clinic = admin.clinic()?;
    let mut staffed = Vec::with_capacity(rows.units.len());
    for unit in &rows.units {
        let ask =
            json!({ "name": format!("Consulta {}", unit.name), "duration_minutes": MINUTES, "horizon_days": 365 });
        let service: Made = admin.demand(Op::Stage, &Ask::post("/services", ask)).await?;
        let practitioners = unit.busiest_day.div_ceil(SLOTS_A_DAY);
        for number in 1..=practitioners {
            hire(admin, &clinic, unit, service.id, number).await?;
        }
        staffed.push(Staffed { service: service.id, practitioners });
    }
    Ok(staffed)
}

async fn hire(admin: &mut Desk, clinic: &Clinic, unit: &Unit, service: Uuid, number: usize) -> Outcome<()> {
    let ask = json!({
        "name": format!("Profissional {number} {}", unit.name), "profession": "doctor",
        "service_ids": [service], "clinic_ids": [clinic.id],
    });
    let practitioner: Made = admin.demand(Op::Stage, &Ask::post("/practitioners", ask)).await?;
    let days = WEEK.iter().take(if unit.weekends { 7 } else { 5 });
    let weekly: Vec<Value> = days
        .flat_map(|weekday| {
            HOURS.iter().map(move |(start, end)| json!({ "weekday": weekday, "start": start, "end": end }))
        })
        .collect();
    let ask =
        Ask::put(format!("/availability/{}", practitioner.id), json!({ "clinic_id": clinic.id, "weekly": weekly }));
    let _: Value = admin.demand(Op::Stage, &ask).await?;
    Ok(())
}
