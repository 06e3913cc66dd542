//! Totals (PT4): whatever was written, in whichever order, and whenever it was folded, they are what one counts by hand.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use kernel::Clock as _;
use kernel::ids::PractitionerId;
use patients::model::statistics::{AgeBand, Attendance, Ranking, Statistics};
use patients::model::{
    Address, AddressParts, BirthDate, FacetKey, HealthPlan, HealthPlanParts, PatientFilter, PatientSelection, Period,
    Sex, Tag, TagKey,
};
use patients::permission::Sight;
use patients::usecase::read_statistics;
use sea_orm::Value;

use super::*;

const CITIES: [&str; 4] = ["Vitória", "VITORIA", "Serra", "Vila Velha"];
const PLANS: [&str; 3] = ["Unimed", "SUS", "unimed"];
const TAGS: [&str; 3] = ["VIP", "vip", "C++"];

/// Numbers that look random and are the same in each run (Knuth's MMIX).
struct Dice(u64);

impl Dice {
    fn below(&mut self, faces: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % faces
    }

    fn some<T: Copy>(&mut self, of: &[T]) -> Vec<T> {
        of.iter().copied().filter(|_| self.below(3) == 0).collect()
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(u64::try_from(of.len()).unwrap())).unwrap()]
    }
}

/// What a test knows of a patient.
#[derive(Clone)]
struct Known {
    patient: Patient,
    completed: u64,
    no_shows: u64,
}

impl Known {
    fn is_listed(&self) -> bool {
        self.patient.archived_at.is_none() && self.patient.details.stage != Stage::Merged
    }
}

fn random_details(dice: &mut Dice, now: DateTime<Utc>) -> PatientDetails {
    let city =
        |city: &str| Address::parse(AddressParts { city: Some(city.to_owned()), ..AddressParts::default() }).unwrap();
    let plan = |operator: &str| {
        HealthPlan::parse(HealthPlanParts { operator: operator.to_owned(), ..HealthPlanParts::default() }).unwrap()
    };
    let mut tags: Vec<Tag> = Vec::new();
    for tag in dice.some(&TAGS).into_iter().map(|tag| Tag::parse(tag).unwrap()) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    // Often around the edges of bands and weeks, now and then on the 29th of February.
    let born = match dice.below(5) {
        0 => None,
        1 => NaiveDate::from_ymd_opt(1920 + 4 * i32::try_from(dice.below(26)).unwrap(), 2, 29),
        2 => Some(now.date_naive() - Days::new(dice.below(36_000))),
        _ => {
            let year = now.year() - i32::try_from(dice.below(100)).unwrap();
            now.date_naive().with_year(year).map(|day| day + Days::new(dice.below(9)) - Days::new(5))
        }
    };
    PatientDetails {
        birth_date: born.map(BirthDate::from_stored),
        sex: dice.one(&[None, Some(Sex::Female), Some(Sex::Male), Some(Sex::Other), Some(Sex::Unknown)]),
        stage: dice.one(&[Stage::Active, Stage::Active, Stage::Inactive, Stage::Deceased]),
        addresses: dice.some(&CITIES).into_iter().map(city).collect(),
        health_plans: dice.some(&PLANS).into_iter().map(plan).collect(),
        tags,
        ..details("Ana")
    }
}

/// Counted by hand: all but cities, plans and tags, which `ranks` counts.
fn by_hand(known: &[&Known], now: DateTime<Utc>, zone: Tz) -> Statistics {
    let today = now.with_timezone(&zone).date_naive();
    let count = |test: &dyn Fn(&Known) -> bool| u64::try_from(known.iter().filter(|one| test(one)).count()).unwrap();
    let born = |one: &Known| one.patient.details.birth_date.map(BirthDate::date);
    let age = |born: NaiveDate| {
        today.year() - born.year() - i32::from((today.month(), today.day()) < (born.month(), born.day()))
    };
    let band = |one: &Known| match born(one).map(age) {
        None => AgeBand::Unknown,
        Some(90..) => AgeBand::From(90),
        Some(age) => {
            let decade = u8::try_from(age.max(0) / 10 * 10).unwrap();
            AgeBand::Between(decade, decade + 9)
        }
    };
    let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
    let birthday = |born: NaiveDate, day: NaiveDate| {
        born.with_year(day.year()).unwrap_or_else(|| NaiveDate::from_ymd_opt(day.year(), 3, 1).unwrap()) == day
    };
    let month = |one: &Known| one.patient.created_at.with_timezone(&zone).date_naive().with_day(1);
    let this = today.with_day(1).unwrap();
    let months = (0..12).rev().map(|back| this.checked_sub_months(chrono::Months::new(back)).unwrap());
    let sexes = Sex::ALL.into_iter().map(Some).chain([None]);
    Statistics {
        today,
        zone,
        patients: count(&|_| true),
        stages: Stage::ALL.map(|stage| (stage, count(&|one| one.patient.details.stage == stage))).to_vec(),
        sexes: sexes.map(|sex| (sex, count(&|one| one.patient.details.sex == sex))).collect(),
        ages: AgeBand::ALL.map(|wanted| (wanted, count(&|one| band(one) == wanted))).to_vec(),
        cities: Ranking::default(),
        health_plans: Ranking::default(),
        tags: None,
        new_per_month: months.map(|first| (first, count(&|one| month(one) == Some(first)))).collect(),
        attendance: Some(Attendance {
            completed: known.iter().map(|one| one.completed).sum(),
            no_shows: known.iter().map(|one| one.no_shows).sum(),
        }),
        birthdays: (0..7)
            .map(|day| monday + Days::new(day))
            .map(|day| (day, count(&|one| born(one).is_some_and(|born| birthday(born, day)))))
            .collect(),
    }
}

type Ranks = (BTreeMap<String, u64>, u64);

/// Counts by key, and those without any.
fn ranks(known: &[&Known], keys: impl Fn(&PatientDetails) -> Vec<String>) -> Ranks {
    let (mut counts, mut without) = (BTreeMap::new(), 0);
    for one in known {
        let mut keys = keys(&one.patient.details);
        keys.sort();
        keys.dedup();
        without += u64::from(keys.is_empty());
        for key in keys {
            *counts.entry(key).or_default() += 1;
        }
    }
    (counts, without)
}

fn place(name: &str) -> String {
    FacetKey::of(name).as_str().to_owned()
}

fn label(tag: &str) -> String {
    TagKey::of(&Tag::from_stored(tag.to_owned())).as_str().to_owned()
}

/// The same of an answer, whose spellings are left aside.
fn keyed(ranking: &Ranking, key: fn(&str) -> String) -> Ranks {
    (ranking.values.iter().map(|(value, patients)| (key(value), *patients)).collect(), ranking.without)
}

fn everything() -> PatientSelection {
    PatientSelection::default()
}

/// All patients, but asked for so that they are counted one by one.
fn all_of_them() -> PatientSelection {
    let created = Period::try_new(noon() - Duration::days(4000), noon() + Duration::days(4000)).unwrap();
    let filter = PatientFilter { created: Some(created), ..PatientFilter::default() };
    PatientSelection { search: None, filter }
}

impl Clinic {
    async fn statistics(&self, reach: Reach, selection: &PatientSelection) -> Statistics {
        let sight = Sight { appointments: Some(reach), members: None };
        read_statistics(&self.env, &self.reader(reach), selection, &sight).await.unwrap()
    }

    async fn in_tx(&self, act: impl AsyncFnOnce(&SeaTx)) {
        let permit: Permit<Act> = Permit::system(self.tenant, "test", Origin::default());
        let tx = self.db.open(permit.scope()).await.unwrap();
        act(&tx).await;
        let entity = PatientId::from_uuid(SystemIds.uuid());
        let _ = commit(Box::new(tx), permit.journal(entity, noon()), (), unheard).await.unwrap();
    }

    async fn adds(&self, patient: &Patient) {
        self.in_tx(async |tx| tx.patient_add(patient).await.unwrap()).await;
    }

    /// As the triggers on appointments write it.
    async fn attends(&self, known: &Known) {
        let sql = "INSERT INTO patient_attendance (tenant_id, patient_id, visits, no_shows) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (tenant_id, patient_id) DO UPDATE SET visits = excluded.visits, no_shows = excluded.no_shows";
        let number = |number: u64| i64::try_from(number).unwrap().into();
        let key = [self.tenant.uuid().into(), known.patient.id.uuid().into()];
        let values: Vec<Value> = key.into_iter().chain([number(known.completed), number(known.no_shows)]).collect();
        self.in_tx(async |tx| assert_eq!(tx.run(sql, values).await.unwrap(), 1)).await;
    }

    async fn in_zone(&self, zone: Tz) {
        self.membership().await;
        let sql = "INSERT INTO company_settings (tenant_id, time_zone, working_hours, totp_required_roles, reminders, \
             reopen_hours, reply_hours, cancel_reason_required, updated_at, version) \
             VALUES ($1, $2, '{}', '[]', '[]', 24, 24, false, $3, 1)";
        let values: [Value; 3] = [self.tenant.uuid().into(), zone.name().into(), noon().into()];
        self.in_tx(async |tx| assert_eq!(tx.run(sql, values).await.unwrap(), 1)).await;
    }

    /// Nothing is left that another test may be waiting for.
    async fn folds_all(&self) {
        while self.db.fold_patient_statistics().await.unwrap() > 0 {}
    }

    async fn agrees(&self, all: &BTreeMap<usize, Known>, zone: Tz) {
        let listed: Vec<&Known> = all.values().filter(|one| one.is_listed()).collect();
        let hand = by_hand(&listed, self.clock.now(), zone);
        for selection in [everything(), all_of_them()] {
            let said = self.statistics(Reach::Company, &selection).await;
            let cities = |d: &PatientDetails| {
                d.addresses.iter().filter_map(|a| a.parts().city.as_deref().map(place)).collect::<Vec<_>>()
            };
            let plans =
                |d: &PatientDetails| d.health_plans.iter().map(|p| place(&p.parts().operator)).collect::<Vec<_>>();
            let tags = |d: &PatientDetails| d.tags.iter().map(|tag| label(tag.as_str())).collect::<Vec<_>>();
            assert_eq!(keyed(&said.cities, place), ranks(&listed, cities));
            assert_eq!(keyed(&said.health_plans, place), ranks(&listed, plans));
            assert_eq!(keyed(said.tags.as_ref().unwrap(), label), ranks(&listed, tags));
            let (cities, health_plans, tags) = (Ranking::default(), Ranking::default(), None);
            assert_eq!(Statistics { cities, health_plans, tags, ..said }, hand);
        }
    }
}

/// One random act on a company, and its folding now and then.
async fn act_at_random(clinic: &Clinic, dice: &mut Dice, all: &mut BTreeMap<usize, Known>) {
    let now = clinic.clock.now();
    let fresh = all.len();
    let which = usize::try_from(dice.below(u64::try_from(fresh.max(1)).unwrap())).unwrap();
    let survivor = all.values().next().map(|one| one.patient.id);
    match (dice.below(10), all.get_mut(&which)) {
        (0..=3, _) | (_, None) => {
            let details = random_details(dice, now);
            let registered = now - Duration::minutes(i64::try_from(dice.below(500_000)).unwrap());
            let id = PatientId::from_uuid(SystemIds.uuid());
            let patient = Patient::register(id, details, Reach::Company, registered).unwrap();
            clinic.adds(&patient).await;
            all.insert(fresh, Known { patient, completed: 0, no_shows: 0 });
        }
        (4 | 5, Some(known)) => {
            (known.completed, known.no_shows) = (dice.below(5), dice.below(3));
            clinic.attends(known).await;
        }
        (turn, Some(known)) => {
            let mut next = known.patient.clone();
            let stage = next.details.stage;
            match turn {
                6 => next.archived_at = if next.archived_at.is_none() { Some(now) } else { None },
                7 if which > 0 && stage != Stage::Merged => {
                    (next.details.stage, next.merged_into) = (Stage::Merged, survivor);
                }
                7 | 8 => (next.details, next.merged_into) = (random_details(dice, now), None),
                _ => next.details.name = PersonName::parse("Outra").unwrap(),
            }
            next.version += 1;
            clinic.in_tx(async |tx| assert!(tx.patient_save(&next).await.unwrap())).await;
            known.patient = next;
        }
    }
    if dice.below(7) == 0 {
        clinic.db.fold_patient_statistics().await.unwrap();
    }
}

#[tokio::test]
async fn pt4_after_random_acts_the_totals_are_those_counted_by_hand() {
    for clinic in clinics().await {
        for (seed, zone) in [(1, Tz::America__Sao_Paulo), (2, Tz::Asia__Kathmandu), (3, Tz::UTC)] {
            let clinic = clinic.neighbour();
            clinic.in_zone(zone).await;
            let (mut dice, mut all) = (Dice(seed), BTreeMap::new());
            for round in 0..120 {
                act_at_random(&clinic, &mut dice, &mut all).await;
                if round % 12 == 11 {
                    clinic.clock.advance(Duration::hours(i64::try_from(dice.below(60)).unwrap()));
                    clinic.agrees(&all, zone).await;
                }
            }
            clinic.folds_all().await;
            clinic.agrees(&all, zone).await;
        }
    }
}

#[tokio::test]
async fn pt4_a_fold_that_is_cut_short_anywhere_changes_no_total() {
    for clinic in clinics().await {
        let mut finished = 0;
        for polls in 0..60 {
            clinic.registered("Ana").await;
            {
                let mut fold = pin!(clinic.db.fold_patient_statistics());
                for _ in 0..polls {
                    if let Poll::Ready(folded) = fold.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                        finished += u32::from(folded.unwrap() > 0);
                        break;
                    }
                    tokio::task::yield_now().await;
                }
            }
            assert_eq!(clinic.statistics(Reach::Company, &everything()).await.patients, polls + 1);
        }
        clinic.folds_all().await;
        assert_eq!(clinic.statistics(Reach::Company, &everything()).await.patients, 60, "{finished} finished");
    }
}

#[tokio::test]
async fn pt4_readers_writers_and_two_folders_at_once() {
    const EACH: u64 = 40;
    for clinic in clinics().await {
        let writing = Cell::new(3);
        let write = async || {
            for _ in 0..EACH {
                clinic.registered("Ana").await;
            }
            writing.set(writing.get() - 1);
        };
        let fold = async || {
            while writing.get() > 0 {
                clinic.db.fold_patient_statistics().await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        let read = async || {
            let mut seen = 0;
            while writing.get() > 0 {
                let now = clinic.statistics(Reach::Company, &everything()).await;
                assert!((seen..=3 * EACH).contains(&now.patients), "{seen} and then {}", now.patients);
                assert_eq!(now.ages.last().unwrap().1, now.patients, "all facets are of one moment");
                seen = now.patients;
            }
        };
        tokio::join!(write(), write(), write(), fold(), fold(), read());
        clinic.folds_all().await;
        assert_eq!(clinic.statistics(Reach::Company, &everything()).await.patients, 3 * EACH);
    }
}

#[tokio::test]
async fn pt4_folding_leaves_no_spent_counts() {
    for clinic in clinics().await {
        let id = clinic.registered("Ana").await;
        clinic.folds_all().await;
        let archived = |tx: &SeaTx| (tx.tenant(), id.uuid());
        clinic
            .in_tx(async |tx| {
                let (tenant, id) = archived(tx);
                let sql = "UPDATE patient SET archived_at = $3 WHERE tenant_id = $1 AND id = $2";
                assert_eq!(tx.run(sql, [tenant.into(), id.into(), noon().into()]).await.unwrap(), 1);
            })
            .await;
        clinic.folds_all().await;
        let permit: Permit<Act> = Permit::system(clinic.tenant, "test", Origin::default());
        let view = clinic.db.look(permit.scope()).await.unwrap();
        let left = view
            .rows(
                "SELECT s.facet AS facet FROM patient_statistic s WHERE s.tenant_id = $1",
                [clinic.tenant.uuid().into()],
            )
            .await
            .unwrap();
        assert_eq!(left.len(), 0);
        assert_eq!(clinic.statistics(Reach::Company, &everything()).await.patients, 0);
    }
}

#[tokio::test]
async fn pt4_a_removed_record_counts_nowhere() {
    for clinic in clinics().await {
        let (ana, _) = (clinic.registered("Ana").await, clinic.registered("Bia").await);
        clinic
            .in_tx(async |tx| {
                for table in ["patient_match_due", "patient_match_key"] {
                    let sql = format!("DELETE FROM {table} WHERE tenant_id = $1 AND patient_id = $2");
                    tx.run(&sql, [tx.tenant().into(), ana.uuid().into()]).await.unwrap();
                }
                let sql = "DELETE FROM patient WHERE tenant_id = $1 AND id = $2";
                assert_eq!(tx.run(sql, [tx.tenant().into(), ana.uuid().into()]).await.unwrap(), 1);
            })
            .await;
        for selection in [everything(), all_of_them()] {
            assert_eq!(clinic.statistics(Reach::Company, &selection).await.patients, 1);
        }
    }
}

#[tokio::test]
async fn pt4_who_reaches_less_learns_no_total_of_the_company() {
    for clinic in clinics().await {
        let (ana, _) = (clinic.registered("Ana").await, clinic.registered("Bia").await);
        let membership = clinic.membership().await;
        clinic.link(membership, ana, noon().date_naive(), None).await;
        clinic.folds_all().await;
        let nobodys = PractitionerId::from_uuid(SystemIds.uuid());
        let reaches = [
            (Reach::Company, 2),
            (Reach::Own(ana), 1),
            (Reach::Linked(membership), 1),
            (Reach::Agenda(nobodys), 0),
            (Reach::Nothing, 0),
        ];
        for (reach, patients) in reaches {
            for selection in [everything(), all_of_them()] {
                let said = clinic.statistics(reach, &selection).await;
                assert_eq!(said.patients, patients, "{reach:?}");
                assert_eq!(said.cities.without, patients, "{reach:?}");
                assert_eq!(said.tags.is_some(), !reach.is_patient_side(), "{reach:?}");
            }
        }
        assert_eq!(clinic.neighbour().statistics(Reach::Company, &everything()).await.patients, 0);
    }
}
