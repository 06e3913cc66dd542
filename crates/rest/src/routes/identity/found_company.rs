//! `POST /api/v1/companies`

use identity::Identity;
use identity::model::membership::CompanyOfAccount;
use identity::model::name::PlaceName;
use identity::model::place::{Country, Locale, TimeZone};
use identity::permission::FoundCompany;
use identity::usecase::found_company as usecase;
use identity::usecase::founding;
use kernel::StoredReply;
use serde_json::json;

use crate::wire::identity::CompanyOfAccountWire;
use crate::{Ask, Body, Created, Env, FromJson, Guard, Own, Problem, operation};

/// Which company is founded
#[derive(Debug, FromJson)]
pub struct NewCompany {
    /// Its name, and its first clinic's.
    company_name: PlaceName,
    /// ISO 3166-1 alpha-2; Brazil when absent.
    country: Option<Country>,
    /// IANA zone of the first clinic; the country's usual one when absent.
    time_zone: Option<TimeZone>,
    /// `pt-BR`, `fr` or `en`; the country's usual one when absent.
    locale: Option<Locale>,
}

impl Ask for NewCompany {
    fn sample() -> serde_json::Value {
        json!({"company_name": "Clínica Aurora Paris", "country": "FR", "time_zone": "Europe/Paris", "locale": "fr"})
    }
}

/// Found a further company
///
/// Makes the company, its first clinic and a membership that makes you its admin. Go there by `switch_company`. The request
/// belongs to no one company, so that it knows no `Idempotency-Key`.
#[operation(class = SignUp, secret)]
pub async fn found_company(
    guard: Guard<Own<FoundCompany>>,
    identity: Env<Identity>,
    body: Body<NewCompany>,
) -> Result<Created<CompanyOfAccountWire>, Problem> {
    let permit = guard.permit(&body);
    let ask = body.into_inner().into();
    Ok(usecase::found_company(&identity, &permit, ask, founded).await?.into())
}

impl From<NewCompany> for founding::NewCompany {
    fn from(ask: NewCompany) -> Self {
        let country = ask.country.unwrap_or(Country::BRAZIL);
        Self {
            name: ask.company_name,
            country,
            time_zone: ask.time_zone.unwrap_or_else(|| country.usual_time_zone()),
            locale: ask.locale.unwrap_or_else(|| country.usual_locale()),
        }
    }
}

fn founded(company: &CompanyOfAccount) -> StoredReply {
    Created::reply(&CompanyOfAccountWire::from(company), "/api/v1/company".to_owned(), None)
}
