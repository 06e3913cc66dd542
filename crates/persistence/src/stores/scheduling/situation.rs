//! All that a decision about slots needs, read at once (A10).

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use kernel::StoreError;
use kernel::ids::{ClinicId, PractitionerId, SeatingId, ServiceId};
use scheduling::model::agenda::{BusyEntry, SessionKey};
use scheduling::model::availability::ClinicZone;
use scheduling::model::interval::Interval;
use scheduling::model::local_time::Zone;
use scheduling::model::practitioner::{Practitioner, PractitionerProfile};
use scheduling::model::schedule::{DateOverride, Leave};
use scheduling::model::service::Service;
use scheduling::model::situation::{Bookable, PatientStanding, Situation};
use scheduling::model::words::{Label, PersonName};
use scheduling::ports::{SituationAsk, SituationReads};
use sea_orm::{FromQueryResult, QueryResult};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::dialect::Dialect;
use super::situation_sql;
use crate::SeaTx;
use crate::errors::store;
use crate::rows::scheduling::schedule::{StoredWindow, schedule};
use crate::rows::scheduling::schedule_exception::{StoredDayWindow, day_windows};
use crate::rows::scheduling::{service, unreadable};

type Instant = DateTime<Utc>;
type StoredMember = (Uuid, String, String, Option<BTreeSet<Uuid>>, Option<BTreeSet<Uuid>>, bool, i64, Option<Instant>);
type StoredSchedule = (Uuid, Uuid, Vec<StoredWindow>, Option<NaiveDate>, Option<NaiveDate>);
type StoredException =
    (Uuid, Option<Uuid>, Option<NaiveDate>, Option<Vec<StoredDayWindow>>, Option<Instant>, Option<Instant>);
type StoredBusy = (Uuid, Moment, Moment, Uuid, u32, Moment, Moment, Uuid, Uuid, bool);

/// An instant as microseconds (PostgreSQL) or as text (SQLite), see [`Dialect::instant_of_many`].
#[derive(Deserialize)]
#[serde(untagged)]
enum Moment {
    Micros(i64),
    Text(Instant),
}

#[async_trait]
impl SituationReads for SeaTx {
    async fn situation(&self, ask: &SituationAsk) -> Result<Situation, StoreError> {
        let (sql, values) = situation_sql::query(Dialect::of(self.is_postgres()), &self.reaching(), ask);
        let rows = self.rows(&sql, values).await?;
        let row = rows.first().ok_or_else(unreadable)?;
        let service: Option<Uuid> = row.try_get("", "id").map_err(store)?;
        let service = match service {
            Some(_) => Some(Service::try_from(service::Model::from_query_result(row, "").map_err(store)?)?),
            None => None,
        };
        let flag = |column: &str| row.try_get::<bool>("", column).map_err(store);
        let busy: Vec<(Moment, Moment)> = lists(row, "patient_busy")?;
        let busy = busy.into_iter().map(|(start, end)| between(start, end)).collect::<Result<_, _>>()?;
        Ok(Situation {
            service,
            clinics: clinics(row)?,
            practitioners: practitioners(row)?,
            patient: PatientStanding {
                known: flag("patient_known")?,
                closed: flag("patient_known")? && !flag("patient_open")?,
                readable: flag("patient_known")? && flag("patient_readable")?,
                busy,
            },
            beneficiary_known: flag("beneficiary_known")?,
        })
    }
}

fn clinics(row: &QueryResult) -> Result<Vec<ClinicZone>, StoreError> {
    let clinics: Vec<(Uuid, String)> = lists(row, "clinics")?;
    let zone = |(id, zone): (Uuid, String)| {
        let zone = Zone::parse(&zone).map_err(StoreError::broken)?;
        Ok(ClinicZone { clinic_id: ClinicId::from_uuid(id), zone })
    };
    clinics.into_iter().map(zone).collect()
}

fn practitioners(row: &QueryResult) -> Result<Vec<Bookable>, StoreError> {
    let members: Vec<StoredMember> = lists(row, "practitioners")?;
    let mut found = HashMap::with_capacity(members.len());
    for member in members {
        found.insert(member.0, bookable(member)?);
    }
    for (owner, clinic, weekly, from, to) in lists::<StoredSchedule>(row, "schedules")? {
        if let Some(one) = found.get_mut(&owner) {
            one.schedules.push(schedule(ClinicId::from_uuid(clinic), weekly, from, to)?);
        }
    }
    for (owner, clinic, date, windows, start, end) in lists::<StoredException>(row, "exceptions")? {
        let Some(one) = found.get_mut(&owner) else { continue };
        match (clinic, date, windows, start.zip(end)) {
            (Some(clinic), Some(date), Some(windows), _) => {
                let clinic_id = ClinicId::from_uuid(clinic);
                one.overrides.push(DateOverride { clinic_id, date, windows: day_windows(windows)? });
            }
            (.., Some((start, end))) => one.leaves.push(Leave { interval: interval(start, end)? }),
            _ => return Err(unreadable()),
        }
    }
    for entry in lists::<StoredBusy>(row, "busy")? {
        if let Some(one) = found.get_mut(&entry.0) {
            one.busy.push(busy(entry)?);
        }
    }
    for (owner, times) in lists::<(Uuid, Vec<(Moment, Moment)>)>(row, "times")? {
        let Some(one) = found.get_mut(&owner) else { continue };
        for (start, end) in times {
            one.busy.push(taken(between(start, end)?));
        }
    }
    Ok(found.into_values().collect())
}

/// A taken time of which no more is known: nobody joins it.
fn taken(time: Interval) -> BusyEntry {
    BusyEntry {
        buffered: time,
        interval: time,
        session: None,
        seating_id: SeatingId::from_uuid(Uuid::nil()),
        seat: 1,
        exclusive: true,
    }
}

/// A practitioner as far as decisions need to know them: without registrations and membership.
fn bookable(member: StoredMember) -> Result<Bookable, StoreError> {
    let (id, name, profession, services, clinics, active, version, last_start) = member;
    let profile = PractitionerProfile {
        name: PersonName::parse(&name).ok().ok_or_else(unreadable)?,
        profession: Label::parse(&profession).ok().ok_or_else(unreadable)?,
        registrations: Vec::new(),
        service_ids: services.map(|ids| ids.into_iter().map(ServiceId::from_uuid).collect()),
        clinic_ids: clinics.map(|ids| ids.into_iter().map(ClinicId::from_uuid).collect()),
        membership_id: None,
        active,
    };
    Ok(Bookable {
        practitioner: Practitioner::new(PractitionerId::from_uuid(id), profile, version),
        schedules: Vec::new(),
        overrides: Vec::new(),
        leaves: Vec::new(),
        busy: Vec::new(),
        last_start,
    })
}

fn busy(entry: StoredBusy) -> Result<BusyEntry, StoreError> {
    let (_, start, end, session, seat, bare_start, bare_end, service, clinic, exclusive) = entry;
    let bare = between(bare_start, bare_end)?;
    Ok(BusyEntry {
        buffered: between(start, end)?,
        interval: bare,
        session: Some(SessionKey { service_id: ServiceId::from_uuid(service), clinic_id: ClinicId::from_uuid(clinic) }),
        seating_id: SeatingId::from_uuid(session),
        seat,
        exclusive,
    })
}

fn between(start: Moment, end: Moment) -> Result<Interval, StoreError> {
    let instant = |moment| match moment {
        Moment::Micros(micros) => DateTime::from_timestamp_micros(micros).ok_or_else(unreadable),
        Moment::Text(instant) => Ok(instant),
    };
    interval(instant(start)?, instant(end)?)
}

fn interval(start: Instant, end: Instant) -> Result<Interval, StoreError> {
    Interval::between(start, end).ok_or_else(unreadable)
}

/// A column that is a JSON list, or null for an empty one.
fn lists<T: DeserializeOwned>(row: &QueryResult, column: &str) -> Result<Vec<T>, StoreError> {
    let text: Option<String> = row.try_get("", column).map_err(store)?;
    match text {
        Some(text) => serde_json::from_str(&text).ok().ok_or_else(unreadable),
        None => Ok(Vec::new()),
    }
}
