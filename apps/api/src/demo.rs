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

use identity::model::email::Email;
use identity::model::password::PasswordAttempt;

use error::At;
pub use error::DemoError;
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
    let first = patients.first().zip(people.first()).at("find the first patient")?;
    let first = (*first.0, first.1.name.as_str());
    let members = company::enrol(&stage, &company, &opened.by_role(), first).await?;
    offers::name_members(&stage, &company, &opened, &members).await?;
    if let Some(caregiver) = members.get("caregiver") {
        registry::link(&stage, &company, caregiver.id, &patients).await?;
    }
    let plans = agenda::plans(&people, today);
    bookings::book_all(&stage, &company, &opened, &patients, &plans, now).await?;
    Ok(true)
}

/// True when everybody's password still opens an account of the company. Accounts that share a hash are tried once.
pub async fn is_open(app: &App) -> Result<bool, kernel::StoreError> {
    let view = app.identity.db.view_across_tenants("demo").await?;
    let mut tried = Vec::new();
    for member in staff::MEMBERS {
        let Ok(email) = Email::parse(&address_of(member.role)) else { continue };
        let account = view.account_by_email(&email).await?;
        let Some(hash) = account.and_then(|account| account.password) else { continue };
        if tried.contains(&hash) {
            continue;
        }
        tried.push(hash.clone());
        let attempt = PasswordAttempt::new(PASSWORD.to_owned());
        let verified = app.identity.passwords.verify(attempt, hash).await;
        if verified.map_err(kernel::StoreError::broken)?.0 {
            return Ok(true);
        }
    }
    Ok(false)
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

#[cfg(test)]
mod tests {
    use identity::usecase::sign_in::{SignIn, sign_in};
    use kernel::seal::Keyring;
    use kernel::{Origin, unheard};

    use super::*;
    use crate::settings::{Settings, Variables};
    use crate::wiring::World;

    async fn app(folder: &std::path::Path) -> App {
        let url = format!("sqlite://{}", folder.join("salus.db").display());
        let settings = Settings::parse(&Variables::new([("DATABASE_URL", url)])).unwrap();
        App::start(&settings, Keyring::generate().0, World::real()).await.unwrap()
    }

    #[actix_web::test]
    async fn the_demo_company_is_made_once_is_whole_and_lets_every_role_in() {
        let folder = tempfile::tempdir().unwrap();
        let app = app(folder.path()).await;
        assert!(app.database.is_untouched().await.unwrap());
        assert!(!is_open(&app).await.unwrap());
        assert!(make(&app, app.clock().now()).await.unwrap());
        assert!(!app.database.is_untouched().await.unwrap());
        assert!(is_open(&app).await.unwrap());
        assert!(!make(&app, app.clock().now()).await.unwrap());
        app.sequencer().run_dry().await.unwrap();
        let [tenant] = app.database.audited_tenants().await.unwrap().try_into().unwrap();
        assert_eq!(app.database.verify_whole_journal(tenant, None).await.unwrap().broken, None);
        for role in staff::MEMBERS.iter().map(|member| member.role) {
            let ask = SignIn {
                email: Email::parse(&address_of(role)).unwrap(),
                password: PasswordAttempt::new(PASSWORD.to_owned()),
                company: None,
                code: None,
            };
            let signed_in = sign_in(&app.identity, &Origin::default(), ask, unheard).await.unwrap().into_value();
            let membership = signed_in.profile.membership;
            assert_eq!(membership.role.name(), role);
            let agenda = staff::PRACTICES.iter().any(|practice| practice.role == Some(role));
            assert_eq!((membership.practitioner.is_some(), membership.patient.is_some()), (agenda, role == "patient"));
        }
    }

    #[test]
    fn the_welcome_has_six_lines_at_most() {
        let text = welcome("http://127.0.0.1:8080", true);
        assert!(text.lines().count() <= 6 && text.contains("/docs") && text.contains(PASSWORD), "{text}");
    }
}
