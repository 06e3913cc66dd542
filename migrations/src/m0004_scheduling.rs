//! Services, practitioners, their hours, appointments, and the busy rows that make conflicts impossible (B1).

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl::{self, Wall};

const OFFER: &str = "
CREATE TABLE service (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  name {text} NOT NULL,
  sort_text {text} {bytewise} NOT NULL,
  duration_minutes {int} NOT NULL,
  price_amount {bigint},
  price_currency {text},
  buffer_before_minutes {int} NOT NULL,
  buffer_after_minutes {int} NOT NULL,
  slot_interval_minutes {int} NOT NULL,
  modality {text} NOT NULL,
  capacity {int} NOT NULL,
  minimum_notice_minutes {int} NOT NULL,
  horizon_days {int} NOT NULL,
  requires_approval {bool} NOT NULL,
  cancellation_window_minutes {int} NOT NULL,
  required_resource_kinds {json} NOT NULL,
  required_professions {json} NOT NULL,
  active {bool} NOT NULL,
  version {bigint} NOT NULL,
  created_at {instant} NOT NULL,
  updated_at {instant} NOT NULL,
  CONSTRAINT service_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT service_company_fkey FOREIGN KEY (tenant_id) REFERENCES company (tenant_id),
  CONSTRAINT service_modality_check CHECK (modality IN ('in_person', 'telehealth', 'home')),
  CONSTRAINT service_duration_check CHECK (duration_minutes BETWEEN 1 AND 1440),
  CONSTRAINT service_price_check CHECK ((price_amount IS NULL) = (price_currency IS NULL))
);
CREATE INDEX service_by_name ON service (tenant_id, sort_text, id);
CREATE TABLE practitioner (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  name {text} NOT NULL,
  sort_text {text} {bytewise} NOT NULL,
  profession {text} NOT NULL,
  registrations {json} NOT NULL,
  any_service {bool} NOT NULL,
  any_clinic {bool} NOT NULL,
  membership_id {uuid},
  active {bool} NOT NULL,
  version {bigint} NOT NULL,
  availability_version {bigint} NOT NULL,
  created_at {instant} NOT NULL,
  updated_at {instant} NOT NULL,
  CONSTRAINT practitioner_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT practitioner_company_fkey FOREIGN KEY (tenant_id) REFERENCES company (tenant_id),
  CONSTRAINT practitioner_membership_fkey FOREIGN KEY (tenant_id, membership_id) REFERENCES membership (tenant_id, id)
);
CREATE INDEX practitioner_by_name ON practitioner (tenant_id, sort_text, id);
CREATE TABLE practitioner_service (
  tenant_id {uuid} NOT NULL,
  practitioner_id {uuid} NOT NULL,
  service_id {uuid} NOT NULL,
  CONSTRAINT practitioner_service_pkey PRIMARY KEY (tenant_id, practitioner_id, service_id),
  CONSTRAINT practitioner_service_practitioner_fkey FOREIGN KEY (tenant_id, practitioner_id)
    REFERENCES practitioner (tenant_id, id),
  CONSTRAINT practitioner_service_service_fkey FOREIGN KEY (tenant_id, service_id) REFERENCES service (tenant_id, id)
);
CREATE INDEX practitioner_service_by_service ON practitioner_service (tenant_id, service_id);
CREATE TABLE practitioner_clinic (
  tenant_id {uuid} NOT NULL,
  practitioner_id {uuid} NOT NULL,
  clinic_id {uuid} NOT NULL,
  CONSTRAINT practitioner_clinic_pkey PRIMARY KEY (tenant_id, practitioner_id, clinic_id),
  CONSTRAINT practitioner_clinic_practitioner_fkey FOREIGN KEY (tenant_id, practitioner_id)
    REFERENCES practitioner (tenant_id, id),
  CONSTRAINT practitioner_clinic_clinic_fkey FOREIGN KEY (tenant_id, clinic_id) REFERENCES clinic (tenant_id, id)
);
CREATE INDEX practitioner_clinic_by_clinic ON practitioner_clinic (tenant_id, clinic_id);
";

const HOURS: &str = "
CREATE TABLE schedule (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  practitioner_id {uuid} NOT NULL,
  clinic_id {uuid} NOT NULL,
  weekly {json} NOT NULL,
  valid_from {date},
  valid_to {date},
  CONSTRAINT schedule_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT schedule_practitioner_fkey FOREIGN KEY (tenant_id, practitioner_id) REFERENCES practitioner (tenant_id, id),
  CONSTRAINT schedule_clinic_fkey FOREIGN KEY (tenant_id, clinic_id) REFERENCES clinic (tenant_id, id),
  CONSTRAINT schedule_period_check CHECK (valid_to >= valid_from)
);
CREATE INDEX schedule_by_practitioner ON schedule (tenant_id, practitioner_id, clinic_id);
CREATE TABLE schedule_exception (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  practitioner_id {uuid} NOT NULL,
  kind {text} NOT NULL,
  clinic_id {uuid},
  on_date {date},
  windows {json},
  starts_at {instant},
  ends_at {instant},
  note {text},
  CONSTRAINT schedule_exception_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT schedule_exception_practitioner_fkey FOREIGN KEY (tenant_id, practitioner_id)
    REFERENCES practitioner (tenant_id, id),
  CONSTRAINT schedule_exception_clinic_fkey FOREIGN KEY (tenant_id, clinic_id) REFERENCES clinic (tenant_id, id),
  CONSTRAINT schedule_exception_kind_check CHECK (
    (kind = 'override' AND clinic_id IS NOT NULL AND on_date IS NOT NULL AND windows IS NOT NULL)
    OR (kind = 'leave' AND starts_at IS NOT NULL AND ends_at > starts_at))
);
CREATE INDEX schedule_exception_by_practitioner ON schedule_exception (tenant_id, practitioner_id);
";

/// `session_id` and `seat` are those of the practitioner's busy row. A busy row that staff overbooked is not `active`, so that
/// it excludes nothing, but `overbooked`, so that it shows. No busy row lasts longer than three days (duration and both
/// buffers are at most a day each), by which look-ups know how far back to begin.
const AGENDA: &str = "
CREATE TABLE appointment (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  patient_id {uuid} NOT NULL,
  beneficiary_id {uuid},
  practitioner_id {uuid} NOT NULL,
  clinic_id {uuid} NOT NULL,
  service_id {uuid} NOT NULL,
  service {json} NOT NULL,
  starts_at {instant} NOT NULL,
  ends_at {instant} NOT NULL,
  time_zone {text} NOT NULL,
  local_start {text} NOT NULL,
  status {text} NOT NULL,
  origin {text} NOT NULL,
  reason {text},
  notes {text},
  session_id {uuid} NOT NULL,
  seat {int} NOT NULL,
  cancelled_for {text},
  cancelled_by {uuid},
  cancelled_at {instant},
  cancellation_code {text},
  cancellation_reason {text},
  version {bigint} NOT NULL,
  created_at {instant} NOT NULL,
  updated_at {instant} NOT NULL,
  CONSTRAINT appointment_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT appointment_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT appointment_beneficiary_fkey FOREIGN KEY (tenant_id, beneficiary_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT appointment_practitioner_fkey FOREIGN KEY (tenant_id, practitioner_id) REFERENCES practitioner (tenant_id, id),
  CONSTRAINT appointment_clinic_fkey FOREIGN KEY (tenant_id, clinic_id) REFERENCES clinic (tenant_id, id),
  CONSTRAINT appointment_service_fkey FOREIGN KEY (tenant_id, service_id) REFERENCES service (tenant_id, id),
  CONSTRAINT appointment_interval_check CHECK (ends_at > starts_at),
  CONSTRAINT appointment_status_check CHECK (status IN ('requested', 'booked', 'confirmed', 'checked_in', 'in_progress',
    'completed', 'cancelled', 'late_cancelled', 'no_show', 'entered_in_error')),
  CONSTRAINT appointment_cancellation_check CHECK ((cancelled_for IS NULL) = (cancelled_at IS NULL))
);
CREATE INDEX appointment_by_start ON appointment (tenant_id, starts_at, id);
CREATE INDEX appointment_by_practitioner ON appointment (tenant_id, practitioner_id, starts_at, id);
CREATE INDEX appointment_by_patient ON appointment (tenant_id, patient_id, starts_at, id);
CREATE TABLE busy (
  tenant_id {uuid} NOT NULL,
  resource_id {uuid} NOT NULL,
  session_id {uuid} NOT NULL,
  seat {int} NOT NULL,
  starts_at {instant} NOT NULL,
  ends_at {instant} NOT NULL,
  active {bool} NOT NULL,
  overbooked {bool} NOT NULL,
  appointment_id {uuid} NOT NULL,
  CONSTRAINT busy_pkey PRIMARY KEY (tenant_id, appointment_id, resource_id),
  CONSTRAINT busy_appointment_fkey FOREIGN KEY (tenant_id, appointment_id) REFERENCES appointment (tenant_id, id),
  CONSTRAINT busy_seat_check CHECK (seat >= 1),
  CONSTRAINT busy_span_check CHECK (ends_at > starts_at),
  CONSTRAINT busy_length_check CHECK ({length})
);
CREATE UNIQUE INDEX busy_seat_once ON busy (tenant_id, resource_id, session_id, seat) WHERE active;
CREATE INDEX busy_by_agenda ON busy (tenant_id, resource_id, starts_at) WHERE active OR overbooked;
";

const POSTGRES_EXCLUSION: &str = "
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER TABLE busy ADD CONSTRAINT busy_no_overlap EXCLUDE USING gist
  (tenant_id WITH =, resource_id WITH =, session_id WITH <>, tstzrange(starts_at, ends_at, '[)') WITH &&) WHERE (active);
";

const SQLITE_EXCLUSION: &str = "
CREATE TRIGGER busy_no_overlap_insert BEFORE INSERT ON busy WHEN NEW.active BEGIN {refusal}); END;
CREATE TRIGGER busy_no_overlap_update BEFORE UPDATE ON busy WHEN NEW.active BEGIN {refusal} AND b.rowid <> OLD.rowid); END;
";

/// The first words are those of the index.
const SQLITE_REFUSAL: &str = "SELECT RAISE(ABORT, 'busy_no_overlap') WHERE EXISTS (SELECT 1 FROM busy b
  WHERE (b.active OR b.overbooked) AND b.active AND b.tenant_id = NEW.tenant_id AND b.resource_id = NEW.resource_id
    AND b.session_id <> NEW.session_id AND b.starts_at < NEW.ends_at AND b.ends_at > NEW.starts_at
    AND b.starts_at > strftime('%Y-%m-%dT%H:%M:%S', NEW.starts_at, '-4 days')";

const TABLES: &[&str] = &[
    "service",
    "practitioner",
    "practitioner_service",
    "practitioner_clinic",
    "schedule",
    "schedule_exception",
    "appointment",
    "busy",
];

/// The migration.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (bytewise, length) = match manager.get_database_backend() {
            DbBackend::Postgres => ("COLLATE \"C\"", "ends_at <= starts_at + interval '3 days'"),
            _ => ("COLLATE BINARY", "julianday(ends_at) - julianday(starts_at) < 3.001"),
        };
        for text in [OFFER, HOURS, AGENDA] {
            ddl::run(manager, &text.replace("{bytewise}", bytewise).replace("{length}", length)).await?;
        }
        ddl::run_on(manager, DbBackend::Postgres, POSTGRES_EXCLUSION).await?;
        let triggers = SQLITE_EXCLUSION.replace("{refusal}", SQLITE_REFUSAL);
        ddl::run_on(manager, DbBackend::Sqlite, &triggers).await?;
        for table in TABLES {
            ddl::wall(manager, table, Wall::Tenant).await?;
        }
        Ok(())
    }
}
