//! Records that were archived or merged, and what a merge has to keep to be undone (PT7, PT10).

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl::{self, Wall};

/// An identifier of a merged record has moved to the surviving one, where it is current or old: the value counts there.
const COLUMNS: &str = "
ALTER TABLE patient ADD COLUMN archived_at {instant};
ALTER TABLE patient ADD COLUMN merged_into {uuid}
  CONSTRAINT patient_merged_check CHECK ((stage = 'merged') = (merged_into IS NOT NULL));
ALTER TABLE patient_identifier ADD COLUMN standing {text} NOT NULL DEFAULT 'current'
  CONSTRAINT patient_identifier_standing_check CHECK (standing IN ('current', 'old', 'moved'));
DROP INDEX patient_identifier_unique;
CREATE UNIQUE INDEX patient_identifier_unique ON patient_identifier (tenant_id, kind, value)
  WHERE kind IN ('cpf', 'cns', 'ins') AND standing <> 'moved';
";

/// `snapshot` is sealed: it holds both records as they were, and every reference that was moved.
const MERGE: &str = "
CREATE TABLE patient_merge (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  source_id {uuid} NOT NULL,
  target_id {uuid} NOT NULL,
  snapshot {bytes} NOT NULL,
  merged_at {instant} NOT NULL,
  merged_by {uuid},
  undone_at {instant},
  undone_by {uuid},
  version {bigint} NOT NULL,
  CONSTRAINT patient_merge_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT patient_merge_source_fkey FOREIGN KEY (tenant_id, source_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT patient_merge_target_fkey FOREIGN KEY (tenant_id, target_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT patient_merge_apart_check CHECK (source_id <> target_id)
);
CREATE UNIQUE INDEX patient_merge_source_once ON patient_merge (tenant_id, source_id) WHERE undone_at IS NULL;
CREATE INDEX patient_merge_by_source ON patient_merge (tenant_id, source_id);
CREATE INDEX patient_merge_by_target ON patient_merge (tenant_id, target_id);
CREATE INDEX membership_by_patient ON membership (tenant_id, patient_id) WHERE patient_id IS NOT NULL;
CREATE INDEX invitation_by_patient ON invitation (tenant_id, patient_id) WHERE patient_id IS NOT NULL;
CREATE INDEX patient_by_merged_into ON patient (tenant_id, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX appointment_by_beneficiary ON appointment (tenant_id, beneficiary_id) WHERE beneficiary_id IS NOT NULL;
";

const POSTGRES_KEY: &str = "
ALTER TABLE patient ADD CONSTRAINT patient_merged_into_fkey
  FOREIGN KEY (tenant_id, merged_into) REFERENCES patient (tenant_id, id);
";

/// SQLite adds no key of two columns to a table; a row that others were merged into is kept by `patient_merge`.
const SQLITE_KEY: &str = "
CREATE TRIGGER patient_merged_into_fkey_insert BEFORE INSERT ON patient WHEN NEW.merged_into IS NOT NULL BEGIN {refusal} END;
CREATE TRIGGER patient_merged_into_fkey_update BEFORE UPDATE OF merged_into ON patient WHEN NEW.merged_into IS NOT NULL BEGIN {refusal} END;
";
const SQLITE_REFUSAL: &str = "SELECT RAISE(ABORT, 'foreign_key') WHERE NOT EXISTS
  (SELECT 1 FROM patient p WHERE p.tenant_id = NEW.tenant_id AND p.id = NEW.merged_into);";

/// The migration.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for text in [COLUMNS, MERGE] {
            ddl::run(manager, text).await?;
        }
        ddl::run_on(manager, DbBackend::Postgres, POSTGRES_KEY).await?;
        let triggers = SQLITE_KEY.replace("{refusal}", SQLITE_REFUSAL);
        ddl::run_on(manager, DbBackend::Sqlite, &triggers).await?;
        // The rotation of master keys serves all companies.
        ddl::wall(manager, "patient_merge", Wall::TenantAndAcross).await
    }
}
