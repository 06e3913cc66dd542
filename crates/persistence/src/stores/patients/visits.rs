//! The list of patients by their last visit or next appointment; who has none is last in either direction.

use chrono::{DateTime, Utc};
use kernel::ids::PatientId;
use kernel::{Page, StoreError};
use patients::model::PatientFilter;
use patients::ports::PatientKey;
use sea_orm::sea_query::{Alias, Expr, NullOrdering, Order};
use sea_orm::{Condition, ExprTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};

use super::drivers::Source;
use super::filter::{AHEAD, last_visit, next_appointment};
use super::fragment::Fragment;
use super::list::{Begin, listed, rows};
use crate::SeaTx;
use crate::rows::patient::{Column, Entity, Summary};

/// The start of the visit; none for who has none.
type At = Option<DateTime<Utc>>;

/// A row with the visit that it is ordered by.
#[derive(Debug, FromQueryResult)]
pub(super) struct Visited {
    visit: At,
    #[sea_orm(nested)]
    row: Summary,
}

/// A list on an index that holds the visits of this name in order: those who have one, and the rest.
struct Parts {
    with: Select<Entity>,
    keys: [Expr; 2],
    without: Select<Entity>,
}

pub(super) fn page(rows: Vec<Visited>, limit: u16, total: Option<u64>) -> Page<Summary> {
    Page::from_surplus(rows, limit, total, |found| PatientKey::Visit {
        visit: found.visit,
        id: PatientId::from_uuid(found.row.id),
    })
    .map(|found| found.row)
}

/// Every caller who does not reach the company reaches few, whose visits are looked up one by one.
fn is_collected(tx: &SeaTx, source: &Source) -> bool {
    matches!(source, Source::Collect(_)) || !tx.reach().is_company()
}

pub(super) async fn by_last_visit(
    tx: &SeaTx,
    filter: &PatientFilter,
    (source, order): (&Source, Order),
    begin: Begin<At>,
    most: u64,
) -> Result<Vec<Visited>, StoreError> {
    if is_collected(tx, source) {
        return collected(tx, listed(tx, filter, source), last_visit(tx), &order, begin, most).await;
    }
    let column = |name: &'static str| Expr::col(("v", name));
    let on = Condition::all()
        .add(column("tenant_id").eq(tx.tenant()))
        .add(column("patient_id").equals((Entity, Column::Id)))
        .add(column("last_visit_at").is_not_null());
    let mut with = listed(tx, filter, source).expr_as(column("last_visit_at"), "visit");
    QueryTrait::query(&mut with).join_as(
        sea_orm::JoinType::InnerJoin,
        Alias::new("patient_attendance"),
        Alias::new("v"),
        on,
    );
    let none = Fragment::new(
        "(SELECT count(v.last_visit_at) FROM patient_attendance v WHERE v.tenant_id = ? AND v.patient_id = patient.id) < 1",
        [tx.tenant().into()],
    );
    let without = listed(tx, filter, source).filter(none.expr(tx.is_postgres()));
    in_parts(tx, Parts { with, keys: [column("last_visit_at"), column("patient_id")], without }, &order, begin, most)
        .await
}

pub(super) async fn by_next_appointment(
    tx: &SeaTx,
    filter: &PatientFilter,
    (source, order): (&Source, Order),
    begin: Begin<At>,
    most: u64,
) -> Result<Vec<Visited>, StoreError> {
    if is_collected(tx, source) {
        return collected(tx, listed(tx, filter, source), next_appointment(tx), &order, begin, most).await;
    }
    let (column, now) = (|name: &'static str| Expr::col(("a", name)), tx.now());
    let on = Condition::all()
        .add(column("tenant_id").eq(tx.tenant()))
        .add(column("patient_id").equals((Entity, Column::Id)))
        .add(column("starts_at").gte(now))
        .add(Expr::cust(AHEAD));
    // Of a patient's appointments ahead, the first; of two at once, one.
    let first = Fragment::new(
        format!(
            "(SELECT count(*) FROM appointment b WHERE b.tenant_id = ? AND b.patient_id = a.patient_id AND b.starts_at >= ? \
             AND (b.starts_at, b.id) < (a.starts_at, a.id) AND {}) < 1",
            AHEAD.replace("a.status", "b.status")
        ),
        [tx.tenant().into(), now.into()],
    );
    let mut with =
        listed(tx, filter, source).expr_as(column("starts_at"), "visit").filter(first.expr(tx.is_postgres()));
    QueryTrait::query(&mut with).join_as(sea_orm::JoinType::InnerJoin, Alias::new("appointment"), Alias::new("a"), on);
    let none = Fragment::new(
        format!(
            "(SELECT count(*) FROM appointment a WHERE a.tenant_id = ? AND a.patient_id = patient.id AND a.starts_at >= ? \
             AND {AHEAD}) < 1"
        ),
        [tx.tenant().into(), now.into()],
    );
    let without = listed(tx, filter, source).filter(none.expr(tx.is_postgres()));
    in_parts(tx, Parts { with, keys: [column("starts_at"), column("patient_id")], without }, &order, begin, most).await
}

/// A page of few patients, each of whose visits is looked up.
async fn collected(
    tx: &SeaTx,
    select: Select<Entity>,
    visit: Fragment,
    order: &Order,
    begin: Begin<At>,
    most: u64,
) -> Result<Vec<Visited>, StoreError> {
    let (at, id) = (visit.expr(tx.is_postgres()), Expr::col((Entity, Column::Id)));
    let beyond = |key: Expr, value: Expr| if *order == Order::Desc { key.lt(value) } else { key.gt(value) };
    let mut select = select.expr_as(at.clone(), "visit");
    if let Some((visit, patient)) = begin.after {
        let id_beyond = beyond(id.clone(), Expr::value(patient.uuid()));
        select = select.filter(match visit {
            None => Condition::all().add(at.clone().is_null()).add(id_beyond),
            Some(visit) => Condition::any()
                .add(at.clone().is_null())
                .add(beyond(at.clone(), Expr::value(visit)))
                .add(Condition::all().add(at.clone().eq(visit)).add(id_beyond)),
        });
    }
    if begin.skip > 0 {
        select = select.offset(begin.skip);
    }
    let select = select.order_by_with_nulls(at, order.clone(), NullOrdering::Last);
    tx.all_as(select.order_by(id, order.clone()).limit(most)).await
}

/// A page of many: on the index of the visits, and from its end on those who have none, by id.
async fn in_parts(
    tx: &SeaTx,
    parts: Parts,
    order: &Order,
    begin: Begin<At>,
    most: u64,
) -> Result<Vec<Visited>, StoreError> {
    let mut skip = begin.skip;
    let (with, without) = match begin.after {
        None => (Some(None), None),
        Some((Some(visit), id)) => (Some(Some((visit, id))), None),
        Some((None, id)) => (None, Some(id)),
    };
    let mut found: Vec<Visited> = Vec::new();
    if let Some(after) = with {
        let there = if skip > 0 { tx.count(parts.with.clone()).await? } else { u64::MAX };
        if skip < there {
            found = rows(tx, parts.with, parts.keys, order, Begin { after, skip }, most).await?;
        }
        skip = skip.saturating_sub(there);
    }
    let wanted = most.saturating_sub(u64::try_from(found.len()).unwrap_or(u64::MAX));
    if wanted > 0 {
        let id = Expr::col((Entity, Column::Id));
        let mut select = parts.without;
        if let Some(after) = without {
            let after = Expr::value(after.uuid());
            select = select.filter(if *order == Order::Desc { id.clone().lt(after) } else { id.clone().gt(after) });
        }
        if skip > 0 {
            select = select.offset(skip);
        }
        let rest: Vec<Summary> = tx.all_as(select.order_by(id, order.clone()).limit(wanted)).await?;
        found.extend(rest.into_iter().map(|row| Visited { visit: None, row }));
    }
    Ok(found)
}
