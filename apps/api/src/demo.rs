//! The demo company "Clínica Aurora": the same on every machine, made through the use cases, around the present day.

mod agenda;
mod bookings;
mod company;
mod dice;
mod error;
mod identifiers;
mod names;
mod offers;
mod one_hash;
mod people;
mod registry;
mod staff;
mod stage;

use chrono::{DateTime, Duration, Utc};
use chrono_tz::America::Sao_Paulo;

pub use error::DemoError;
use error::At;
use stage::Stage;

use crate::wiring::App;

/// The company's name.
pub const NAME: &str = "Clínica Aurora";
/// The password of every account; public, so the company is for trying things out.
pub const PASSWORD: &str = "Salus-demo-2026";
/// How many patients there are.
pub const PATIENTS: u32 = 300;

/// With which address the account of a role signs in.
pub fn address_of(role: &str) -> String {
    format!("{role}@aurora.example")
}

/// Makes the company as it would have grown until `now`; false when it is there already.
pub async fn make(app: &App, now: DateTime<Utc>) -> Result<bool, DemoError> {
    let today = now.with_timezone(&Sao_Paulo).date_naive();
    let stage = Stage::of(app, now - Duration::days(17)).await?;
    let Some(company) = company::found(&stage).await? else { return Ok(false) };
    let opened = offers::open(&stage, &company).await?;
    let people = people::people(PATIENTS);
    let patients = registry::register(&stage, &company, &people, today).await?;
    let first = patients.first().copied().at("find the first patient")?;
    company::enrol(&stage, &company, &opened.by_role(), first).await?;
    let plans = agenda::plans(&people, today);
    bookings::book_all(&stage, &company, &opened, &patients, &plans, now).await?;
    Ok(true)
}

/// What to tell who started it, in at most six lines.
pub fn welcome(public_url: &str, is_new: bool) -> String {
    let company = if is_new { "was made" } else { "is there" };
    format!(
        "Salus answers at {public_url}\n\
         Try the API:  {public_url}/docs\n\
         The demo company {NAME} {company}: sign in with POST /api/v1/auth/sign-in as\n\
         {} (or doctor@, admin@, patient@ …), password {PASSWORD}\n\
         and press Authorize with the access_token of the answer.\n",
        address_of("receptionist")
    )
}
