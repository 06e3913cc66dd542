//! Counts of a part of the records: they are read once, and what many have in common is counted before it is taken apart.

use kernel::Reach;
use patients::model::PatientSelection;
use patients::model::statistics::{Calendar, MonthSpan};
use sea_orm::{QuerySelect, QueryTrait, Value};

use super::super::filter;
use super::{Parameters, each};
use crate::SeaTx;
use crate::rows::patient::Column;

pub(super) fn statement(tx: &SeaTx, selection: &PatientSelection, calendar: Calendar) -> (String, Vec<Value>) {
    let matched = filter::selected(tx, selection)
        .select_only()
        .columns([Column::Id, Column::Stage, Column::Sex, Column::BirthDate, Column::CreatedAt, Column::Labels])
        .build(if tx.is_postgres() { sea_orm::DbBackend::Postgres } else { sea_orm::DbBackend::Sqlite });
    let mut parameters = Parameters(matched.values.map(|values| values.0).unwrap_or_default());
    let months = months(calendar, &mut parameters);
    let visits = visits(tx, &mut parameters);
    let (age, week) = (age(calendar, &mut parameters), born_this_week(calendar));
    let birthday = if tx.is_postgres() { "to_char(b.birth_date, 'MM-DD')" } else { "substr(b.birth_date, 6)" };
    let (matched, labels) = (matched.sql, each(tx, "l.labels"));
    let sql = format!(
        "WITH matched AS MATERIALIZED ({matched}), \
         common AS MATERIALIZED (SELECT m.stage, m.sex, {months} AS month, {age} AS age, count(*) AS n \
           FROM matched m GROUP BY 1, 2, 3, 4), \
         birth AS MATERIALIZED (SELECT m.birth_date, count(*) AS n FROM matched m WHERE m.birth_date IN ({week}) GROUP BY 1), \
         label AS MATERIALIZED (SELECT m.labels, count(*) AS n FROM matched m GROUP BY 1), \
         visit AS MATERIALIZED ({visits}), \
         change(facet, n) AS ( \
           SELECT 'stage:' || c.stage, c.n FROM common c \
           UNION ALL SELECT 'sex:' || coalesce(c.sex, ''), c.n FROM common c \
           UNION ALL SELECT c.month, c.n FROM common c WHERE c.month <> '' \
           UNION ALL SELECT c.age, c.n FROM common c \
           UNION ALL SELECT 'birthday:' || {birthday}, b.n FROM birth b \
           UNION ALL SELECT f.value, l.n FROM label l, {labels} \
           UNION ALL SELECT 'visit:completed', v.completed FROM visit v \
           UNION ALL SELECT 'visit:no_show', v.no_shows FROM visit v) \
         SELECT c.facet AS facet, CAST(sum(c.n) AS bigint) AS patients FROM change c WHERE c.n > 0 GROUP BY c.facet"
    );
    (sql, parameters.0)
}

/// The month of registration as a facet, empty outside the calendar's.
fn months(calendar: Calendar, parameters: &mut Parameters) -> String {
    let months = calendar.months();
    let Some(MonthSpan { since, .. }) = months.first() else { return "''".to_owned() };
    let before = parameters.add(*since);
    let whens = months.iter().map(|MonthSpan { first, until, .. }| {
        let (until, facet) = (parameters.add(*until), first.format("month:%Y-%m"));
        format!("WHEN m.created_at < {until} THEN '{facet}'")
    });
    let whens = whens.collect::<Vec<_>>().join(" ");
    format!("CASE WHEN m.created_at < {before} THEN '' {whens} ELSE '' END")
}

/// The band of ages as a facet.
fn age(calendar: Calendar, parameters: &mut Parameters) -> String {
    let cuts = calendar.cuts();
    let whens = cuts.into_iter().enumerate().map(|(reached, cut)| {
        let cut = parameters.add(cut);
        format!("WHEN m.birth_date > {cut} THEN 'age:{reached}'")
    });
    let whens = whens.collect::<Vec<_>>().join(" ");
    format!("CASE WHEN m.birth_date IS NULL THEN 'age:' {whens} ELSE 'age:{}' END", cuts.len())
}

/// The dates of birth of who has birthday this week, as a list: both databases look into a list of literals faster than they
/// take a date apart.
fn born_this_week(calendar: Calendar) -> String {
    let days = calendar.born_this_week().into_iter().map(|day| format!("'{day}'"));
    days.collect::<Vec<_>>().join(", ")
}

/// Of the appointments that the caller reaches: those of an agenda are on it, all others are of the patients.
fn visits(tx: &SeaTx, parameters: &mut Parameters) -> String {
    let tenant = parameters.add(tx.tenant());
    if let Reach::Agenda(practitioner) = tx.reach() {
        let practitioner = parameters.add(practitioner.uuid());
        return format!(
            "SELECT sum(CASE a.status WHEN 'completed' THEN 1 ELSE 0 END) AS completed, \
             sum(CASE a.status WHEN 'no_show' THEN 1 ELSE 0 END) AS no_shows \
             FROM matched m JOIN appointment a ON a.tenant_id = {tenant} AND a.patient_id = m.id \
             WHERE a.practitioner_id = {practitioner} AND a.status IN ('completed', 'no_show')"
        );
    }
    format!(
        "SELECT sum(a.visits) AS completed, sum(a.no_shows) AS no_shows \
         FROM matched m JOIN patient_attendance a ON a.tenant_id = {tenant} AND a.patient_id = m.id"
    )
}
