//! Records past HTTP, in batches, by the code that writes any record: what is derived from one is not told a second time here.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use api::settings::{Settings, Variables};
use api::wiring::{App, World};
use chrono::TimeDelta;
use kernel::ids::TenantId;
use kernel::seal::Keyring;
use kernel::{Origin, Permission, Permit, commit, unheard};
use patients::model::Patient;
use patients::model::import::When;
use patients::ports::imports::{AgendaImport as _, AgendaOffer, NewAppointment, RegistryImport as _};
use persistence::FOLDED_AT_ONCE;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::people::Person;
use crate::postgres::{Cluster, OWNER};
use crate::server::PUBLIC_URL;
use crate::site::Site;
use crate::{Outcome, load};

/// Records of one transaction.
const BATCH: u64 = 500;
/// One of so many patients has been there before, twice.
const VISITORS: usize = 4;
/// One of so many visits was missed.
const MISSED: usize = 8;
/// Built after the rows are there, which is many times faster than row by row.
const INDEXES: &str = "SELECT indexname || ';' || indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename LIKE 'patient%' \
    AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = indexname)";

struct Filling;

impl Permission for Filling {
    const NAME: &'static str = "patients:write";
}

/// Adds as many patients to the company, by two writers.
pub fn postgres(cluster: &Cluster, site: &Site, company: Uuid, many: u64) -> Outcome<()> {
    let indexes = cluster.sql(OWNER, INDEXES)?;
    let indexes: Vec<(&str, &str)> = indexes.lines().filter_map(|line| line.split_once(';')).collect();
    for (name, _) in &indexes {
        cluster.sql(OWNER, &format!("DROP INDEX {name}"))?;
    }
    add(site, company, many, 2)?;
    for (_, definition) in &indexes {
        cluster.sql(OWNER, definition)?;
    }
    cluster.sql("postgres", "VACUUM (ANALYZE)")?;
    cluster.sql("postgres", "CHECKPOINT").map(drop)
}

/// Adds as many patients to the company.
pub fn sqlite(site: &Site, company: Uuid, many: u64) -> Outcome<()> {
    add(site, company, many, 1)?;
    load::analyze(&site.file())
}

fn add(site: &Site, company: Uuid, many: u64, writers: usize) -> Outcome<()> {
    let mut variables: Vec<_> = site.settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    variables.push(("PUBLIC_URL", PUBLIC_URL));
    let settings = Settings::parse(&Variables::new(variables))?;
    let keys = Keyring::parse(fs::read_to_string(site.folder.join("data/master.key"))?.trim())?;
    let began = Instant::now();
    Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(async {
        let app = Arc::new(App::start(&settings, keys, World::real()).await?);
        let (next, mut all) = (Arc::new(AtomicU64::new(0)), JoinSet::new());
        for _ in 0..writers {
            all.spawn(write(Arc::clone(&app), TenantId::from_uuid(company), Arc::clone(&next), many));
        }
        while let Some(done) = all.join_next().await {
            done??;
        }
        while app.database.fold_patient_statistics().await? == FOLDED_AT_ONCE {}
        app.database.close().await;
        eprintln!("  {many} records added in {:.0} s", began.elapsed().as_secs_f64());
        Ok(())
    })
}

/// Adds batch after batch, until they are as many.
async fn write(app: Arc<App>, company: TenantId, next: Arc<AtomicU64>, many: u64) -> Outcome<()> {
    loop {
        let from = next.fetch_add(BATCH, Ordering::Relaxed);
        if from >= many {
            return Ok(());
        }
        let people = (from..many.min(from + BATCH)).map(Person::of);
        let records = people.map(|person| person.record(many)).collect::<Outcome<Vec<_>>>()?;
        let Some(first) = records.first() else { return Ok(()) };
        let permit = Permit::<Filling>::system(company, "bench", Origin::default());
        let tx = app.database.open(permit.scope()).await?;
        tx.patients_add(&records).await?;
        let visits = visits(&records, &tx.agenda_offer().await?, &app)?;
        tx.appointments_import(&visits, app.clock().now()).await?;
        // The pairs among all of them would keep the worker busy for as long as the measurement takes.
        tx.run("DELETE FROM patient_match_due", []).await?;
        let journal = permit.journal(first.id, first.created_at);
        drop(commit(Box::new(tx), journal, (), unheard).await?);
    }
}

/// Appointments of some of these, after they were registered.
fn visits(records: &[Patient], offer: &AgendaOffer, app: &App) -> Outcome<Vec<NewAppointment>> {
    let (practitioner_id, _) = *offer.practitioners.first().ok_or("no practitioner")?;
    let (service_id, ..) = *offer.services.first().ok_or("no service")?;
    let (clinic_id, ..) = *offer.clinics.first().ok_or("no clinic")?;
    let twice = records.iter().step_by(VISITORS).flat_map(|patient| [(patient, 10), (patient, 40)]);
    let visit = |(number, (patient, days)): (usize, (&Patient, i64))| NewAppointment {
        id: app.patients.ids.next(),
        patient_id: patient.id,
        practitioner_id,
        service_id,
        clinic_id,
        start: When::At(patient.created_at + TimeDelta::days(days)),
        minutes: None,
        status: Some(if number % MISSED == 0 { "no_show" } else { "completed" }),
        notes: None,
    };
    Ok(twice.enumerate().map(visit).collect())
}
