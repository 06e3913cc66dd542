//! Imports: what was asked, what became of each row, and what the identifiers of other systems stand for.

use sea_orm_migration::prelude::*;

use crate::ddl::{self, Wall};

/// `import.sheet` is what the file turned out to be, titles but no value of it. The cells of a row that failed are sealed.
/// `external_reference.namespace` is `row` for the fingerprint of a row without identifiers, and `file:` with the SHA-256 of a
/// file for a row of it that a later one of the same file has gone over.
const TABLES: &str = "
CREATE TABLE import (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  kind {text} NOT NULL,
  file_name {text} NOT NULL,
  size {bigint} NOT NULL,
  sha256 {bytes} NOT NULL,
  dry_run {bool} NOT NULL,
  options {json} NOT NULL,
  sheet {json} NOT NULL,
  mapping {json} NOT NULL,
  status {text} NOT NULL,
  failure {text},
  position {bigint} NOT NULL,
  rows_read {bigint} NOT NULL,
  rows_created {bigint} NOT NULL,
  rows_updated {bigint} NOT NULL,
  rows_skipped {bigint} NOT NULL,
  rows_failed {bigint} NOT NULL,
  rows_removed {bigint} NOT NULL,
  rows_kept {bigint} NOT NULL,
  started_by {uuid},
  version {bigint} NOT NULL,
  created_at {instant} NOT NULL,
  updated_at {instant} NOT NULL,
  finished_at {instant},
  CONSTRAINT import_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT import_member_fkey FOREIGN KEY (tenant_id, started_by) REFERENCES membership (tenant_id, id),
  CONSTRAINT import_kind_check CHECK (kind IN ('patients', 'appointments')),
  CONSTRAINT import_status_check CHECK (status IN ('waiting', 'running', 'finished', 'failed', 'rolling_back', 'rolled_back'))
);
CREATE INDEX import_by_time ON import (tenant_id, created_at, id);
CREATE UNIQUE INDEX import_running_once ON import (tenant_id, kind, sha256, dry_run) WHERE status IN ('waiting', 'running');
CREATE TABLE import_row (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  import_id {uuid} NOT NULL,
  line {bigint} NOT NULL,
  outcome {text} NOT NULL,
  code {text},
  column_title {text},
  cells {bytes},
  record_id {uuid},
  record_version {bigint},
  also_made {uuid},
  CONSTRAINT import_row_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT import_row_import_fkey FOREIGN KEY (tenant_id, import_id) REFERENCES import (tenant_id, id),
  CONSTRAINT import_row_outcome_check CHECK (outcome IN ('created', 'updated', 'skipped', 'failed', 'removed', 'kept'))
);
CREATE UNIQUE INDEX import_row_once ON import_row (tenant_id, import_id, line);
CREATE INDEX import_row_by_outcome ON import_row (tenant_id, import_id, outcome, line);
CREATE INDEX import_row_by_record ON import_row (tenant_id, import_id, record_id) WHERE record_id IS NOT NULL;
CREATE TABLE external_reference (
  tenant_id {uuid} NOT NULL,
  kind {text} NOT NULL,
  namespace {text} NOT NULL,
  value {text} NOT NULL,
  fingerprint {text} NOT NULL,
  file_sha256 {bytes} NOT NULL,
  patient_id {uuid},
  appointment_id {uuid},
  CONSTRAINT external_reference_pkey PRIMARY KEY (tenant_id, kind, namespace, value),
  CONSTRAINT external_reference_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT external_reference_appointment_fkey FOREIGN KEY (tenant_id, appointment_id)
    REFERENCES appointment (tenant_id, id),
  CONSTRAINT external_reference_record_check CHECK (
    (kind = 'patients' AND patient_id IS NOT NULL AND appointment_id IS NULL)
    OR (kind = 'appointments' AND appointment_id IS NOT NULL AND patient_id IS NULL))
);
CREATE INDEX external_reference_by_patient ON external_reference (tenant_id, patient_id);
CREATE INDEX external_reference_by_appointment ON external_reference (tenant_id, appointment_id);
";

/// The migration.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, TABLES).await?;
        ddl::wall(manager, "import", Wall::Tenant).await?;
        // The rotation of keys seals the cells of all companies anew.
        ddl::wall(manager, "import_row", Wall::TenantAndAcross).await?;
        ddl::wall(manager, "external_reference", Wall::Tenant).await
    }
}
