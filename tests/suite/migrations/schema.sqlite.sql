CREATE TABLE access_log (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  at timestamp_with_timezone_text NOT NULL,
  request_id uuid_text,
  membership_id uuid_text,
  method text NOT NULL,
  route text NOT NULL,
  status integer NOT NULL,
  code text NOT NULL,
  ip text,
  user_agent text, api_key_id uuid_text,
  CONSTRAINT access_log_pkey PRIMARY KEY (tenant_id, id)
);
CREATE TABLE account (
  id uuid_text NOT NULL,
  email text NOT NULL,
  name text NOT NULL,
  password_hash text,
  email_verified_at timestamp_with_timezone_text,
  locale text NOT NULL,
  created_at timestamp_with_timezone_text NOT NULL,
  version bigint NOT NULL, preferences jsonb_text NOT NULL DEFAULT '{}',
  CONSTRAINT account_pkey PRIMARY KEY (id),
  CONSTRAINT account_email_unique UNIQUE (email)
);
CREATE TABLE api_key (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  name text NOT NULL,
  prefix text NOT NULL,
  hash blob NOT NULL,
  role text,
  permissions jsonb_text,
  made_by uuid_text NOT NULL,
  created_at timestamp_with_timezone_text NOT NULL,
  expires_at timestamp_with_timezone_text,
  last_used_at timestamp_with_timezone_text,
  revoked_at timestamp_with_timezone_text,
  version bigint NOT NULL,
  CONSTRAINT api_key_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT api_key_hash_unique UNIQUE (hash),
  CONSTRAINT api_key_maker_fkey FOREIGN KEY (tenant_id, made_by) REFERENCES membership (tenant_id, id),
  CONSTRAINT api_key_scope_check CHECK ((role IS NULL) <> (permissions IS NULL))
);
CREATE INDEX api_key_of_maker ON api_key (tenant_id, made_by);
CREATE TABLE appointment (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  patient_id uuid_text NOT NULL,
  beneficiary_id uuid_text,
  practitioner_id uuid_text NOT NULL,
  clinic_id uuid_text NOT NULL,
  service_id uuid_text NOT NULL,
  service jsonb_text NOT NULL,
  starts_at timestamp_with_timezone_text NOT NULL,
  ends_at timestamp_with_timezone_text NOT NULL,
  time_zone text NOT NULL,
  local_start text NOT NULL,
  status text NOT NULL,
  origin text NOT NULL,
  reason text,
  notes text,
  session_id uuid_text NOT NULL,
  seat integer NOT NULL,
  cancelled_for text,
  cancelled_by uuid_text,
  cancelled_at timestamp_with_timezone_text,
  cancellation_code text,
  cancellation_reason text,
  version bigint NOT NULL,
  created_at timestamp_with_timezone_text NOT NULL,
  updated_at timestamp_with_timezone_text NOT NULL,
  CONSTRAINT appointment_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT appointment_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT appointment_beneficiary_fkey FOREIGN KEY (tenant_id, beneficiary_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT appointment_practitioner_fkey FOREIGN KEY (tenant_id, practitioner_id) REFERENCES practitioner (tenant_id, id),
  CONSTRAINT appointment_clinic_fkey FOREIGN KEY (tenant_id, clinic_id) REFERENCES clinic (tenant_id, id),
  CONSTRAINT appointment_service_fkey FOREIGN KEY (tenant_id, service_id) REFERENCES service (tenant_id, id),
  CONSTRAINT appointment_interval_check CHECK (ends_at > starts_at),
  CONSTRAINT appointment_status_check CHECK (status IN ('requested', 'booked', 'confirmed', 'checked_in', 'in_progress',
    'completed', 'cancelled', 'late_cancelled', 'no_show', 'entered_in_error')),
  CONSTRAINT appointment_cancellation_check CHECK ((cancelled_for IS NULL) = (cancelled_at IS NULL))
);
CREATE INDEX appointment_by_beneficiary ON appointment (tenant_id, beneficiary_id) WHERE beneficiary_id IS NOT NULL;
CREATE INDEX appointment_by_patient ON appointment (tenant_id, patient_id, starts_at, id);
CREATE INDEX appointment_by_practitioner ON appointment (tenant_id, practitioner_id, starts_at, id);
CREATE INDEX appointment_by_start ON appointment (tenant_id, starts_at, id);
CREATE TRIGGER patient_attendance_delete AFTER DELETE ON appointment WHEN OLD.status IN ('completed', 'no_show')
BEGIN INSERT INTO patient_attendance (tenant_id, patient_id, visits, no_shows, last_visit_at)
  SELECT OLD.tenant_id, OLD.patient_id, total(status = 'completed'), total(status = 'no_show'),
    max(CASE WHEN status = 'completed' THEN starts_at END)
  FROM appointment WHERE tenant_id = OLD.tenant_id AND patient_id = OLD.patient_id
  ON CONFLICT (tenant_id, patient_id) DO UPDATE
  SET visits = excluded.visits, no_shows = excluded.no_shows, last_visit_at = excluded.last_visit_at; END;
CREATE TRIGGER patient_attendance_insert AFTER INSERT ON appointment WHEN NEW.status IN ('completed', 'no_show')
BEGIN INSERT INTO patient_attendance (tenant_id, patient_id, visits, no_shows, last_visit_at)
  SELECT NEW.tenant_id, NEW.patient_id, total(status = 'completed'), total(status = 'no_show'),
    max(CASE WHEN status = 'completed' THEN starts_at END)
  FROM appointment WHERE tenant_id = NEW.tenant_id AND patient_id = NEW.patient_id
  ON CONFLICT (tenant_id, patient_id) DO UPDATE
  SET visits = excluded.visits, no_shows = excluded.no_shows, last_visit_at = excluded.last_visit_at; END;
CREATE TRIGGER patient_attendance_update AFTER UPDATE OF status, starts_at, patient_id ON appointment
WHEN NEW.status IN ('completed', 'no_show') OR OLD.status IN ('completed', 'no_show')
BEGIN INSERT INTO patient_attendance (tenant_id, patient_id, visits, no_shows, last_visit_at)
  SELECT OLD.tenant_id, OLD.patient_id, total(status = 'completed'), total(status = 'no_show'),
    max(CASE WHEN status = 'completed' THEN starts_at END)
  FROM appointment WHERE tenant_id = OLD.tenant_id AND patient_id = OLD.patient_id
  ON CONFLICT (tenant_id, patient_id) DO UPDATE
  SET visits = excluded.visits, no_shows = excluded.no_shows, last_visit_at = excluded.last_visit_at; INSERT INTO patient_attendance (tenant_id, patient_id, visits, no_shows, last_visit_at)
  SELECT NEW.tenant_id, NEW.patient_id, total(status = 'completed'), total(status = 'no_show'),
    max(CASE WHEN status = 'completed' THEN starts_at END)
  FROM appointment WHERE tenant_id = NEW.tenant_id AND patient_id = NEW.patient_id
  ON CONFLICT (tenant_id, patient_id) DO UPDATE
  SET visits = excluded.visits, no_shows = excluded.no_shows, last_visit_at = excluded.last_visit_at; END;
CREATE TABLE busy (
  tenant_id uuid_text NOT NULL,
  resource_id uuid_text NOT NULL,
  session_id uuid_text NOT NULL,
  seat integer NOT NULL,
  starts_at timestamp_with_timezone_text NOT NULL,
  ends_at timestamp_with_timezone_text NOT NULL,
  active boolean NOT NULL,
  overbooked boolean NOT NULL,
  appointment_id uuid_text NOT NULL,
  CONSTRAINT busy_pkey PRIMARY KEY (tenant_id, appointment_id, resource_id),
  CONSTRAINT busy_appointment_fkey FOREIGN KEY (tenant_id, appointment_id) REFERENCES appointment (tenant_id, id),
  CONSTRAINT busy_seat_check CHECK (seat >= 1),
  CONSTRAINT busy_span_check CHECK (ends_at > starts_at),
  CONSTRAINT busy_length_check CHECK (julianday(ends_at) - julianday(starts_at) < 3.001)
);
CREATE INDEX busy_by_agenda ON busy (tenant_id, resource_id, starts_at) WHERE active OR overbooked;
CREATE UNIQUE INDEX busy_seat_once ON busy (tenant_id, resource_id, session_id, seat) WHERE active;
CREATE TRIGGER busy_no_overlap_insert BEFORE INSERT ON busy WHEN NEW.active BEGIN SELECT RAISE(ABORT, 'busy_no_overlap') WHERE EXISTS (SELECT 1 FROM busy b
  WHERE (b.active OR b.overbooked) AND b.active AND b.tenant_id = NEW.tenant_id AND b.resource_id = NEW.resource_id
    AND b.session_id <> NEW.session_id AND b.starts_at < NEW.ends_at AND b.ends_at > NEW.starts_at
    AND b.starts_at > strftime('%Y-%m-%dT%H:%M:%S', NEW.starts_at, '-4 days')); END;
CREATE TRIGGER busy_no_overlap_update BEFORE UPDATE ON busy WHEN NEW.active BEGIN SELECT RAISE(ABORT, 'busy_no_overlap') WHERE EXISTS (SELECT 1 FROM busy b
  WHERE (b.active OR b.overbooked) AND b.active AND b.tenant_id = NEW.tenant_id AND b.resource_id = NEW.resource_id
    AND b.session_id <> NEW.session_id AND b.starts_at < NEW.ends_at AND b.ends_at > NEW.starts_at
    AND b.starts_at > strftime('%Y-%m-%dT%H:%M:%S', NEW.starts_at, '-4 days') AND b.rowid <> OLD.rowid); END;
CREATE TABLE chain_key (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  sealed blob NOT NULL,
  created_at timestamp_with_timezone_text NOT NULL,
  CONSTRAINT chain_key_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT chain_key_is_its_tenants CHECK (id = tenant_id)
);
CREATE TRIGGER chain_key_no_delete BEFORE DELETE ON chain_key
BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TRIGGER chain_key_no_update BEFORE UPDATE OF tenant_id, id, created_at ON chain_key
BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TABLE clinic (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  name text NOT NULL,
  country text NOT NULL,
  time_zone text NOT NULL,
  locale text NOT NULL,
  created_at timestamp_with_timezone_text NOT NULL,
  version bigint NOT NULL, legal_name text, cnpj text, siret text, finess text, address jsonb_text,
  CONSTRAINT clinic_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT clinic_company_fkey FOREIGN KEY (tenant_id) REFERENCES company (tenant_id)
);
CREATE TABLE company (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  name text NOT NULL,
  country text NOT NULL,
  locale text NOT NULL,
  created_at timestamp_with_timezone_text NOT NULL,
  version bigint NOT NULL,
  CONSTRAINT company_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT company_tenant_once UNIQUE (tenant_id),
  CONSTRAINT company_is_its_tenant CHECK (id = tenant_id)
);
CREATE TABLE company_settings (
  tenant_id uuid_text NOT NULL,
  time_zone text NOT NULL,
  contact_email text,
  contact_phone text,
  logo_url text,
  working_hours jsonb_text NOT NULL,
  session_idle_minutes integer,
  totp_required_roles jsonb_text NOT NULL,
  reminders jsonb_text NOT NULL,
  reopen_hours integer NOT NULL,
  reply_hours integer NOT NULL,
  cancel_reason_required boolean NOT NULL,
  updated_at timestamp_with_timezone_text NOT NULL,
  version bigint NOT NULL,
  CONSTRAINT company_settings_pkey PRIMARY KEY (tenant_id),
  CONSTRAINT company_settings_company_fkey FOREIGN KEY (tenant_id) REFERENCES company (tenant_id),
  CONSTRAINT company_settings_idle_check CHECK (session_idle_minutes > 0)
);
CREATE TABLE consumed_event (
  tenant_id uuid_text NOT NULL,
  consumer text NOT NULL,
  event_id uuid_text NOT NULL,
  at timestamp_with_timezone_text NOT NULL,
  CONSTRAINT consumed_event_pkey PRIMARY KEY (tenant_id, consumer, event_id),
  CONSTRAINT consumed_event_event_fkey FOREIGN KEY (tenant_id, event_id) REFERENCES event (tenant_id, id)
);
CREATE TRIGGER consumed_event_no_delete BEFORE DELETE ON consumed_event
             BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TRIGGER consumed_event_no_update BEFORE UPDATE ON consumed_event
             BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TABLE data_key (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  subject_id uuid_text NOT NULL,
  sealed blob NOT NULL,
  created_at timestamp_with_timezone_text NOT NULL,
  CONSTRAINT data_key_pkey PRIMARY KEY (tenant_id, id)
);
CREATE INDEX data_key_of_subject ON data_key (tenant_id, subject_id);
CREATE TABLE event (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  xact bigint NOT NULL DEFAULT 0,
  at timestamp_with_timezone_text NOT NULL,
  entry_id uuid_text NOT NULL,
  ordinal integer NOT NULL,
  kind text NOT NULL,
  aggregate_kind text NOT NULL,
  aggregate_id uuid_text NOT NULL,
  version bigint NOT NULL,
  payload jsonb_text NOT NULL,
  CONSTRAINT event_pkey PRIMARY KEY (tenant_id, id)
);
CREATE INDEX event_unnumbered ON event (xact);
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
             BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TRIGGER event_no_update BEFORE UPDATE ON event
             BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TABLE event_position (
  tenant_id uuid_text NOT NULL,
  position bigint NOT NULL,
  event_id uuid_text NOT NULL,
  CONSTRAINT event_position_pkey PRIMARY KEY (tenant_id, position),
  CONSTRAINT event_position_event_once UNIQUE (tenant_id, event_id),
  CONSTRAINT event_position_event_fkey FOREIGN KEY (tenant_id, event_id) REFERENCES event (tenant_id, id),
  CONSTRAINT event_position_position_check CHECK (position > 0)
);
CREATE TRIGGER event_position_no_delete BEFORE DELETE ON event_position
             BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TRIGGER event_position_no_update BEFORE UPDATE ON event_position
             BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TABLE external_reference (
  tenant_id uuid_text NOT NULL,
  kind text NOT NULL,
  namespace text NOT NULL,
  value text NOT NULL,
  fingerprint text NOT NULL,
  file_sha256 blob NOT NULL,
  patient_id uuid_text,
  appointment_id uuid_text,
  CONSTRAINT external_reference_pkey PRIMARY KEY (tenant_id, kind, namespace, value),
  CONSTRAINT external_reference_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT external_reference_appointment_fkey FOREIGN KEY (tenant_id, appointment_id)
    REFERENCES appointment (tenant_id, id),
  CONSTRAINT external_reference_record_check CHECK (
    (kind = 'patients' AND patient_id IS NOT NULL AND appointment_id IS NULL)
    OR (kind = 'appointments' AND appointment_id IS NOT NULL AND patient_id IS NULL))
);
CREATE INDEX external_reference_by_appointment ON external_reference (tenant_id, appointment_id);
CREATE INDEX external_reference_by_patient ON external_reference (tenant_id, patient_id);
CREATE TABLE idempotency (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  caller_id uuid_text NOT NULL,
  route text NOT NULL,
  body_hash blob NOT NULL,
  status integer NOT NULL,
  location text,
  etag text,
  body blob NOT NULL,
  expires_at timestamp_with_timezone_text NOT NULL,
  CONSTRAINT idempotency_pkey PRIMARY KEY (tenant_id, id)
);
CREATE INDEX idempotency_expiry ON idempotency (expires_at);
CREATE TABLE import (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  kind text NOT NULL,
  file_name text NOT NULL,
  size bigint NOT NULL,
  sha256 blob NOT NULL,
  dry_run boolean NOT NULL,
  options jsonb_text NOT NULL,
  sheet jsonb_text NOT NULL,
  mapping jsonb_text NOT NULL,
  status text NOT NULL,
  failure text,
  position bigint NOT NULL,
  rows_read bigint NOT NULL,
  rows_created bigint NOT NULL,
  rows_updated bigint NOT NULL,
  rows_skipped bigint NOT NULL,
  rows_failed bigint NOT NULL,
  rows_removed bigint NOT NULL,
  rows_kept bigint NOT NULL,
  started_by uuid_text,
  version bigint NOT NULL,
  created_at timestamp_with_timezone_text NOT NULL,
  updated_at timestamp_with_timezone_text NOT NULL,
  finished_at timestamp_with_timezone_text,
  CONSTRAINT import_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT import_member_fkey FOREIGN KEY (tenant_id, started_by) REFERENCES membership (tenant_id, id),
  CONSTRAINT import_kind_check CHECK (kind IN ('patients', 'appointments')),
  CONSTRAINT import_status_check CHECK (status IN ('waiting', 'running', 'finished', 'failed', 'rolling_back', 'rolled_back'))
);
CREATE INDEX import_by_time ON import (tenant_id, created_at, id);
CREATE UNIQUE INDEX import_running_once ON import (tenant_id, kind, sha256, dry_run) WHERE status IN ('waiting', 'running');
CREATE TABLE import_row (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  import_id uuid_text NOT NULL,
  line bigint NOT NULL,
  outcome text NOT NULL,
  code text,
  column_title text,
  cells blob,
  record_id uuid_text,
  record_version bigint,
  also_made uuid_text,
  CONSTRAINT import_row_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT import_row_import_fkey FOREIGN KEY (tenant_id, import_id) REFERENCES import (tenant_id, id),
  CONSTRAINT import_row_outcome_check CHECK (outcome IN ('created', 'updated', 'skipped', 'failed', 'removed', 'kept'))
);
CREATE INDEX import_row_by_outcome ON import_row (tenant_id, import_id, outcome, line);
CREATE INDEX import_row_by_record ON import_row (tenant_id, import_id, record_id) WHERE record_id IS NOT NULL;
CREATE UNIQUE INDEX import_row_once ON import_row (tenant_id, import_id, line);
CREATE TABLE invitation (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  email text NOT NULL,
  role text NOT NULL,
  practitioner_id uuid_text,
  patient_id uuid_text,
  clinic_ids jsonb_text NOT NULL,
  invited_by uuid_text NOT NULL,
  hash blob NOT NULL,
  created_at timestamp_with_timezone_text NOT NULL,
  expires_at timestamp_with_timezone_text NOT NULL,
  accepted_at timestamp_with_timezone_text,
  membership_id uuid_text,
  revoked_at timestamp_with_timezone_text,
  version bigint NOT NULL,
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
CREATE INDEX invitation_by_patient ON invitation (tenant_id, patient_id) WHERE patient_id IS NOT NULL;
CREATE UNIQUE INDEX invitation_open_once ON invitation (tenant_id, email)
  WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE TABLE job (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  kind text NOT NULL,
  payload blob NOT NULL,
  status text NOT NULL,
  created_at timestamp_with_timezone_text NOT NULL,
  run_at timestamp_with_timezone_text NOT NULL,
  tries integer NOT NULL,
  lease_owner text,
  lease_until timestamp_with_timezone_text,
  last_error text, lost integer NOT NULL DEFAULT 0,
  CONSTRAINT job_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT job_status_check CHECK (status IN ('waiting', 'dead')),
  CONSTRAINT job_lease_check CHECK ((lease_owner IS NULL) = (lease_until IS NULL))
);
CREATE INDEX job_due ON job (run_at) WHERE status = 'waiting';
CREATE TABLE journal_change (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  entry_id uuid_text NOT NULL,
  ordinal integer NOT NULL,
  entity_kind text NOT NULL,
  entity_id uuid_text NOT NULL,
  version bigint NOT NULL,
  before text NOT NULL,
  after text NOT NULL,
  sealed blob,
  CONSTRAINT journal_change_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT journal_change_entry_fkey FOREIGN KEY (tenant_id, entry_id) REFERENCES journal_entry (tenant_id, id)
);
CREATE INDEX journal_change_entity ON journal_change (tenant_id, entity_id);
CREATE INDEX journal_change_entry ON journal_change (tenant_id, entry_id, ordinal);
CREATE TRIGGER journal_change_no_delete BEFORE DELETE ON journal_change
             BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TRIGGER journal_change_no_update BEFORE UPDATE ON journal_change
             BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TABLE journal_entry (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  xact bigint NOT NULL DEFAULT 0,
  at timestamp_with_timezone_text NOT NULL,
  act text NOT NULL,
  membership_id uuid_text,
  account_id uuid_text,
  session_id uuid_text,
  system_reason text,
  request_id uuid_text,
  ip text,
  user_agent text,
  entity_kind text NOT NULL,
  entity_id uuid_text NOT NULL,
  version bigint NOT NULL, api_key_id uuid_text, mac blob,
  CONSTRAINT journal_entry_pkey PRIMARY KEY (tenant_id, id)
);
CREATE INDEX journal_entry_unnumbered ON journal_entry (xact);
CREATE TRIGGER journal_entry_no_delete BEFORE DELETE ON journal_entry
             BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TRIGGER journal_entry_no_update BEFORE UPDATE ON journal_entry
             BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TABLE journal_link (
  tenant_id uuid_text NOT NULL,
  position bigint NOT NULL,
  entry_id uuid_text NOT NULL,
  prev blob NOT NULL,
  mac blob NOT NULL,
  CONSTRAINT journal_link_pkey PRIMARY KEY (tenant_id, position),
  CONSTRAINT journal_link_entry_once UNIQUE (tenant_id, entry_id),
  CONSTRAINT journal_link_entry_fkey FOREIGN KEY (tenant_id, entry_id) REFERENCES journal_entry (tenant_id, id),
  CONSTRAINT journal_link_position_check CHECK (position > 0)
);
CREATE TRIGGER journal_link_no_delete BEFORE DELETE ON journal_link
             BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TRIGGER journal_link_no_update BEFORE UPDATE ON journal_link
             BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TABLE mail (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  sealed blob NOT NULL,
  created_at timestamp_with_timezone_text NOT NULL,
  CONSTRAINT mail_pkey PRIMARY KEY (tenant_id, id)
);
CREATE TABLE membership (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  account_id uuid_text NOT NULL,
  role text NOT NULL,
  status text NOT NULL,
  display_name text NOT NULL,
  practitioner_id uuid_text,
  patient_id uuid_text,
  registrations jsonb_text NOT NULL,
  rpps_number text,
  adeli_number text,
  created_at timestamp_with_timezone_text NOT NULL,
  version bigint NOT NULL,
  CONSTRAINT membership_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT membership_account_unique UNIQUE (tenant_id, account_id),
  CONSTRAINT membership_company_fkey FOREIGN KEY (tenant_id) REFERENCES company (tenant_id),
  CONSTRAINT membership_account_fkey FOREIGN KEY (account_id) REFERENCES account (id),
  CONSTRAINT membership_status_check CHECK (status IN ('invited', 'active', 'inactive'))
);
CREATE INDEX membership_by_patient ON membership (tenant_id, patient_id) WHERE patient_id IS NOT NULL;
CREATE INDEX membership_of_account ON membership (account_id);
CREATE TABLE membership_clinic (
  tenant_id uuid_text NOT NULL,
  membership_id uuid_text NOT NULL,
  clinic_id uuid_text NOT NULL,
  CONSTRAINT membership_clinic_pkey PRIMARY KEY (tenant_id, membership_id, clinic_id),
  CONSTRAINT membership_clinic_membership_fkey FOREIGN KEY (tenant_id, membership_id) REFERENCES membership (tenant_id, id),
  CONSTRAINT membership_clinic_clinic_fkey FOREIGN KEY (tenant_id, clinic_id) REFERENCES clinic (tenant_id, id)
);
CREATE TABLE oidc_flow (
  id uuid_text NOT NULL,
  provider text NOT NULL,
  state_hash blob NOT NULL,
  browser_hash blob NOT NULL,
  sealed blob NOT NULL,
  return_to text NOT NULL,
  app_state text,
  expires_at timestamp_with_timezone_text NOT NULL,
  CONSTRAINT oidc_flow_pkey PRIMARY KEY (id),
  CONSTRAINT oidc_flow_state_unique UNIQUE (state_hash)
);
CREATE INDEX oidc_flow_expiry ON oidc_flow (expires_at);
CREATE TABLE oidc_grant (
  id uuid_text NOT NULL,
  provider text NOT NULL,
  hash blob NOT NULL,
  sealed blob NOT NULL,
  browser_hash blob NOT NULL,
  app_state text,
  stage text NOT NULL,
  wrong_answers integer NOT NULL,
  expires_at timestamp_with_timezone_text NOT NULL,
  CONSTRAINT oidc_grant_pkey PRIMARY KEY (id),
  CONSTRAINT oidc_grant_hash_unique UNIQUE (hash),
  CONSTRAINT oidc_grant_stage_check CHECK (stage IN ('code', 'asked'))
);
CREATE INDEX oidc_grant_expiry ON oidc_grant (expires_at);
CREATE TABLE oidc_link (
  id uuid_text NOT NULL,
  account_id uuid_text NOT NULL,
  provider text NOT NULL,
  issuer text NOT NULL,
  subject text NOT NULL,
  created_at timestamp_with_timezone_text NOT NULL,
  CONSTRAINT oidc_link_pkey PRIMARY KEY (id),
  CONSTRAINT oidc_link_subject_unique UNIQUE (issuer, subject),
  CONSTRAINT oidc_link_account_unique UNIQUE (account_id, provider),
  CONSTRAINT oidc_link_account_fkey FOREIGN KEY (account_id) REFERENCES account (id)
);
CREATE TABLE patient (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  name text NOT NULL,
  social_name text,
  birth_date date_text,
  sex text,
  gender text,
  mother_name text,
  stage text NOT NULL,
  phone text,
  email text,
  addresses jsonb_text NOT NULL,
  health_plans jsonb_text NOT NULL,
  tags jsonb_text NOT NULL,
  preferences jsonb_text NOT NULL,
  emergency_contacts jsonb_text NOT NULL,
  notes text,
  custom jsonb_text NOT NULL,
  sort_text text COLLATE BINARY NOT NULL,
  search_text text COLLATE BINARY NOT NULL,
  version bigint NOT NULL,
  created_at timestamp_with_timezone_text NOT NULL,
  updated_at timestamp_with_timezone_text NOT NULL, archived_at timestamp_with_timezone_text, merged_into uuid_text
  CONSTRAINT patient_merged_check CHECK ((stage = 'merged') = (merged_into IS NOT NULL)), labels jsonb_text NOT NULL DEFAULT '[]',
  CONSTRAINT patient_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT patient_stage_check CHECK (stage IN ('lead', 'active', 'inactive', 'deceased', 'merged')),
  CONSTRAINT patient_sex_check CHECK (sex IN ('female', 'male', 'other', 'unknown')),
  CONSTRAINT patient_version_check CHECK (version > 0)
);
CREATE INDEX patient_archived ON patient (tenant_id, archived_at, id) WHERE archived_at IS NOT NULL;
CREATE INDEX patient_by_birth ON patient (tenant_id, birth_date, id);
CREATE INDEX patient_by_merged_into ON patient (tenant_id, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX patient_by_name ON patient (tenant_id, sort_text, id, search_text, stage, archived_at);
CREATE INDEX patient_by_rare_sex ON patient (tenant_id, sex, sort_text, id) WHERE sex IN ('other', 'unknown');
CREATE INDEX patient_by_rare_stage ON patient (tenant_id, stage, sort_text, id) WHERE stage <> 'active';
CREATE INDEX patient_by_registration ON patient (tenant_id, created_at, id);
CREATE TRIGGER patient_counted_delete AFTER DELETE ON patient WHEN OLD.archived_at IS NULL AND OLD.stage <> 'merged' BEGIN INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight)
                 SELECT OLD.tenant_id, randomblob(16), rtrim(json_array('stage:' || OLD.stage, 'sex:' || coalesce(OLD.sex, ''),
    'born:' || coalesce(substr(OLD.birth_date, 1, 7), ''), 'birth:' || coalesce(OLD.birth_date, ''),
    'birthday:' || coalesce(substr(OLD.birth_date, 6), ''), 'since:' || substr(OLD.created_at, 1, 10)), ']')
    || CASE OLD.labels WHEN '[]' THEN ']' ELSE ',' || ltrim(OLD.labels, '[') END, -1 WHERE OLD.archived_at IS NULL AND OLD.stage <> 'merged'; END;
CREATE TRIGGER patient_counted_insert AFTER INSERT ON patient WHEN NEW.archived_at IS NULL AND NEW.stage <> 'merged' BEGIN INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight)
                 SELECT NEW.tenant_id, randomblob(16), rtrim(json_array('stage:' || NEW.stage, 'sex:' || coalesce(NEW.sex, ''),
    'born:' || coalesce(substr(NEW.birth_date, 1, 7), ''), 'birth:' || coalesce(NEW.birth_date, ''),
    'birthday:' || coalesce(substr(NEW.birth_date, 6), ''), 'since:' || substr(NEW.created_at, 1, 10)), ']')
    || CASE NEW.labels WHEN '[]' THEN ']' ELSE ',' || ltrim(NEW.labels, '[') END, 1 WHERE NEW.archived_at IS NULL AND NEW.stage <> 'merged'; END;
CREATE TRIGGER patient_counted_update AFTER UPDATE OF stage, sex, birth_date, created_at, archived_at, labels ON patient
WHEN OLD.stage IS NOT NEW.stage OR OLD.sex IS NOT NEW.sex OR OLD.birth_date IS NOT NEW.birth_date
  OR OLD.created_at IS NOT NEW.created_at OR OLD.archived_at IS NOT NEW.archived_at OR OLD.labels IS NOT NEW.labels
BEGIN
  INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight)
                 SELECT OLD.tenant_id, randomblob(16), rtrim(json_array('stage:' || OLD.stage, 'sex:' || coalesce(OLD.sex, ''),
    'born:' || coalesce(substr(OLD.birth_date, 1, 7), ''), 'birth:' || coalesce(OLD.birth_date, ''),
    'birthday:' || coalesce(substr(OLD.birth_date, 6), ''), 'since:' || substr(OLD.created_at, 1, 10)), ']')
    || CASE OLD.labels WHEN '[]' THEN ']' ELSE ',' || ltrim(OLD.labels, '[') END, -1 WHERE OLD.archived_at IS NULL AND OLD.stage <> 'merged'; INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight)
                 SELECT NEW.tenant_id, randomblob(16), rtrim(json_array('stage:' || NEW.stage, 'sex:' || coalesce(NEW.sex, ''),
    'born:' || coalesce(substr(NEW.birth_date, 1, 7), ''), 'birth:' || coalesce(NEW.birth_date, ''),
    'birthday:' || coalesce(substr(NEW.birth_date, 6), ''), 'since:' || substr(NEW.created_at, 1, 10)), ']')
    || CASE NEW.labels WHEN '[]' THEN ']' ELSE ',' || ltrim(NEW.labels, '[') END, 1 WHERE NEW.archived_at IS NULL AND NEW.stage <> 'merged';
  INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight)
    SELECT a.tenant_id, randomblob(16), '["visit:completed"]', a.visits * ((NEW.archived_at IS NULL AND NEW.stage <> 'merged') - (OLD.archived_at IS NULL AND OLD.stage <> 'merged')) FROM patient_attendance a
    WHERE a.tenant_id = NEW.tenant_id AND a.patient_id = NEW.id AND a.visits <> 0 AND (NEW.archived_at IS NULL AND NEW.stage <> 'merged') <> (OLD.archived_at IS NULL AND OLD.stage <> 'merged');
  INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight)
    SELECT a.tenant_id, randomblob(16), '["visit:no_show"]', a.no_shows * ((NEW.archived_at IS NULL AND NEW.stage <> 'merged') - (OLD.archived_at IS NULL AND OLD.stage <> 'merged')) FROM patient_attendance a
    WHERE a.tenant_id = NEW.tenant_id AND a.patient_id = NEW.id AND a.no_shows <> 0 AND (NEW.archived_at IS NULL AND NEW.stage <> 'merged') <> (OLD.archived_at IS NULL AND OLD.stage <> 'merged');
END;
CREATE TRIGGER patient_merged_into_fkey_insert BEFORE INSERT ON patient WHEN NEW.merged_into IS NOT NULL BEGIN SELECT RAISE(ABORT, 'foreign_key') WHERE NOT EXISTS
  (SELECT 1 FROM patient p WHERE p.tenant_id = NEW.tenant_id AND p.id = NEW.merged_into); END;
CREATE TRIGGER patient_merged_into_fkey_update BEFORE UPDATE OF merged_into ON patient WHEN NEW.merged_into IS NOT NULL BEGIN SELECT RAISE(ABORT, 'foreign_key') WHERE NOT EXISTS
  (SELECT 1 FROM patient p WHERE p.tenant_id = NEW.tenant_id AND p.id = NEW.merged_into); END;
CREATE TABLE patient_attendance (
  tenant_id uuid_text NOT NULL,
  patient_id uuid_text NOT NULL,
  visits bigint NOT NULL,
  no_shows bigint NOT NULL,
  last_visit_at timestamp_with_timezone_text,
  CONSTRAINT patient_attendance_pkey PRIMARY KEY (tenant_id, patient_id),
  CONSTRAINT patient_attendance_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX patient_attendance_by_no_shows ON patient_attendance (tenant_id, no_shows, patient_id) WHERE no_shows > 0;
CREATE INDEX patient_attendance_by_visit ON patient_attendance (tenant_id, last_visit_at, patient_id);
CREATE TRIGGER patient_attendance_counted_delete AFTER DELETE ON patient_attendance
BEGIN INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight)
                     SELECT p.tenant_id, randomblob(16), '["visit:completed"]', -OLD.visits FROM patient p
                     WHERE p.tenant_id = OLD.tenant_id AND p.id = OLD.patient_id AND -OLD.visits <> 0
                       AND p.archived_at IS NULL AND p.stage <> 'merged'; INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight)
                     SELECT p.tenant_id, randomblob(16), '["visit:no_show"]', -OLD.no_shows FROM patient p
                     WHERE p.tenant_id = OLD.tenant_id AND p.id = OLD.patient_id AND -OLD.no_shows <> 0
                       AND p.archived_at IS NULL AND p.stage <> 'merged'; END;
CREATE TRIGGER patient_attendance_counted_insert AFTER INSERT ON patient_attendance
BEGIN INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight)
                     SELECT p.tenant_id, randomblob(16), '["visit:completed"]', NEW.visits FROM patient p
                     WHERE p.tenant_id = NEW.tenant_id AND p.id = NEW.patient_id AND NEW.visits <> 0
                       AND p.archived_at IS NULL AND p.stage <> 'merged'; INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight)
                     SELECT p.tenant_id, randomblob(16), '["visit:no_show"]', NEW.no_shows FROM patient p
                     WHERE p.tenant_id = NEW.tenant_id AND p.id = NEW.patient_id AND NEW.no_shows <> 0
                       AND p.archived_at IS NULL AND p.stage <> 'merged'; END;
CREATE TRIGGER patient_attendance_counted_update AFTER UPDATE ON patient_attendance
BEGIN INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight)
                     SELECT p.tenant_id, randomblob(16), '["visit:completed"]', NEW.visits - OLD.visits FROM patient p
                     WHERE p.tenant_id = NEW.tenant_id AND p.id = NEW.patient_id AND NEW.visits - OLD.visits <> 0
                       AND p.archived_at IS NULL AND p.stage <> 'merged'; INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight)
                     SELECT p.tenant_id, randomblob(16), '["visit:no_show"]', NEW.no_shows - OLD.no_shows FROM patient p
                     WHERE p.tenant_id = NEW.tenant_id AND p.id = NEW.patient_id AND NEW.no_shows - OLD.no_shows <> 0
                       AND p.archived_at IS NULL AND p.stage <> 'merged'; END;
CREATE TABLE patient_contact (
  tenant_id uuid_text NOT NULL,
  patient_id uuid_text NOT NULL,
  ordinal integer NOT NULL,
  kind text NOT NULL,
  value text NOT NULL,
  raw text NOT NULL,
  is_primary boolean NOT NULL,
  match_key text NOT NULL,
  CONSTRAINT patient_contact_pkey PRIMARY KEY (tenant_id, patient_id, ordinal),
  CONSTRAINT patient_contact_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT patient_contact_kind_check CHECK (kind IN ('phone', 'email', 'whatsapp', 'instagram'))
);
CREATE INDEX patient_contact_by_key ON patient_contact (tenant_id, match_key);
CREATE TABLE patient_duplicate (
  tenant_id uuid_text NOT NULL,
  first_id uuid_text NOT NULL,
  second_id uuid_text NOT NULL,
  grade text NOT NULL,
  score integer NOT NULL,
  findings text NOT NULL,
  found_at timestamp_with_timezone_text NOT NULL,
  CONSTRAINT patient_duplicate_pkey PRIMARY KEY (tenant_id, first_id, second_id),
  CONSTRAINT patient_duplicate_first_fkey FOREIGN KEY (tenant_id, first_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT patient_duplicate_second_fkey FOREIGN KEY (tenant_id, second_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT patient_duplicate_order_check CHECK (first_id < second_id),
  CONSTRAINT patient_duplicate_grade_check CHECK (grade IN ('possible', 'probable', 'certain'))
);
CREATE INDEX patient_duplicate_by_score ON patient_duplicate (tenant_id, score, first_id, second_id);
CREATE INDEX patient_duplicate_by_second ON patient_duplicate (tenant_id, second_id);
CREATE TABLE patient_facet (
  tenant_id uuid_text NOT NULL,
  patient_id uuid_text NOT NULL,
  kind text NOT NULL,
  value text COLLATE BINARY NOT NULL,
  sort_text text COLLATE BINARY NOT NULL,
  CONSTRAINT patient_facet_pkey PRIMARY KEY (tenant_id, patient_id, kind, value),
  CONSTRAINT patient_facet_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT patient_facet_kind_check CHECK (kind IN ('tag', 'plan', 'card', 'city', 'neighbourhood'))
);
CREATE INDEX patient_facet_by_value ON patient_facet (tenant_id, kind, value, sort_text, patient_id);
CREATE TABLE patient_identifier (
  tenant_id uuid_text NOT NULL,
  patient_id uuid_text NOT NULL,
  ordinal integer NOT NULL,
  kind text NOT NULL,
  value text NOT NULL,
  status text NOT NULL, standing text NOT NULL DEFAULT 'current'
  CONSTRAINT patient_identifier_standing_check CHECK (standing IN ('current', 'old', 'moved')),
  CONSTRAINT patient_identifier_pkey PRIMARY KEY (tenant_id, patient_id, ordinal),
  CONSTRAINT patient_identifier_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT patient_identifier_kind_check CHECK (kind IN ('cpf', 'cns', 'cnpj', 'ins', 'passport', 'other')),
  CONSTRAINT patient_identifier_status_check CHECK (status IN ('recorded', 'PROV', 'VALI', 'RECUP', 'QUAL'))
);
CREATE INDEX patient_identifier_by_value ON patient_identifier (tenant_id, value);
CREATE UNIQUE INDEX patient_identifier_unique ON patient_identifier (tenant_id, kind, value)
  WHERE kind IN ('cpf', 'cns', 'ins') AND standing <> 'moved';
CREATE TABLE "patient_link" (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  membership_id uuid_text NOT NULL,
  patient_id uuid_text NOT NULL,
  kind text NOT NULL,
  valid_from date_text NOT NULL,
  valid_to date_text,
  version bigint NOT NULL DEFAULT 1,
  CONSTRAINT patient_link_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT patient_link_membership_fkey FOREIGN KEY (tenant_id, membership_id) REFERENCES membership (tenant_id, id),
  CONSTRAINT patient_link_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT patient_link_kind_check CHECK (kind IN ('caregiver', 'guardian')),
  CONSTRAINT patient_link_period_check CHECK (valid_to >= valid_from)
);
CREATE INDEX patient_link_by_membership ON patient_link (tenant_id, membership_id, patient_id);
CREATE INDEX patient_link_by_patient ON patient_link (tenant_id, patient_id);
CREATE TRIGGER patient_link_no_overlap_insert BEFORE INSERT ON patient_link BEGIN SELECT RAISE(ABORT, 'patient_link_no_overlap') WHERE EXISTS (SELECT 1 FROM patient_link l
  WHERE l.tenant_id = NEW.tenant_id AND l.membership_id = NEW.membership_id AND l.patient_id = NEW.patient_id
    AND l.kind = NEW.kind AND l.id <> NEW.id
    AND (l.valid_to IS NULL OR (l.valid_to > l.valid_from AND l.valid_to > NEW.valid_from))
    AND (NEW.valid_to IS NULL OR (NEW.valid_to > NEW.valid_from AND NEW.valid_to > l.valid_from))); END;
CREATE TRIGGER patient_link_no_overlap_update BEFORE UPDATE ON patient_link BEGIN SELECT RAISE(ABORT, 'patient_link_no_overlap') WHERE EXISTS (SELECT 1 FROM patient_link l
  WHERE l.tenant_id = NEW.tenant_id AND l.membership_id = NEW.membership_id AND l.patient_id = NEW.patient_id
    AND l.kind = NEW.kind AND l.id <> NEW.id
    AND (l.valid_to IS NULL OR (l.valid_to > l.valid_from AND l.valid_to > NEW.valid_from))
    AND (NEW.valid_to IS NULL OR (NEW.valid_to > NEW.valid_from AND NEW.valid_to > l.valid_from))); END;
CREATE TABLE patient_match_due (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  patient_id uuid_text NOT NULL,
  CONSTRAINT patient_match_due_pkey PRIMARY KEY (tenant_id, id)
);
CREATE TABLE patient_match_key (
  tenant_id uuid_text NOT NULL,
  patient_id uuid_text NOT NULL,
  key bigint NOT NULL,
  CONSTRAINT patient_match_key_pkey PRIMARY KEY (tenant_id, patient_id, key),
  CONSTRAINT patient_match_key_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX patient_match_key_by_key ON patient_match_key (tenant_id, key, patient_id);
CREATE TABLE patient_merge (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  source_id uuid_text NOT NULL,
  target_id uuid_text NOT NULL,
  snapshot blob NOT NULL,
  merged_at timestamp_with_timezone_text NOT NULL,
  merged_by uuid_text,
  undone_at timestamp_with_timezone_text,
  undone_by uuid_text,
  version bigint NOT NULL,
  CONSTRAINT patient_merge_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT patient_merge_source_fkey FOREIGN KEY (tenant_id, source_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT patient_merge_target_fkey FOREIGN KEY (tenant_id, target_id) REFERENCES patient (tenant_id, id),
  CONSTRAINT patient_merge_apart_check CHECK (source_id <> target_id)
);
CREATE INDEX patient_merge_by_source ON patient_merge (tenant_id, source_id);
CREATE INDEX patient_merge_by_target ON patient_merge (tenant_id, target_id);
CREATE UNIQUE INDEX patient_merge_source_once ON patient_merge (tenant_id, source_id) WHERE undone_at IS NULL;
CREATE TABLE patient_place (
  tenant_id uuid_text NOT NULL,
  patient_id uuid_text NOT NULL,
  ordinal integer NOT NULL,
  band integer NOT NULL,
  longitude double precision NOT NULL,
  x double precision NOT NULL,
  y double precision NOT NULL,
  z double precision NOT NULL,
  CONSTRAINT patient_place_pkey PRIMARY KEY (tenant_id, patient_id, ordinal),
  CONSTRAINT patient_place_patient_fkey FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX patient_place_by_band ON patient_place (tenant_id, band, longitude, patient_id);
CREATE TABLE patient_statistic (
  tenant_id uuid_text NOT NULL,
  facet text COLLATE BINARY NOT NULL,
  total bigint NOT NULL,
  CONSTRAINT patient_statistic_pkey PRIMARY KEY (tenant_id, facet)
);
CREATE INDEX patient_statistic_spent ON patient_statistic (tenant_id, facet) WHERE total = 0;
CREATE TABLE patient_statistic_delta (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  facets jsonb_text NOT NULL,
  weight bigint NOT NULL,
  CONSTRAINT patient_statistic_delta_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT patient_statistic_delta_weight_check CHECK (weight <> 0)
);
CREATE TABLE practitioner (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  name text NOT NULL,
  sort_text text COLLATE BINARY NOT NULL,
  profession text NOT NULL,
  registrations jsonb_text NOT NULL,
  any_service boolean NOT NULL,
  any_clinic boolean NOT NULL,
  membership_id uuid_text,
  active boolean NOT NULL,
  version bigint NOT NULL,
  availability_version bigint NOT NULL,
  created_at timestamp_with_timezone_text NOT NULL,
  updated_at timestamp_with_timezone_text NOT NULL,
  CONSTRAINT practitioner_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT practitioner_company_fkey FOREIGN KEY (tenant_id) REFERENCES company (tenant_id),
  CONSTRAINT practitioner_membership_fkey FOREIGN KEY (tenant_id, membership_id) REFERENCES membership (tenant_id, id)
);
CREATE INDEX practitioner_by_name ON practitioner (tenant_id, sort_text, id);
CREATE TABLE practitioner_clinic (
  tenant_id uuid_text NOT NULL,
  practitioner_id uuid_text NOT NULL,
  clinic_id uuid_text NOT NULL,
  CONSTRAINT practitioner_clinic_pkey PRIMARY KEY (tenant_id, practitioner_id, clinic_id),
  CONSTRAINT practitioner_clinic_practitioner_fkey FOREIGN KEY (tenant_id, practitioner_id)
    REFERENCES practitioner (tenant_id, id),
  CONSTRAINT practitioner_clinic_clinic_fkey FOREIGN KEY (tenant_id, clinic_id) REFERENCES clinic (tenant_id, id)
);
CREATE INDEX practitioner_clinic_by_clinic ON practitioner_clinic (tenant_id, clinic_id);
CREATE TABLE practitioner_service (
  tenant_id uuid_text NOT NULL,
  practitioner_id uuid_text NOT NULL,
  service_id uuid_text NOT NULL,
  CONSTRAINT practitioner_service_pkey PRIMARY KEY (tenant_id, practitioner_id, service_id),
  CONSTRAINT practitioner_service_practitioner_fkey FOREIGN KEY (tenant_id, practitioner_id)
    REFERENCES practitioner (tenant_id, id),
  CONSTRAINT practitioner_service_service_fkey FOREIGN KEY (tenant_id, service_id) REFERENCES service (tenant_id, id)
);
CREATE INDEX practitioner_service_by_service ON practitioner_service (tenant_id, service_id);
CREATE TABLE recovery_code (
  account_id uuid_text NOT NULL,
  hash blob NOT NULL,
  CONSTRAINT recovery_code_pkey PRIMARY KEY (account_id, hash),
  CONSTRAINT recovery_code_account_fkey FOREIGN KEY (account_id) REFERENCES account (id)
);
CREATE TABLE refresh_token (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  session_id uuid_text NOT NULL,
  hash blob NOT NULL,
  created_at timestamp_with_timezone_text NOT NULL,
  expires_at timestamp_with_timezone_text NOT NULL,
  used_at timestamp_with_timezone_text,
  successor blob,
  CONSTRAINT refresh_token_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT refresh_token_hash_unique UNIQUE (hash),
  CONSTRAINT refresh_token_session_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES session (tenant_id, id),
  CONSTRAINT refresh_token_successor_check CHECK (successor IS NULL OR used_at IS NOT NULL)
);
CREATE INDEX refresh_token_of_session ON refresh_token (tenant_id, session_id);
CREATE INDEX refresh_token_sealed ON refresh_token (used_at) WHERE successor IS NOT NULL;
CREATE TABLE schedule (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  practitioner_id uuid_text NOT NULL,
  clinic_id uuid_text NOT NULL,
  weekly jsonb_text NOT NULL,
  valid_from date_text,
  valid_to date_text,
  CONSTRAINT schedule_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT schedule_practitioner_fkey FOREIGN KEY (tenant_id, practitioner_id) REFERENCES practitioner (tenant_id, id),
  CONSTRAINT schedule_clinic_fkey FOREIGN KEY (tenant_id, clinic_id) REFERENCES clinic (tenant_id, id),
  CONSTRAINT schedule_period_check CHECK (valid_to >= valid_from)
);
CREATE INDEX schedule_by_practitioner ON schedule (tenant_id, practitioner_id, clinic_id);
CREATE TABLE schedule_exception (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  practitioner_id uuid_text NOT NULL,
  kind text NOT NULL,
  clinic_id uuid_text,
  on_date date_text,
  windows jsonb_text,
  starts_at timestamp_with_timezone_text,
  ends_at timestamp_with_timezone_text,
  note text,
  CONSTRAINT schedule_exception_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT schedule_exception_practitioner_fkey FOREIGN KEY (tenant_id, practitioner_id)
    REFERENCES practitioner (tenant_id, id),
  CONSTRAINT schedule_exception_clinic_fkey FOREIGN KEY (tenant_id, clinic_id) REFERENCES clinic (tenant_id, id),
  CONSTRAINT schedule_exception_kind_check CHECK (
    (kind = 'override' AND clinic_id IS NOT NULL AND on_date IS NOT NULL AND windows IS NOT NULL)
    OR (kind = 'leave' AND starts_at IS NOT NULL AND ends_at > starts_at))
);
CREATE INDEX schedule_exception_by_practitioner ON schedule_exception (tenant_id, practitioner_id);
CREATE TABLE sequencer_horizon (
  stream text NOT NULL,
  place bigint NOT NULL,
  CONSTRAINT sequencer_horizon_pkey PRIMARY KEY (stream),
  CONSTRAINT sequencer_horizon_stream_check CHECK (stream IN ('journal', 'event'))
);
CREATE TABLE service (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  name text NOT NULL,
  sort_text text COLLATE BINARY NOT NULL,
  duration_minutes integer NOT NULL,
  price_amount bigint,
  price_currency text,
  buffer_before_minutes integer NOT NULL,
  buffer_after_minutes integer NOT NULL,
  slot_interval_minutes integer NOT NULL,
  modality text NOT NULL,
  capacity integer NOT NULL,
  minimum_notice_minutes integer NOT NULL,
  horizon_days integer NOT NULL,
  requires_approval boolean NOT NULL,
  cancellation_window_minutes integer NOT NULL,
  required_resource_kinds jsonb_text NOT NULL,
  required_professions jsonb_text NOT NULL,
  active boolean NOT NULL,
  version bigint NOT NULL,
  created_at timestamp_with_timezone_text NOT NULL,
  updated_at timestamp_with_timezone_text NOT NULL,
  CONSTRAINT service_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT service_company_fkey FOREIGN KEY (tenant_id) REFERENCES company (tenant_id),
  CONSTRAINT service_modality_check CHECK (modality IN ('in_person', 'telehealth', 'home')),
  CONSTRAINT service_duration_check CHECK (duration_minutes BETWEEN 1 AND 1440),
  CONSTRAINT service_price_check CHECK ((price_amount IS NULL) = (price_currency IS NULL))
);
CREATE INDEX service_by_name ON service (tenant_id, sort_text, id);
CREATE TABLE session (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  membership_id uuid_text NOT NULL,
  account_id uuid_text NOT NULL,
  ip text,
  user_agent text,
  created_at timestamp_with_timezone_text NOT NULL,
  last_seen_at timestamp_with_timezone_text NOT NULL,
  expires_at timestamp_with_timezone_text NOT NULL,
  ended_at timestamp_with_timezone_text,
  ending text,
  version bigint NOT NULL, hold text CONSTRAINT session_hold_check CHECK (hold IN ('second_factor')), factor_proved_at timestamp_with_timezone_text,
  CONSTRAINT session_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT session_membership_fkey FOREIGN KEY (tenant_id, membership_id) REFERENCES membership (tenant_id, id),
  CONSTRAINT session_ending_check CHECK ((ended_at IS NULL) = (ending IS NULL))
);
CREATE INDEX session_of_account ON session (account_id);
CREATE INDEX session_of_membership ON session (tenant_id, membership_id);
CREATE TABLE sign_in_failure (
  key blob NOT NULL,
  count bigint NOT NULL,
  last_at timestamp_with_timezone_text NOT NULL,
  CONSTRAINT sign_in_failure_pkey PRIMARY KEY (key)
);
CREATE TABLE signed_token (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  account_id uuid_text NOT NULL,
  purpose text NOT NULL,
  hash blob NOT NULL,
  expires_at timestamp_with_timezone_text NOT NULL,
  used_at timestamp_with_timezone_text,
  CONSTRAINT signed_token_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT signed_token_hash_unique UNIQUE (hash),
  CONSTRAINT signed_token_account_fkey FOREIGN KEY (account_id) REFERENCES account (id)
);
CREATE INDEX signed_token_of_account ON signed_token (account_id, purpose);
CREATE TABLE signing_key (
  id uuid_text NOT NULL,
  number integer NOT NULL,
  sealed blob NOT NULL,
  created_at timestamp_with_timezone_text NOT NULL,
  CONSTRAINT signing_key_pkey PRIMARY KEY (id),
  CONSTRAINT signing_key_number_unique UNIQUE (number)
);
CREATE TABLE tag (
  tenant_id uuid_text NOT NULL,
  id uuid_text NOT NULL,
  name text NOT NULL,
  key text COLLATE BINARY NOT NULL,
  colour text,
  version bigint NOT NULL,
  created_at timestamp_with_timezone_text NOT NULL,
  CONSTRAINT tag_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT tag_colour_check CHECK (length(colour) = 7)
);
CREATE UNIQUE INDEX tag_key_unique ON tag (tenant_id, key);
CREATE TABLE totp (
  id uuid_text NOT NULL,
  account_id uuid_text NOT NULL,
  sealed blob NOT NULL,
  confirmed_at timestamp_with_timezone_text,
  last_step bigint,
  created_at timestamp_with_timezone_text NOT NULL,
  version bigint NOT NULL,
  CONSTRAINT totp_pkey PRIMARY KEY (id),
  CONSTRAINT totp_account_unique UNIQUE (account_id),
  CONSTRAINT totp_account_fkey FOREIGN KEY (account_id) REFERENCES account (id),
  CONSTRAINT totp_step_check CHECK (confirmed_at IS NULL OR last_step IS NOT NULL)
);
