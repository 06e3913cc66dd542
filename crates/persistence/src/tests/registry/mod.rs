//! The registry of patients, on SQLite always and on PostgreSQL where a server is given.

mod crowds;
mod filters;
mod known;
mod lists;
mod matching;
pub(crate) mod plans;
mod reach;
mod records;
mod search;
mod statistics;
mod walls;

use kernel::ids::MembershipId;
use kernel::{Grants, Holder, Page, PageAsk, Principal, Reach, Session, Start, Total};
use kernel::{Ids, unheard};
use patients::Patients;
use patients::model::{
    Contact, ContactKind, ContactList, Country, CustomFields, Identifier, IdentifierKind, Patient, PatientDetails,
    PatientSelection, PatientSummary, PersonName, Preferences, SearchTerms, Stage,
};
use patients::permission::{PatientsRead, PatientsWrite, Sight};
use patients::ports::{PatientKey, PatientList, PatientReads as _, PatientSort, PatientWrites as _};
use patients::usecase::{Duplicates, RegisterPatient, RegisterPatientError, list_patients, register_patient};

use super::*;

/// A company of its own on one database.
struct Clinic {
    db: Database,
    env: Patients,
    clock: Arc<ManualClock>,
    tenant: TenantId,
    own: Option<Own>,
}

/// A company on each database that is there.
async fn clinics() -> Vec<Clinic> {
    let own = Own::new().await;
    let mut found = vec![Clinic::of(own.db.clone(), own.clock.clone(), Some(own))];
    if let (Ok(owner), Ok(url)) = (std::env::var("TEST_DATABASE_URL"), std::env::var("TEST_APP_ROLE_URL")) {
        let clock = Arc::new(ManualClock::new(noon()));
        let settings = Settings { url, migration_url: Some(owner), max_connections: 4, development: true };
        let (keys, _) = Keyring::generate();
        let db = Database::connect(&settings, keys, clock.clone(), Arc::new(SystemIds)).await.unwrap();
        found.push(Clinic::of(db, clock, None));
    }
    found
}

impl Clinic {
    fn of(db: Database, clock: Arc<ManualClock>, own: Option<Own>) -> Self {
        let env = Patients { db: Arc::new(db.clone()), clock: clock.clone(), ids: Arc::new(SystemIds) };
        Self { db, env, clock, tenant: TenantId::from_uuid(SystemIds.uuid()), own }
    }

    fn is_postgres(&self) -> bool {
        self.own.is_none()
    }

    /// Another company on the same database.
    fn neighbour(&self) -> Self {
        Self::of(self.db.clone(), self.clock.clone(), None)
    }

    fn session(&self, reach: Reach) -> Session {
        let ids: &dyn Ids = &SystemIds;
        let principal = Principal {
            tenant: self.tenant,
            holder: Holder::Member { membership: ids.next(), account: ids.next(), session: ids.next() },
            role: "receptionist",
            country: "BR".to_owned(),
            grants: Grants::new([("patients:read", reach), ("patients:write", reach)]),
            hold: None,
        };
        Session::new(Arc::new(principal), Origin::default())
    }

    fn reader(&self, reach: Reach) -> Permit<PatientsRead> {
        self.session(reach).permit().unwrap()
    }

    fn writer(&self, reach: Reach) -> Permit<PatientsWrite> {
        self.session(reach).permit().unwrap()
    }

    async fn register(&self, details: PatientDetails) -> Result<Patient, RegisterPatientError> {
        let permit = self.writer(Reach::Company);
        let ask = RegisterPatient { details, duplicates: Duplicates::Allowed };
        register_patient(&self.env, &permit, ask, unheard).await.map(Committed::into_value)
    }

    async fn registered(&self, name: &str) -> PatientId {
        self.register(details(name)).await.unwrap().id
    }

    async fn listed(&self, reach: Reach, ask: &PatientList) -> Page<PatientSummary> {
        let sight = Sight { appointments: Some(reach), members: None };
        list_patients(&self.env, &self.reader(reach), ask, &sight).await.unwrap()
    }

    async fn found(&self, reach: Reach, query: &str) -> Vec<String> {
        names(&self.listed(reach, &search_for(query, 50)).await)
    }

    /// The names on all pages of this size.
    async fn walked(&self, mut ask: PatientList) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            let page = self.listed(Reach::Company, &ask).await;
            assert!(page.items.len() <= usize::from(ask.page.limit));
            all.extend(names(&page));
            let Some(next) = page.next else { return all };
            ask.page.start = Start::After(next.key::<PatientKey>().unwrap());
        }
    }
}

fn details(name: &str) -> PatientDetails {
    PatientDetails {
        name: PersonName::parse(name).unwrap(),
        social_name: None,
        birth_date: None,
        sex: None,
        gender: None,
        mother_name: None,
        stage: Stage::Active,
        identifiers: Vec::new(),
        contacts: ContactList::default(),
        addresses: Vec::new(),
        health_plans: Vec::new(),
        tags: Vec::new(),
        preferences: Preferences::default(),
        emergency_contacts: Vec::new(),
        notes: None,
        custom: CustomFields::default(),
    }
}

fn with_identifier(name: &str, kind: IdentifierKind, value: &str) -> PatientDetails {
    PatientDetails { identifiers: vec![Identifier::parse(kind, value).unwrap()], ..details(name) }
}

fn with_contact(name: &str, kind: ContactKind, value: &str) -> PatientDetails {
    let contact = Contact::parse(kind, value, Country::BRAZIL).unwrap();
    PatientDetails { contacts: ContactList::try_new(vec![contact]).unwrap(), ..details(name) }
}

fn by(sort: PatientSort, limit: u16) -> PatientList {
    PatientList { selection: PatientSelection::default(), sort, page: PageAsk::first(limit) }
}

fn search_for(query: &str, limit: u16) -> PatientList {
    let terms = SearchTerms::parse_in(query, Country::BRAZIL).unwrap();
    let selection = PatientSelection { search: Some(terms), ..PatientSelection::default() };
    PatientList { selection, sort: PatientSort::Name, page: PageAsk::first(limit) }
}

fn names(page: &Page<PatientSummary>) -> Vec<String> {
    page.items.iter().map(|item| item.name.as_str().to_owned()).collect()
}
