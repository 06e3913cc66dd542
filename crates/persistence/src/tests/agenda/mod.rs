//! Agendas, on SQLite always and on PostgreSQL where a server is given.

mod booking;
mod hours;
mod moves;
mod patients_reached;
mod slots;
mod storm;

use chrono::TimeDelta;
use kernel::ids::{AppointmentId, ClinicId, MembershipId, PractitionerId, ServiceId};
use kernel::{Actor, Grants, Holder, Ids, Patch, Principal, Reach, Refusal, Session, unheard};
use scheduling::Scheduling;
use scheduling::model::appointment::Appointment;
use scheduling::model::interval::Interval;
use scheduling::model::practitioner::PractitionerProfile;
use scheduling::model::requested_start::RequestedStart;
use scheduling::model::service::{ServiceAsk, ServiceTerms};
use scheduling::model::slots::{Audience, SlotList};
use scheduling::model::weekly::{DayWindow, WeeklySchedule, WeeklyWindow};
use scheduling::model::words::{Label, Note, PersonName};
use scheduling::usecase::{
    Book, BookError, ListSlots, SetAvailability, add_practitioner, add_service, book, list_slots, set_availability,
};

use super::*;

const WEEK: [chrono::Weekday; 7] = [
    chrono::Weekday::Mon,
    chrono::Weekday::Tue,
    chrono::Weekday::Wed,
    chrono::Weekday::Thu,
    chrono::Weekday::Fri,
    chrono::Weekday::Sat,
    chrono::Weekday::Sun,
];

/// A company with one clinic in São Paulo, on one database.
struct Clinic {
    db: Database,
    env: Scheduling,
    clock: Arc<ManualClock>,
    tenant: TenantId,
    id: ClinicId,
    _own: Option<Own>,
}

/// A company on each database that is there.
async fn clinics() -> Vec<Clinic> {
    let own = Own::new().await;
    let mut found = vec![Clinic::of(own.db.clone(), own.clock.clone(), Some(own)).await];
    if let (Ok(owner), Ok(url)) = (std::env::var("TEST_DATABASE_URL"), std::env::var("TEST_APP_ROLE_URL")) {
        let clock = Arc::new(ManualClock::new(noon()));
        let settings = Settings { url, migration_url: Some(owner), max_connections: 8, development: true };
        let (keys, _) = Keyring::generate();
        let db = Database::connect(&settings, keys, clock.clone(), Arc::new(SystemIds)).await.unwrap();
        found.push(Clinic::of(db, clock, None).await);
    }
    found
}

fn fresh<I: kernel::Id>() -> I {
    let ids: &dyn Ids = &SystemIds;
    ids.next()
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn at(text: &str) -> RequestedStart {
    RequestedStart::parse(Some(text), None, None).unwrap()
}

impl Clinic {
    async fn of(db: Database, clock: Arc<ManualClock>, own: Option<Own>) -> Self {
        let env = Scheduling { db: Arc::new(db.clone()), clock: clock.clone(), ids: Arc::new(SystemIds) };
        let clinic = Self { db, env, clock, tenant: fresh(), id: fresh(), _own: own };
        let company = "INSERT INTO company (tenant_id, id, name, country, locale, created_at, version) \
             VALUES ($1, $1, 'Aurora', 'BR', 'pt-BR', $2, 1)";
        let tx = clinic.db.open(clinic.all::<Act>().scope()).await.unwrap();
        tx.run(company, [clinic.tenant.uuid().into(), noon().into()]).await.unwrap();
        Box::new(tx).finish_unappended().await;
        clinic.clinic(clinic.id, "America/Sao_Paulo").await;
        clinic
    }

    async fn clinic(&self, id: ClinicId, zone: &str) {
        let sql = "INSERT INTO clinic (tenant_id, id, name, country, time_zone, locale, created_at, version) \
             VALUES ($1, $2, 'Centro', 'BR', $3, 'pt-BR', $4, 1)";
        let tx = self.db.open(self.all::<Act>().scope()).await.unwrap();
        tx.run(sql, [self.tenant.uuid().into(), id.uuid().into(), zone.into(), noon().into()]).await.unwrap();
        Box::new(tx).finish_unappended().await;
    }

    async fn patient(&self) -> PatientId {
        let id: PatientId = fresh();
        let sql = "INSERT INTO patient (tenant_id, id, name, stage, addresses, health_plans, tags, preferences, \
             emergency_contacts, custom, sort_text, search_text, version, created_at, updated_at) \
             VALUES ($1, $2, 'Ana', 'active', '[]', '[]', '[]', '{}', '[]', '{}', 'ana', ' ana', 1, $3, $3)";
        let tx = self.db.open(self.all::<Act>().scope()).await.unwrap();
        tx.run(sql, [self.tenant.uuid().into(), id.uuid().into(), noon().into()]).await.unwrap();
        Box::new(tx).finish_unappended().await;
        id
    }

    /// A permit of Salus itself.
    fn all<P: Permission>(&self) -> Permit<P> {
        Permit::system(self.tenant, "test", Origin::default())
    }

    /// A permit of a member of this reach.
    fn by<P: Permission>(&self, reach: Reach) -> Permit<P> {
        let principal = Principal {
            tenant: self.tenant,
            holder: Holder::Member { membership: fresh(), account: fresh(), session: fresh() },
            role: "receptionist",
            country: "BR".to_owned(),
            grants: Grants::new([(P::NAME, reach)]),
            hold: None,
        };
        Session::new(Arc::new(principal), Origin::default()).permit().unwrap()
    }

    async fn service(&self, edit: impl FnOnce(&mut ServiceAsk)) -> ServiceId {
        let mut ask = ServiceAsk { name: "Consulta".to_owned(), duration_minutes: 30, ..ServiceAsk::default() };
        edit(&mut ask);
        let terms = ServiceTerms::parse(ask).unwrap();
        add_service(&self.env, &self.all(), terms, unheard).await.unwrap().into_value().id()
    }

    async fn practitioner(&self, name: &str) -> PractitionerId {
        let profile = PractitionerProfile {
            name: PersonName::parse(name).unwrap(),
            profession: Label::parse("doctor").unwrap(),
            registrations: Vec::new(),
            service_ids: None,
            clinic_ids: None,
            membership_id: None,
            active: true,
        };
        let added = add_practitioner(&self.env, &self.all(), profile, unheard).await.unwrap();
        added.into_value().id()
    }

    /// A practitioner who is there every day from 08:00 to 12:00.
    async fn working(&self, name: &str) -> PractitionerId {
        let id = self.practitioner(name).await;
        self.open(id, &[("08:00", "12:00")]).await;
        id
    }

    async fn open(&self, practitioner_id: PractitionerId, windows: &[(&str, &str)]) {
        let window = |weekday: chrono::Weekday| {
            windows
                .iter()
                .map(move |(start, end)| WeeklyWindow { weekday, window: DayWindow::parse(start, end).unwrap() })
        };
        let windows = WEEK.into_iter().flat_map(window).collect();
        let schedule = WeeklySchedule::try_new(self.id, windows, None, None).unwrap();
        let ask = SetAvailability { practitioner_id, seen_version: None, schedule };
        let _ = set_availability(&self.env, &self.all(), ask, unheard).await.unwrap();
    }

    fn ask(service_id: ServiceId, practitioner: Option<PractitionerId>, patient_id: PatientId, start: &str) -> Book {
        Book {
            service_id,
            practitioner_id: practitioner,
            patient_id,
            clinic_id: None,
            start: at(start),
            beneficiary_id: None,
            reason: None,
            notes: None,
            origin: None,
            overbooking: None,
        }
    }

    async fn book(&self, ask: Book) -> Result<Appointment, BookError> {
        book(&self.env, &self.by(Reach::Company), ask, unheard).await.map(Committed::into_value)
    }

    async fn slots(&self, service_id: ServiceId, from: &str, to: &str, audience: Audience) -> SlotList {
        let ask = ListSlots {
            service_id,
            range: Interval::between(utc(from), utc(to)).unwrap(),
            practitioner_id: None,
            clinic_id: None,
            modality: None,
            limit: 1000,
            audience,
        };
        list_slots(&self.env, &self.all(), ask).await.unwrap()
    }

    async fn count(&self, sql: &str) -> i64 {
        let tx = self.db.open(self.all::<Act>().scope()).await.unwrap();
        let rows = tx.rows(sql, [self.tenant.uuid().into()]).await.unwrap();
        rows[0].try_get_by_index(0).unwrap()
    }
}

impl SeaTx {
    /// Commits fixtures, which leave no entry.
    async fn finish_unappended(self: Box<Self>) {
        kernel::Transaction::finish(self).await.unwrap();
    }
}
