//! What every unit of work leaves behind: journal, outbox, jobs, idempotency keys, refused attempts.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl::{self, Wall};

/// `{xact}` is the transaction that wrote the row, by which the sequencer orders; SQLite has its rowid for that.
const JOURNAL: &str = "
CREATE TABLE journal_entry (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  xact {bigint} NOT NULL {xact},
  at {instant} NOT NULL,
  act {text} NOT NULL,
  membership_id {uuid},
  account_id {uuid},
  session_id {uuid},
  system_reason {text},
  request_id {uuid},
  ip {text},
  user_agent {text},
  entity_kind {text} NOT NULL,
  entity_id {uuid} NOT NULL,
  version {bigint} NOT NULL,
  CONSTRAINT journal_entry_pkey PRIMARY KEY (tenant_id, id)
);
CREATE INDEX journal_entry_unnumbered ON journal_entry (xact);
CREATE TABLE journal_change (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  entry_id {uuid} NOT NULL,
  ordinal {int} NOT NULL,
  entity_kind {text} NOT NULL,
  entity_id {uuid} NOT NULL,
  version {bigint} NOT NULL,
  before {text} NOT NULL,
  after {text} NOT NULL,
  sealed {bytes},
  CONSTRAINT journal_change_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT journal_change_entry_fkey FOREIGN KEY (tenant_id, entry_id) REFERENCES journal_entry (tenant_id, id)
);
CREATE INDEX journal_change_entry ON journal_change (tenant_id, entry_id, ordinal);
CREATE INDEX journal_change_entity ON journal_change (tenant_id, entity_id);
CREATE TABLE journal_link (
  tenant_id {uuid} NOT NULL,
  position {bigint} NOT NULL,
  entry_id {uuid} NOT NULL,
  prev {bytes} NOT NULL,
  mac {bytes} NOT NULL,
  CONSTRAINT journal_link_pkey PRIMARY KEY (tenant_id, position),
  CONSTRAINT journal_link_entry_once UNIQUE (tenant_id, entry_id),
  CONSTRAINT journal_link_entry_fkey FOREIGN KEY (tenant_id, entry_id) REFERENCES journal_entry (tenant_id, id),
  CONSTRAINT journal_link_position_check CHECK (position > 0)
);
";

const OUTBOX: &str = "
CREATE TABLE event (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  xact {bigint} NOT NULL {xact},
  at {instant} NOT NULL,
  entry_id {uuid} NOT NULL,
  ordinal {int} NOT NULL,
  kind {text} NOT NULL,
  aggregate_kind {text} NOT NULL,
  aggregate_id {uuid} NOT NULL,
  version {bigint} NOT NULL,
  payload {json} NOT NULL,
  CONSTRAINT event_pkey PRIMARY KEY (tenant_id, id)
);
CREATE INDEX event_unnumbered ON event (xact);
CREATE TABLE event_position (
  tenant_id {uuid} NOT NULL,
  position {bigint} NOT NULL,
  event_id {uuid} NOT NULL,
  CONSTRAINT event_position_pkey PRIMARY KEY (tenant_id, position),
  CONSTRAINT event_position_event_once UNIQUE (tenant_id, event_id),
  CONSTRAINT event_position_event_fkey FOREIGN KEY (tenant_id, event_id) REFERENCES event (tenant_id, id),
  CONSTRAINT event_position_position_check CHECK (position > 0)
);
CREATE TABLE consumed_event (
  tenant_id {uuid} NOT NULL,
  consumer {text} NOT NULL,
  event_id {uuid} NOT NULL,
  at {instant} NOT NULL,
  CONSTRAINT consumed_event_pkey PRIMARY KEY (tenant_id, consumer, event_id),
  CONSTRAINT consumed_event_event_fkey FOREIGN KEY (tenant_id, event_id) REFERENCES event (tenant_id, id)
);
";

const WORK: &str = "
CREATE TABLE job (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  kind {text} NOT NULL,
  payload {bytes} NOT NULL,
  status {text} NOT NULL,
  created_at {instant} NOT NULL,
  run_at {instant} NOT NULL,
  tries {int} NOT NULL,
  lease_owner {text},
  lease_until {instant},
  last_error {text},
  CONSTRAINT job_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT job_status_check CHECK (status IN ('waiting', 'dead')),
  CONSTRAINT job_lease_check CHECK ((lease_owner IS NULL) = (lease_until IS NULL))
);
CREATE INDEX job_due ON job (run_at) WHERE status = 'waiting';
CREATE TABLE idempotency (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  caller_id {uuid} NOT NULL,
  route {text} NOT NULL,
  body_hash {bytes} NOT NULL,
  status {int} NOT NULL,
  location {text},
  etag {text},
  body {bytes} NOT NULL,
  expires_at {instant} NOT NULL,
  CONSTRAINT idempotency_pkey PRIMARY KEY (tenant_id, id)
);
CREATE INDEX idempotency_expiry ON idempotency (expires_at);
CREATE TABLE sequencer_horizon (
  stream {text} NOT NULL,
  place {bigint} NOT NULL,
  CONSTRAINT sequencer_horizon_pkey PRIMARY KEY (stream),
  CONSTRAINT sequencer_horizon_stream_check CHECK (stream IN ('journal', 'event'))
);
CREATE TABLE access_log (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  at {instant} NOT NULL,
  request_id {uuid},
  membership_id {uuid},
  method {text} NOT NULL,
  route {text} NOT NULL,
  status {int} NOT NULL,
  code {text} NOT NULL,
  ip {text},
  user_agent {text},
  CONSTRAINT access_log_pkey PRIMARY KEY (tenant_id, id)
);
";

const APPEND_ONLY_FUNCTION: &str = "
CREATE FUNCTION salus_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'append_only' USING ERRCODE = 'restrict_violation'; END $$;
";

const APPEND_ONLY: &[&str] =
    &["journal_entry", "journal_change", "journal_link", "event", "event_position", "consumed_event"];

const CHANGING: &[&str] = &["job", "idempotency", "access_log"];

const GLOBAL: &[&str] = &["sequencer_horizon"];

/// The migration.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let xact = match manager.get_database_backend() {
            DbBackend::Postgres => "DEFAULT (pg_current_xact_id()::text::bigint)",
            _ => "DEFAULT 0",
        };
        for text in [JOURNAL, OUTBOX, WORK] {
            ddl::run(manager, &text.replace("{xact}", xact)).await?;
        }
        ddl::run_on(manager, DbBackend::Postgres, APPEND_ONLY_FUNCTION).await?;
        for table in APPEND_ONLY {
            ddl::wall(manager, table, Wall::TenantAndAcross).await?;
            ddl::append_only(manager, table).await?;
        }
        for table in CHANGING {
            ddl::wall(manager, table, Wall::TenantAndAcross).await?;
        }
        for table in GLOBAL {
            ddl::wall(manager, table, Wall::Global).await?;
        }
        Ok(())
    }
}
