//! The list of patients without a search: one statement on an ordered index, or on the few that a filter leaves.

use chrono::{DateTime, Utc};
use kernel::ids::PatientId;
use kernel::{Page, PageAsk, Start, StoreError, Total};
use patients::model::filter::FacetKind;
use patients::model::{PatientSelection, PatientSummary};
use patients::ports::{PatientKey, PatientList, PatientSort};
use sea_orm::sea_query::{Alias, Expr, Order};
use sea_orm::{Condition, ExprTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select, Value};

use super::drivers::Source;
use super::filter::{Probe, filtered, selected};
use super::{distance, visits};
use crate::SeaTx;
use crate::rows::patient::{Column, Entity, SUMMARY, Summary};

/// Where a page begins in a list whose rows have a key of this kind.
pub(super) struct Begin<K> {
    /// Behind the row of this key.
    pub(super) after: Option<(K, PatientId)>,
    /// So many rows from there.
    pub(super) skip: u64,
}

pub(super) async fn page(tx: &SeaTx, ask: &PatientList, source: Source) -> Result<Page<PatientSummary>, StoreError> {
    let (filter, limit) = (&ask.selection.filter, ask.page.limit);
    let total = total(tx, &ask.selection, ask.page.total).await?;
    let most = u64::from(limit) + 1;
    let page = match (ask.sort, filter.near) {
        (PatientSort::Created | PatientSort::CreatedDescending, _) => {
            let rows = by_registration(tx, ask, &source).await?;
            Page::from_surplus(rows, limit, total, |row| PatientKey::Created {
                at: row.created_at,
                id: PatientId::from_uuid(row.id),
            })
        }
        (PatientSort::LastVisit | PatientSort::LastVisitDescending, _) => {
            let begin = visit_key(&ask.page)?;
            let rows = visits::by_last_visit(tx, filter, (&source, order(ask.sort)), begin, most).await?;
            visits::page(rows, limit, total)
        }
        (PatientSort::NextAppointment | PatientSort::NextAppointmentDescending, _) => {
            let begin = visit_key(&ask.page)?;
            let rows = visits::by_next_appointment(tx, filter, (&source, order(ask.sort)), begin, most).await?;
            visits::page(rows, limit, total)
        }
        (PatientSort::Distance, Some(near)) => distance::page(tx, filter, &near, (&source, &ask.page), total).await?,
        _ => {
            let rows = by_name(tx, ask, &source).await?;
            Page::from_surplus(rows, limit, total, |row| PatientKey::Name {
                stage: 0,
                text: row.sort_text.clone(),
                id: PatientId::from_uuid(row.id),
            })
        }
    };
    summaries(page)
}

/// How many patients a selection has, if it is asked.
pub(super) async fn total(tx: &SeaTx, selection: &PatientSelection, asked: Total) -> Result<Option<u64>, StoreError> {
    match asked {
        Total::Skip => Ok(None),
        Total::Count => tx.count(selected(tx, selection).select_only().column(Column::Id)).await.map(Some),
    }
}

fn order(sort: PatientSort) -> Order {
    match sort {
        PatientSort::NameDescending
        | PatientSort::CreatedDescending
        | PatientSort::LastVisitDescending
        | PatientSort::NextAppointmentDescending => Order::Desc,
        PatientSort::Name
        | PatientSort::Created
        | PatientSort::LastVisit
        | PatientSort::NextAppointment
        | PatientSort::Distance => Order::Asc,
    }
}

/// The rows of a list, whose order is still to be said.
pub(super) fn listed(tx: &SeaTx, filter: &patients::model::PatientFilter, source: &Source) -> Select<Entity> {
    let select = filtered(tx, filter, Probe::Each).select_only().columns(SUMMARY);
    match source.condition() {
        Some(condition) => select.filter(condition.expr(tx.is_postgres())),
        None => select,
    }
}

/// A column to sort a list by. Where its rows are collected, no ordered index may draw the planner away from them.
fn sorted(source: &Source, column: Column) -> Expr {
    let column = Expr::col((Entity, column));
    match source {
        Source::Collect(_) => sea_orm::sea_query::Func::coalesce([column.clone(), column]).into(),
        Source::Walk | Source::Facet(..) => column,
    }
}

async fn by_name(tx: &SeaTx, ask: &PatientList, source: &Source) -> Result<Vec<Summary>, StoreError> {
    let begin = begin_of(&ask.page, |key| match key {
        PatientKey::Name { text, id, .. } => Some((text.clone(), *id)),
        _ => None,
    })?;
    let select = listed(tx, &ask.selection.filter, source);
    let (select, keys) = match source {
        Source::Facet(kind, value) => {
            let (name, id) = (Expr::col(("f", "sort_text")), Expr::col(("f", "patient_id")));
            (in_facet(tx, select, *kind, value), [name, id])
        }
        _ => (select, [sorted(source, Column::SortText), Expr::col((Entity, Column::Id))]),
    };
    rows(tx, select, keys, &order(ask.sort), begin, u64::from(ask.page.limit) + 1).await
}

/// The same rows, read on the index of a facet.
fn in_facet(tx: &SeaTx, mut select: Select<Entity>, kind: FacetKind, value: &str) -> Select<Entity> {
    let column = |name: &'static str| Expr::col(("f", name));
    let on = Condition::all()
        .add(column("tenant_id").eq(tx.tenant()))
        .add(column("patient_id").equals((Entity, Column::Id)))
        .add(column("kind").eq(Expr::cust(format!("'{}'", kind.as_str()))))
        .add(column("value").eq(value));
    QueryTrait::query(&mut select).join_as(
        sea_orm::JoinType::InnerJoin,
        Alias::new("patient_facet"),
        Alias::new("f"),
        on,
    );
    select
}

async fn by_registration(tx: &SeaTx, ask: &PatientList, source: &Source) -> Result<Vec<Summary>, StoreError> {
    let begin = begin_of(&ask.page, |key| match key {
        PatientKey::Created { at, id } => Some((*at, *id)),
        _ => None,
    })?;
    let keys = [sorted(source, Column::CreatedAt), Expr::col((Entity, Column::Id))];
    let select = listed(tx, &ask.selection.filter, source);
    rows(tx, select, keys, &order(ask.sort), begin, u64::from(ask.page.limit) + 1).await
}

/// The rows of a select in the order of two keys, compared as one: both databases find `(a, b) > (x, y)` in an index.
pub(super) async fn rows<K: Into<Value>, R: FromQueryResult + Send + Sync>(
    tx: &SeaTx,
    select: Select<Entity>,
    [key, id]: [Expr; 2],
    order: &Order,
    begin: Begin<K>,
    most: u64,
) -> Result<Vec<R>, StoreError> {
    let mut select = select;
    if let Some((value, after)) = begin.after {
        let row = Expr::tuple([key.clone(), id.clone()]);
        let value: Value = value.into();
        let seen = Expr::tuple([Expr::value(value), Expr::value(after.uuid())]);
        select = select.filter(if *order == Order::Desc { row.lt(seen) } else { row.gt(seen) });
    }
    if begin.skip > 0 {
        select = select.offset(begin.skip);
    }
    tx.all_as(select.order_by(key, order.clone()).order_by(id, order.clone()).limit(most)).await
}

/// Where a page begins, if its cursor is one of this list.
pub(super) fn begin_of<K>(
    page: &PageAsk<PatientKey>,
    key: impl Fn(&PatientKey) -> Option<(K, PatientId)>,
) -> Result<Begin<K>, StoreError> {
    match &page.start {
        Start::First => Ok(Begin { after: None, skip: 0 }),
        Start::Offset(skip) => Ok(Begin { after: None, skip: *skip }),
        Start::After(after) => match key(after) {
            Some(after) => Ok(Begin { after: Some(after), skip: 0 }),
            None => Err(StoreError::broken("a cursor of another list")),
        },
    }
}

fn visit_key(page: &PageAsk<PatientKey>) -> Result<Begin<Option<DateTime<Utc>>>, StoreError> {
    begin_of(page, |key| match key {
        PatientKey::Visit { visit, id } => Some((*visit, *id)),
        _ => None,
    })
}

/// The page with its rows read.
pub(super) fn summaries(page: Page<Summary>) -> Result<Page<PatientSummary>, StoreError> {
    let items = page.items.into_iter().map(PatientSummary::try_from).collect::<Result<_, _>>()?;
    Ok(Page { items, next: page.next, total: page.total })
}
