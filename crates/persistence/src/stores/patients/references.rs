//! What other contexts keep about a patient: listed and moved for merges, cancelled for archiving (PT7, PT10).

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use kernel::StoreError;
use kernel::ids::PatientId;
use patients::model::{AppointmentAhead, Days, Fit, Reference, ReferenceKind};
use patients::ports::{
    CancelAppointments, CancelledAppointment, ListReferences, MoveReferences, PatientReferences, Purpose, Way,
};
use sea_orm::{DbErr, QueryResult, Value};
use uuid::Uuid;

use super::appointments_ahead;
use crate::SeaTx;
use crate::errors::store;

/// How many rows one statement names: far below the most parameters that a database takes.
const BATCH: usize = 500;

/// A link as it fits in with others.
struct Linked {
    reference: Reference,
    /// The member, and what it is to the patient.
    who: (Uuid, String),
    days: Days,
}

/// Where a kind of reference lies.
struct Place {
    table: &'static str,
    column: &'static str,
    /// Beside the new patient, in SQL; `$4` is the time, where it is named.
    also: &'static str,
}

const fn place(kind: ReferenceKind) -> Place {
    let (table, column, also) = match kind {
        ReferenceKind::Appointment => ("appointment", "patient_id", ", version = version + 1, updated_at = $4"),
        ReferenceKind::Beneficiary => ("appointment", "beneficiary_id", ", version = version + 1, updated_at = $4"),
        ReferenceKind::Link => ("patient_link", "patient_id", ", version = version + 1"),
        ReferenceKind::Membership => ("membership", "patient_id", ", version = version + 1"),
        ReferenceKind::Invitation => ("invitation", "patient_id", ", version = version + 1"),
    };
    Place { table, column, also }
}

/// The rows of each kind. `$2` is named by them, `$3` is the other patient.
const APPOINTMENTS: &str = "SELECT x.id, x.version, x.starts_at, x.ends_at, COALESCE(b.active AND EXISTS (SELECT 1 FROM busy o \
     WHERE (o.active OR o.overbooked) AND o.active AND o.tenant_id = $1 AND o.resource_id = $3 \
     AND o.starts_at < b.ends_at AND o.ends_at > b.starts_at), false) AS overbooked \
     FROM appointment x LEFT JOIN busy b ON b.tenant_id = $1 AND b.appointment_id = x.id AND b.resource_id = $2 \
     WHERE x.tenant_id = $1 AND x.patient_id = $2 ORDER BY x.starts_at, x.id";
const BENEFICIARIES: &str = "SELECT x.id, x.version, x.starts_at, x.ends_at, 0 = 1 AS overbooked FROM appointment x WHERE x.tenant_id = $1 AND x.beneficiary_id = $2 ORDER BY x.starts_at, x.id";
const LINKS: &str = "SELECT x.id, x.version, 0 = 1 AS overbooked, x.membership_id, x.kind, x.valid_from, x.valid_to \
     FROM patient_link x WHERE x.tenant_id = $1 AND x.patient_id = $2 ORDER BY x.id";
const MEMBERSHIPS: &str = "SELECT x.id, x.version, 0 = 1 AS overbooked \
     FROM membership x WHERE x.tenant_id = $1 AND x.patient_id = $2 ORDER BY x.id";
const INVITATIONS: &str = "SELECT x.id, x.version, 0 = 1 AS overbooked \
     FROM invitation x WHERE x.tenant_id = $1 AND x.patient_id = $2 ORDER BY x.id";

const fn listing(kind: ReferenceKind) -> &'static str {
    match kind {
        ReferenceKind::Appointment => APPOINTMENTS,
        ReferenceKind::Beneficiary => BENEFICIARIES,
        ReferenceKind::Link => LINKS,
        ReferenceKind::Membership => MEMBERSHIPS,
        ReferenceKind::Invitation => INVITATIONS,
    }
}

#[async_trait]
impl PatientReferences for SeaTx {
    async fn references_list(&self, ask: &ListReferences) -> Result<Vec<Reference>, StoreError> {
        let mut all = Vec::new();
        for kind in ReferenceKind::ALL {
            let rows = self.naming(kind, ask, (ask.from, ask.to)).await?;
            for row in &rows {
                all.push(reference(kind, row).map_err(store)?);
            }
            // Undoing gives each link its own days back.
            if kind == ReferenceKind::Link && ask.purpose != Purpose::Move(Way::Undo) {
                let own = rows.iter().map(linked).collect::<Result<Vec<_>, _>>().map_err(store)?;
                let rows = self.naming(kind, ask, (ask.to, ask.from)).await?;
                let others = rows.iter().map(linked).collect::<Result<Vec<_>, _>>().map_err(store)?;
                all.retain(|one| one.kind != ReferenceKind::Link);
                all.extend(fitted(own, others, self.now().date_naive()));
            }
        }
        Ok(all)
    }

    async fn references_move(&self, ask: &MoveReferences<'_>) -> Result<(), StoreError> {
        for kind in ReferenceKind::ALL {
            let of_kind = ids(ask, |one| one.kind == kind && one.days.is_none());
            let Place { table, column, also } = place(kind);
            let set = format!("{column} = $2{also}");
            let moved = self.renamed(ask, (table, &set, column, "id"), &of_kind).await?;
            if usize::try_from(moved).ok() != Some(of_kind.len()) {
                return Err(StoreError::Contended);
            }
        }
        for link in ask.references {
            if let Some((_, days)) = link.days {
                self.shape(ask, link, days).await?;
            }
        }
        let overbooked = match ask.way {
            Way::Merge => "resource_id = $2, active = false, overbooked = true",
            Way::Undo => "resource_id = $2, active = overbooked, overbooked = false",
        };
        let is_met = |one: &Reference| one.kind == ReferenceKind::Appointment;
        let plain = ids(ask, |one| is_met(one) && !one.overbooked);
        self.renamed(ask, ("busy", "resource_id = $2", "resource_id", "appointment_id"), &plain).await?;
        let full = ids(ask, |one| is_met(one) && one.overbooked);
        self.renamed(ask, ("busy", overbooked, "resource_id", "appointment_id"), &full).await.map(drop)
    }

    async fn appointments_ahead(
        &self,
        patient: PatientId,
        now: DateTime<Utc>,
    ) -> Result<Vec<AppointmentAhead>, StoreError> {
        appointments_ahead::list(self, patient, now).await
    }

    async fn appointments_cancel(&self, ask: &CancelAppointments<'_>) -> Result<Vec<CancelledAppointment>, StoreError> {
        appointments_ahead::cancel(self, ask).await
    }
}

impl SeaTx {
    /// The rows that name the first patient; locked on PostgreSQL if they are to be moved: SQLite has one writer.
    async fn naming(
        &self,
        kind: ReferenceKind,
        ask: &ListReferences,
        (named, other): (PatientId, PatientId),
    ) -> Result<Vec<QueryResult>, StoreError> {
        let is_held = self.is_postgres() && ask.purpose != Purpose::Look;
        let (sql, lock) = (listing(kind), if is_held { " FOR UPDATE OF x" } else { "" });
        let mut values: Vec<Value> = vec![self.tenant().into(), named.uuid().into()];
        if sql.contains("$3") {
            values.push(other.uuid().into());
        }
        self.rows(&format!("{sql}{lock}"), values).await
    }

    /// Gives a link its days, and the other patient where it moves.
    async fn shape(&self, ask: &MoveReferences<'_>, link: &Reference, days: Days) -> Result<(), StoreError> {
        // What takes days of a link is the target's, which a merge goes to and an undoing comes from.
        let staying = match ask.way {
            Way::Merge => ask.to,
            Way::Undo => ask.from,
        };
        let (from, to) = if link.stays { (staying, staying) } else { (ask.from, ask.to) };
        let sql = "UPDATE patient_link SET patient_id = $2, valid_from = $3, valid_to = $4, version = version + 1 \
             WHERE tenant_id = $1 AND id = $5 AND patient_id = $6";
        let values: [Value; 6] = [
            self.tenant().into(),
            to.uuid().into(),
            days.from.into(),
            days.to.into(),
            link.id.into(),
            from.uuid().into(),
        ];
        if self.run(sql, values).await? == 1 { Ok(()) } else { Err(StoreError::Contended) }
    }

    /// Lets rows of a table that name the one patient name the other; the number of rows.
    async fn renamed(
        &self,
        ask: &MoveReferences<'_>,
        (table, set, column, key): (&str, &str, &str, &str),
        ids: &[Uuid],
    ) -> Result<u64, StoreError> {
        let mut touched = 0;
        for batch in ids.chunks(BATCH) {
            let mut values: Vec<Value> = vec![self.tenant().into(), ask.to.uuid().into(), ask.from.uuid().into()];
            if set.contains("$4") {
                values.push(ask.at.into());
            }
            let places: Vec<String> = (values.len() + 1..).take(batch.len()).map(|n| format!("${n}")).collect();
            values.extend(batch.iter().map(|id| Value::from(*id)));
            let sql = format!(
                "UPDATE {table} SET {set} WHERE tenant_id = $1 AND {column} = $3 AND {key} IN ({})",
                places.join(", ")
            );
            touched += self.run(&sql, values).await?;
        }
        Ok(touched)
    }
}

fn ids(ask: &MoveReferences<'_>, is_wanted: impl Fn(&Reference) -> bool) -> Vec<Uuid> {
    ask.references.iter().filter(|one| is_wanted(one)).map(|one| one.id).collect()
}

fn reference(kind: ReferenceKind, row: &QueryResult) -> Result<Reference, DbErr> {
    let time = match kind {
        ReferenceKind::Appointment | ReferenceKind::Beneficiary => {
            Some((row.try_get("", "starts_at")?, row.try_get("", "ends_at")?))
        }
        _ => None,
    };
    Ok(Reference {
        kind,
        id: row.try_get("", "id")?,
        version: row.try_get("", "version")?,
        time,
        overbooked: row.try_get("", "overbooked")?,
        stays: false,
        days: None,
    })
}

fn linked(row: &QueryResult) -> Result<Linked, DbErr> {
    let (from, to): (NaiveDate, Option<NaiveDate>) = (row.try_get("", "valid_from")?, row.try_get("", "valid_to")?);
    Ok(Linked {
        reference: reference(ReferenceKind::Link, row)?,
        who: (row.try_get("", "membership_id")?, row.try_get("", "kind")?),
        days: Days { from, to },
    })
}

/// The own links as they move or stay, and those of the others whose days change.
fn fitted(own: Vec<Linked>, others: Vec<Linked>, today: NaiveDate) -> Vec<Reference> {
    let mut alike: BTreeMap<(Uuid, String), (Vec<Reference>, Vec<Days>)> = BTreeMap::new();
    for other in others {
        let (references, days) = alike.entry(other.who).or_default();
        references.push(other.reference);
        days.push(other.days);
    }
    let mut all = Vec::new();
    for Linked { reference, who, days } in own {
        let Some((references, taken)) = alike.get(&who) else {
            all.push(reference);
            continue;
        };
        match days.beside(taken, today) {
            Fit::Whole => all.push(reference),
            Fit::Covered => all.push(Reference { stays: true, ..reference }),
            Fit::Shaped(shaped, longer) => {
                all.push(Reference { days: Some((days, shaped)), ..reference });
                for (place, longer) in longer {
                    if let (Some(reference), Some(before)) = (references.get(place), taken.get(place)) {
                        all.push(Reference { stays: true, days: Some((*before, longer)), ..*reference });
                    }
                }
            }
        }
    }
    all
}
