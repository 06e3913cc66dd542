//! The whole company's counts: what was folded, what was added since, and the few records of days that two months share.

use patients::model::statistics::{Calendar, Remnant};
use sea_orm::Value;

use super::{Parameters, each};
use crate::SeaTx;

/// Facets of which all are read; the others only where the calendar needs them.
const WHOLE: [&str; 7] = ["stage", "sex", "born", "city", "plan", "tag", "visit"];

pub(super) fn statement(tx: &SeaTx, calendar: Calendar) -> (String, Vec<Value>) {
    let mut parameters = Parameters(Vec::new());
    let tenant = parameters.add(tx.tenant());
    let ranges: Vec<String> = ranges(calendar)
        .into_iter()
        .map(|(from, to)| format!("(s.facet >= {} AND s.facet < {})", parameters.add(from), parameters.add(to)))
        .collect();
    let (ranges, facets) = (ranges.join(" OR "), each(tx, "d.facets"));
    let remnants: Vec<String> = calendar
        .remnants()
        .into_iter()
        .map(|Remnant { month, since, until }| {
            let (month, since) = (parameters.add(month.format("month:%Y-%m").to_string()), parameters.add(since));
            let until = parameters.add(until);
            format!(
                " UNION ALL SELECT {month}, count(*) FROM patient p WHERE p.tenant_id = {tenant} \
                 AND p.created_at >= {since} AND p.created_at < {until} AND p.archived_at IS NULL AND p.stage <> 'merged'"
            )
        })
        .collect();
    let remnants = remnants.concat();
    let sql = format!(
        "WITH change(facet, total) AS ( \
           SELECT s.facet, s.total FROM patient_statistic s WHERE s.tenant_id = {tenant} AND ({ranges}) \
           UNION ALL SELECT f.value, d.weight FROM patient_statistic_delta d, {facets} WHERE d.tenant_id = {tenant}) \
         SELECT c.facet AS facet, CAST(sum(c.total) AS bigint) AS patients FROM change c GROUP BY c.facet{remnants}"
    );
    (sql, parameters.0)
}

/// Half-open ranges of facets, as the index has them.
fn ranges(calendar: Calendar) -> Vec<(String, String)> {
    // A semicolon follows the colon, an exclamation mark the end, and a full stop the hyphen.
    let whole = WHOLE.map(|kind| (format!("{kind}:"), format!("{kind};")));
    let births = calendar.cuts().map(|cut| cut.format("birth:%Y-%m").to_string());
    let births = births.map(|month| (format!("{month}-"), format!("{month}.")));
    let birthdays = calendar.birthdays().into_iter().map(|day| (format!("birthday:{day}"), format!("birthday:{day}!")));
    let since = calendar.months().first().map(|month| month.since.format("since:%Y-%m-%d").to_string());
    let since = since.into_iter().map(|day| (day, "since;".to_owned()));
    whole.into_iter().chain(births).chain(birthdays).chain(since).collect()
}
