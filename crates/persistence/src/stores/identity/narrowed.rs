//! Conditions of a list in SQL, written with `$` for the value that goes with each.

use chrono::{DateTime, Utc};
use kernel::{PageAsk, Start, StoreError};
use sea_orm::Value;
use uuid::Uuid;

use crate::errors::store;
use crate::session::SeaTx;

/// A list of one tenant and the conditions on its rows; `$1` is the tenant.
#[derive(Debug, Clone)]
pub(super) struct Narrowed {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Narrowed {
    /// All rows of a tenant.
    pub(super) fn to(column: &str, tenant: Uuid) -> Self {
        Self { conditions: vec![format!("{column} = $1")], values: vec![tenant.into()] }
    }

    /// Only those for which the condition holds; each `$` that no digit follows stands for the value.
    pub(super) fn and(&mut self, condition: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        let place = format!("${}", self.values.len());
        let mut parts = condition.split('$');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            text.push_str(if part.starts_with(|c: char| c.is_ascii_digit()) { "$" } else { &place });
            text.push_str(part);
        }
        self.conditions.push(text);
    }

    /// Only those of a half-open interval.
    pub(super) fn between(&mut self, column: &str, from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) {
        if let Some(from) = from {
            self.and(&format!("{column} >= $"), from);
        }
        if let Some(to) = to {
            self.and(&format!("{column} < $"), to);
        }
    }

    /// How many rows there are.
    pub(super) async fn count(&self, tx: &SeaTx, from: &str) -> Result<u64, StoreError> {
        let sql = format!("SELECT count(*) AS total FROM {from} WHERE {}", self.conditions.join(" AND "));
        let rows = tx.rows(&sql, self.values.clone()).await?;
        let row = rows.first().ok_or_else(|| StoreError::broken("no count"))?;
        u64::try_from(row.try_get::<i64>("", "total").map_err(store)?).map_err(StoreError::broken)
    }

    /// The rows of a page and one more, the greatest key first: the statement and its values.
    pub(super) fn page<K>(
        mut self,
        select: &str,
        key: &str,
        ask: &PageAsk<K>,
        bound: impl Fn(&K) -> Value,
    ) -> (String, Vec<Value>) {
        let mut offset = String::new();
        match &ask.start {
            Start::First => {}
            Start::After(last) => self.and(&format!("{key} < $"), bound(last)),
            Start::Offset(rows) => offset = format!(" OFFSET {rows}"),
        }
        let (conditions, limit) = (self.conditions.join(" AND "), u32::from(ask.limit) + 1);
        (format!("SELECT {select} WHERE {conditions} ORDER BY {key} DESC LIMIT {limit}{offset}"), self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_condition_gets_its_value() {
        let mut all = Narrowed::to("t.tenant_id", Uuid::nil());
        all.and("(a = $ OR b IN (SELECT 1 WHERE x = $1 AND y = $))", 7);
        all.between("at", None, Some(DateTime::UNIX_EPOCH));
        let (sql, values) =
            all.page("id FROM t", "id", &PageAsk { start: Start::After(9), ..PageAsk::first(2) }, |k| (*k).into());
        assert_eq!(
            sql,
            "SELECT id FROM t WHERE t.tenant_id = $1 AND (a = $2 OR b IN (SELECT 1 WHERE x = $1 AND y = $2)) \
             AND at < $3 AND id < $4 ORDER BY id DESC LIMIT 3"
        );
        assert_eq!(values.len(), 4);
    }
}
