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

/// Every company that is there already gets the settings that a company begins with, in the zone of its oldest clinic.
pub const USUAL_SETTINGS: &str = r#"
INSERT INTO company_settings (tenant_id, time_zone, working_hours, totp_required_roles, reminders, reopen_hours,
  reply_hours, cancel_reason_required, updated_at, version)
SELECT c.tenant_id,
  coalesce((SELECT o.time_zone FROM clinic o WHERE o.tenant_id = c.tenant_id ORDER BY o.id LIMIT 1), 'UTC'),
  '{"monday":[{"start":"08:00","end":"18:00"}],"tuesday":[{"start":"08:00","end":"18:00"}],"wednesday":[{"start":"08:00","end":"18:00"}],"thursday":[{"start":"08:00","end":"18:00"}],"friday":[{"start":"08:00","end":"18:00"}],"saturday":[],"sunday":[]}',
  '[]',
  '{"rules":[{"minutes_before":2880,"channel":"preferred"},{"minutes_before":120,"channel":"preferred"}],"quiet_hours":{"start":"21:00","end":"08:00"}}',
  24, 24, false, c.created_at, 1
FROM company c;
"#;

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
  CONSTRAINT invitation_practitioner_fkey FOREIGN KEY (tenant_id, practitioner_id)
    REFERENCES practitioner (tenant_id, id),
  CONSTRAINT invitation_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
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
        for text in [SETTINGS, USUAL_SETTINGS, CLINIC, INVITATION] {
            ddl::run(manager, text).await?;
        }
        // Sign-in and renewing obey the settings, and an invitation is accepted, before a company is known.
        ddl::wall(manager, "company_settings", Wall::TenantAndAcross).await?;
        ddl::wall(manager, "invitation", Wall::TenantAndAcross).await
    }
}
