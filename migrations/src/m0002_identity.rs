//! Companies, clinics, accounts, memberships, sessions and what proves who one is.

use sea_orm_migration::prelude::*;

use crate::ddl::{self, Wall};

const PLACES: &str = "
CREATE TABLE company (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  name {text} NOT NULL,
  country {text} NOT NULL,
  locale {text} NOT NULL,
  created_at {instant} NOT NULL,
  version {bigint} NOT NULL,
  CONSTRAINT company_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT company_tenant_once UNIQUE (tenant_id),
  CONSTRAINT company_is_its_tenant CHECK (id = tenant_id)
);
CREATE TABLE clinic (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  name {text} NOT NULL,
  country {text} NOT NULL,
  time_zone {text} NOT NULL,
  locale {text} NOT NULL,
  created_at {instant} NOT NULL,
  version {bigint} NOT NULL,
  CONSTRAINT clinic_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT clinic_company_fkey FOREIGN KEY (tenant_id) REFERENCES company (tenant_id)
);
";

const PEOPLE: &str = "
CREATE TABLE account (
  id {uuid} NOT NULL,
  email {text} NOT NULL,
  name {text} NOT NULL,
  password_hash {text},
  email_verified_at {instant},
  locale {text} NOT NULL,
  created_at {instant} NOT NULL,
  version {bigint} NOT NULL,
  CONSTRAINT account_pkey PRIMARY KEY (id),
  CONSTRAINT account_email_unique UNIQUE (email)
);
CREATE TABLE membership (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  account_id {uuid} NOT NULL,
  role {text} NOT NULL,
  status {text} NOT NULL,
  display_name {text} NOT NULL,
  practitioner_id {uuid},
  patient_id {uuid},
  registrations {json} NOT NULL,
  rpps_number {text},
  adeli_number {text},
  created_at {instant} NOT NULL,
  version {bigint} NOT NULL,
  CONSTRAINT membership_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT membership_account_unique UNIQUE (tenant_id, account_id),
  CONSTRAINT membership_company_fkey FOREIGN KEY (tenant_id) REFERENCES company (tenant_id),
  CONSTRAINT membership_account_fkey FOREIGN KEY (account_id) REFERENCES account (id),
  CONSTRAINT membership_status_check CHECK (status IN ('invited', 'active', 'inactive'))
);
CREATE INDEX membership_of_account ON membership (account_id);
CREATE TABLE membership_clinic (
  tenant_id {uuid} NOT NULL,
  membership_id {uuid} NOT NULL,
  clinic_id {uuid} NOT NULL,
  CONSTRAINT membership_clinic_pkey PRIMARY KEY (tenant_id, membership_id, clinic_id),
  CONSTRAINT membership_clinic_membership_fkey FOREIGN KEY (tenant_id, membership_id) REFERENCES membership (tenant_id, id),
  CONSTRAINT membership_clinic_clinic_fkey FOREIGN KEY (tenant_id, clinic_id) REFERENCES clinic (tenant_id, id)
);
";

const SESSIONS: &str = "
CREATE TABLE session (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  membership_id {uuid} NOT NULL,
  account_id {uuid} NOT NULL,
  ip {text},
  user_agent {text},
  created_at {instant} NOT NULL,
  last_seen_at {instant} NOT NULL,
  expires_at {instant} NOT NULL,
  ended_at {instant},
  ending {text},
  version {bigint} NOT NULL,
  CONSTRAINT session_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT session_membership_fkey FOREIGN KEY (tenant_id, membership_id) REFERENCES membership (tenant_id, id),
  CONSTRAINT session_ending_check CHECK ((ended_at IS NULL) = (ending IS NULL))
);
CREATE INDEX session_of_membership ON session (tenant_id, membership_id);
CREATE TABLE refresh_token (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  session_id {uuid} NOT NULL,
  hash {bytes} NOT NULL,
  created_at {instant} NOT NULL,
  expires_at {instant} NOT NULL,
  used_at {instant},
  successor {bytes},
  CONSTRAINT refresh_token_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT refresh_token_hash_unique UNIQUE (hash),
  CONSTRAINT refresh_token_session_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES session (tenant_id, id),
  CONSTRAINT refresh_token_successor_check CHECK (successor IS NULL OR used_at IS NOT NULL)
);
CREATE INDEX refresh_token_of_session ON refresh_token (tenant_id, session_id);
CREATE INDEX refresh_token_sealed ON refresh_token (used_at) WHERE successor IS NOT NULL;
CREATE TABLE signed_token (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  account_id {uuid} NOT NULL,
  purpose {text} NOT NULL,
  hash {bytes} NOT NULL,
  expires_at {instant} NOT NULL,
  used_at {instant},
  CONSTRAINT signed_token_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT signed_token_hash_unique UNIQUE (hash),
  CONSTRAINT signed_token_account_fkey FOREIGN KEY (account_id) REFERENCES account (id)
);
CREATE TABLE sign_in_failure (
  key {bytes} NOT NULL,
  count {bigint} NOT NULL,
  last_at {instant} NOT NULL,
  CONSTRAINT sign_in_failure_pkey PRIMARY KEY (key)
);
CREATE TABLE signing_key (
  id {uuid} NOT NULL,
  number {int} NOT NULL,
  sealed {bytes} NOT NULL,
  created_at {instant} NOT NULL,
  CONSTRAINT signing_key_pkey PRIMARY KEY (id),
  CONSTRAINT signing_key_number_unique UNIQUE (number)
);
CREATE TABLE mail (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  sealed {bytes} NOT NULL,
  created_at {instant} NOT NULL,
  CONSTRAINT mail_pkey PRIMARY KEY (tenant_id, id)
);
";

/// What sign-in, renewing and the mail catcher touch before a company is known.
const ACROSS: &[&str] =
    &["company", "clinic", "membership", "membership_clinic", "session", "refresh_token", "signed_token", "mail"];

/// What belongs to no company.
const GLOBAL: &[&str] = &["account", "sign_in_failure", "signing_key"];

/// The migration.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for text in [PLACES, PEOPLE, SESSIONS] {
            ddl::run(manager, text).await?;
        }
        for table in ACROSS {
            ddl::wall(manager, table, Wall::TenantAndAcross).await?;
        }
        for table in GLOBAL {
            ddl::wall(manager, table, Wall::Global).await?;
        }
        Ok(())
    }
}
