//! Facets and places of the records that are there. The rules are those of the day on which this migration was written; the
//! next change of a record applies those of its own day.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ExprTrait, JsonValue, QueryResult};
use uuid::Uuid;

use crate::spelling::{key, normalize, parts};

/// Records in one round.
const BATCH: u64 = 500;
/// Rows in one statement, of up to eight parameters.
const ROWS: usize = 1_000;

type Row = Vec<Expr>;

/// Fills both tables, some records at a time.
pub(super) async fn run(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut last: Option<(Uuid, Uuid)> = None;
    loop {
        let rows = manager.get_connection().query_all(&batch(last)).await?;
        let (mut facets, mut places) = (Vec::new(), Vec::new());
        for row in &rows {
            let key: (Uuid, Uuid) = (row.try_get("", "tenant_id")?, row.try_get("", "id")?);
            last = Some(key);
            facets.extend(facets_of(row, key)?);
            places.extend(places_of(row, key)?);
        }
        add(manager, "patient_facet", &["tenant_id", "patient_id", "kind", "value", "sort_text"], facets).await?;
        let columns = ["tenant_id", "patient_id", "ordinal", "band", "longitude", "x", "y", "z"];
        add(manager, "patient_place", &columns, places).await?;
        if rows.is_empty() {
            return Ok(());
        }
    }
}

fn batch(last: Option<(Uuid, Uuid)>) -> SelectStatement {
    let mut select = Query::select();
    select
        .columns(["tenant_id", "id", "sort_text", "addresses", "health_plans", "tags"])
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

async fn add(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
    rows: Vec<Row>,
) -> Result<(), DbErr> {
    for rows in rows.chunks(ROWS) {
        let mut insert = Query::insert();
        insert.into_table(table).columns(columns.iter().copied());
        for row in rows {
            insert.values(row.clone()).map_err(|error| DbErr::Migration(error.to_string()))?;
        }
        manager.get_connection().execute(&insert).await?;
    }
    Ok(())
}

fn facets_of(row: &QueryResult, (tenant, id): (Uuid, Uuid)) -> Result<Vec<Row>, DbErr> {
    let sort_text: String = row.try_get("", "sort_text")?;
    let (addresses, plans, tags) = (parts(row, "addresses")?, parts(row, "health_plans")?, parts(row, "tags")?);
    let text = |part: &JsonValue, field: &str| part.get(field).and_then(JsonValue::as_str).map(str::to_owned);
    let named = |of: &[JsonValue], kind: &'static str, field: &str| -> Vec<(&'static str, String)> {
        of.iter().filter_map(|part| text(part, field)).map(|name| (kind, key(&name))).collect()
    };
    let mut facets: Vec<(&str, String)> =
        tags.iter().filter_map(JsonValue::as_str).map(|tag| ("tag", tag.to_lowercase())).collect();
    facets.extend([named(&plans, "plan", "operator"), named(&plans, "plan", "plan")].concat());
    let cards = plans.iter().filter_map(|plan| text(plan, "card_number")).map(|card| normalize(&card).replace(' ', ""));
    facets.extend(cards.filter(|card| !card.is_empty()).map(|card| ("card", card)));
    facets.extend([named(&addresses, "city", "city"), named(&addresses, "neighbourhood", "neighbourhood")].concat());
    facets.sort();
    facets.dedup();
    let row = |(kind, value): (&str, String)| {
        vec![tenant.into(), id.into(), kind.to_owned().into(), value.into(), sort_text.clone().into()]
    };
    Ok(facets.into_iter().map(row).collect())
}

fn places_of(row: &QueryResult, (tenant, id): (Uuid, Uuid)) -> Result<Vec<Row>, DbErr> {
    let addresses = parts(row, "addresses")?;
    let degrees = |address: &JsonValue, field: &str| address.get(field).and_then(JsonValue::as_f64);
    let place = |(ordinal, address): (i32, &JsonValue)| {
        let (latitude, longitude) = (degrees(address, "latitude")?, degrees(address, "longitude")?);
        let (north, east) = (latitude.to_radians(), longitude.to_radians());
        let vector = [north.cos() * east.cos(), north.cos() * east.sin(), north.sin()];
        let mut row: Row = vec![tenant.into(), id.into(), ordinal.into(), band(latitude).into(), longitude.into()];
        row.extend(vector.map(Expr::from));
        Some(row)
    };
    Ok((0..).zip(&addresses).filter_map(place).collect())
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "at most 9000 after clamping")]
fn band(latitude: f64) -> i32 {
    (latitude.clamp(-90.0, 90.0) * 100.0).floor() as i32
}
