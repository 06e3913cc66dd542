//! A peopled company, of which the test knows everybody as well as the store does.

use chrono::{Datelike, Duration, NaiveDate};
use patients::model::filter::{Born, FacetKey};
use patients::model::geography::{Near, UnitVector, great_circle_km};
use patients::model::{
    Address, AddressParts, Archived, BirthDate, HealthPlan, HealthPlanParts, PatientFilter, Period, Sex, Tag, TagKey,
};
use uuid::Uuid;

use super::*;

/// A patient as the test knows it.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) id: PatientId,
    pub(super) details: PatientDetails,
    pub(super) created: DateTime<Utc>,
    pub(super) stage: Stage,
    pub(super) is_archived: bool,
    pub(super) appointments: Vec<(DateTime<Utc>, &'static str)>,
}

/// Numbers that look drawn and are always the same.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[usize::try_from(self.throw(u64::try_from(all.len()).unwrap())).unwrap()]
    }
}

const NAMES: [&str; 8] = ["Ana", "Mariana", "João", "Luana", "Bento", "Éva", "Zé", "Juliana"];
const FAMILIES: [&str; 5] = ["Souza", "da Silva", "Ana-Maria", "Lima", "Conceição"];
const CITIES: [&str; 4] = ["Vitória", "vitoria", "Serra", "Suva"];
const PLACES: [(f64, f64); 6] =
    [(-20.3155, -40.3128), (-20.32, -40.31), (-20.1, -40.3), (-17.7, 179.95), (-17.7, -179.95), (89.99, 10.0)];
const STATUSES: [&str; 6] = ["completed", "completed", "no_show", "booked", "cancelled", "confirmed"];

fn drawn(dice: &mut Dice) -> PatientDetails {
    let mut drawn = details(&format!("{} {}", dice.of(&NAMES), dice.of(&FAMILIES)));
    if dice.throw(4) > 0 {
        let born =
            NaiveDate::from_ymd_opt(1940, 1, 1).unwrap() + Duration::days(i64::try_from(dice.throw(31_000)).unwrap());
        drawn.birth_date = Some(BirthDate::from_stored(born));
    }
    drawn.sex = [None, Some(Sex::Female), Some(Sex::Male), Some(Sex::Other)][usize::try_from(dice.throw(4)).unwrap()];
    drawn.stage = [Stage::Active, Stage::Active, Stage::Inactive][usize::try_from(dice.throw(3)).unwrap()];
    let mut tags: Vec<Tag> = ["VIP", "vip", "Diabético", "gestante"]
        .into_iter()
        .filter(|_| dice.throw(3) == 0)
        .map(|tag| Tag::parse(tag).unwrap())
        .collect();
    tags.dedup();
    drawn.tags = tags;
    if dice.throw(2) == 0 {
        let operator = (*dice.of(&["Unimed", "UNIMED", "Bradesco Saúde"])).to_owned();
        let plan = Some((*dice.of(&["Flex", "Unimed", "Top"])).to_owned());
        let card_number = Some(format!("00.34-{}", dice.throw(5)));
        let parts = HealthPlanParts { operator, plan, card_number, valid_until: None };
        drawn.health_plans = vec![HealthPlan::parse(parts).unwrap()];
    }
    for _ in 0..dice.throw(3) {
        let (latitude, longitude) = PLACES[usize::try_from(dice.throw(6)).unwrap()];
        let parts = AddressParts {
            city: Some((*dice.of(&CITIES)).to_owned()),
            neighbourhood: Some((*dice.of(&["Centro", "Praia do Canto"])).to_owned()),
            latitude: Some(latitude),
            longitude: Some(longitude),
            ..AddressParts::default()
        };
        drawn.addresses.push(Address::parse(parts).unwrap());
    }
    drawn
}

impl Clinic {
    pub(super) async fn ran(&self, sql: &str, values: Vec<sea_orm::Value>) {
        let permit: Permit<Act> = Permit::system(self.tenant, "test", Origin::default());
        let tx = self.db.open(permit.scope()).await.unwrap();
        tx.run(sql, values).await.unwrap();
        kernel::Transaction::finish(Box::new(tx)).await.unwrap();
    }

    /// What an appointment refers to: practitioner, clinic, service, all of one id.
    pub(super) async fn practice(&self) -> Uuid {
        let sql = "INSERT INTO company (tenant_id, id, name, country, locale, created_at, version) \
             VALUES ($1, $1, 'C', 'BR', 'pt-BR', $2, 1)";
        self.ran(sql, vec![self.tenant.uuid().into(), noon().into()]).await;
        self.another_practice().await
    }

    /// Another of the same company.
    pub(super) async fn another_practice(&self) -> Uuid {
        let id = SystemIds.uuid();
        for sql in [
            "INSERT INTO clinic (tenant_id, id, name, country, time_zone, locale, created_at, version) \
             VALUES ($1, $3, 'C', 'BR', 'UTC', 'pt-BR', $2, 1)",
            "INSERT INTO service (tenant_id, id, name, sort_text, duration_minutes, buffer_before_minutes, buffer_after_minutes, \
             slot_interval_minutes, modality, capacity, minimum_notice_minutes, horizon_days, requires_approval, \
             cancellation_window_minutes, required_resource_kinds, required_professions, active, version, created_at, updated_at) \
             VALUES ($1, $3, 'C', 'c', 30, 0, 0, 30, 'in_person', 1, 0, 9, false, 0, '[]', '[]', true, 1, $2, $2)",
            "INSERT INTO practitioner (tenant_id, id, name, sort_text, profession, registrations, any_service, any_clinic, active, \
             version, availability_version, created_at, updated_at) \
             VALUES ($1, $3, 'C', 'c', 'doctor', '[]', true, true, true, 1, 1, $2, $2)",
        ] {
            self.ran(sql, vec![self.tenant.uuid().into(), noon().into(), id.into()]).await;
        }
        id
    }

    pub(super) async fn appointment(&self, practice: Uuid, patient: PatientId, start: DateTime<Utc>, status: &str) {
        let sql = "INSERT INTO appointment (tenant_id, id, patient_id, practitioner_id, clinic_id, service_id, service, starts_at, ends_at, \
             time_zone, local_start, status, origin, session_id, seat, version, created_at, updated_at, cancelled_for, cancelled_at) \
             VALUES ($1, $2, $3, $4, $4, $4, '{}', $5, $6, 'UTC', '', 'booked', 'staff', $2, 1, 1, $5, $5, NULL, NULL)";
        let id = SystemIds.uuid();
        let tenant: sea_orm::Value = self.tenant.uuid().into();
        let values = vec![
            tenant.clone(),
            id.into(),
            patient.uuid().into(),
            practice.into(),
            start.into(),
            (start + Duration::minutes(30)).into(),
        ];
        self.ran(sql, values).await;
        self.ran(
            "UPDATE appointment SET status = $1 WHERE tenant_id = $2 AND id = $3",
            vec![status.into(), tenant, id.into()],
        )
        .await;
    }

    pub(super) async fn peopled(&self, count: u64) -> (Uuid, Vec<Known>) {
        let (practice, mut dice, mut known) = (self.practice().await, Dice(7), Vec::<Known>::new());
        for _ in 0..count {
            self.clock.advance(Duration::seconds(1));
            let patient = self.register(drawn(&mut dice)).await.unwrap();
            let (id, created, stage) = (patient.id, patient.created_at, patient.details.stage);
            let mut one =
                Known { id, details: patient.details, created, stage, is_archived: false, appointments: Vec::new() };
            for _ in 0..dice.throw(4) {
                let start = noon() + Duration::minutes(i64::try_from(dice.throw(60 * 24 * 60)).unwrap() - 30 * 24 * 60);
                let status = *dice.of(&STATUSES.each_ref());
                // What is over is no longer ahead.
                self.appointment(practice, id, start, status).await;
                one.appointments.push((start, status));
            }
            if dice.throw(9) == 0 {
                self.ran("UPDATE patient SET archived_at = $1 WHERE id = $2", vec![noon().into(), id.uuid().into()])
                    .await;
                one.is_archived = true;
            } else if dice.throw(9) == 0 && !known.is_empty() {
                let into = known.first().unwrap().id.uuid();
                let sql = "UPDATE patient SET stage = 'merged', merged_into = $1 WHERE id = $2";
                self.ran(sql, vec![into.into(), id.uuid().into()]).await;
                one.stage = Stage::Merged;
            }
            known.push(one);
        }
        (practice, known)
    }
}

fn age(born: NaiveDate, today: NaiveDate) -> i32 {
    today.year() - born.year() - i32::from((today.month(), today.day()) < (born.month(), born.day()))
}

impl Known {
    pub(super) fn nearest(&self, near: &Near) -> Option<f64> {
        let places = self.details.addresses.iter().map(Address::parts);
        places
            .filter_map(|parts| Some(UnitVector::at(parts.latitude?, parts.longitude?).chord_squared(near.centre())))
            .min_by(f64::total_cmp)
    }

    pub(super) fn with(&self, statuses: &[&str]) -> impl Iterator<Item = DateTime<Utc>> {
        self.appointments.iter().filter(move |(_, status)| statuses.contains(status)).map(|(start, _)| *start)
    }

    pub(super) fn last_visit(&self) -> Option<DateTime<Utc>> {
        self.with(&["completed"]).max()
    }

    pub(super) fn next(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.with(&["booked", "confirmed"]).filter(|start| *start >= now).min()
    }

    /// Whether the filter lets it through, said in other words than the store's.
    pub(super) fn fits(&self, filter: &PatientFilter, now: DateTime<Utc>) -> bool {
        let d = &self.details;
        let stages =
            if filter.stages.is_empty() { self.stage != Stage::Merged } else { filter.stages.contains(&self.stage) };
        let tag = |key: &TagKey| d.tags.iter().any(|tag| TagKey::of(tag) == *key);
        let plan = |key: &FacetKey| {
            let named = |name: &String| FacetKey::of(name) == *key;
            d.health_plans
                .iter()
                .any(|plan| named(&plan.parts().operator) || plan.parts().plan.as_ref().is_some_and(named))
        };
        let address = |of: fn(&AddressParts) -> &Option<String>, key: &FacetKey| {
            d.addresses
                .iter()
                .any(|address| of(address.parts()).as_ref().is_some_and(|name| FacetKey::of(name) == *key))
        };
        let born = d.birth_date.map(BirthDate::date);
        let aged = |asked: &Born| {
            let years = born.map(|born| age(born, now.date_naive()));
            years.is_some_and(|years| if asked.after.is_none() { years >= 65 } else { (18..=40).contains(&years) })
        };
        let within = |period: &Period, at: DateTime<Utc>| period.from() <= at && at < period.to();
        stages
            && self.is_archived == (filter.archived == Archived::Only)
            && filter.tags.iter().all(tag)
            && filter.health_plan.as_ref().is_none_or(plan)
            && filter.city.as_ref().is_none_or(|key| address(|parts| &parts.city, key))
            && filter.neighbourhood.as_ref().is_none_or(|key| address(|parts| &parts.neighbourhood, key))
            && filter.born.as_ref().is_none_or(aged)
            && filter.birth_month.is_none_or(|month| born.is_some_and(|born| born.month() == u32::from(month.number())))
            && filter.sex.is_none_or(|sex| d.sex == Some(sex))
            && filter.has_appointment.as_ref().is_none_or(|period| {
                self.with(&["completed", "no_show", "booked", "confirmed"]).any(|at| within(period, at))
            })
            && filter.last_visit_before.is_none_or(|before| self.last_visit().is_some_and(|at| at < before))
            && filter.no_show_min.is_none_or(|least| self.with(&["no_show"]).count() >= usize::from(least))
            && filter.created.as_ref().is_none_or(|period| within(period, self.created))
            && filter.near.as_ref().is_none_or(|near| {
                self.nearest(near).is_some_and(|chord| great_circle_km(chord) <= near.radius_km() + 1e-9)
            })
    }
}
