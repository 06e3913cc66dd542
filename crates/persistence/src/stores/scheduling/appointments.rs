//! Appointments and their busy rows.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::ids::{AppointmentId, MembershipId};
use kernel::{Page, StoreError, Total};
use scheduling::model::appointment::Appointment;
use scheduling::model::history::HistoryEntry;
use scheduling::ports::{
    AppointmentKey, AppointmentList, AppointmentReads, AppointmentSort, AppointmentWrites, Firmness,
};
use sea_orm::sea_query::{Expr, Order};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, Iterable, QueryFilter, QueryResult, Select,
    Value,
};
use serde_json::Map;
use uuid::Uuid;

use super::keyset;
use crate::SeaTx;
use crate::data_keys::Personal;
use crate::errors::store;
use crate::rows::scheduling::appointment::{Column, Entity, Model};
use crate::rows::scheduling::busy;

const HISTORY: &str = "SELECT c.id AS row_id, e.at, e.act, e.membership_id, c.version, c.before, c.after, c.sealed \
    FROM journal_change c JOIN journal_entry e ON e.tenant_id = c.tenant_id AND e.id = c.entry_id \
    WHERE c.tenant_id = $1 AND c.entity_id = $2 ORDER BY c.version, c.id";

#[async_trait]
impl AppointmentReads for SeaTx {
    async fn appointment_by_id(&self, id: AppointmentId) -> Result<Option<Appointment>, StoreError> {
        let select = self.select::<Entity>().filter(Column::Id.eq(id.uuid()));
        self.one(select).await?.map(Appointment::try_from).transpose()
    }

    async fn appointment_list(&self, ask: &AppointmentList) -> Result<Page<Appointment>, StoreError> {
        let order = match ask.sort {
            AppointmentSort::Start => Order::Asc,
            AppointmentSort::StartDescending => Order::Desc,
        };
        let all = filtered(self.select::<Entity>(), ask);
        let key = |key: &AppointmentKey| (Value::from(key.at), key.id.uuid());
        let select = keyset::page(all.clone(), (Column::StartsAt, Column::Id), &order, &ask.page, key);
        let rows = self.all(select).await?;
        let total = match ask.page.total {
            Total::Skip => None,
            Total::Count => Some(self.count(all).await?),
        };
        let key = |row: &Model| AppointmentKey { at: row.starts_at, id: AppointmentId::from_uuid(row.id) };
        let Page { items, next, total } = Page::from_surplus(rows, ask.page.limit, total, key);
        let items = items.into_iter().map(Appointment::try_from).collect::<Result<_, _>>()?;
        Ok(Page { items, next, total })
    }

    async fn appointment_history(&self, id: AppointmentId) -> Result<Option<Vec<HistoryEntry>>, StoreError> {
        if self.appointment_by_id(id).await?.is_none() {
            return Ok(None);
        }
        let rows = self.rows(HISTORY, [self.tenant().into(), id.uuid().into()]).await?;
        let sealed: Vec<_> = rows.iter().map(sealed).collect::<Result<_, _>>().map_err(store)?;
        let personal = self.opened(&sealed).await?;
        rows.iter()
            .zip(personal)
            .map(|(row, personal)| history_entry(row, personal))
            .collect::<Result<_, _>>()
            .map(Some)
    }
}

#[async_trait]
impl AppointmentWrites for SeaTx {
    /// On PostgreSQL one statement.
    async fn appointment_add(&self, appointment: &Appointment, firmness: Firmness) -> Result<(), StoreError> {
        let row = Model::of(appointment, self.tenant())?;
        let taken = busy::Model::all_of(appointment, firmness, self.tenant());
        if !self.is_postgres() {
            self.insert(row).await?;
            return self.insert_all(taken).await;
        }
        let mut values = Vec::new();
        let appointment = insert(vec![row], &mut values);
        let taken = insert(taken, &mut values);
        self.run(&format!("WITH booked AS ({appointment}) {taken}"), values).await.map(drop)
    }

    async fn appointment_save(&self, appointment: &Appointment) -> Result<bool, StoreError> {
        let id = appointment.parts().id.uuid();
        let mut row = Model::of(appointment, self.tenant())?.into_active_model().reset_all();
        for key in [Column::TenantId, Column::Id, Column::CreatedAt] {
            row.not_set(key);
        }
        let update = self
            .update_where::<Entity>()
            .set(row)
            .filter(Column::Id.eq(id))
            .filter(Column::Version.eq(appointment.parts().version - 1));
        if self.exec(update).await? == 0 {
            return Ok(false);
        }
        if !appointment.parts().status.is_active() {
            let free = self
                .update_where::<busy::Entity>()
                .col_expr(busy::Column::Active, Expr::val(false))
                .col_expr(busy::Column::Overbooked, Expr::val(false))
                .filter(busy::Column::AppointmentId.eq(id));
            self.exec(free).await?;
        }
        Ok(true)
    }
}

fn sealed(row: &QueryResult) -> Result<(Uuid, Option<Vec<u8>>), DbErr> {
    Ok((row.try_get("", "row_id")?, row.try_get("", "sealed")?))
}

/// An act with what can still be known of it: the personal fields of somebody who was erased are left out.
fn history_entry(row: &QueryResult, personal: Personal) -> Result<HistoryEntry, StoreError> {
    let text = |column: &str| row.try_get::<String>("", column).map_err(store);
    let mut before: Map<_, _> = serde_json::from_str(&text("before")?).map_err(StoreError::broken)?;
    let mut after: Map<_, _> = serde_json::from_str(&text("after")?).map_err(StoreError::broken)?;
    match personal {
        Personal::None | Personal::Erased => {}
        Personal::Open(personal) => {
            before.extend(personal.before);
            after.extend(personal.after);
        }
        Personal::Damaged => return Err(StoreError::broken("a sealed change does not open")),
    }
    let membership: Option<Uuid> = row.try_get("", "membership_id").map_err(store)?;
    Ok(HistoryEntry {
        at: row.try_get::<DateTime<Utc>>("", "at").map_err(store)?,
        act: text("act")?,
        membership_id: membership.map(MembershipId::from_uuid),
        version: row.try_get("", "version").map_err(store)?,
        before,
        after,
    })
}

fn filtered(all: Select<Entity>, ask: &AppointmentList) -> Select<Entity> {
    let mut all = all;
    if let Some(from) = ask.from {
        all = all.filter(Column::EndsAt.gt(from));
        // No appointment is longer than a day, so that the index by start can be entered here.
        all = all.filter(Column::StartsAt.gt(from - chrono::TimeDelta::hours(25)));
    }
    if let Some(to) = ask.to {
        all = all.filter(Column::StartsAt.lt(to));
    }
    if let Some(id) = ask.practitioner_id {
        all = all.filter(Column::PractitionerId.eq(id.uuid()));
    }
    if let Some(id) = ask.patient_id {
        all = all.filter(Column::PatientId.eq(id.uuid()));
    }
    if let Some(id) = ask.clinic_id {
        all = all.filter(Column::ClinicId.eq(id.uuid()));
    }
    if !ask.statuses.is_empty() {
        all = all.filter(Column::Status.is_in(ask.statuses.iter().map(|status| status.as_str())));
    }
    all
}

/// An INSERT of rows with all of their columns; its values go behind those that are there already.
fn insert<A, M>(rows: Vec<M>, values: &mut Vec<Value>) -> String
where
    A: ActiveModelTrait,
    M: IntoActiveModel<A>,
{
    let columns: Vec<<A::Entity as EntityTrait>::Column> = <A::Entity as EntityTrait>::Column::iter().collect();
    let mut lists = Vec::with_capacity(rows.len());
    for row in rows {
        let row = row.into_active_model();
        let first = values.len() + 1;
        values.extend(columns.iter().filter_map(|column| row.get(*column).into_value()));
        let places: Vec<String> = (first..=values.len()).map(|n| format!("${n}")).collect();
        lists.push(format!("({})", places.join(", ")));
    }
    let names: Vec<String> = columns.iter().map(|column| sea_orm::IdenStatic::as_str(column).to_owned()).collect();
    let table = sea_orm::EntityName::table_name(&A::Entity::default()).to_owned();
    format!("INSERT INTO {table} ({}) VALUES {}", names.join(", "), lists.join(", "))
}
