//! Values of identity on the wire.

pub mod api_keys;
pub mod oidc;

mod audit;
mod jobs;

pub mod me;
pub mod second_factor;

pub mod account;

pub mod members;
pub mod places;
pub mod settings;
mod values;

use std::collections::BTreeMap;

use identity::model::access_token::ACCESS_LIFE;
use identity::model::email::{Email, InvalidEmail};
use identity::model::membership::{CompanyOfAccount, Membership, MembershipStatus, Profile};
use identity::model::name::{DisplayName, NameError, PlaceName};
use identity::model::password::{Password, PasswordAttempt, WeakPassword};
use identity::model::place::{Country, Locale, TimeZone, UnknownPlace};
use identity::model::policy::PERMISSIONS;
use identity::model::registration::Registration;
use identity::usecase::signed_in::SignedIn;
use kernel::Reply;
use kernel::ids::{PatientId, PractitionerId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::KnownFormat;
use uuid::Uuid;

use crate::cookies::Transport;
use crate::schema::{self, AnySchema};
use crate::{Changed, FromText, Wire};

pub use audit::{AuditEntryWire, AuditPage, AuditProofWire, RefusedAttemptPage, RefusedAttemptWire};
pub use jobs::{JobPage, JobWire};
pub use places::ClinicWire;

impl FromText for Email {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).map_err(InvalidEmail::code)
    }

    fn text_schema() -> AnySchema {
        schema::format(KnownFormat::Email)
    }
}

impl FromText for DisplayName {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).map_err(NameError::code)
    }

    fn text_schema() -> AnySchema {
        schema::text(1, Self::LONGEST)
    }
}

impl FromText for PlaceName {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).map_err(NameError::code)
    }

    fn text_schema() -> AnySchema {
        schema::text(1, Self::LONGEST)
    }
}

impl FromText for Password {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text.to_owned()).map_err(WeakPassword::code)
    }

    fn text_schema() -> AnySchema {
        schema::text(Self::SHORTEST, Self::LONGEST)
    }
}

impl FromText for PasswordAttempt {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Ok(Self::new(text.to_owned()))
    }
}

impl FromText for Country {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).map_err(UnknownPlace::code)
    }

    fn text_schema() -> AnySchema {
        schema::pattern("^[A-Za-z]{2}$")
    }
}

impl FromText for TimeZone {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).map_err(UnknownPlace::code)
    }

    fn text_schema() -> AnySchema {
        schema::text(1, 64)
    }
}

impl FromText for Locale {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).map_err(UnknownPlace::code)
    }

    fn text_schema() -> AnySchema {
        schema::pattern("^([Pp][Tt]|[Ff][Rr]|[Ee][Nn])(-[A-Za-z0-9]{2,8})?$")
    }
}

/// A registration with a professional council
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProfessionalRegistration)]
pub struct RegistrationWire {
    /// `CRM`, `COREN`, `CRO`, `CREFITO`, `CRP`, `CRN` or `CRFa`.
    council: String,
    /// A state, or a region's number.
    region: String,
    /// The number within the region.
    number: String,
}

impl From<&Registration> for RegistrationWire {
    fn from(registration: &Registration) -> Self {
        Self {
            council: registration.council().name().to_owned(),
            region: registration.region().to_owned(),
            number: registration.number().to_owned(),
        }
    }
}

/// The signed-in member of a company
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserWire {
    /// The id of the membership: the person in this company.
    id: Uuid,
    /// The id of the account: the person in all companies.
    account_id: Uuid,
    /// The name shown in this company.
    name: String,
    /// The account's own name.
    account_name: String,
    /// The address one signs in with.
    email: String,
    /// Whether the address was verified by its link.
    email_verified: bool,
    /// The person's language.
    locale: String,
    /// What the person chose for the screens.
    #[schema(value_type = Object)]
    preferences: serde_json::Map<String, serde_json::Value>,
    /// The role in this company.
    role: String,
    /// The company.
    company_id: Uuid,
    /// The company's name.
    company_name: String,
    /// The practitioner whose agenda is the member's own.
    practitioner_id: Option<Uuid>,
    /// The patient that the member is.
    patient_id: Option<Uuid>,
    /// The clinics the member works in.
    clinics: Vec<ClinicWire>,
    /// For each area and verb whether it is allowed, such as `patients.read`.
    permissions: BTreeMap<String, BTreeMap<String, bool>>,
    /// French RPPS number.
    rpps_number: Option<String>,
    /// French ADELI number.
    adeli_number: Option<String>,
    /// Registrations with councils.
    registrations: Vec<RegistrationWire>,
}

impl From<&Profile> for UserWire {
    fn from(profile: &Profile) -> Self {
        let Profile { account, membership, company, clinics, .. } = profile;
        let credentials = &membership.credentials;
        Self {
            id: membership.id.uuid(),
            account_id: account.id.uuid(),
            name: membership.display_name.as_str().to_owned(),
            account_name: account.name.as_str().to_owned(),
            email: account.email.as_str().to_owned(),
            email_verified: account.email_verified_at.is_some(),
            locale: account.locale.as_str().to_owned(),
            preferences: account.preferences.as_map().clone(),
            role: membership.role.name().to_owned(),
            company_id: company.id.uuid(),
            company_name: company.name.as_str().to_owned(),
            practitioner_id: membership.practitioner.map(PractitionerId::uuid),
            patient_id: membership.patient.map(PatientId::uuid),
            clinics: clinics.iter().map(Into::into).collect(),
            permissions: permissions(membership),
            rpps_number: credentials.rpps.as_ref().map(|number| number.as_str().to_owned()),
            adeli_number: credentials.adeli.as_ref().map(|number| number.as_str().to_owned()),
            registrations: credentials.registrations.iter().map(Into::into).collect(),
        }
    }
}

impl Wire for UserWire {
    fn sample() -> Self {
        let verbs = BTreeMap::from([("read".to_owned(), true), ("write".to_owned(), true)]);
        Self {
            id: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0002),
            account_id: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0003),
            name: "Ana Souza".to_owned(),
            account_name: "Ana Souza".to_owned(),
            email: "ana@aurora.example".to_owned(),
            email_verified: true,
            locale: "pt-BR".to_owned(),
            preferences: serde_json::Map::from_iter([("theme".to_owned(), "dark".into())]),
            role: "admin".to_owned(),
            company_id: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0004),
            company_name: "Clínica Aurora".to_owned(),
            practitioner_id: None,
            patient_id: None,
            clinics: vec![ClinicWire::sample()],
            permissions: BTreeMap::from([("patients".to_owned(), verbs)]),
            rpps_number: None,
            adeli_number: None,
            registrations: Vec::new(),
        }
    }
}

/// A company of the account
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompanyOfAccount)]
pub struct CompanyOfAccountWire {
    /// The company.
    id: Uuid,
    /// Its name.
    name: String,
    /// The account's membership there.
    user_id: Uuid,
    /// Its role there.
    role: String,
    /// Whether it may be signed in to.
    active: bool,
}

impl From<&CompanyOfAccount> for CompanyOfAccountWire {
    fn from(company: &CompanyOfAccount) -> Self {
        Self {
            id: company.tenant.uuid(),
            name: company.name.as_str().to_owned(),
            user_id: company.membership.uuid(),
            role: company.role.name().to_owned(),
            active: company.status == MembershipStatus::Active,
        }
    }
}

impl Wire for CompanyOfAccountWire {
    fn sample() -> Self {
        let user = UserWire::sample();
        Self { id: user.company_id, name: user.company_name, user_id: user.id, role: user.role, active: true }
    }
}

/// An open session with its tokens
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionWire {
    /// Goes into `Authorization: Bearer`; `null` when the session travels in cookies.
    access_token: Option<String>,
    /// Renews the session, once; `null` when the session travels in cookies.
    refresh_token: Option<String>,
    /// Goes back as `X-CSRF-Token` on unsafe requests, when the session travels in cookies.
    csrf_token: String,
    /// Always `Bearer`.
    token_type: String,
    /// Seconds until the access token expires.
    expires_in: i64,
    /// True while the company requires a second factor of the role and there is none: until it is enrolled, only one's own
    /// account can be used.
    totp_enrolment_required: bool,
    /// Who is signed in.
    user: UserWire,
    /// All companies of the account.
    companies: Vec<CompanyOfAccountWire>,
}

impl std::fmt::Debug for SessionWire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionWire").finish_non_exhaustive()
    }
}

impl SessionWire {
    /// A session as its body tells it: with its tokens, unless they travel in cookies beside it.
    pub fn of(signed_in: &SignedIn, transport: Transport) -> Self {
        let in_body = transport == Transport::Token;
        Self {
            access_token: in_body.then(|| signed_in.access_token.expose().to_owned()),
            refresh_token: in_body.then(|| signed_in.refresh_token.expose()),
            csrf_token: signed_in.csrf_token.expose().to_owned(),
            token_type: "Bearer".to_owned(),
            expires_in: ACCESS_LIFE.num_seconds(),
            totp_enrolment_required: signed_in.hold.is_some(),
            user: (&signed_in.profile).into(),
            companies: signed_in.profile.companies.iter().map(Into::into).collect(),
        }
    }
}

/// How a renewed session is answered.
pub fn renewed(transport: Transport) -> Reply<SignedIn> {
    match transport {
        Transport::Token => |signed_in| Changed::reply(&SessionWire::of(signed_in, Transport::Token), None),
        Transport::Cookie => |signed_in| Changed::reply(&SessionWire::of(signed_in, Transport::Cookie), None),
    }
}

impl Wire for SessionWire {
    fn sample() -> Self {
        let (user, company) = (UserWire::sample(), CompanyOfAccountWire::sample());
        Self {
            access_token: Some("header.claims.signature".to_owned()),
            refresh_token: Some("43-characters-that-only-the-holder-knows-xx".to_owned()),
            csrf_token: "43-characters-that-other-sites-cannot-know-".to_owned(),
            token_type: "Bearer".to_owned(),
            expires_in: ACCESS_LIFE.num_seconds(),
            totp_enrolment_required: false,
            user,
            companies: vec![company],
        }
    }
}

fn permissions(membership: &Membership) -> BTreeMap<String, BTreeMap<String, bool>> {
    let grants = membership.grants();
    let mut areas: BTreeMap<String, BTreeMap<String, bool>> = BTreeMap::new();
    for (area, verb, name) in PERMISSIONS.iter().filter_map(|name| name.split_once(':').map(|(a, v)| (a, v, name))) {
        areas.entry(area.to_owned()).or_default().insert(verb.to_owned(), grants.reach(name).is_some());
    }
    areas
}
