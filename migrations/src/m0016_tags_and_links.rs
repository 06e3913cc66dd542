//! The catalogue of tags; and links of which no member has two of one kind to one patient for the same day.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl::{self, Wall};

const TAG: &str = "
CREATE TABLE tag (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  name {text} NOT NULL,
  key {text} {bytewise} NOT NULL,
  colour {text},
  version {bigint} NOT NULL,
  created_at {instant} NOT NULL,
  CONSTRAINT tag_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT tag_colour_check CHECK (length(colour) = 7)
);
CREATE UNIQUE INDEX tag_key_unique ON tag (tenant_id, key);
";

/// The days that links of the same member, kind and patient which began before have taken, until this day: they begin no later,
/// so what is taken of a link's days are its first ones.
const TAKEN: &str =
    "SELECT l.*, max(COALESCE(l.valid_to, '9999-12-31')) OVER (PARTITION BY l.tenant_id, l.membership_id,
    l.patient_id, l.kind ORDER BY l.valid_from, l.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS taken
  FROM patient_link l";

/// What is left of a link whose first days are taken; nothing at all where all are.
const FIRST_LEFT: &str =
    "CASE WHEN t.taken IS NULL OR t.taken <= t.valid_from OR t.taken >= COALESCE(t.valid_to, '9999-12-31')
  THEN t.valid_from ELSE t.taken END";
const LAST_LEFT: &str = "CASE WHEN t.taken > t.valid_from AND t.taken >= COALESCE(t.valid_to, '9999-12-31')
  THEN t.valid_from ELSE t.valid_to END";

/// A link that was withdrawn before its first day is over has no day at all.
const POSTGRES_LINKS: &str = "
ALTER TABLE patient_link ADD COLUMN version {bigint} NOT NULL DEFAULT 1;
ALTER TABLE patient_link DROP CONSTRAINT patient_link_period_check;
UPDATE patient_link d SET valid_from = {first_left}, valid_to = {last_left} FROM ({taken}) t
  WHERE t.tenant_id = d.tenant_id AND t.id = d.id AND t.taken > t.valid_from;
ALTER TABLE patient_link ADD CONSTRAINT patient_link_period_check CHECK (valid_to >= valid_from);
ALTER TABLE patient_link ADD CONSTRAINT patient_link_no_overlap EXCLUDE USING gist (tenant_id WITH =, membership_id WITH =,
  patient_id WITH =, kind WITH =, daterange(valid_from, valid_to, '[)') WITH &&);
";

/// SQLite changes no check of a table that is there, so the table is made anew.
const SQLITE_LINKS: &str = "
CREATE TABLE patient_link_anew (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  membership_id {uuid} NOT NULL,
  patient_id {uuid} NOT NULL,
  kind {text} NOT NULL,
  valid_from {date} NOT NULL,
  valid_to {date},
  version {bigint} NOT NULL DEFAULT 1,
  CONSTRAINT patient_link_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT patient_link_membership_fkey FOREIGN KEY (tenant_id, membership_id) REFERENCES membership (tenant_id, id),
  CONSTRAINT patient_link_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT patient_link_kind_check CHECK (kind IN ('caregiver', 'guardian')),
  CONSTRAINT patient_link_period_check CHECK (valid_to >= valid_from)
);
INSERT INTO patient_link_anew (tenant_id, id, membership_id, patient_id, kind, valid_from, valid_to)
  SELECT t.tenant_id, t.id, t.membership_id, t.patient_id, t.kind, {first_left}, {last_left} FROM ({taken}) t;
DROP TABLE patient_link;
ALTER TABLE patient_link_anew RENAME TO patient_link;
CREATE INDEX patient_link_by_membership ON patient_link (tenant_id, membership_id, patient_id);
CREATE INDEX patient_link_by_patient ON patient_link (tenant_id, patient_id);
CREATE TRIGGER patient_link_no_overlap_insert BEFORE INSERT ON patient_link BEGIN {refusal}; END;
CREATE TRIGGER patient_link_no_overlap_update BEFORE UPDATE ON patient_link BEGIN {refusal}; END;
";

/// A period of no days overlaps nothing.
const SQLITE_REFUSAL: &str = "SELECT RAISE(ABORT, 'patient_link_no_overlap') WHERE EXISTS (SELECT 1 FROM patient_link l
  WHERE l.tenant_id = NEW.tenant_id AND l.membership_id = NEW.membership_id AND l.patient_id = NEW.patient_id
    AND l.kind = NEW.kind AND l.id <> NEW.id
    AND (l.valid_to IS NULL OR (l.valid_to > l.valid_from AND l.valid_to > NEW.valid_from))
    AND (NEW.valid_to IS NULL OR (NEW.valid_to > NEW.valid_from AND NEW.valid_to > l.valid_from)))";

/// The migration.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let bytewise = match manager.get_database_backend() {
            DbBackend::Postgres => "COLLATE \"C\"",
            _ => "COLLATE BINARY",
        };
        ddl::run(manager, &TAG.replace("{bytewise}", bytewise)).await?;
        ddl::wall(manager, "tag", Wall::Tenant).await?;
        let parts = [
            ("{taken}", TAKEN),
            ("{first_left}", FIRST_LEFT),
            ("{last_left}", LAST_LEFT),
            ("{refusal}", SQLITE_REFUSAL),
        ];
        let filled = |text: &str| parts.iter().fold(text.to_owned(), |text, (place, part)| text.replace(place, part));
        ddl::run_on(manager, DbBackend::Postgres, &filled(POSTGRES_LINKS)).await?;
        ddl::run_on(manager, DbBackend::Sqlite, &filled(SQLITE_LINKS)).await
    }
}
