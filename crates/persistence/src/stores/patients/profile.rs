//! A record with what surrounds it: one statement, whose parts are columns of JSON.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::ids::{AppointmentId, ClinicId, PatientId, PractitionerId};
use kernel::{Reach, StoreError};
use patients::model::profile::{MOST_APPOINTMENTS, MOST_RECENT};
use patients::model::{AgendaEntry, AgendaOfPatient, Confirmation, Patient, PatientProfile, VisitCounts};
use patients::permission::Sight;
use scheduling::model::status::AppointmentStatus;
use sea_orm::entity::prelude::Json;
use sea_orm::sea_query::{Expr, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};
use serde::Deserialize;
use uuid::Uuid;

use super::json::{Act, Dialect, rows};
use super::timeline::{Told, actor, last_of_appointments, read_appointments};
use crate::SeaTx;
use crate::rows::patient;
use crate::rows::scheduling::appointment::{Column, Entity};

/// No appointment is longer than a day, so that the index by start can be entered here for what is under way.
const LONGEST: TimeDelta = TimeDelta::hours(25);

/// The columns of an appointment in short.
const BRIEF: [Column; 8] = [
    Column::TenantId,
    Column::Id,
    Column::Status,
    Column::StartsAt,
    Column::EndsAt,
    Column::TimeZone,
    Column::PractitionerId,
    Column::ClinicId,
];

/// The last act by which the appointment `x` was confirmed.
const CONFIRMED_FROM: &str = "FROM journal_change c \
    JOIN journal_entry e ON e.tenant_id = c.tenant_id AND e.id = c.entry_id \
    LEFT JOIN membership m ON m.tenant_id = e.tenant_id AND m.id = e.membership_id \
    WHERE c.tenant_id = x.tenant_id AND c.entity_id = x.id AND c.after LIKE '%\"status\":\"confirmed\"%' \
    ORDER BY c.id DESC LIMIT 1";

#[derive(Debug, FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    record: patient::Record,
    next: Option<Json>,
    last: Option<Json>,
    counts: Option<Json>,
    confirmations: Option<Json>,
    interactions: Option<Json>,
}

#[derive(Debug, Deserialize)]
struct Brief {
    id: Uuid,
    status: String,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    time_zone: String,
    practitioner: Uuid,
    clinic: Uuid,
    service: String,
}

#[derive(Debug, Deserialize)]
struct Counts {
    visits: i64,
    no_shows: i64,
    cancellations: i64,
    late_cancellations: i64,
}

#[derive(Debug, Deserialize)]
struct Confirmed {
    id: Uuid,
    status: String,
    start: DateTime<Utc>,
    by: Option<Act>,
}

pub(super) async fn read(tx: &SeaTx, id: PatientId, sight: &Sight) -> Result<Option<PatientProfile>, StoreError> {
    let select = tx.select::<patient::Entity>().filter(patient::Column::Id.eq(id.uuid()));
    let mut select = tx.with_parts(select);
    let [next, last, counts, confirmations, interactions] = match sight.appointments {
        Some(reach) => Agenda { tx, id, reach }.columns().map(Expr::from),
        None => [const { "CAST(NULL AS text)" }; 5].map(Expr::cust),
    };
    for (column, name) in [
        (next, "next"),
        (last, "last"),
        (counts, "counts"),
        (confirmations, "confirmations"),
        (interactions, "interactions"),
    ] {
        select = select.expr_as(column, name);
    }
    let found: Vec<Row> = tx.all_as(select).await?;
    found.into_iter().next().map(|row| profile(row, sight)).transpose()
}

/// A patient's appointments within a reach.
struct Agenda<'a> {
    tx: &'a SeaTx,
    id: PatientId,
    reach: Reach,
}

impl Agenda<'_> {
    /// Next, last, counts, confirmations and interactions.
    fn columns(&self) -> [SelectStatement; 5] {
        let (now, dialect) = (self.tx.now(), Dialect::of(self.tx));
        let called_off =
            [AppointmentStatus::Cancelled, AppointmentStatus::LateCancelled, AppointmentStatus::EnteredInError];
        let called_off = called_off.map(AppointmentStatus::as_str);
        let over = [
            &called_off[..],
            &[AppointmentStatus::NoShow, AppointmentStatus::Completed].map(AppointmentStatus::as_str),
        ]
        .concat();
        let next = self
            .all()
            .filter(Column::StartsAt.gt(now - LONGEST))
            .filter(Column::EndsAt.gt(now))
            .filter(Column::Status.is_not_in(over));
        let last = self
            .all()
            .filter(Column::StartsAt.lte(now))
            .filter(Column::EndsAt.lte(now))
            .filter(Column::Status.is_not_in(called_off))
            .filter(Column::Status.ne(AppointmentStatus::Requested.as_str()));
        let booked = [AppointmentStatus::Requested, AppointmentStatus::EnteredInError].map(AppointmentStatus::as_str);
        let booked = self.all().filter(Column::Status.is_not_in(booked));
        let brief = [
            dialect.id("id", "x.id"),
            Dialect::plain("status", "x.status"),
            Dialect::plain("start", "x.starts_at"),
            Dialect::plain("end", "x.ends_at"),
            Dialect::plain("time_zone", "x.time_zone"),
            dialect.id("practitioner", "x.practitioner_id"),
            dialect.id("clinic", "x.clinic_id"),
            Dialect::plain("service", "x.service_name"),
        ];
        let confirmed = [
            dialect.id("id", "x.id"),
            Dialect::plain("status", "x.status"),
            Dialect::plain("start", "x.starts_at"),
            dialect.nested("by", &format!("SELECT {} {CONFIRMED_FROM}", dialect.object(&Act::members(dialect)))),
        ];
        let (soonest, latest) = ("x.starts_at, x.id", "x.starts_at DESC, x.id DESC");
        [
            listed(few(next, Order::Asc, MOST_APPOINTMENTS), dialect.list(&brief, soonest)),
            listed(few(last, Order::Desc, MOST_APPOINTMENTS), dialect.list(&brief, latest)),
            listed(QueryTrait::into_query(self.all()), Expr::cust(counted(dialect))),
            listed(few(booked, Order::Desc, MOST_RECENT), dialect.list(&confirmed, latest)),
            last_of_appointments(self.tx, self.id, self.reach, MOST_RECENT),
        ]
    }

    fn all(&self) -> Select<Entity> {
        let all = self.tx.select_within::<Entity>(self.reach).filter(Column::PatientId.eq(self.id.uuid()));
        all.select_only().columns(BRIEF).expr_as(Expr::cust("appointment.service ->> 'name'"), "service_name")
    }
}

fn few(select: Select<Entity>, order: Order, most: u64) -> SelectStatement {
    QueryTrait::into_query(select.order_by(Column::StartsAt, order.clone()).order_by(Column::Id, order).limit(most))
}

/// Rows `x` as one column.
fn listed(rows: SelectStatement, column: Expr) -> SelectStatement {
    Query::select().expr(column).from_subquery(rows, "x").take()
}

fn counted(dialect: Dialect) -> String {
    let of =
        |name, status: AppointmentStatus| (name, format!("count(*) FILTER (WHERE x.status = '{}')", status.as_str()));
    dialect.object(&[
        of("visits", AppointmentStatus::Completed),
        of("no_shows", AppointmentStatus::NoShow),
        of("cancellations", AppointmentStatus::Cancelled),
        of("late_cancellations", AppointmentStatus::LateCancelled),
    ])
}

fn profile(row: Row, sight: &Sight) -> Result<PatientProfile, StoreError> {
    let interactions = row.interactions.map(rows::<Vec<Told>>).transpose()?.unwrap_or_default();
    let agenda = match (row.next, row.last, row.counts, row.confirmations) {
        (Some(next), Some(last), Some(counts), Some(confirmations)) => Some(AgendaOfPatient {
            next: briefs(next)?,
            last: briefs(last)?,
            counts: rows::<Counts>(counts)?.into(),
            confirmations: confirmed(confirmations, sight)?,
        }),
        _ => None,
    };
    Ok(PatientProfile {
        patient: Patient::try_from(row.record)?,
        agenda,
        interactions: read_appointments(interactions, sight)?,
    })
}

fn status(word: &str) -> Result<&'static str, StoreError> {
    let status = AppointmentStatus::read(word).ok_or_else(|| StoreError::broken("an appointment without status"))?;
    Ok(status.as_str())
}

fn briefs(column: Json) -> Result<Vec<AgendaEntry>, StoreError> {
    let brief = |one: Brief| {
        Ok(AgendaEntry {
            id: AppointmentId::from_uuid(one.id),
            status: status(&one.status)?,
            start: one.start,
            end: one.end,
            time_zone: one.time_zone,
            practitioner: PractitionerId::from_uuid(one.practitioner),
            clinic: ClinicId::from_uuid(one.clinic),
            service: one.service,
        })
    };
    rows::<Vec<Brief>>(column)?.into_iter().map(brief).collect()
}

fn confirmed(column: Json, sight: &Sight) -> Result<Vec<Confirmation>, StoreError> {
    let confirmation = |one: Confirmed| {
        Ok(Confirmation {
            appointment: AppointmentId::from_uuid(one.id),
            status: status(&one.status)?,
            start: one.start,
            confirmed: one.by.map(|act| (act.at, actor(act, sight))),
        })
    };
    rows::<Vec<Confirmed>>(column)?.into_iter().map(confirmation).collect()
}

impl From<Counts> for VisitCounts {
    fn from(counts: Counts) -> Self {
        let Counts { visits, no_shows, cancellations, late_cancellations } = counts;
        Self { visits, no_shows, cancellations, late_cancellations }
    }
}
