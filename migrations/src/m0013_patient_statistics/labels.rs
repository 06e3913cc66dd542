//! Labels of the records that are there. The rules are those of the day on which this migration was written; the next change
//! of a record applies those of its own day.

use std::collections::BTreeMap;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ExprTrait, JsonValue, QueryResult};
use uuid::Uuid;

use crate::spelling::{key, parts};

/// Records in one round.
const BATCH: u64 = 1_000;

/// Fills the column, some records at a time and a statement for all of them that have the same labels.
pub(super) async fn run(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut last: Option<(Uuid, Uuid)> = None;
    loop {
        let rows = manager.get_connection().query_all(&batch(last)).await?;
        let mut same: BTreeMap<(Uuid, Vec<String>), Vec<Uuid>> = BTreeMap::new();
        for row in &rows {
            let (tenant, id): (Uuid, Uuid) = (row.try_get("", "tenant_id")?, row.try_get("", "id")?);
            last = Some((tenant, id));
            same.entry((tenant, labels_of(row)?)).or_default().push(id);
        }
        for ((tenant, labels), ids) in same {
            let labels = JsonValue::Array(labels.into_iter().map(JsonValue::String).collect());
            let mut update = Query::update();
            update
                .table("patient")
                .value("labels", labels)
                .and_where(Expr::col("tenant_id").eq(tenant))
                .and_where(Expr::col("id").is_in(ids));
            manager.get_connection().execute(&update).await?;
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
}

fn batch(last: Option<(Uuid, Uuid)>) -> SelectStatement {
    let mut select = Query::select();
    select
        .columns(["tenant_id", "id", "addresses", "health_plans", "tags"])
        .from("patient")
        .order_by("tenant_id", Order::Asc)
        .order_by("id", Order::Asc)
        .limit(BATCH);
    if let Some((tenant, id)) = last {
        let key = Expr::tuple([Expr::col("tenant_id"), Expr::col("id")]);
        select.and_where(key.gt(Expr::tuple([Expr::value(tenant), Expr::value(id)])));
    }
    select
}

/// Each city, operator and tag once, in its first spelling; without a value where there is none.
fn labels_of(row: &QueryResult) -> Result<Vec<String>, DbErr> {
    let (addresses, plans, tags) = (parts(row, "addresses")?, parts(row, "health_plans")?, parts(row, "tags")?);
    let named = |of: &JsonValue, field: &str| of.get(field).and_then(JsonValue::as_str).map(str::to_owned);
    let cities = addresses.iter().filter_map(|address| named(address, "city"));
    let operators = plans.iter().filter_map(|plan| named(plan, "operator"));
    let tags = tags.iter().filter_map(JsonValue::as_str).map(str::to_owned);
    let mut all = distinct("city", cities, key);
    all.extend(distinct("plan", operators, key));
    all.extend(distinct("tag", tags, str::to_lowercase));
    Ok(all)
}

fn distinct(kind: &str, values: impl Iterator<Item = String>, key: fn(&str) -> String) -> Vec<String> {
    let mut once: BTreeMap<String, String> = BTreeMap::new();
    for value in values {
        once.entry(key(&value)).or_insert(value);
    }
    if once.is_empty() {
        return vec![format!("{kind}:")];
    }
    once.into_values().map(|value| format!("{kind}:{value}")).collect()
}
