//! What a company decides for itself, the official names of its clinics, and invitations.

use sea_orm_migration::prelude::*;

use crate::ddl::{self, Wall};

const SETTINGS: &str = "
CREATE TABLE company_settings (
  tenant_id {uuid} NOT NULL,
  time_zone {text} NOT NULL,
  contact_email {text},
  contact_phone {text},
  logo_url {text},
  working_hours {json} NOT NULL,
  session_idle_minutes {int},
  totp_required_roles {json} NOT NULL,
  reminders {json} NOT NULL,
  reopen_hours {int} NOT NULL,
  reply_hours {int} NOT NULL,
  cancel_reason_required {bool} NOT NULL,
  updated_at {instant} NOT NULL,
  version {bigint} NOT NULL,
  CONSTRAINT company_settings_pkey PRIMARY KEY (tenant_id),
  CONSTRAINT company_settings_company_fkey FOREIGN KEY (tenant_id) REFERENCES company (tenant_id),
  CONSTRAINT company_settings_idle_check CHECK (session_idle_minutes > 0)
);
";

const CLINIC: &str = "
ALTER TABLE clinic ADD COLUMN legal_name {text};
ALTER TABLE clinic ADD COLUMN cnpj {text};
ALTER TABLE clinic ADD COLUMN siret {text};
ALTER TABLE clinic ADD COLUMN finess {text};
ALTER TABLE clinic ADD COLUMN address {json};
";

const INVITATION: &str = "
CREATE TABLE invitation (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  email {text} NOT NULL,
  role {text} NOT NULL,
  practitioner_id {uuid},
  patient_id {uuid},
  clinic_ids {json} NOT NULL,
  invited_by {uuid} NOT NULL,
  hash {bytes} NOT NULL,
  created_at {instant} NOT NULL,
  expires_at {instant} NOT NULL,
  accepted_at {instant},
  membership_id {uuid},
  revoked_at {instant},
  version {bigint} NOT NULL,
  CONSTRAINT invitation_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT invitation_hash_unique UNIQUE (hash),
  CONSTRAINT invitation_inviter_fkey FOREIGN KEY (tenant_id, invited_by) REFERENCES membership (tenant_id, id),
  CONSTRAINT invitation_membership_fkey FOREIGN KEY (tenant_id, membership_id) REFERENCES membership (tenant_id, id),
  CONSTRAINT invitation_ending_check CHECK (accepted_at IS NULL OR revoked_at IS NULL),
  CONSTRAINT invitation_accepted_check CHECK ((accepted_at IS NULL) = (membership_id IS NULL))
);
CREATE UNIQUE INDEX invitation_open_once ON invitation (tenant_id, email)
  WHERE accepted_at IS NULL AND revoked_at IS NULL;
";

/// The migration.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for text in [SETTINGS, CLINIC, INVITATION] {
            ddl::run(manager, text).await?;
        }
        // Sign-in and renewing obey the settings, and an invitation is accepted, before a company is known.
        ddl::wall(manager, "company_settings", Wall::TenantAndAcross).await?;
        ddl::wall(manager, "invitation", Wall::TenantAndAcross).await
    }
}
