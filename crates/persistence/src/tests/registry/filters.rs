//! Every filter, order and search against a count by hand, in every way that the store may choose.

use chrono::Duration;
use kernel::Clock as _;
use patients::model::filter::FacetKey;
use patients::model::geography::Near;
use patients::model::{
    Ages, Archived, BirthMonth, HealthPlan, HealthPlanParts, PatientFilter, Period, Sex, Tag, TagKey,
};

use super::known::Known;
use super::*;
use crate::stores::NOTHING_IS_FEW;

fn key(name: &str) -> FacetKey {
    FacetKey::parse(name).unwrap()
}

fn tag(name: &str) -> TagKey {
    TagKey::of(&Tag::parse(name).unwrap())
}

/// Each filter alone.
fn each_alone(now: DateTime<Utc>, known: &[Known]) -> Vec<PatientFilter> {
    let none = PatientFilter::default;
    let days = |from, to| Some(Period::try_new(now + Duration::days(from), now + Duration::days(to)).unwrap());
    let created = Period::try_new(known[10].created, known[30].created).ok();
    let near = |text| Some(Near::parse(text).unwrap());
    let aged = |least, most| Ages::try_new(least, most).unwrap().map(|ages| ages.on(now.date_naive()));
    vec![
        none(),
        PatientFilter { stages: vec![Stage::Inactive], ..none() },
        PatientFilter { stages: vec![Stage::Active, Stage::Merged], ..none() },
        PatientFilter { stages: vec![Stage::Merged], ..none() },
        PatientFilter { tags: vec![tag("vIp")], ..none() },
        PatientFilter { tags: vec![tag("vip"), tag("diabético")], ..none() },
        PatientFilter { health_plan: Some(key("unimed")), ..none() },
        PatientFilter { health_plan: Some(key("flex")), ..none() },
        PatientFilter { city: Some(key("VITORIA")), ..none() },
        PatientFilter { neighbourhood: Some(key("praia-do canto")), ..none() },
        PatientFilter { born: aged(Some(18), Some(40)), ..none() },
        PatientFilter { born: aged(Some(65), None), ..none() },
        PatientFilter { birth_month: BirthMonth::parse(3), ..none() },
        PatientFilter { sex: Some(Sex::Female), ..none() },
        PatientFilter { sex: Some(Sex::Other), ..none() },
        PatientFilter { has_appointment: days(-10, 3), ..none() },
        PatientFilter { last_visit_before: Some(now - Duration::days(5)), ..none() },
        PatientFilter { no_show_min: Some(1), ..none() },
        PatientFilter { no_show_min: Some(2), ..none() },
        PatientFilter { created, ..none() },
        PatientFilter { near: near("-20.3155,-40.3128,1"), ..none() },
        PatientFilter { near: near("-20.3155,-40.3128,0.001"), ..none() },
        PatientFilter { near: near("-17.7,180,25"), ..none() },
        PatientFilter { near: near("90,0,5"), ..none() },
        PatientFilter { near: near("0,0,20016"), ..none() },
        PatientFilter { archived: Archived::Only, ..none() },
    ]
}

/// Two filters at once.
fn both_of(one: &PatientFilter, other: &PatientFilter) -> PatientFilter {
    let (one, other) = (one.clone(), other.clone());
    PatientFilter {
        stages: if one.stages.is_empty() { other.stages } else { one.stages },
        tags: [one.tags, other.tags].concat(),
        health_plan: one.health_plan.or(other.health_plan),
        city: one.city.or(other.city),
        neighbourhood: one.neighbourhood.or(other.neighbourhood),
        born: one.born.or(other.born),
        birth_month: one.birth_month.or(other.birth_month),
        sex: one.sex.or(other.sex),
        has_appointment: one.has_appointment.or(other.has_appointment),
        last_visit_before: one.last_visit_before.or(other.last_visit_before),
        no_show_min: one.no_show_min.or(other.no_show_min),
        created: one.created.or(other.created),
        near: one.near.or(other.near),
        archived: if one.archived == Archived::Only { one.archived } else { other.archived },
    }
}

fn sorted(mut known: Vec<&Known>, sort: PatientSort, near: Option<Near>, now: DateTime<Utc>) -> Vec<PatientId> {
    let text = |one: &Known| {
        patients::model::sort_text(
            &Patient {
                id: one.id,
                details: one.details.clone(),
                version: 1,
                created_at: now,
                updated_at: now,
                archived_at: None,
                merged_into: None,
            }
            .search_text(),
        )
    };
    known.sort_by(|a, b| {
        // Who has none is last in either direction; among them the id goes with the direction.
        let at = |one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>| match (one, other) {
            (None, None) => a.id.cmp(&b.id),
            _ => (one.is_none(), one, a.id).cmp(&(other.is_none(), other, b.id)),
        };
        let down = |one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>| {
            one.is_none().cmp(&other.is_none()).then((other, b.id).cmp(&(one, a.id)))
        };
        match sort {
            PatientSort::Name => (text(a), a.id).cmp(&(text(b), b.id)),
            PatientSort::NameDescending => (text(b), b.id).cmp(&(text(a), a.id)),
            PatientSort::Created => (a.created, a.id).cmp(&(b.created, b.id)),
            PatientSort::CreatedDescending => (b.created, b.id).cmp(&(a.created, a.id)),
            PatientSort::LastVisit => at(a.last_visit(), b.last_visit()),
            PatientSort::LastVisitDescending => down(a.last_visit(), b.last_visit()),
            PatientSort::NextAppointment => at(a.next(now), b.next(now)),
            PatientSort::NextAppointmentDescending => down(a.next(now), b.next(now)),
            PatientSort::Distance => match near {
                Some(near) => a.nearest(&near).unwrap().total_cmp(&b.nearest(&near).unwrap()).then(a.id.cmp(&b.id)),
                None => (text(a), a.id).cmp(&(text(b), b.id)),
            },
        }
    });
    known.into_iter().map(|one| one.id).collect()
}

const SORTS: [PatientSort; 9] = [
    PatientSort::Name,
    PatientSort::NameDescending,
    PatientSort::Created,
    PatientSort::CreatedDescending,
    PatientSort::LastVisit,
    PatientSort::LastVisitDescending,
    PatientSort::NextAppointment,
    PatientSort::NextAppointmentDescending,
    PatientSort::Distance,
];

impl Clinic {
    /// The ids on all pages of this size, which hold nobody twice.
    async fn ids(&self, reach: Reach, mut ask: PatientList) -> Vec<PatientId> {
        let mut all = Vec::new();
        loop {
            let page = self.listed(reach, &ask).await;
            all.extend(page.items.iter().map(|item| item.id));
            let Some(next) = page.next else { return all };
            ask.page.start = Start::After(next.key::<PatientKey>().unwrap());
        }
    }
}

fn asked(filter: &PatientFilter, search: Option<&str>, sort: PatientSort, limit: u16) -> PatientList {
    let search = search.map(|words| SearchTerms::parse_in(words, Country::BRAZIL).unwrap());
    PatientList { selection: PatientSelection { search, filter: filter.clone() }, sort, page: PageAsk::first(limit) }
}

#[tokio::test]
async fn pt3_filters_and_orders_agree_with_a_count_by_hand_in_every_way() {
    for clinic in clinics().await {
        let (_, known) = clinic.peopled(70).await;
        let now = clinic.clock.now();
        let alone = each_alone(now, &known);
        let mut filters = alone.clone();
        filters
            .extend(alone.iter().enumerate().map(|(place, one)| both_of(one, &alone[(place * 7 + 3) % alone.len()])));
        filters
            .extend(alone.iter().enumerate().map(|(place, one)| both_of(one, &alone[(place * 5 + 9) % alone.len()])));
        let mut kept = 0;
        for (place, filter) in filters.iter().enumerate() {
            let fitting: Vec<&Known> = known.iter().filter(|one| one.fits(filter, now)).collect();
            kept += fitting.len();
            for nothing_is_few in [false, true] {
                NOTHING_IS_FEW.set(nothing_is_few);
                for sort in SORTS {
                    let expected = sorted(fitting.clone(), sort, filter.near, now);
                    let limit = [4, 50][place % 2];
                    let found = clinic.ids(Reach::Company, asked(filter, None, sort, limit)).await;
                    assert_eq!(
                        found,
                        expected,
                        "filter {place} {sort:?} few: {nothing_is_few} postgres: {}",
                        clinic.is_postgres()
                    );
                    let mut middle = asked(filter, None, sort, 3);
                    middle.page.start = Start::Offset(2);
                    middle.page.total = Total::Count;
                    let page = clinic.listed(Reach::Company, &middle).await;
                    let ids: Vec<PatientId> = page.items.iter().map(|item| item.id).collect();
                    assert_eq!(ids, expected.iter().skip(2).take(3).copied().collect::<Vec<_>>(), "{place} {sort:?}");
                    assert_eq!(page.total, u64::try_from(expected.len()).ok(), "{place} {sort:?}");
                }
            }
        }
        assert!(kept > 400, "the filters let {kept} through in all");
    }
}

#[tokio::test]
async fn pt3_a_search_under_filters_finds_what_both_let_through() {
    for clinic in clinics().await {
        let (_, known) = clinic.peopled(60).await;
        let now = clinic.clock.now();
        for words in ["ana", "souza", "ana souza", "0034"] {
            let without =
                clinic.ids(Reach::Company, asked(&PatientFilter::default(), Some(words), PatientSort::Name, 50)).await;
            assert!(without.len() > 3, "{words}");
            for (place, filter) in each_alone(now, &known).iter().enumerate() {
                let mut ways = Vec::new();
                for nothing_is_few in [false, true] {
                    NOTHING_IS_FEW.set(nothing_is_few);
                    for limit in [1, 3, 50] {
                        ways.push(
                            clinic.ids(Reach::Company, asked(filter, Some(words), PatientSort::Created, limit)).await,
                        );
                    }
                    let mut skipped = asked(filter, Some(words), PatientSort::Name, 50);
                    skipped.page.start = Start::Offset(1);
                    skipped.page.total = Total::Count;
                    let page = clinic.listed(Reach::Company, &skipped).await;
                    assert_eq!(page.total, u64::try_from(ways[0].len()).ok(), "{words} {place}");
                    let rest: Vec<PatientId> = page.items.iter().map(|item| item.id).collect();
                    assert_eq!(rest, ways[0].iter().skip(1).copied().collect::<Vec<_>>(), "{words} {place}");
                }
                assert!(ways.iter().all(|way| *way == ways[0]), "{words} {place} {ways:?}");
                if filter.archived == Archived::No && !filter.includes_merged() {
                    let fits = |id: &PatientId| known.iter().any(|one| one.id == *id && one.fits(filter, now));
                    let expected: Vec<PatientId> = without.iter().filter(|id| fits(id)).copied().collect();
                    assert_eq!(ways[0], expected, "{words} {place}");
                }
            }
        }
    }
}

#[tokio::test]
async fn pt3_a_card_number_is_found_exactly_and_first() {
    for clinic in clinics().await {
        let with_card = |name: &str, number: &str| {
            let parts = HealthPlanParts {
                operator: "U".to_owned(),
                card_number: Some(number.to_owned()),
                ..HealthPlanParts::default()
            };
            PatientDetails { health_plans: vec![HealthPlan::parse(parts).unwrap()], ..details(name) }
        };
        clinic.register(with_card("Ana Longa", "0034.5567.8890")).await.unwrap();
        clinic.register(with_card("Zoe Exata", "0034-5567-889")).await.unwrap();
        clinic.register(with_card("Bia Letras", "AB 00345567889")).await.unwrap();
        for typed in ["00345567889", "0034.5567.889", "0034 5567 889"] {
            let found = clinic.found(Reach::Company, typed).await;
            assert_eq!(found.first().map(String::as_str), Some("Zoe Exata"), "{typed}: {found:?}");
            assert!(found.contains(&"Ana Longa".to_owned()), "{typed}: {found:?}");
        }
        assert_eq!(clinic.found(Reach::Company, "ab-00345567889").await, ["Bia Letras"]);
    }
}

#[tokio::test]
async fn pt3_reach_holds_under_every_filter_and_in_every_way() {
    for clinic in clinics().await {
        let (practice, known) = clinic.peopled(40).await;
        let now = clinic.clock.now();
        // What somebody else has on the agenda is nothing to the first; who is asked for alone has none of it.
        let colleague = clinic.another_practice().await;
        for one in known.iter().step_by(2) {
            for (days, status) in [(-1, "completed"), (-2, "no_show"), (1, "booked")] {
                clinic.appointment(colleague, one.id, now + Duration::days(days), status).await;
            }
        }
        let agenda = Reach::Agenda(kernel::ids::PractitionerId::from_uuid(practice));
        let reached = |one: &Known, reach: Reach| match reach {
            Reach::Company => true,
            Reach::Own(own) => one.id == own,
            Reach::Agenda(_) => {
                one.with(&["completed", "no_show", "booked", "confirmed", "late_cancelled"]).next().is_some()
            }
            _ => false,
        };
        for reach in [agenda, Reach::Own(known[3].id), Reach::Nothing] {
            for nothing_is_few in [false, true] {
                NOTHING_IS_FEW.set(nothing_is_few);
                for (place, filter) in each_alone(now, &known).into_iter().enumerate() {
                    if reach.is_patient_side() && !filter.tags.is_empty() {
                        continue;
                    }
                    let fitting = known.iter().filter(|one| one.fits(&filter, now) && reached(one, reach)).collect();
                    for sort in SORTS {
                        let expected = sorted(Vec::clone(&fitting), sort, filter.near, now);
                        let found = clinic.ids(reach, asked(&filter, None, sort, 5)).await;
                        assert_eq!(found, expected, "{place} {sort:?} {reach:?} {nothing_is_few}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn pt3_facets_and_places_follow_the_record_and_visits_the_appointments() {
    use kernel::Patch;
    use patients::model::PatientPatch;
    use patients::usecase::{ChangePatient, change_patient};
    for clinic in clinics().await {
        let practice = clinic.practice().await;
        let mut ana = details("Ana");
        ana.tags = vec![Tag::parse("vip").unwrap()];
        let (ana, eva) = (clinic.register(ana).await.unwrap(), clinic.registered("Eva").await);
        let by_tag = PatientFilter { tags: vec![tag("vip")], ..PatientFilter::default() };
        let count = async |filter: &PatientFilter| {
            clinic.ids(Reach::Company, asked(filter, None, PatientSort::Name, 9)).await.len()
        };
        assert_eq!(count(&by_tag).await, 1);
        let patch = PatientPatch { tags: Patch::Clear, ..PatientPatch::default() };
        let ask = ChangePatient { patient_id: ana.id, seen_version: None, patch };
        let _ = change_patient(&clinic.env, &clinic.writer(Reach::Company), ask, unheard).await.unwrap();
        assert_eq!(count(&by_tag).await, 0);
        let missed = PatientFilter { no_show_min: Some(1), ..PatientFilter::default() };
        clinic.appointment(practice, ana.id, noon(), "no_show").await;
        assert_eq!(count(&missed).await, 1);
        clinic
            .ran(
                "UPDATE appointment SET patient_id = $1 WHERE status = 'no_show' AND patient_id = $2",
                vec![eva.uuid().into(), ana.id.uuid().into()],
            )
            .await;
        let who = clinic.ids(Reach::Company, asked(&missed, None, PatientSort::Name, 9)).await;
        assert_eq!(who, [eva]);
        clinic.ran("UPDATE appointment SET status = 'booked' WHERE patient_id = $1", vec![eva.uuid().into()]).await;
        assert_eq!(count(&missed).await, 0);
        clinic.ran("UPDATE appointment SET status = 'completed' WHERE patient_id = $1", vec![eva.uuid().into()]).await;
        let came = PatientFilter { last_visit_before: Some(noon() + Duration::seconds(1)), ..PatientFilter::default() };
        assert_eq!(count(&came).await, 1);
        clinic.ran("DELETE FROM appointment WHERE patient_id = $1", vec![eva.uuid().into()]).await;
        assert_eq!(count(&came).await, 0);
    }
}
