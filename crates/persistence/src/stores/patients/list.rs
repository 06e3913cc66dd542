//! The list of patients without a search: one statement on an ordered index.

use kernel::ids::PatientId;
use kernel::{Page, PageAsk, Start, StoreError, Total};
use patients::model::PatientSummary;
use patients::ports::{PatientKey, PatientSort};
use sea_orm::sea_query::{Expr, Order};
use sea_orm::{ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select, Value};

use crate::SeaTx;
use crate::rows::patient::{Column, Entity, SUMMARY, Summary};

pub(super) async fn page(
    tx: &SeaTx,
    sort: PatientSort,
    ask: &PageAsk<PatientKey>,
) -> Result<Page<PatientSummary>, StoreError> {
    let (column, order) = match sort {
        PatientSort::Name => (Column::SortText, Order::Asc),
        PatientSort::NameDescending => (Column::SortText, Order::Desc),
        PatientSort::Created => (Column::CreatedAt, Order::Asc),
        PatientSort::CreatedDescending => (Column::CreatedAt, Order::Desc),
    };
    let all = tx.select::<Entity>().select_only();
    let mut select = all.clone().columns(SUMMARY).limit(u64::from(ask.limit) + 1);
    match &ask.start {
        Start::First => {}
        Start::Offset(rows) => select = select.offset(*rows),
        Start::After(key) => {
            let key = match (column, key) {
                (Column::SortText, PatientKey::Name { text, id, .. }) => (Value::from(text.as_str()), *id),
                (Column::CreatedAt, PatientKey::Created { at, id }) => (Value::from(*at), *id),
                _ => return Err(StoreError::broken("a cursor of another list")),
            };
            select = after(select, column, &order, key);
        }
    }
    let select = select.order_by(column, order.clone()).order_by(Column::Id, order);
    let rows: Vec<Summary> = tx.all_as(select).await?;
    let total = match ask.total {
        Total::Skip => None,
        Total::Count => Some(tx.count(all.column(Column::Id)).await?),
    };
    let by_name = column_is_text(sort);
    let page = Page::from_surplus(rows, ask.limit, total, |row| {
        let id = PatientId::from_uuid(row.id);
        if by_name {
            PatientKey::Name { stage: 0, text: row.sort_text.clone(), id }
        } else {
            PatientKey::Created { at: row.created_at, id }
        }
    });
    summaries(page)
}

fn column_is_text(sort: PatientSort) -> bool {
    matches!(sort, PatientSort::Name | PatientSort::NameDescending)
}

/// The rows behind a key, compared as a row: `(column, id) > (key, id)`, which both databases find in the index.
pub(super) fn after(
    select: Select<Entity>,
    column: Column,
    order: &Order,
    (key, id): (Value, PatientId),
) -> Select<Entity> {
    let row = Expr::tuple([Expr::col((Entity, column)), Expr::col((Entity, Column::Id))]);
    let key = Expr::tuple([Expr::value(key), Expr::value(id.uuid())]);
    select.filter(if *order == Order::Desc { row.lt(key) } else { row.gt(key) })
}

/// The page with its rows read.
pub(super) fn summaries(page: Page<Summary>) -> Result<Page<PatientSummary>, StoreError> {
    let items = page.items.into_iter().map(PatientSummary::try_from).collect::<Result<_, _>>()?;
    Ok(Page { items, next: page.next, total: page.total })
}
