//! The search (PT3): ranked by stages, each ordered by name. PostgreSQL does it in a function of the owner, because row-level
//! security would keep text search from its index; SQLite by a scan of the ordered index per stage.

use kernel::ids::PatientId;
use kernel::{Page, Reach, Start, StoreError};
use patients::model::{PatientFilter, PatientSummary, SearchTerms};
use patients::ports::{PatientKey, PatientList};
use sea_orm::sea_query::{CaseStatement, Expr, Func, LikeExpr, Order};
use sea_orm::{
    Condition, ExprTrait, FromQueryResult, QueryFilter, QueryOrder, QueryResult, QuerySelect, Select, Value,
};
use uuid::Uuid;

use super::drivers::Source;
use super::filter::{Probe, filtered, is_live, of_patient};
use super::fragment::Fragment;
use super::list::{listed, summaries, total};
use crate::SeaTx;
use crate::errors::store;
use crate::rows::patient::{Column, Entity, SUMMARY, Summary};

/// The last stage of ranking.
const INSIDE: u8 = 2;

/// The function answers with rows of the tenant that the transaction names, and none without one.
const POSTGRES: &str = "patient_search_live(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// So many exact matches come first, those of the lowest ids; `m0012_patient_filters` says the same. More share a placeholder.
const MOST_EXACT: usize = 1_000;
/// So many of them are listed one by one.
const MOST_LISTED: usize = 64;

/// So many that are found by a scan are sorted in memory.
const FEW: u64 = 250;

/// So many of what the words find are tried by a filter at first, so many times more after each try, and at most so many at once.
const TRIED_FIRST: u64 = 250;
const TRIED_MORE: u64 = 8;
const TRIED_MOST: u64 = 20_000;

/// A row with its stage of ranking.
#[derive(Debug, FromQueryResult)]
struct Ranked {
    ranked: i32,
    #[sea_orm(nested)]
    row: Summary,
}

impl Ranked {
    fn key(&self) -> (u8, String, PatientId) {
        let stage = u8::try_from(self.ranked).unwrap_or(INSIDE);
        (stage, self.row.sort_text.clone(), PatientId::from_uuid(self.row.id))
    }
}

/// One of those that the words find: its place among them, and whether the filter lets it through.
struct Tried {
    place: i64,
    fits: bool,
    one: Ranked,
}

impl Tried {
    fn of(row: &QueryResult) -> Result<Self, StoreError> {
        Ok(Self {
            place: row.try_get("", "place").map_err(store)?,
            fits: row.try_get("", "fits").map_err(store)?,
            one: Ranked::from_query_result(row, "").map_err(store)?,
        })
    }
}

/// Where a search begins.
#[derive(Clone, Copy)]
struct Begin<'a> {
    stage: u8,
    key: Option<(&'a str, PatientId)>,
    skip: u64,
}

impl<'a> Begin<'a> {
    fn of(start: &'a Start<PatientKey>) -> Result<Self, StoreError> {
        match start {
            Start::First => Ok(Self { stage: 0, key: None, skip: 0 }),
            Start::Offset(skip) => Ok(Self { stage: 0, key: None, skip: *skip }),
            Start::After(PatientKey::Name { stage, text, id }) => {
                Ok(Self { stage: *stage, key: Some((text, *id)), skip: 0 })
            }
            Start::After(_) => Err(StoreError::broken("a cursor of another list")),
        }
    }
}

pub(super) async fn page(
    tx: &SeaTx,
    ask: &PatientList,
    terms: &SearchTerms,
    source: &Source,
) -> Result<Page<PatientSummary>, StoreError> {
    let (from, limit) = (Begin::of(&ask.page.start)?, ask.page.limit);
    let (filter, most) = (&ask.selection.filter, u64::from(limit) + 1);
    let total = total(tx, &ask.selection, ask.page.total).await?;
    let rows = match source {
        Source::Collect(_) => {
            let select = listed(tx, filter, source).filter(every(tx, terms, Occurs::Anywhere));
            whole(tx, select, terms, from, most).await?
        }
        Source::Walk | Source::Facet(..) if !tx.is_postgres() => scanned(tx, filter, terms, from, most).await?,
        Source::Walk | Source::Facet(..) if filter.is_usual() => ranked(tx, terms, from, most).await?,
        Source::Walk | Source::Facet(..) if from.skip > 0 => {
            let found = [escaped_terms(terms), is_live(filter).into()];
            let found = Fragment::new("patient.id IN (SELECT patient_search_ids(?, ?))", found).expr(true);
            let select = filtered(tx, filter, Probe::Joined).select_only().columns(SUMMARY).filter(found);
            whole(tx, select, terms, from, most).await?
        }
        Source::Walk | Source::Facet(..) => tried(tx, filter, terms, from, most).await?,
    };
    let page = Page::from_surplus(rows, limit, total, |found| PatientKey::Name {
        stage: u8::try_from(found.ranked).unwrap_or(INSIDE),
        text: found.row.sort_text.clone(),
        id: PatientId::from_uuid(found.row.id),
    });
    summaries(page.map(|found| found.row))
}

/// Letters of a pattern stand for themselves.
pub(super) fn escaped(term: &str) -> String {
    term.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

fn reach(tx: &SeaTx) -> [Value; 4] {
    let (word, id) = match tx.reach() {
        Reach::Company => ("company", None),
        Reach::Agenda(practitioner) => ("agenda", Some(practitioner.uuid())),
        Reach::Linked(membership) => ("linked", Some(membership.uuid())),
        Reach::Own(patient) => ("self", Some(patient.uuid())),
        Reach::Nothing => ("nothing", None),
    };
    let reaching = tx.reaching();
    [word.into(), id.into(), reaching.agenda_since().into(), reaching.now.date_naive().into()]
}

pub(super) fn escaped_terms(terms: &SearchTerms) -> Value {
    terms.terms().into_iter().map(escaped).collect::<Vec<_>>().join(" ").into()
}

/// The call of the function; `live` leaves out what is archived or merged.
fn call(tx: &SeaTx, terms: &SearchTerms, live: bool, from: Begin<'_>, most: u64) -> Fragment {
    let values = terms.identifiers().iter().map(|(kind, value)| format!("{}:{value}", kind.as_str()));
    let mut all: Vec<Value> = vec![
        escaped_terms(terms),
        values.collect::<Vec<_>>().join(" ").into(),
        terms.contacts().join(" ").into(),
        terms.card().unwrap_or_default().into(),
        live.into(),
    ];
    all.extend(reach(tx));
    all.extend([
        i32::from(from.stage).into(),
        from.key.map(|(text, _)| text.to_owned()).into(),
        from.key.map(|(_, id)| id.uuid()).into(),
        i64::try_from(from.skip).unwrap_or(i64::MAX).into(),
        i32::try_from(most).unwrap_or(i32::MAX).into(),
    ]);
    Fragment::new(POSTGRES, all)
}

/// What the words find among the records in use.
async fn ranked(tx: &SeaTx, terms: &SearchTerms, from: Begin<'_>, most: u64) -> Result<Vec<Ranked>, StoreError> {
    let (sql, values) = call(tx, terms, true, from, most).within("SELECT * FROM ", "").numbered();
    let rows = tx.rows(&sql, values).await?;
    rows.iter().map(|row| Ranked::from_query_result(row, "").map_err(store)).collect()
}

/// What the words find, in its order, and of that what a filter lets through that many records pass. More is asked for until the
/// page is full.
async fn tried(
    tx: &SeaTx,
    filter: &PatientFilter,
    terms: &SearchTerms,
    from: Begin<'_>,
    most: u64,
) -> Result<Vec<Ranked>, StoreError> {
    let mut found: Vec<Ranked> = Vec::new();
    let (mut tries, mut last) = (Ord::max(TRIED_FIRST, most), None::<(u8, String, PatientId)>);
    loop {
        let from = match &last {
            Some((stage, text, id)) => Begin { stage: *stage, key: Some((text.as_str(), *id)), skip: 0 },
            None => from,
        };
        // The last one tried is answered too, to go on behind it.
        let sql = of_patient(tx, filter, "s.id")
            .within("SELECT * FROM (SELECT s.*, ", " AS fits, row_number() OVER () AS place FROM ")
            .and(call(tx, terms, is_live(filter), from, tries))
            .and_text(&format!(" s) t WHERE t.fits OR t.place = {tries}"));
        let (sql, values) = sql.numbered();
        let mut rows = tx.rows(&sql, values).await?.iter().map(Tried::of).collect::<Result<Vec<_>, _>>()?;
        rows.sort_by_key(|row| row.place);
        last = rows
            .last()
            .filter(|row| u64::try_from(row.place).is_ok_and(|place| place == tries))
            .map(|row| row.one.key());
        found.extend(rows.into_iter().filter(|row| row.fits).map(|row| row.one));
        let is_full = u64::try_from(found.len()).unwrap_or(u64::MAX) >= most;
        if is_full || last.is_none() {
            found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
            return Ok(found);
        }
        tries = Ord::min(tries * TRIED_MORE, TRIED_MOST);
    }
}

/// Where a term has to occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occurs {
    /// Anywhere.
    Anywhere,
    /// At the beginning of a word.
    InFront,
}

/// Each term occurs there. SQLite finds a text faster by `instr` than by a pattern, of which every letter is compared in both
/// cases.
pub(super) fn every(tx: &SeaTx, terms: &SearchTerms, occurs: Occurs) -> Condition {
    let before = if occurs == Occurs::InFront { " " } else { "" };
    terms.terms().into_iter().fold(Condition::all(), |condition, term| {
        if !tx.is_postgres() {
            let found = Fragment::new("instr(patient.search_text, ?) > 0", [format!("{before}{term}").into()]);
            return condition.add(found.expr(false));
        }
        let pattern = LikeExpr::new(format!("%{before}{}%", escaped(term))).escape('\\');
        condition.add(Expr::col((Entity, Column::SearchText)).like(pattern))
    })
}

/// The patients whom an identifier, telephone number, e-mail address or card number of the query names, as a select of their
/// ids; nothing where the query has none.
fn exact_ids(tx: &SeaTx, terms: &SearchTerms) -> Option<Fragment> {
    let tenant = || Value::from(tx.tenant());
    let mut all = Vec::new();
    all.extend(terms.identifiers().iter().map(|(kind, value)| {
        let text = "SELECT i.patient_id FROM patient_identifier i WHERE i.tenant_id = ? AND i.kind = ? AND i.value = ?";
        Fragment::new(text, [tenant(), kind.as_str().into(), value.clone().into()])
    }));
    all.extend(terms.contacts().iter().map(|key| {
        let text = "SELECT c.patient_id FROM patient_contact c WHERE c.tenant_id = ? AND c.match_key = ?";
        Fragment::new(text, [tenant(), (*key).into()])
    }));
    all.extend(terms.card().map(|card| {
        let text = "SELECT f.patient_id FROM patient_facet f WHERE f.tenant_id = ? AND f.kind = 'card' AND f.value = ?";
        Fragment::new(text, [tenant(), card.into()])
    }));
    (!all.is_empty()).then(|| {
        Fragment::joined(all, " UNION ")
            .within("SELECT e.patient_id FROM (", &format!(") e ORDER BY e.patient_id LIMIT {MOST_EXACT}"))
    })
}

/// The condition on `patient` of whom [`exact_ids`] selects; nothing when that is nobody. A few are listed, so that planners
/// know how few; a number that many share, as placeholders are, is looked up by the database.
async fn exact(tx: &SeaTx, terms: &SearchTerms) -> Result<Option<Expr>, StoreError> {
    let Some(ids) = exact_ids(tx, terms) else { return Ok(None) };
    let some = ids.clone().within("SELECT s.patient_id AS id FROM (", &format!(") s LIMIT {}", MOST_LISTED + 1));
    let (sql, values) = some.numbered();
    let rows = tx.rows(&sql, values).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    if rows.len() > MOST_LISTED {
        return Ok(Some(ids.within("patient.id IN (", ")").expr(tx.is_postgres())));
    }
    let listed = rows.iter().map(|row| row.try_get::<Uuid>("", "id").map_err(store)).collect::<Result<Vec<_>, _>>()?;
    Ok(Some(Expr::col((Entity, Column::Id)).is_in(listed)))
}

fn nobody() -> Expr {
    Expr::cust("1 = 0")
}

/// All that a select finds, which is little or asked from its middle: ranked, sorted, and cut.
async fn whole(
    tx: &SeaTx,
    select: Select<Entity>,
    terms: &SearchTerms,
    from: Begin<'_>,
    most: u64,
) -> Result<Vec<Ranked>, StoreError> {
    let named = exact(tx, terms).await?.unwrap_or_else(nobody);
    let stage: Expr = CaseStatement::new().case(named, 0).case(every(tx, terms, Occurs::InFront), 1).finally(2).into();
    let name = Expr::col((Entity, Column::SortText));
    // Not the column itself, whose index would draw the planner away from the few.
    let name: Expr = Func::coalesce([name.clone(), name]).into();
    let id = Expr::col((Entity, Column::Id));
    let mut select = select;
    if let Some((text, after)) = from.key {
        let row = Expr::tuple([stage.clone(), name.clone(), id.clone()]);
        let seen = [Expr::value(i32::from(from.stage)), Expr::value(text), Expr::value(after.uuid())];
        select = select.filter(row.gt(Expr::tuple(seen)));
    }
    if from.skip > 0 {
        select = select.offset(from.skip);
    }
    let select = select.expr_as(stage, "ranked").order_by_asc(Expr::col("ranked"));
    tx.all_as(select.order_by_asc(name).order_by_asc(id).limit(most)).await
}

/// The same by scans of the ordered index. Where little is found, one tells all of it; else there is one for each stage, which
/// ends when the page is full.
async fn scanned(
    tx: &SeaTx,
    filter: &PatientFilter,
    terms: &SearchTerms,
    from: Begin<'_>,
    most: u64,
) -> Result<Vec<Ranked>, StoreError> {
    let all = || listed(tx, filter, &Source::Walk).filter(every(tx, terms, Occurs::Anywhere));
    if from.skip > 0 {
        return whole(tx, all(), terms, from, most).await;
    }
    let exact = exact(tx, terms).await?;
    let (is_exact, named) = (exact.is_some(), exact.unwrap_or_else(nobody));
    let words = every(tx, terms, Occurs::InFront);
    if from.key.is_none() {
        let stage = CaseStatement::new().case(named.clone(), 0).case(words.clone(), 1).finally(i32::from(INSIDE));
        let stage: Expr = stage.into();
        let some =
            all().expr_as(stage, "ranked").order_by(Column::SortText, Order::Asc).order_by(Column::Id, Order::Asc);
        let few = Ord::max(FEW, most);
        let mut found: Vec<Ranked> = tx.all_as(some.limit(few)).await?;
        if u64::try_from(found.len()).unwrap_or(u64::MAX) < few {
            found.sort_by_key(|one| one.ranked);
            found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
            return Ok(found);
        }
    }
    let mut found: Vec<Ranked> = Vec::new();
    for stage in from.stage..=INSIDE {
        let wanted = most.saturating_sub(u64::try_from(found.len()).unwrap_or(u64::MAX));
        if wanted == 0 || (stage == 0 && !is_exact) {
            continue;
        }
        let mut select = match stage {
            0 => all().filter(named.clone()),
            1 => all().filter(words.clone()).filter(named.clone().not()),
            _ => all().filter(words.clone().not()).filter(named.clone().not()),
        };
        if let Some((text, id)) = from.key.filter(|_| stage == from.stage) {
            let row = Expr::tuple([Expr::col((Entity, Column::SortText)), Expr::col((Entity, Column::Id))]);
            select = select.filter(row.gt(Expr::tuple([Expr::value(text), Expr::value(id.uuid())])));
        }
        let select = select.expr_as(Expr::value(i32::from(stage)), "ranked");
        let select = select.order_by(Column::SortText, Order::Asc).order_by(Column::Id, Order::Asc);
        found.extend(tx.all_as::<_, Ranked>(select.limit(wanted)).await?);
    }
    Ok(found)
}
