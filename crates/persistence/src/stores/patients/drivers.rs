//! Which of a list's conditions to begin with.
//!
//! A rare one is collected whole and sorted, a frequent one met soon on any ordered index; which of them it is, the planners of
//! both databases cannot know of a value that they plan without. So the rows of each are counted as far as it matters, in one
//! statement, and the list is asked in the way that suits the rarest.

use kernel::{Reach, StoreError};
use patients::model::filter::FacetKind;
use patients::model::{Archived, PatientFilter, Sex, Stage};
use sea_orm::Value;

use super::filter::{KEPT, born, created, facets, in_box, is_live, on_own_agenda, sex, stages};
use super::fragment::Fragment;
use crate::SeaTx;
use crate::errors::store;

/// Up to so many rows are collected and sorted.
const MOST_COLLECTED: i64 = 5_000;

#[cfg(test)]
thread_local! {
    /// Tests ask for every way to the same patients: then nothing is few enough to be collected.
    pub(crate) static NOTHING_IS_FEW: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

fn is_few(count: i64) -> bool {
    #[cfg(test)]
    if NOTHING_IS_FEW.get() {
        return false;
    }
    count <= MOST_COLLECTED
}

/// A collection is limited to one of these, so that planners know how small it is and texts of statements stay few. Each leaves
/// room for rows that arrive between the count and the list.
const LIMITS: [i64; 4] = [64, 512, 2_048, 2 * MOST_COLLECTED];

/// How to get at the patients of a list.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    /// On the ordered index of the list.
    Walk,
    /// On the index of a facet, where the list is by name; else as [`Source::Walk`].
    Facet(FacetKind, String),
    /// From the patients of this condition, which are few.
    Collect(Fragment),
}

/// A condition that an index answers: a select of patients' ids, in the order of that index.
struct Driver {
    ids: Fragment,
    facet: Option<(FacetKind, String)>,
}

impl Source {
    /// The condition on `patient` of a collection.
    pub(super) fn condition(&self) -> Option<Fragment> {
        match self {
            Self::Collect(ids) => Some(ids.clone().within("patient.id IN (", ")")),
            Self::Walk | Self::Facet(..) => None,
        }
    }
}

/// The best way to the patients of a filter within the caller's reach.
pub(super) async fn source(tx: &SeaTx, filter: &PatientFilter) -> Result<Source, StoreError> {
    let drivers = drivers(tx, filter);
    let counts = counts(tx, &drivers).await?;
    let of_facets = drivers.iter().zip(&counts).filter(|(driver, _)| driver.facet.is_some());
    let rarest_facet = of_facets.min_by_key(|(_, count)| **count).and_then(|(driver, _)| driver.facet.clone());
    match drivers.into_iter().zip(counts).min_by_key(|(_, count)| *count) {
        Some((driver, count)) if is_few(count) => {
            let limit = LIMITS.into_iter().find(|limit| count <= limit / 2).unwrap_or(2 * MOST_COLLECTED);
            Ok(Source::Collect(driver.ids.and_text(&format!(" LIMIT {limit}"))))
        }
        _ => Ok(rarest_facet.map_or(Source::Walk, |(kind, value)| Source::Facet(kind, value))),
    }
}

/// How many rows each condition has, as far as it matters.
async fn counts(tx: &SeaTx, drivers: &[Driver]) -> Result<Vec<i64>, StoreError> {
    if drivers.is_empty() {
        return Ok(Vec::new());
    }
    let count = |(place, driver): (usize, &Driver)| {
        let after = format!(" LIMIT {}) AS c) AS d{place}", MOST_COLLECTED + 1);
        driver.ids.clone().within("(SELECT count(*) FROM (", &after)
    };
    let all = Fragment::joined(drivers.iter().enumerate().map(count), ", ").within("SELECT ", "");
    let (sql, values) = all.numbered();
    let rows = tx.rows(&sql, values).await?;
    let row = rows.first().ok_or_else(|| StoreError::broken("a count without a row"))?;
    (0..drivers.len()).map(|place| row.try_get("", &format!("d{place}")).map_err(store)).collect()
}

fn drivers(tx: &SeaTx, filter: &PatientFilter) -> Vec<Driver> {
    let of_columns = of_reach(tx).into_iter().chain(of_record(tx, filter)).chain(of_visits(tx, filter));
    let mut all: Vec<Driver> = of_columns.map(|ids| Driver { ids, facet: None }).collect();
    all.extend(
        facets(filter)
            .into_iter()
            .map(|(kind, value)| Driver { ids: of_facet(tx, kind, value), facet: Some((kind, value.to_owned())) }),
    );
    all.extend(filter.near.map(|near| {
        let places = Fragment::new("SELECT w.patient_id FROM patient_place w WHERE w.tenant_id = ? AND ", [tenant(tx)]);
        Driver { ids: places.and(in_box(&near)), facet: None }
    }));
    all
}

fn tenant(tx: &SeaTx) -> Value {
    tx.tenant().into()
}

fn of_facet(tx: &SeaTx, kind: FacetKind, value: &str) -> Fragment {
    let kind = kind.as_str();
    Fragment::new(
        format!(
            "SELECT f.patient_id FROM patient_facet f WHERE f.tenant_id = ? AND f.kind = '{kind}' AND f.value = ? \
             ORDER BY f.sort_text, f.patient_id"
        ),
        [tenant(tx), value.into()],
    )
}

/// Whom a caller reaches who does not reach the company; the select itself confines the list to them.
fn of_reach(tx: &SeaTx) -> Option<Fragment> {
    let reaching = tx.reaching();
    match reaching.reach {
        Reach::Company => None,
        Reach::Nothing => Some(Fragment::new("SELECT p.id FROM patient p WHERE 1 = 0", [])),
        Reach::Own(own) => {
            let own = [tenant(tx), own.uuid().into()];
            Some(Fragment::new("SELECT p.id FROM patient p WHERE p.tenant_id = ? AND p.id = ?", own))
        }
        Reach::Linked(membership) => Some(Fragment::new(
            "SELECT l.patient_id FROM patient_link l WHERE l.tenant_id = ? AND l.membership_id = ? ORDER BY l.patient_id",
            [tenant(tx), membership.uuid().into()],
        )),
        Reach::Agenda(practitioner) => Some(Fragment::new(
            "SELECT a.patient_id FROM appointment a WHERE a.tenant_id = ? AND a.practitioner_id = ? AND a.starts_at >= ? \
             ORDER BY a.starts_at, a.id",
            [tenant(tx), practitioner.uuid().into(), reaching.agenda_since().into()],
        )),
    }
}

/// What the record's own columns say, where an index knows it.
fn of_record(tx: &SeaTx, filter: &PatientFilter) -> Vec<Fragment> {
    let patients = |order: &str, condition: Fragment| {
        Fragment::new("SELECT p.id FROM patient p WHERE p.tenant_id = ? AND ", [tenant(tx)])
            .and(condition)
            .and_text(&format!(" ORDER BY {order}, p.id"))
    };
    let text = |text: String| Fragment::new(text, []);
    let mut all = Vec::new();
    all.extend(born(filter, "p").map(|born| patients("p.birth_date", born)));
    if filter.birth_month.is_some() && filter.born.is_none() {
        all.push(patients("p.birth_date", text("p.birth_date IS NOT NULL".to_owned())));
    }
    all.extend(created(filter, "p").map(|created| patients("p.created_at", created)));
    if let Some(of) = filter.sex.filter(|of| matches!(of, Sex::Other | Sex::Unknown)) {
        all.push(patients("p.sort_text", text(sex(of, "p"))));
    }
    if !filter.stages.is_empty() && !filter.stages.contains(&Stage::Active) {
        all.push(patients("p.stage, p.sort_text", text(stages(&filter.stages, "p"))));
    }
    if filter.archived == Archived::Only && !is_live(filter) {
        all.push(patients("p.archived_at", text("p.archived_at IS NOT NULL".to_owned())));
    }
    all
}

fn of_visits(tx: &SeaTx, filter: &PatientFilter) -> Vec<Fragment> {
    let attendance = |condition: &str, order: &str, value: Value| {
        let text = format!(
            "SELECT v.patient_id FROM patient_attendance v WHERE v.tenant_id = ? AND {condition} ORDER BY {order}"
        );
        Fragment::new(text, [tenant(tx), value])
    };
    let mut all = Vec::new();
    all.extend(filter.has_appointment.map(|period| {
        let text = format!(
            "SELECT a.patient_id FROM appointment a WHERE a.tenant_id = ? AND a.starts_at >= ? AND a.starts_at < ? AND {KEPT}"
        );
        Fragment::new(text, [tenant(tx), period.from().into(), period.to().into()])
            .and(on_own_agenda(tx))
            .and_text(" ORDER BY a.starts_at, a.id")
    }));
    // Who has an agenda is answered by it alone: a later visit to somebody else does not count there.
    let is_of_all = !matches!(tx.reach(), Reach::Agenda(_));
    all.extend(
        filter
            .last_visit_before
            .filter(|_| is_of_all)
            .map(|before| attendance("v.last_visit_at < ?", "v.last_visit_at, v.patient_id", before.into())),
    );
    all.extend(filter.no_show_min.map(|least| {
        attendance("v.no_shows > 0 AND v.no_shows >= ?", "v.no_shows, v.patient_id", i64::from(least).into())
    }));
    all
}
