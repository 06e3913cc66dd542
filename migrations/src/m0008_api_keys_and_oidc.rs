//! API keys, their place in journal and access log, and sign-ins at OpenID providers.

use sea_orm_migration::prelude::*;

use crate::ddl::{self, Wall};

const API_KEYS: &str = "
CREATE TABLE api_key (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  name {text} NOT NULL,
  prefix {text} NOT NULL,
  hash {bytes} NOT NULL,
  role {text},
  permissions {json},
  made_by {uuid} NOT NULL,
  created_at {instant} NOT NULL,
  expires_at {instant},
  last_used_at {instant},
  revoked_at {instant},
  version {bigint} NOT NULL,
  CONSTRAINT api_key_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT api_key_hash_unique UNIQUE (hash),
  CONSTRAINT api_key_maker_fkey FOREIGN KEY (tenant_id, made_by) REFERENCES membership (tenant_id, id),
  CONSTRAINT api_key_scope_check CHECK ((role IS NULL) <> (permissions IS NULL))
);
CREATE INDEX api_key_of_maker ON api_key (tenant_id, made_by);
ALTER TABLE journal_entry ADD COLUMN api_key_id {uuid};
ALTER TABLE access_log ADD COLUMN api_key_id {uuid};
";

const OIDC: &str = "
CREATE TABLE oidc_flow (
  id {uuid} NOT NULL,
  provider {text} NOT NULL,
  state_hash {bytes} NOT NULL,
  browser_hash {bytes} NOT NULL,
  sealed {bytes} NOT NULL,
  return_to {text} NOT NULL,
  app_state {text},
  expires_at {instant} NOT NULL,
  CONSTRAINT oidc_flow_pkey PRIMARY KEY (id),
  CONSTRAINT oidc_flow_state_unique UNIQUE (state_hash)
);
CREATE INDEX oidc_flow_expiry ON oidc_flow (expires_at);
CREATE TABLE oidc_grant (
  id {uuid} NOT NULL,
  provider {text} NOT NULL,
  hash {bytes} NOT NULL,
  sealed {bytes} NOT NULL,
  browser_hash {bytes} NOT NULL,
  app_state {text},
  stage {text} NOT NULL,
  wrong_answers {int} NOT NULL,
  expires_at {instant} NOT NULL,
  CONSTRAINT oidc_grant_pkey PRIMARY KEY (id),
  CONSTRAINT oidc_grant_hash_unique UNIQUE (hash),
  CONSTRAINT oidc_grant_stage_check CHECK (stage IN ('code', 'asked'))
);
CREATE INDEX oidc_grant_expiry ON oidc_grant (expires_at);
CREATE TABLE oidc_link (
  id {uuid} NOT NULL,
  account_id {uuid} NOT NULL,
  provider {text} NOT NULL,
  issuer {text} NOT NULL,
  subject {text} NOT NULL,
  created_at {instant} NOT NULL,
  CONSTRAINT oidc_link_pkey PRIMARY KEY (id),
  CONSTRAINT oidc_link_subject_unique UNIQUE (issuer, subject),
  CONSTRAINT oidc_link_account_unique UNIQUE (account_id, provider),
  CONSTRAINT oidc_link_account_fkey FOREIGN KEY (account_id) REFERENCES account (id)
);
";

/// The migration.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, API_KEYS).await?;
        ddl::run(manager, OIDC).await?;
        ddl::wall(manager, "api_key", Wall::TenantAndAcross).await?;
        for table in ["oidc_flow", "oidc_grant", "oidc_link"] {
            ddl::wall(manager, table, Wall::Global).await?;
        }
        Ok(())
    }
}
