//! Second factors with their recovery codes, and what a session waits for.

use sea_orm_migration::prelude::*;

use crate::ddl::{self, Wall};

const SECOND_FACTORS: &str = "
CREATE TABLE totp (
  id {uuid} NOT NULL,
  account_id {uuid} NOT NULL,
  sealed {bytes} NOT NULL,
  confirmed_at {instant},
  last_step {bigint},
  created_at {instant} NOT NULL,
  version {bigint} NOT NULL,
  CONSTRAINT totp_pkey PRIMARY KEY (id),
  CONSTRAINT totp_account_unique UNIQUE (account_id),
  CONSTRAINT totp_account_fkey FOREIGN KEY (account_id) REFERENCES account (id),
  CONSTRAINT totp_step_check CHECK (confirmed_at IS NULL OR last_step IS NOT NULL)
);
CREATE TABLE recovery_code (
  account_id {uuid} NOT NULL,
  hash {bytes} NOT NULL,
  CONSTRAINT recovery_code_pkey PRIMARY KEY (account_id, hash),
  CONSTRAINT recovery_code_account_fkey FOREIGN KEY (account_id) REFERENCES account (id)
);
";

/// No company's: a person has one second factor wherever they work.
const GLOBAL: &[&str] = &["totp", "recovery_code"];

const HOLD: &str =
    "ALTER TABLE session ADD COLUMN hold {text} CONSTRAINT session_hold_check CHECK (hold IN ('second_factor'))";

const PROVED: &str = "ALTER TABLE session ADD COLUMN factor_proved_at {instant}";

/// The migration.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, SECOND_FACTORS).await?;
        ddl::run(manager, HOLD).await?;
        ddl::run(manager, PROVED).await?;
        for table in GLOBAL {
            ddl::wall(manager, table, Wall::Global).await?;
        }
        Ok(())
    }
}
