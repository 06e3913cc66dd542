//! What the people of a large clinic ask its registry for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::tests::measure::Random;
use serde_json::{Value, json};
use tokio::runtime::Builder;
use uuid::Uuid;

use super::people::Person;
use crate::Outcome;
use crate::company::{id, post};
use crate::drive::Make;
use crate::table::Bar;
use crate::wire::{Connection, Request};

const EMAIL: &str = "admin@registry.example";
const PASSWORD: &str = "Registro-de-pacientes-2026";
/// Pages of the list that are asked for at random, from the first on.
const PAGES: usize = 60;

/// Somebody of the company, signed in.
#[derive(Debug)]
pub struct Desk {
    /// The company.
    pub company: Uuid,
    many: u64,
    token: String,
    /// The number of the next person who was never there.
    next: Arc<AtomicU64>,
}

impl Desk {
    /// Signs the company up.
    pub fn found(address: SocketAddr, many: u64) -> Outcome<Self> {
        let body = json!({
            "company_name": "Registro", "name": "Admin", "email": EMAIL, "password": PASSWORD, "country": "BR",
            "time_zone": "America/Sao_Paulo", "locale": "pt-BR",
        });
        let session = asked(address, "", "/auth/sign-up", &body)?;
        let company = id(session.pointer("/user/company_id"))?;
        let token = session.get("access_token").and_then(Value::as_str).ok_or("no token")?;
        let service =
            id(asked(address, token, "/services", &json!({ "name": "Consulta", "duration_minutes": 30 }))?.get("id"))?;
        let clinic = id(session.pointer("/user/clinics/0/id"))?;
        let doctor = json!({ "name": "Dra. Registro", "profession": "doctor", "service_ids": [service], "clinic_ids": [clinic] });
        asked(address, token, "/practitioners", &doctor)?;
        Ok(Self { company, many, token: String::new(), next: Arc::new(AtomicU64::new(many)) })
    }

    /// Signs in: an access token lives for a quarter of an hour.
    pub fn sign_in(&mut self, address: SocketAddr) -> Outcome<()> {
        let session = asked(address, "", "/auth/sign-in", &json!({ "email": EMAIL, "password": PASSWORD }))?;
        session.get("access_token").and_then(Value::as_str).ok_or("no token")?.clone_into(&mut self.token);
        Ok(())
    }

    /// The access token of the last sign-in.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Pages of fifty: of all by name and by registration, and under filters.
    pub fn lists(&self, address: SocketAddr) -> Outcome<Vec<(String, Make, Bar)>> {
        let mut lists = Vec::new();
        for (what, query) in [
            ("list page", "limit=50"),
            ("list page, newest first", "limit=50&sort=-created"),
            ("list page of a town", "limit=50&city=Campinas"),
            ("list page of women over 60 with a plan", "limit=50&sex=female&age_min=60&health_plan=Vida%20Serena"),
            ("list page of who lives within 5 km", "limit=50&near=-23.55,-46.63,5"),
        ] {
            let pages = self.pages(address, query)?;
            let make: Make = Arc::new(move |random| random.pick(&pages).cloned().unwrap_or_default());
            lists.push((what.to_owned(), make, Bar::AtMost(20.0, "ms")));
        }
        Ok(lists)
    }

    /// Names in whole and in part, CPF, telephone numbers and e-mail addresses of those who are there.
    pub fn searches(&self) -> Make {
        let (many, token) = (self.many, self.token.clone());
        Arc::new(move |random| {
            let person = Person::of(random.bits() % many.max(1));
            get(&token, &format!("/patients?limit=20&search={}", encoded(&words(&person, random))))
        })
    }

    /// The totals under a filter.
    pub fn statistics(&self, filter: &str) -> Make {
        let request = get(&self.token, &format!("/patients/stats?{filter}"));
        Arc::new(move |_| request.clone())
    }

    /// How many patients a filter leaves.
    pub fn matches(&self, address: SocketAddr, filter: &str) -> Outcome<f64> {
        let line = format!("GET /api/v1/patients/stats?{filter}");
        let totals = demanded(address, &Request { line: &line, token: &self.token, ..Request::default() })?;
        totals.get("patients").and_then(Value::as_f64).ok_or_else(|| "the totals tell no number of patients".into())
    }

    /// Somebody new, held against those who are there.
    pub fn drafts(&self) -> Make {
        self.posts("/patients/match")
    }

    /// Somebody new.
    pub fn creations(&self) -> Make {
        self.posts("/patients")
    }

    fn posts(&self, path: &str) -> Make {
        let (token, next, line) = (self.token.clone(), Arc::clone(&self.next), format!("POST /api/v1{path}"));
        Arc::new(move |_| {
            let body = Person::of(next.fetch_add(1, Ordering::Relaxed)).json().to_string();
            Request { line: &line, token: &token, body: &body, ..Request::default() }.render()
        })
    }

    /// The requests for the first pages of a list, each with the cursor that the one before told.
    fn pages(&self, address: SocketAddr, query: &str) -> Outcome<Vec<Vec<u8>>> {
        Builder::new_current_thread().enable_all().build()?.block_on(async {
            let mut connection = Connection::open(address).await?;
            let (mut pages, mut cursor) = (Vec::with_capacity(PAGES), String::new());
            while pages.len() < PAGES {
                let request = get(&self.token, &format!("/patients?{query}{cursor}"));
                let (status, body) = connection.ask(&request).await?;
                if status != 200 {
                    return Err(format!("{query}: {status} {}", String::from_utf8_lossy(body)).into());
                }
                let page: Value = serde_json::from_slice(body)?;
                pages.push(request);
                match page.get("next_cursor").and_then(Value::as_str) {
                    Some(next) => cursor = format!("&cursor={}", encoded(next)),
                    None => break,
                }
            }
            Ok(pages)
        })
    }
}

/// What somebody types who looks for a person.
fn words(person: &Person, random: &mut Random) -> String {
    let beginning = |word: &str| word.chars().take(4).collect::<String>();
    match random.below(100) {
        0..40 => person.short_name.clone(),
        40..55 => person.name.to_lowercase(),
        55..65 => person.family.clone(),
        65..75 => beginning(&person.name),
        75..85 => person.cpf.clone().unwrap_or_else(|| person.phone.clone()),
        85..95 => person.phone.trim_start_matches("+5511").to_owned(),
        _ => person.email.clone().unwrap_or_else(|| person.mother.clone()),
    }
}

fn get(token: &str, path: &str) -> Vec<u8> {
    Request { line: &format!("GET /api/v1{path}"), token, ..Request::default() }.render()
}

fn asked(address: SocketAddr, token: &str, path: &str, body: &Value) -> Outcome<Value> {
    Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async { post(&mut Connection::open(address).await?, token, path, body).await })
}

/// A request that has to succeed, over a connection of its own.
pub fn demanded(address: SocketAddr, request: &Request<'_>) -> Outcome<Value> {
    Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async { Connection::open(address).await?.demand(request).await })
}

/// A value as it stands in a query string.
fn encoded(value: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let bytes = value.as_bytes().iter();
    bytes.map(|byte| if plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_encoded_as_its_bytes() {
        assert_eq!(encoded("João da +5"), "Jo%C3%A3o%20da%20%2B5");
    }

    #[test]
    fn every_word_that_is_searched_for_is_the_persons() {
        let mut random = Random::new(7);
        let mut kinds = std::collections::BTreeSet::new();
        for number in 0..2_000 {
            let person = Person::of(number);
            let words = words(&person, &mut random);
            assert!(!words.is_empty());
            kinds.insert((words.contains(' '), words.contains('@'), words.chars().all(|c| c.is_ascii_digit())));
        }
        assert_eq!(kinds.len(), 4, "{kinds:?}");
    }
}
