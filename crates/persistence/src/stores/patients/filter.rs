//! The filters of patients (PT3) as predicates on `patient`.

use kernel::Reach;
use patients::model::filter::FacetKind;
use patients::model::geography::{Longitudes, Near};
use patients::model::{Archived, PatientFilter, PatientSelection, Sex, Stage};
use sea_orm::{Condition, QueryFilter, Select, Value};

use super::fragment::Fragment;
use super::search::{Occurs, escaped_terms, every};
use crate::SeaTx;
use crate::rows::patient::Entity;

/// An appointment that counts as one that the patient has or had.
pub(super) const KEPT: &str = "a.status NOT IN ('cancelled', 'late_cancelled', 'entered_in_error')";
/// One that lies ahead.
pub(super) const AHEAD: &str = "a.status IN ('requested', 'booked', 'confirmed', 'checked_in', 'in_progress')";
/// So many bands of latitude are listed one by one, so that the longitude counts in each; more are a range.
const MOST_BANDS: usize = 400;

/// How a row of another table is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Probe {
    /// Row by row: a page is read in an order that is there already, and ends soon. A count is what no planner turns into a
    /// join of whole tables.
    Each,
    /// As the planner likes: all rows are counted or summed.
    Joined,
}

/// The patients of a selection, within the caller's reach: for counts, sums and groups.
pub(super) fn selected(tx: &SeaTx, selection: &PatientSelection) -> Select<Entity> {
    let select = filtered(tx, &selection.filter, Probe::Joined);
    match selection.search.as_ref().filter(|terms| !terms.is_empty()) {
        None => select,
        Some(terms) if tx.is_postgres() => {
            // Policies would keep these operators from their index.
            let values = [escaped_terms(terms), is_live(&selection.filter).into()];
            let found = Fragment::new("patient.id IN (SELECT patient_search_ids(?, ?))", values);
            select.filter(found.expr(true))
        }
        Some(terms) => select.filter(every(tx, terms, Occurs::Anywhere)),
    }
}

/// The patients that a filter lets through, within the caller's reach.
pub(super) fn filtered(tx: &SeaTx, filter: &PatientFilter, probe: Probe) -> Select<Entity> {
    let all = predicates(tx, filter, probe).into_iter();
    let condition = all.fold(Condition::all(), |condition, one| condition.add(one.expr(tx.is_postgres())));
    tx.select::<Entity>().filter(condition)
}

/// True of the patient of this id, in SQL, when the filter lets it through; reach is for who asks.
pub(super) fn of_patient(tx: &SeaTx, filter: &PatientFilter, id: &str) -> Fragment {
    let is =
        Fragment::new(format!("patient WHERE patient.tenant_id = ? AND patient.id = {id} AND "), [tx.tenant().into()]);
    has(Probe::Each, is.and(Fragment::joined(predicates(tx, filter, Probe::Each), " AND ")))
}

/// True when only records in use are meant.
pub(super) fn is_live(filter: &PatientFilter) -> bool {
    filter.archived == Archived::No && !filter.includes_merged()
}

/// Every predicate of a filter.
fn predicates(tx: &SeaTx, filter: &PatientFilter, probe: Probe) -> Vec<Fragment> {
    let mut all = vec![Fragment::new(standing(filter), [])];
    all.extend(facets(filter).into_iter().map(|(kind, value)| has(probe, facet_of(tx, kind, value))));
    all.extend(person(tx, filter));
    all.extend(visits(tx, filter, probe));
    all.extend(filter.near.map(|near| {
        let within = match probe {
            Probe::Each => place_of(tx),
            Probe::Joined => place_of(tx).and_text(" AND ").and(in_box(&near)),
        };
        has(
            probe,
            within.and_text(" AND ").and(chord(&near)).and(Fragment::new(" <= ?", [near.chord_squared().into()])),
        )
    }));
    all
}

/// A row is there, of this table under these conditions.
fn has(probe: Probe, from: Fragment) -> Fragment {
    match probe {
        Probe::Each => from.within("(SELECT count(*) FROM ", ") > 0"),
        Probe::Joined => from.within("EXISTS (SELECT 1 FROM ", ")"),
    }
}

/// Archive and stages.
fn standing(filter: &PatientFilter) -> String {
    let archived = match filter.archived {
        Archived::No => "patient.archived_at IS NULL",
        Archived::Only => "patient.archived_at IS NOT NULL",
    };
    format!("{archived} AND {}", stages(&filter.stages, "patient"))
}

/// The stages of a table under this name, with the words of the partial index where it holds them all.
pub(super) fn stages(stages: &[Stage], table: &str) -> String {
    if stages.is_empty() {
        return format!("{table}.stage <> 'merged'");
    }
    let words: Vec<String> = stages.iter().map(|stage| format!("'{}'", stage.as_str())).collect();
    let any = format!("{table}.stage IN ({})", words.join(", "));
    if stages.contains(&Stage::Active) { any } else { format!("{any} AND {table}.stage <> 'active'") }
}

/// The sex of a table under this name, the same.
pub(super) fn sex(sex: Sex, table: &str) -> String {
    let is = format!("{table}.sex = '{}'", sex.as_str());
    match sex {
        Sex::Female | Sex::Male => is,
        Sex::Other | Sex::Unknown => format!("{is} AND {table}.sex IN ('other', 'unknown')"),
    }
}

/// The facets that a filter names.
pub(super) fn facets(filter: &PatientFilter) -> Vec<(FacetKind, &str)> {
    let tags = filter.tags.iter().map(|tag| (FacetKind::Tag, tag.as_str()));
    let named = [
        (FacetKind::Plan, &filter.health_plan),
        (FacetKind::City, &filter.city),
        (FacetKind::Neighbourhood, &filter.neighbourhood),
    ];
    tags.chain(named.into_iter().filter_map(|(kind, key)| Some((kind, key.as_ref()?.as_str())))).collect()
}

fn facet_of(tx: &SeaTx, kind: FacetKind, value: &str) -> Fragment {
    let of = "patient_facet f WHERE f.tenant_id = ? AND f.patient_id = patient.id AND f.kind = '{}' AND f.value = ?";
    Fragment::new(of.replace("{}", kind.as_str()), [tx.tenant().into(), value.into()])
}

/// Birth, sex and registration.
fn person(tx: &SeaTx, filter: &PatientFilter) -> Vec<Fragment> {
    let mut all = Vec::new();
    all.extend(born(filter, "patient"));
    all.extend(filter.birth_month.map(|month| {
        let of = if tx.is_postgres() {
            "extract(month FROM patient.birth_date)"
        } else {
            "CAST(substr(patient.birth_date, 6, 2) AS integer)"
        };
        Fragment::new(format!("{of} = {}", month.number()), [])
    }));
    all.extend(filter.sex.map(|of| Fragment::new(sex(of, "patient"), [])));
    all.extend(created(filter, "patient"));
    all
}

/// The days of birth asked for, in a table under this name.
pub(super) fn born(filter: &PatientFilter, table: &str) -> Option<Fragment> {
    let born = filter.born?;
    let until = born.until.map(|day| Fragment::new(format!("{table}.birth_date <= ?"), [day.into()]));
    let after = born.after.map(|day| Fragment::new(format!("{table}.birth_date > ?"), [day.into()]));
    Some(Fragment::joined(until.into_iter().chain(after), " AND "))
}

/// Registered in the period asked for, in a table under this name.
pub(super) fn created(filter: &PatientFilter, table: &str) -> Option<Fragment> {
    let period = filter.created?;
    let text = format!("{table}.created_at >= ? AND {table}.created_at < ?");
    Some(Fragment::new(text, [period.from().into(), period.to().into()]))
}

/// Appointments, past visits and those that were missed. Who has an agenda sees what is on it, and is answered by that alone.
fn visits(tx: &SeaTx, filter: &PatientFilter, probe: Probe) -> Vec<Fragment> {
    let mut all = Vec::new();
    all.extend(filter.has_appointment.map(|period| {
        let within = Fragment::new(
            format!(" AND a.starts_at >= ? AND a.starts_at < ? AND {KEPT}"),
            [period.from().into(), period.to().into()],
        );
        has(probe, appointment_of(tx).and(within))
    }));
    all.extend(filter.last_visit_before.map(|before| match tx.reach() {
        Reach::Agenda(_) => last_visit(tx).and(Fragment::new(" < ?", [before.into()])),
        _ => has(probe, attendance_of(tx).and(Fragment::new(" AND v.last_visit_at < ?", [before.into()]))),
    }));
    all.extend(filter.no_show_min.map(|least| {
        let least: Value = i64::from(least).into();
        match tx.reach() {
            Reach::Agenda(_) => appointment_of(tx)
                .within("(SELECT count(*) FROM ", " AND a.status = 'no_show')")
                .and(Fragment::new(" >= ?", [least])),
            _ => has(probe, attendance_of(tx).and(Fragment::new(" AND v.no_shows > 0 AND v.no_shows >= ?", [least]))),
        }
    }));
    all
}

/// The patient's appointments that the caller sees, as `a`.
pub(super) fn appointment_of(tx: &SeaTx) -> Fragment {
    let of = Fragment::new("appointment a WHERE a.tenant_id = ? AND a.patient_id = patient.id", [tx.tenant().into()]);
    of.and(on_own_agenda(tx))
}

/// What confines appointments, as `a`, to those of a caller who has an agenda.
pub(super) fn on_own_agenda(tx: &SeaTx) -> Fragment {
    match tx.reach() {
        Reach::Agenda(own) => Fragment::new(" AND a.practitioner_id = ?", [own.uuid().into()]),
        _ => Fragment::default(),
    }
}

fn attendance_of(tx: &SeaTx) -> Fragment {
    Fragment::new("patient_attendance v WHERE v.tenant_id = ? AND v.patient_id = patient.id", [tx.tenant().into()])
}

/// When the patient's last visit began; null for who never came.
pub(super) fn last_visit(tx: &SeaTx) -> Fragment {
    match tx.reach() {
        Reach::Agenda(_) => appointment_of(tx).within("(SELECT max(a.starts_at) FROM ", " AND a.status = 'completed')"),
        _ => attendance_of(tx).within("(SELECT v.last_visit_at FROM ", ")"),
    }
}

/// When the patient's next appointment begins; null for who has none.
pub(super) fn next_appointment(tx: &SeaTx) -> Fragment {
    let ahead = Fragment::new(format!(" AND a.starts_at >= ? AND {AHEAD})"), [tx.now().into()]);
    appointment_of(tx).within("(SELECT min(a.starts_at) FROM ", "").and(ahead)
}

fn place_of(tx: &SeaTx) -> Fragment {
    Fragment::new("patient_place w WHERE w.tenant_id = ? AND w.patient_id = patient.id", [tx.tenant().into()])
}

/// The square of the straight line from a circle's centre to the place `w`.
fn chord(near: &Near) -> Fragment {
    let centre = near.centre();
    let values = [centre.x, centre.x, centre.y, centre.y, centre.z, centre.z].map(Value::from);
    Fragment::new("((w.x - ?) * (w.x - ?) + (w.y - ?) * (w.y - ?) + (w.z - ?) * (w.z - ?))", values)
}

/// The square of the straight line from a circle's centre to the nearest address; null for who has none.
pub(super) fn nearest(tx: &SeaTx, near: &Near) -> Fragment {
    chord(near).within("(SELECT min", " FROM ").and(place_of(tx)).and_text(")")
}

/// The places `w` in the box around a circle, which an index finds.
pub(super) fn in_box(near: &Near) -> Fragment {
    let bands = near.bands();
    let (south, north) = (*bands.start(), *bands.end());
    let listed: Vec<String> = bands.map(|band| band.to_string()).collect();
    let in_bands = if listed.len() <= MOST_BANDS {
        format!("w.band IN ({})", listed.join(", "))
    } else {
        format!("w.band BETWEEN {south} AND {north}")
    };
    let in_bands = Fragment::new(in_bands, []);
    match near.longitudes() {
        Longitudes::All => in_bands,
        Longitudes::Between(west, east) => {
            in_bands.and(Fragment::new(" AND w.longitude >= ? AND w.longitude <= ?", [west.into(), east.into()]))
        }
        Longitudes::Across(west, east) => {
            in_bands.and(Fragment::new(" AND (w.longitude >= ? OR w.longitude <= ?)", [west.into(), east.into()]))
        }
    }
}
