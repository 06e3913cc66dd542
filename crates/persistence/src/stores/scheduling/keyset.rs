//! Pages in the order of a column and the id.

use kernel::{PageAsk, Start};
use sea_orm::sea_query::{Expr, Order};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select, Value};
use uuid::Uuid;

/// Narrows a select to the rows of a page and one more; the comparison is of the row `(column, id)`, which both databases
/// find in the index.
pub(super) fn page<E: EntityTrait, K>(
    select: Select<E>,
    (column, id): (E::Column, E::Column),
    order: &Order,
    ask: &PageAsk<K>,
    key: impl Fn(&K) -> (Value, Uuid),
) -> Select<E> {
    let select = match &ask.start {
        Start::First => select,
        Start::Offset(rows) => select.offset(*rows),
        Start::After(last) => {
            let (value, last) = key(last);
            let row = Expr::tuple([column.into_expr(), id.into_expr()]);
            let key = Expr::tuple([Expr::value(value), Expr::value(last)]);
            select.filter(if *order == Order::Desc { row.lt(key) } else { row.gt(key) })
        }
    };
    select.order_by(column, order.clone()).order_by(id, order.clone()).limit(u64::from(ask.limit) + 1)
}
