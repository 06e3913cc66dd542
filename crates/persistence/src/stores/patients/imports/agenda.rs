//! The agenda as an import sees it.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::ids::{AppointmentId, ClinicId, PractitionerId, SeatingId, ServiceId};
use kernel::text::normalize;
use kernel::{Facts, StoreError};
use patients::model::import::When;
use patients::ports::imports::{AgendaImport, AgendaOffer, NewAppointment};
use scheduling::model::appointment::{Appointment, AppointmentParts};
use scheduling::model::interval::Interval;
use scheduling::model::local_time::Zone;
use scheduling::model::service::Service;
use scheduling::model::status::AppointmentStatus;
use scheduling::model::words::{BookingOrigin, Note};
use scheduling::ports::Firmness;
use sea_orm::{ColumnTrait, QueryFilter, Value};
use uuid::Uuid;

use super::{AT_ONCE, places};
use crate::SeaTx;
use crate::claims::lock_key;
use crate::errors::store;
use crate::rows::identity::clinic;
use crate::rows::scheduling::{appointment, busy, practitioner, service};

/// Where imported appointments come from.
const ORIGIN: &str = "import";

/// What appointments are made of.
struct Makers {
    services: BTreeMap<Uuid, Service>,
    zones: BTreeMap<Uuid, Zone>,
}

#[async_trait]
impl AgendaImport for SeaTx {
    async fn agenda_offer(&self) -> Result<AgendaOffer, StoreError> {
        let practitioners = self.all(self.select::<practitioner::Entity>()).await?;
        let services = self.all(self.select::<service::Entity>()).await?;
        let clinics = self.all(self.select::<clinic::Entity>()).await?;
        let zone = |row: clinic::Model| {
            let zone = row.time_zone.parse().ok().unwrap_or(chrono_tz::UTC);
            (ClinicId::from_uuid(row.id), normalize(&row.name), zone)
        };
        Ok(AgendaOffer {
            practitioners: practitioners
                .into_iter()
                .map(|row| (PractitionerId::from_uuid(row.id), normalize(&row.name)))
                .collect(),
            services: services
                .into_iter()
                .map(|row| (ServiceId::from_uuid(row.id), normalize(&row.name), i64::from(row.duration_minutes)))
                .collect(),
            clinics: clinics.into_iter().map(zone).collect(),
        })
    }

    async fn appointments_clashing(&self, ask: &[NewAppointment], now: DateTime<Utc>) -> Result<Vec<bool>, StoreError> {
        let made = self.made(ask, now).await?;
        let firm = |one: &&Appointment| firmness(one, now) == Firmness::Exclusive && one.parts().status.is_active();
        let agendas: BTreeSet<Uuid> =
            made.iter().filter(firm).flat_map(Appointment::claims).map(|claim| claim.claimed.uuid()).collect();
        let mut taken = self.taken(&agendas, made.iter().filter(firm)).await?;
        let mut clashing = Vec::with_capacity(made.len());
        for one in &made {
            let claims = if firm(&one) { one.claims() } else { Vec::new() };
            let overlaps = |agenda: Uuid, span: &Interval| {
                taken.iter().any(|(of, start, end)| *of == agenda && *start < span.end() && span.start() < *end)
            };
            let clashes = claims.iter().any(|claim| overlaps(claim.claimed.uuid(), &claim.span));
            if !clashes {
                taken.extend(claims.iter().map(|claim| (claim.claimed.uuid(), claim.span.start(), claim.span.end())));
            }
            clashing.push(clashes);
        }
        Ok(clashing)
    }

    async fn appointments_import(&self, ask: &[NewAppointment], now: DateTime<Utc>) -> Result<Vec<Facts>, StoreError> {
        let made = self.made(ask, now).await?;
        for some in made.chunks(AT_ONCE) {
            let rows = some.iter().map(|one| appointment::Model::of(one, self.tenant()));
            self.insert_all(rows.collect::<Result<Vec<_>, _>>()?).await?;
            let busy = some.iter().flat_map(|one| busy::Model::all_of(one, firmness(one, now), self.tenant()));
            self.insert_all(busy.collect::<Vec<_>>()).await?;
        }
        Ok(made.iter().map(Appointment::facts).collect())
    }

    async fn appointments_untouched(
        &self,
        appointments: &[(AppointmentId, i64)],
    ) -> Result<Vec<AppointmentId>, StoreError> {
        if appointments.is_empty() {
            return Ok(Vec::new());
        }
        let mut values: Vec<Value> = vec![self.tenant().into()];
        values.extend(appointments.iter().map(|(id, _)| Value::from(id.uuid())));
        let lock = if self.is_postgres() { " FOR UPDATE" } else { "" };
        let places = places(2, values.len());
        let sql = format!("SELECT id, version FROM appointment WHERE tenant_id = $1 AND id IN ({places}){lock}");
        let found = self.rows(&sql, values).await?;
        let read =
            |row: &sea_orm::QueryResult| Ok((row.try_get::<Uuid>("", "id")?, row.try_get::<i64>("", "version")?));
        let found: Vec<(Uuid, i64)> = found.iter().map(read).collect::<Result<_, sea_orm::DbErr>>().map_err(store)?;
        let same = |(id, version): &&(AppointmentId, i64)| found.contains(&(id.uuid(), *version));
        Ok(appointments.iter().filter(same).map(|(id, _)| *id).collect())
    }

    async fn appointments_remove(&self, ids: &[AppointmentId]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut values: Vec<Value> = vec![self.tenant().into()];
        values.extend(ids.iter().map(|id| Value::from(id.uuid())));
        let places = places(2, values.len());
        for (table, column) in
            [("external_reference", "appointment_id"), ("busy", "appointment_id"), ("appointment", "id")]
        {
            let sql = format!("DELETE FROM {table} WHERE tenant_id = $1 AND {column} IN ({places})");
            self.run(&sql, values.clone()).await?;
        }
        Ok(())
    }
}

impl SeaTx {
    async fn made(&self, ask: &[NewAppointment], now: DateTime<Utc>) -> Result<Vec<Appointment>, StoreError> {
        if ask.is_empty() {
            return Ok(Vec::new());
        }
        let services: BTreeSet<Uuid> = ask.iter().map(|one| one.service_id.uuid()).collect();
        let services = self.select::<service::Entity>().filter(service::Column::Id.is_in(services));
        let clinics: BTreeSet<Uuid> = ask.iter().map(|one| one.clinic_id.uuid()).collect();
        let clinics = self.select::<clinic::Entity>().filter(clinic::Column::Id.is_in(clinics));
        let mut makers = Makers { services: BTreeMap::new(), zones: BTreeMap::new() };
        for row in self.all(services).await? {
            makers.services.insert(row.id, Service::try_from(row)?);
        }
        for row in self.all(clinics).await? {
            makers.zones.insert(row.id, Zone::parse(&row.time_zone).map_err(StoreError::broken)?);
        }
        ask.iter().map(|one| makers.made(one, now)).collect()
    }

    /// What is taken in these agendas while the appointments are, with the locks of the agendas.
    async fn taken<'a>(
        &self,
        agendas: &BTreeSet<Uuid>,
        firm: impl Iterator<Item = &'a Appointment>,
    ) -> Result<Vec<(Uuid, DateTime<Utc>, DateTime<Utc>)>, StoreError> {
        let spans: Vec<Interval> = firm.map(Appointment::buffered).collect();
        let (Some(from), Some(to)) = (spans.iter().map(Interval::start).min(), spans.iter().map(Interval::end).max())
        else {
            return Ok(Vec::new());
        };
        if agendas.is_empty() {
            return Ok(Vec::new());
        }
        if self.is_postgres() {
            let keys: BTreeSet<i64> = agendas.iter().map(|id| lock_key("agenda", self.tenant(), *id)).collect();
            let rows: Vec<String> = (1..=keys.len()).map(|n| format!("(CAST(${n} AS bigint))")).collect();
            let sql = format!("SELECT pg_advisory_xact_lock(k) FROM (VALUES {}) v(k)", rows.join(", "));
            self.rows(&sql, keys.into_iter().map(Value::from)).await?;
        }
        let mut values: Vec<Value> = vec![self.tenant().into(), from.into(), to.into()];
        values.extend(agendas.iter().map(|id| Value::from(*id)));
        let sql = format!(
            "SELECT resource_id, starts_at, ends_at FROM busy WHERE tenant_id = $1 AND active AND ends_at > $2 \
             AND starts_at < $3 AND resource_id IN ({})",
            places(4, values.len())
        );
        let read = |row: &sea_orm::QueryResult| {
            Ok((row.try_get("", "resource_id")?, row.try_get("", "starts_at")?, row.try_get("", "ends_at")?))
        };
        self.rows(&sql, values).await?.iter().map(read).collect::<Result<_, sea_orm::DbErr>>().map_err(store)
    }
}

impl Makers {
    fn made(&self, one: &NewAppointment, now: DateTime<Utc>) -> Result<Appointment, StoreError> {
        let unknown = || StoreError::broken("an imported appointment names what is not there");
        let service = self.services.get(&one.service_id.uuid()).ok_or_else(unknown)?.snapshot();
        let zone = *self.zones.get(&one.clinic_id.uuid()).ok_or_else(unknown)?;
        let start = match one.start {
            When::At(start) => start,
            When::Local(local) => zone.first_instant(local),
        };
        let length = one.minutes.map_or_else(|| service.duration.delta(), TimeDelta::minutes);
        let interval = Interval::lasting(start, length).ok_or_else(unknown)?;
        let usual = if interval.end() <= now { AppointmentStatus::Completed } else { AppointmentStatus::Booked };
        let status = one.status.and_then(AppointmentStatus::parse).unwrap_or(usual);
        Ok(Appointment::restore(AppointmentParts {
            id: one.id,
            patient_id: one.patient_id,
            beneficiary_id: None,
            practitioner_id: one.practitioner_id,
            clinic_id: one.clinic_id,
            service,
            resources: Vec::new(),
            interval,
            time_zone: zone,
            local_start: zone.wall(start).local,
            status,
            origin: BookingOrigin::parse(ORIGIN).map_err(StoreError::broken)?,
            reason: one.notes.as_deref().map(Note::parse).transpose().map_err(StoreError::broken)?,
            notes: None,
            seating_id: SeatingId::from_uuid(one.id.uuid()),
            seat: 1,
            cancellation: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }))
    }
}

/// What is over excludes nobody from anything.
fn firmness(one: &Appointment, now: DateTime<Utc>) -> Firmness {
    if one.parts().interval.end() <= now { Firmness::Overbooked } else { Firmness::Exclusive }
}
