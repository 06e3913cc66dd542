//! Work after the commit: positions, leases, dead letters and fairness, on both databases.

#[cfg(feature = "postgres")]
mod horizon;

use std::sync::Arc;

use api::worker::{Pace, Worker};
use chrono::Duration;
use identity::model::mail::Mail;
use identity::ports::{MailFailed, Mailer};
use identity::usecase::send_mail::SendMail;
use kernel::ids::{PatientId, TenantId};
use kernel::jobs::{Failure, Job, JobHandler, JobQueue, LEASE, MAX_TRIES};
use kernel::{NewJob, Origin, Permission, Permit, SystemIds, commit, unheard};
use serde_json::json;
use uuid::Uuid;

use crate::both;
use crate::support::{Office, TestApp, text};

struct Testing;

impl Permission for Testing {
    const NAME: &'static str = "patients:write";
}

struct Failing(Failure);

#[async_trait::async_trait]
impl JobHandler for Failing {
    fn kind(&self) -> &'static str {
        "test.failing"
    }

    async fn run(&self, _: &Job) -> Result<(), Failure> {
        Err(self.0.clone())
    }
}

/// A mail server that is away.
struct Away;

#[async_trait::async_trait]
impl Mailer for Away {
    async fn send(&self, _: &Mail) -> Result<(), MailFailed> {
        Err(MailFailed::Unavailable)
    }
}

/// Signs a company up; its tenant. One mail is waiting afterwards.
async fn signed_up(app: &TestApp) -> TenantId {
    let ask = json!({
        "company_name": "Correio", "name": "Carta Marcada", "email": "carta@correio.example", "password": "três tigres e um trigal"
    });
    let session = app.anonymous().post("/api/v1/auth/sign-up", &ask).await.expect(201);
    TenantId::from_uuid(text(&session["user"]["company_id"]).parse().unwrap())
}

/// Puts jobs in the queue of a tenant.
async fn enqueue(app: &TestApp, tenant: TenantId, count: usize) {
    let permit = Permit::<Testing>::system(tenant, "test", Origin::default());
    let now = app.app.clock().now();
    let tx = app.app.database.open(permit.scope()).await.unwrap();
    let mut journal = permit.journal(PatientId::from_uuid(Uuid::from_u128(1)), now);
    for number in 0..count {
        journal = journal.job(NewJob { kind: "test.failing", payload: json!(number), run_at: now });
    }
    drop(commit(Box::new(tx), journal, (), unheard).await.unwrap());
}

fn failing_worker(app: &TestApp, failure: Failure) -> Worker {
    let handler: Arc<dyn JobHandler> = Arc::new(Failing(failure));
    Worker::new(Arc::new(app.app.database.clone()), [handler], app.clock.clone(), Arc::new(SystemIds), Pace::default())
}

async fn mails(app: &TestApp, tenant: TenantId) -> usize {
    app.app.database.caught_mails(tenant).await.unwrap().len()
}

async fn tenant_of(app: &TestApp, email: &str) -> TenantId {
    let me = app.signed_in(email, api::demo::PASSWORD).await.get("/api/v1/auth/me").await.expect(200);
    TenantId::from_uuid(text(&me["company_id"]).parse().unwrap())
}

both! {
    async fn a_booking_leaves_exactly_its_event_and_a_refused_one_nothing(app) {
        let office = Office::open(app).await;
        let (one, other) = (office.patient("Uma").await, office.patient("Outra").await);
        let sql = app.sql().await;
        let before = sql.number("SELECT count(*) FROM event").await;
        let booked = office.book(&one, "2027-03-15T12:00:00Z").await.expect(201);
        office.book(&other, "2027-03-15T12:00:00Z").await.refused(409, "scheduling.slot_taken");
        assert_eq!(sql.number("SELECT count(*) FROM event").await, before + 1);
        let own = format!("aggregate_id = {}", sql.id(&text(&booked["id"])));
        assert_eq!(sql.texts(&format!("SELECT kind FROM event WHERE {own}")).await, ["scheduling.appointment_booked"]);
        let payload: serde_json::Value = {
            let column = if app.kind() == crate::support::Kind::Sqlite { "payload" } else { "payload::text" };
            serde_json::from_str(&sql.texts(&format!("SELECT {column} FROM event WHERE {own}")).await.concat()).unwrap()
        };
        assert_eq!((&payload["status"], &payload["patient_id"]), (&json!("booked"), &json!(one)));
    }

    async fn positions_are_dense_in_each_company_and_follow_the_versions(app) {
        let office = Office::open(app).await;
        let patients = office.patients(6).await;
        for (number, patient) in patients.iter().enumerate() {
            let booked = office.book(patient, &format!("2027-03-15T{:02}:00:00Z", 8 + number)).await.expect(201);
            office.step(&booked, "confirm", &json!({})).await.expect(200);
        }
        app.settle().await;
        let sql = app.sql().await;
        for (what, position, row) in [("event", "event_position", "event_id"), ("journal_entry", "journal_link", "entry_id")] {
            let gaps = format!(
                "SELECT count(*) FROM (SELECT tenant_id FROM {position} GROUP BY tenant_id \
                 HAVING min(position) <> 1 OR max(position) <> count(*)) g"
            );
            assert_eq!(sql.number(&gaps).await, 0, "{position}");
            let left = format!(
                "SELECT count(*) FROM {what} e WHERE NOT EXISTS (SELECT 1 FROM {position} p WHERE p.tenant_id = e.tenant_id AND p.{row} = e.id)"
            );
            assert_eq!(sql.number(&left).await, 0, "{what} without a position");
        }
        let swapped = "SELECT count(*) FROM event a JOIN event_position x ON x.tenant_id = a.tenant_id AND x.event_id = a.id \
            JOIN event b ON b.tenant_id = a.tenant_id AND b.aggregate_id = a.aggregate_id \
            JOIN event_position y ON y.tenant_id = b.tenant_id AND y.event_id = b.id \
            WHERE a.version < b.version AND x.position > y.position";
        assert_eq!(sql.number(swapped).await, 0, "versions in another order");
    }

    async fn a_worker_killed_before_its_work_loses_nothing(app) {
        let tenant = signed_up(app).await;
        assert_eq!(app.app.database.lease("the dead one", 10).await.unwrap().len(), 1);
        let worker = app.app.worker(Pace::default());
        assert_eq!(worker.run_due().await.unwrap(), 0, "it is leased");
        assert_eq!(mails(app, tenant).await, 0);
        app.clock.advance(LEASE + Duration::seconds(1));
        assert_eq!(worker.run_due().await.unwrap(), 1);
        assert_eq!(mails(app, tenant).await, 1);
    }

    async fn a_worker_killed_after_its_work_repeats_nothing_visible(app) {
        let tenant = signed_up(app).await;
        let database = &app.app.database;
        let jobs = database.lease("the dead one", 10).await.unwrap();
        let [job] = jobs.as_slice() else { panic!("{} jobs", jobs.len()) };
        let handler = SendMail { mailer: Arc::new(database.clone()), app_url: "https://elsewhere.example".to_owned() };
        handler.run(job).await.unwrap();
        app.clock.advance(LEASE + Duration::seconds(1));
        let taken = database.lease("the heir", 10).await.unwrap();
        assert_eq!(taken.iter().map(|job| job.tries).collect::<Vec<_>>(), [2]);
        // What the first one says now is not heard any more.
        assert!(!database.heartbeat("the dead one", job).await.unwrap());
        database.done("the dead one", job).await.unwrap();
        database.failed("the dead one", job, "late", None).await.unwrap();
        assert_eq!(app.sql().await.number("SELECT count(*) FROM job WHERE status = 'waiting'").await, 1);
        handler.run(taken.first().unwrap()).await.unwrap();
        database.done("the heir", job).await.unwrap();
        assert_eq!(mails(app, tenant).await, 1, "one mail per sign-up");
    }

    async fn two_workers_share_the_queue_and_run_nothing_twice(app) {
        let tenant = tenant_of(app, "admin@aurora.example").await;
        enqueue(app, tenant, 20).await;
        let database = &app.app.database;
        let (one, other) = tokio::join!(database.lease("one", 12), database.lease("other", 12));
        let (one, other) = (one.unwrap(), other.unwrap());
        let mut ids: Vec<_> = one.iter().chain(&other).map(|job| job.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((ids.len(), one.len() + other.len()), (20, 20));
        app.sql().await.run("DELETE FROM job").await.unwrap();
    }

    async fn a_job_that_never_works_becomes_a_dead_letter(app) {
        let tenant = tenant_of(app, "admin@aurora.example").await;
        enqueue(app, tenant, 1).await;
        let worker = failing_worker(app, Failure::Retry("no luck"));
        let sql = app.sql().await;
        for tries in 1..=MAX_TRIES {
            assert_eq!(sql.number("SELECT count(*) FROM job WHERE status = 'dead'").await, 0, "before try {tries}");
            assert_eq!(worker.run_due().await.unwrap(), 1, "try {tries}");
            assert_eq!(worker.run_due().await.unwrap(), 0, "it waits after try {tries}");
            app.clock.advance(Duration::hours(1));
        }
        assert_eq!(sql.texts("SELECT last_error FROM job WHERE status = 'dead'").await, ["no luck"]);
        assert_eq!(worker.run_due().await.unwrap(), 0, "it is not tried again");
        sql.run("DELETE FROM job").await.unwrap();
    }

    async fn i10_a_mail_outlives_a_mail_server_that_is_away_for_two_days(app) {
        let tenant = signed_up(app).await;
        let before = mails(app, tenant).await;
        let away: Arc<dyn JobHandler> = Arc::new(SendMail { mailer: Arc::new(Away), app_url: String::new() });
        let queue = Arc::new(app.app.database.clone());
        let worker = Worker::new(queue, [away], app.clock.clone(), Arc::new(SystemIds), Pace::default());
        for _ in 0..48 {
            worker.run_due().await.unwrap();
            app.clock.advance(Duration::hours(1));
        }
        assert_eq!(app.sql().await.number("SELECT count(*) FROM job WHERE status = 'dead'").await, 0);
        app.settle().await;
        assert_eq!(mails(app, tenant).await, before + 1);
    }

    async fn a_job_that_can_never_work_is_dead_at_once(app) {
        let tenant = tenant_of(app, "admin@aurora.example").await;
        enqueue(app, tenant, 1).await;
        failing_worker(app, Failure::Final("unreadable")).run_due().await.unwrap();
        let sql = app.sql().await;
        assert_eq!(sql.texts("SELECT last_error FROM job WHERE status = 'dead'").await, ["unreadable"]);
        sql.run("DELETE FROM job").await.unwrap();
    }

    async fn a_company_with_much_to_do_leaves_room_for_another(app) {
        let (busy, quiet) = (tenant_of(app, "admin@aurora.example").await, tenant_of(app, "admin@outra.example").await);
        enqueue(app, busy, 200).await;
        enqueue(app, quiet, 3).await;
        let leased = app.app.database.lease("fair", 8).await.unwrap();
        let of_quiet = leased.iter().filter(|job| job.tenant == quiet).count();
        assert_eq!((leased.len(), of_quiet), (8, 3));
        app.sql().await.run("DELETE FROM job").await.unwrap();
    }
}
