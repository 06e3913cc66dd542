//! The keys of what the journal tells of a person, and of the journal's chains, each sealed under the master key; and the mac
//! of an entry.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl::{self, Wall};

/// A subject may have several keys: a process that does not know one makes one, in the statement that uses it.
const KEYS: &str = "
CREATE TABLE data_key (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  subject_id {uuid} NOT NULL,
  sealed {bytes} NOT NULL,
  created_at {instant} NOT NULL,
  CONSTRAINT data_key_pkey PRIMARY KEY (tenant_id, id)
);
CREATE INDEX data_key_of_subject ON data_key (tenant_id, subject_id);
CREATE TABLE chain_key (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  sealed {bytes} NOT NULL,
  created_at {instant} NOT NULL,
  CONSTRAINT chain_key_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT chain_key_is_its_tenants CHECK (id = tenant_id)
);
";

/// What an entry was written with, by which the sequencer knows it from one that somebody put there.
const MAC: &str = "ALTER TABLE journal_entry ADD COLUMN mac {bytes};";

/// A chain's key is made once; only what it is sealed under changes.
const KEEP: &str = "
REVOKE INSERT, UPDATE, DELETE ON chain_key FROM salus_app;
REVOKE UPDATE, DELETE ON chain_key FROM salus_across;
GRANT UPDATE (sealed) ON chain_key TO salus_across;
CREATE TRIGGER chain_key_append_only BEFORE DELETE OR TRUNCATE OR UPDATE OF tenant_id, id, created_at ON chain_key
FOR EACH STATEMENT EXECUTE FUNCTION salus_append_only();
";
const KEEP_ON_SQLITE: &str = "
CREATE TRIGGER chain_key_no_update BEFORE UPDATE OF tenant_id, id, created_at ON chain_key
BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TRIGGER chain_key_no_delete BEFORE DELETE ON chain_key
BEGIN SELECT RAISE(ABORT, 'append_only'); END;
";

/// Sign-in writes the journal before a company is known; the sequencer and the rotation of keys serve all companies.
const TABLES: &[&str] = &["data_key", "chain_key"];

/// The migration.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for text in [KEYS, MAC] {
            ddl::run(manager, text).await?;
        }
        for table in TABLES {
            ddl::wall(manager, table, Wall::TenantAndAcross).await?;
        }
        // A company's own transactions read the key of its chain; only the sequencer makes it.
        ddl::run_on(manager, DbBackend::Postgres, KEEP).await?;
        ddl::run_on(manager, DbBackend::Sqlite, KEEP_ON_SQLITE).await
    }
}
