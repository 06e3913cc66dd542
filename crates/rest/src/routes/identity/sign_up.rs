//! `POST /api/v1/auth/sign-up`

use identity::Identity;
use identity::model::email::Email;
use identity::model::name::{DisplayName, PlaceName};
use identity::model::password::Password;
use identity::model::place::{Country, Locale, TimeZone};
use identity::usecase::sign_up::{self as usecase, AddressProof, Founder};
use identity::usecase::signed_in::SignedIn;
use kernel::{Reply, StoredReply};
use serde_json::json;

use crate::cookies::{InSession, Transport};
use crate::wire::identity::SessionWire;
use crate::{Ask, Body, Created, Env, FromJson, Guard, Problem, Public, operation};

/// Who founds which company
#[derive(Debug, FromJson)]
pub struct SignUp {
    /// The company's name, and its first clinic's.
    company_name: PlaceName,
    /// Your name.
    name: DisplayName,
    /// The address you will sign in with.
    email: Email,
    /// 12 to 128 characters, none of the common ones.
    password: Password,
    /// ISO 3166-1 alpha-2; Brazil when absent.
    country: Option<Country>,
    /// IANA zone of the first clinic; the country's usual one when absent.
    time_zone: Option<TimeZone>,
    /// `pt-BR`, `fr` or `en`; the country's usual one when absent.
    locale: Option<Locale>,
    /// `cookie` for pages of the same site; `token` when absent.
    transport: Option<Transport>,
}

impl Ask for SignUp {
    fn sample() -> serde_json::Value {
        json!({
            "company_name": "Clínica Aurora",
            "name": "Ana Souza",
            "email": "ana@aurora.example",
            "password": "três tigres tristes",
            "country": "BR",
            "time_zone": "America/Sao_Paulo",
            "locale": "pt-BR"
        })
    }
}

/// Found a company
///
/// Makes the company, its first clinic and you as its admin, and signs you in. A link to verify the address leaves by mail.
#[operation(class = SignUp, refuses(Conflict, Forbidden), secret)]
pub async fn sign_up(
    guard: Guard<Public>,
    identity: Env<Identity>,
    body: Body<SignUp>,
) -> Result<InSession<Created<SessionWire>>, Problem> {
    let ask = body.into_inner();
    let transport = guard.transport(ask.transport)?;
    let committed = usecase::sign_up(&identity, guard.origin(), ask.into(), signed_up(transport)).await?;
    Ok(InSession::open(committed, transport))
}

impl From<SignUp> for usecase::SignUp {
    fn from(ask: SignUp) -> Self {
        let country = ask.country.unwrap_or(Country::BRAZIL);
        let founder = Founder {
            company_name: ask.company_name,
            name: ask.name,
            email: ask.email,
            country,
            time_zone: ask.time_zone.unwrap_or_else(|| country.usual_time_zone()),
            locale: ask.locale.unwrap_or_else(|| country.usual_locale()),
            proof: AddressProof::ByMail,
        };
        Self { founder, password: ask.password }
    }
}

fn signed_up(transport: Transport) -> Reply<SignedIn> {
    match transport {
        Transport::Token => |signed_in| told(&SessionWire::of(signed_in, Transport::Token)),
        Transport::Cookie => |signed_in| told(&SessionWire::of(signed_in, Transport::Cookie)),
    }
}

fn told(session: &SessionWire) -> StoredReply {
    Created::reply(session, "/api/v1/auth/me".to_owned(), None)
}
