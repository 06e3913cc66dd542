//! The query that reads all that a decision about slots needs, in one statement (A10).

use kernel::Reach;
use scheduling::ports::{Detail, SituationAsk, Who};
use sea_orm::Value;

use super::dialect::Dialect;
use super::practitioners;
use crate::reach::Reaching;

/// No busy row lasts longer than three days, see the migration.
const LONGEST: &str = "4320";

/// The statement and its parameters. Its one row has the columns of the service (null where there is none), four lists of
/// lists as JSON text, and what is known of the patient.
pub(super) fn query(dialect: Dialect, reaching: &Reaching, ask: &SituationAsk) -> (String, Vec<Value>) {
    let day = chrono::TimeDelta::days(2);
    let date = |instant: Option<chrono::DateTime<chrono::Utc>>| instant.map(|instant| instant.date_naive());
    let who = match ask.who {
        Who::One(id) => id.uuid(),
        Who::Pool => uuid::Uuid::nil(),
    };
    let values = vec![
        reaching.tenant.into(),
        ask.service_id.uuid().into(),
        who.into(),
        ask.patient_id.map(kernel::ids::PatientId::uuid).into(),
        ask.beneficiary_id.map(kernel::ids::PatientId::uuid).into(),
        ask.from.into(),
        ask.to.into(),
        date(ask.from.checked_sub_signed(day)).into(),
        date(ask.to.checked_add_signed(day)).into(),
        reach_id(ask.patient_reach).into(),
        reaching.now.date_naive().into(),
        reaching.agenda_since().into(),
    ];
    (text(dialect, ask), values)
}

fn text(dialect: Dialect, ask: &SituationAsk) -> String {
    let known = |number: usize, reach: &str| {
        let id = dialect.uuid_parameter(number);
        format!("EXISTS (SELECT 1 FROM patient k WHERE k.tenant_id = $1 AND k.id = {id}{reach})")
    };
    let reach = within_reach(ask.patient_reach).map(|reach| format!(" AND {reach}"));
    let beneficiary = match (&ask.beneficiary_id, &reach) {
        // The parameter is there whether or not it is needed.
        (None, _) => format!("{} IS NULL", dialect.uuid_parameter(5)),
        (Some(_), Some(reach)) if ask.patient_reach.is_patient_side() => known(5, &format!("{OPEN}{reach}")),
        (Some(_), _) => known(5, OPEN),
    };
    let detailed = match ask.detail {
        Detail::Bookings => "true",
        Detail::Times => "COALESCE((SELECT capacity FROM s), 1) > 1",
    };
    format!(
        "WITH s AS (SELECT v.* FROM service v WHERE v.tenant_id = $1 AND v.id = $2){pool} \
         SELECT s.*, {clinics} AS clinics, {practitioners} AS practitioners, {schedules} AS schedules, \
         {exceptions} AS exceptions, CASE WHEN {detailed} THEN {busy} END AS busy, \
         CASE WHEN {detailed} THEN NULL ELSE {times} END AS times, {patient_busy} AS patient_busy, \
         {known} AS patient_known, {open} AS patient_open, {readable} AS patient_readable, {beneficiary} AS beneficiary_known, \
         $3 AS asked, $10 AS reach, $11 AS today, $12 AS since \
         FROM (SELECT 1 AS one) one LEFT JOIN s ON one.one = 1",
        pool = if ask.who == Who::Pool { POOL } else { "" },
        clinics = clinics(dialect),
        practitioners = members(dialect, ask.who),
        schedules = schedules(dialect, ask.who),
        exceptions = exceptions(dialect, ask.who),
        busy = busy(dialect, ask.who),
        times = times(dialect, ask.who),
        patient_busy = patient_busy(dialect),
        known = known(4, ""),
        open = known(4, OPEN),
        readable = reach.map_or_else(|| "true".to_owned(), |reach| known(4, &reach)),
    )
}

/// Neither archived nor merged into another record.
const OPEN: &str = " AND k.archived_at IS NULL AND k.stage <> 'merged'";

/// All active practitioners who give the service.
const POOL: &str = ", who AS (SELECT p.* FROM practitioner p WHERE p.tenant_id = $1 AND p.active AND (p.any_service \
     OR EXISTS (SELECT 1 FROM practitioner_service g \
     WHERE g.tenant_id = $1 AND g.practitioner_id = p.id AND g.service_id = $2)))";

/// The rows of a table that belong to those who are asked about; more conditions may follow.
fn owned(who: Who, table: &str, alias: &str, owner: &str) -> String {
    match who {
        Who::One(_) => format!("{table} {alias} WHERE {alias}.tenant_id = $1 AND {alias}.{owner} = $3"),
        Who::Pool => {
            // CROSS makes SQLite begin with the few who are asked; without statistics it would begin with all that is busy.
            format!("who w CROSS JOIN {table} {alias} WHERE {alias}.tenant_id = $1 AND {alias}.{owner} = w.id")
        }
    }
}

fn clinics(dialect: Dialect) -> String {
    dialect.lists(&[dialect.uuid("c.id"), "c.time_zone".to_owned()], "clinic c WHERE c.tenant_id = $1")
}

fn members(dialect: Dialect, who: Who) -> String {
    let [services, clinics] = practitioners::lists(dialect, "p");
    let nested = |list: String| match dialect {
        Dialect::Postgres => format!("({list})::json"),
        Dialect::Sqlite => format!("json({list})"),
    };
    let (from, last_start) = match who {
        Who::One(_) => ("practitioner p WHERE p.tenant_id = $1 AND p.id = $3", "NULL"),
        Who::Pool => ("who p", LAST_START),
    };
    let items = [
        dialect.uuid("p.id"),
        "p.name".to_owned(),
        "p.profession".to_owned(),
        nested(services),
        nested(clinics),
        dialect.flag("p.active"),
        "p.version".to_owned(),
        last_start.to_owned(),
    ];
    dialect.lists(&items, from)
}

/// Only a pool is chosen from by it.
const LAST_START: &str = "(SELECT l.starts_at FROM busy l WHERE l.tenant_id = $1 AND l.resource_id = p.id \
     AND (l.active OR l.overbooked) AND l.starts_at < $6 ORDER BY l.starts_at DESC LIMIT 1)";

fn schedules(dialect: Dialect, who: Who) -> String {
    let items = [
        dialect.uuid("h.practitioner_id"),
        dialect.uuid("h.clinic_id"),
        dialect.json("h.weekly"),
        "h.valid_from".to_owned(),
        "h.valid_to".to_owned(),
    ];
    dialect.lists(&items, &owned(who, "schedule", "h", "practitioner_id"))
}

fn exceptions(dialect: Dialect, who: Who) -> String {
    let items = [
        dialect.uuid("x.practitioner_id"),
        dialect.uuid("x.clinic_id"),
        "x.on_date".to_owned(),
        dialect.json("x.windows"),
        "x.starts_at".to_owned(),
        "x.ends_at".to_owned(),
    ];
    let from = format!(
        "{} AND ((x.kind = 'override' AND x.on_date >= $8 AND x.on_date <= $9) \
         OR (x.kind = 'leave' AND x.ends_at > $6 AND x.starts_at < {}))",
        owned(who, "schedule_exception", "x", "practitioner_id"),
        latest(dialect)
    );
    dialect.lists(&items, &from)
}

fn busy(dialect: Dialect, who: Who) -> String {
    let items = [
        dialect.uuid_of_many("b.resource_id"),
        dialect.instant_of_many("b.starts_at"),
        dialect.instant_of_many("b.ends_at"),
        dialect.uuid_of_many("b.session_id"),
        "b.seat".to_owned(),
        dialect.instant_of_many("a.starts_at"),
        dialect.instant_of_many("a.ends_at"),
        dialect.uuid_of_many("a.service_id"),
        dialect.uuid_of_many("a.clinic_id"),
        dialect.flag("b.active"),
    ];
    let from = format!(
        "(SELECT b.* FROM {} AND {}) b JOIN appointment a ON a.tenant_id = $1 AND a.id = b.appointment_id",
        owned(who, "busy", "b", "resource_id"),
        around(dialect)
    );
    dialect.many_lists(&items, &from)
}

/// The taken times alone, by practitioner: of thousands of them, most of the rest would be text.
fn times(dialect: Dialect, who: Who) -> String {
    let owned = format!("{} AND {}", owned(who, "busy", "b", "resource_id"), around(dialect));
    let items = [dialect.instant_of_many("b.starts_at"), dialect.instant_of_many("b.ends_at")];
    let by_owner = dialect.many_lists_by("b.resource_id", &items, &owned);
    let items = [dialect.uuid_of_many("o.id"), dialect.list_of_many("o.items")];
    dialect.many_lists(&items, &format!("({by_owner}) o"))
}

fn patient_busy(dialect: Dialect) -> String {
    let items = [dialect.instant_of_many("b.starts_at"), dialect.instant_of_many("b.ends_at")];
    let id = dialect.uuid_parameter(4);
    let from = format!("busy b WHERE b.tenant_id = $1 AND b.resource_id = {id} AND {}", around(dialect));
    dialect.many_lists(&items, &from)
}

/// The busy rows that can touch a start from $6 to $7 and its buffers.
fn around(dialect: Dialect) -> String {
    let before = "COALESCE((SELECT buffer_before_minutes FROM s), 0)";
    let earliest = dialect.shifted("$6", '-', before);
    let far = dialect.shifted("$6", '-', &format!("({before} + {LONGEST})"));
    let latest = latest(dialect);
    format!("(b.active OR b.overbooked) AND b.starts_at < {latest} AND b.starts_at > {far} AND b.ends_at > {earliest}")
}

/// The end of the latest start's appointment, with its buffer.
fn latest(dialect: Dialect) -> String {
    dialect.shifted("$7", '+', "COALESCE((SELECT duration_minutes + buffer_after_minutes FROM s), 0)")
}

/// Whether the patient `k` is within reach, where that is not every patient; $10 is whose reach it is.
fn within_reach(reach: Reach) -> Option<&'static str> {
    match reach {
        Reach::Company => None,
        Reach::Own(_) => Some("k.id = $10"),
        Reach::Linked(_) => Some(
            "EXISTS (SELECT 1 FROM patient_link n WHERE n.tenant_id = $1 AND n.membership_id = $10 AND n.patient_id = k.id \
             AND n.valid_from <= $11 AND (n.valid_to IS NULL OR n.valid_to > $11))",
        ),
        Reach::Agenda(_) => Some(
            "EXISTS (SELECT 1 FROM appointment n WHERE n.tenant_id = $1 AND n.practitioner_id = $10 AND n.patient_id = k.id \
             AND n.starts_at >= $12 AND n.status NOT IN ('cancelled', 'entered_in_error'))",
        ),
        Reach::Nothing => Some("$10 IS NULL"),
    }
}

fn reach_id(reach: Reach) -> uuid::Uuid {
    match reach {
        Reach::Own(id) => id.uuid(),
        Reach::Linked(id) => id.uuid(),
        Reach::Agenda(id) => id.uuid(),
        Reach::Company | Reach::Nothing => uuid::Uuid::nil(),
    }
}
