//! Finding duplicates: the blocks of each record, the records whose pairs are to be found anew, and the pairs.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl::{self, Wall};

/// `patient_match_key.key` is a hash. `patient_match_due` only grows and shrinks, a row per change, so that a worker removes what
/// it has read and never a later change. A pair's smaller id is the first; `findings` are words of the published weights.
const MATCHING: &str = "
CREATE TABLE patient_match_key (
  tenant_id {uuid} NOT NULL,
  patient_id {uuid} NOT NULL,
  key {bigint} NOT NULL,
  CONSTRAINT patient_match_key_pkey PRIMARY KEY (tenant_id, patient_id, key),
  CONSTRAINT patient_match_key_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id)
){keyed};
CREATE INDEX patient_match_key_by_key ON patient_match_key (tenant_id, key, patient_id);
CREATE TABLE patient_match_due (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  patient_id {uuid} NOT NULL,
  CONSTRAINT patient_match_due_pkey PRIMARY KEY (tenant_id, id)
);
CREATE TABLE patient_duplicate (
  tenant_id {uuid} NOT NULL,
  first_id {uuid} NOT NULL,
  second_id {uuid} NOT NULL,
  grade {text} NOT NULL,
  score {int} NOT NULL,
  findings {text} NOT NULL,
  found_at {instant} NOT NULL,
  CONSTRAINT patient_duplicate_pkey PRIMARY KEY (tenant_id, first_id, second_id),
  CONSTRAINT patient_duplicate_first_fkey FOREIGN KEY (tenant_id, first_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT patient_duplicate_second_fkey FOREIGN KEY (tenant_id, second_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT patient_duplicate_order_check CHECK (first_id < second_id),
  CONSTRAINT patient_duplicate_grade_check CHECK (grade IN ('possible', 'probable', 'certain'))
);
CREATE INDEX patient_duplicate_by_score ON patient_duplicate (tenant_id, score, first_id, second_id);
CREATE INDEX patient_duplicate_by_second ON patient_duplicate (tenant_id, second_id);
";

/// A queue is vacuumed by how many rows came and went, whatever it holds.
const QUEUE: &str = "
ALTER TABLE patient_match_due SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
";

/// Every patient that is there has its keys made and its pairs found by the worker.
const BACK_FILL: &str = "
INSERT INTO patient_match_due (tenant_id, id, patient_id) SELECT tenant_id, id, id FROM patient;
";

/// The migration.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // On SQLite the table is its key and nothing else.
        let keyed = match manager.get_database_backend() {
            DbBackend::Postgres => "",
            _ => " WITHOUT ROWID",
        };
        ddl::run(manager, &MATCHING.replace("{keyed}", keyed)).await?;
        ddl::wall(manager, "patient_match_key", Wall::Tenant).await?;
        ddl::wall(manager, "patient_match_due", Wall::TenantAndAcross).await?;
        ddl::wall(manager, "patient_duplicate", Wall::Tenant).await?;
        ddl::run_on(manager, DbBackend::Postgres, QUEUE).await?;
        ddl::run(manager, BACK_FILL).await
    }
}
