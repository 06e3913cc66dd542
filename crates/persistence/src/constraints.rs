//! Constraint names are API: the one table from a name to how SQLite says it. PostgreSQL always names its constraint; SQLite
//! names checks and what a trigger raises, lists the columns of a unique key, and does not name foreign keys at all.

/// Any foreign key, on either database: SQLite does not say which.
pub const FOREIGN_KEY: &str = "foreign_key";

/// A named constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Constraint {
    /// Its name on both databases.
    pub name: &'static str,
    /// A unique key as SQLite lists it: `table.column, table.column`; empty for checks and triggers.
    pub columns: &'static str,
}

const fn unique(name: &'static str, columns: &'static str) -> Constraint {
    Constraint { name, columns }
}

const fn named(name: &'static str) -> Constraint {
    Constraint { name, columns: "" }
}

/// All constraints that a store may meet, by context.
pub const CONSTRAINTS: &[Constraint] = &[
    // Foundation.
    unique("journal_entry_pkey", "journal_entry.tenant_id, journal_entry.id"),
    unique("journal_change_pkey", "journal_change.tenant_id, journal_change.id"),
    unique("journal_link_pkey", "journal_link.tenant_id, journal_link.position"),
    unique("journal_link_entry_once", "journal_link.tenant_id, journal_link.entry_id"),
    named("journal_link_position_check"),
    unique("event_pkey", "event.tenant_id, event.id"),
    unique("event_position_pkey", "event_position.tenant_id, event_position.position"),
    unique("event_position_event_once", "event_position.tenant_id, event_position.event_id"),
    named("event_position_position_check"),
    unique("consumed_event_pkey", "consumed_event.tenant_id, consumed_event.consumer, consumed_event.event_id"),
    unique("job_pkey", "job.tenant_id, job.id"),
    named("job_status_check"),
    named("job_lease_check"),
    unique("idempotency_pkey", "idempotency.tenant_id, idempotency.id"),
    unique("sequencer_horizon_pkey", "sequencer_horizon.stream"),
    named("sequencer_horizon_stream_check"),
    unique("access_log_pkey", "access_log.tenant_id, access_log.id"),
    named("append_only"),
    unique("data_key_pkey", "data_key.tenant_id, data_key.id"),
    unique("chain_key_pkey", "chain_key.tenant_id, chain_key.id"),
    named("chain_key_is_its_tenants"),
    // Identity.
    unique("company_pkey", "company.tenant_id, company.id"),
    unique("company_tenant_once", "company.tenant_id"),
    named("company_is_its_tenant"),
    unique("clinic_pkey", "clinic.tenant_id, clinic.id"),
    unique("account_pkey", "account.id"),
    unique("account_email_unique", "account.email"),
    unique("membership_pkey", "membership.tenant_id, membership.id"),
    unique("membership_account_unique", "membership.tenant_id, membership.account_id"),
    named("membership_status_check"),
    unique(
        "membership_clinic_pkey",
        "membership_clinic.tenant_id, membership_clinic.membership_id, membership_clinic.clinic_id",
    ),
    unique("session_pkey", "session.tenant_id, session.id"),
    named("session_ending_check"),
    unique("refresh_token_pkey", "refresh_token.tenant_id, refresh_token.id"),
    unique("refresh_token_hash_unique", "refresh_token.hash"),
    named("refresh_token_successor_check"),
    unique("company_settings_pkey", "company_settings.tenant_id"),
    named("company_settings_idle_check"),
    unique("invitation_pkey", "invitation.tenant_id, invitation.id"),
    unique("invitation_hash_unique", "invitation.hash"),
    unique("invitation_open_once", "invitation.tenant_id, invitation.email"),
    named("invitation_ending_check"),
    named("invitation_accepted_check"),
    unique("signed_token_pkey", "signed_token.tenant_id, signed_token.id"),
    unique("signed_token_hash_unique", "signed_token.hash"),
    named("session_hold_check"),
    unique("totp_pkey", "totp.id"),
    unique("totp_account_unique", "totp.account_id"),
    named("totp_step_check"),
    unique("recovery_code_pkey", "recovery_code.account_id, recovery_code.hash"),
    unique("sign_in_failure_pkey", "sign_in_failure.key"),
    unique("signing_key_pkey", "signing_key.id"),
    unique("signing_key_number_unique", "signing_key.number"),
    unique("mail_pkey", "mail.tenant_id, mail.id"),
    unique("api_key_pkey", "api_key.tenant_id, api_key.id"),
    unique("api_key_hash_unique", "api_key.hash"),
    named("api_key_scope_check"),
    unique("oidc_flow_pkey", "oidc_flow.id"),
    unique("oidc_flow_state_unique", "oidc_flow.state_hash"),
    unique("oidc_grant_pkey", "oidc_grant.id"),
    unique("oidc_grant_hash_unique", "oidc_grant.hash"),
    named("oidc_grant_stage_check"),
    unique("oidc_link_pkey", "oidc_link.id"),
    unique("oidc_link_subject_unique", "oidc_link.issuer, oidc_link.subject"),
    unique("oidc_link_account_unique", "oidc_link.account_id, oidc_link.provider"),
    // Patients.
    unique("patient_pkey", "patient.tenant_id, patient.id"),
    named("patient_stage_check"),
    named("patient_sex_check"),
    named("patient_version_check"),
    unique(
        "patient_identifier_pkey",
        "patient_identifier.tenant_id, patient_identifier.patient_id, patient_identifier.ordinal",
    ),
    unique(
        "patient_identifier_unique",
        "patient_identifier.tenant_id, patient_identifier.kind, patient_identifier.value",
    ),
    named("patient_identifier_kind_check"),
    named("patient_identifier_status_check"),
    unique("patient_contact_pkey", "patient_contact.tenant_id, patient_contact.patient_id, patient_contact.ordinal"),
    named("patient_contact_kind_check"),
    named("patient_merged_check"),
    named("patient_identifier_standing_check"),
    unique("patient_merge_pkey", "patient_merge.tenant_id, patient_merge.id"),
    unique("patient_merge_source_once", "patient_merge.tenant_id, patient_merge.source_id"),
    named("patient_merge_apart_check"),
    unique("patient_link_pkey", "patient_link.tenant_id, patient_link.id"),
    unique(
        "patient_facet_pkey",
        "patient_facet.tenant_id, patient_facet.patient_id, patient_facet.kind, patient_facet.value",
    ),
    named("patient_facet_kind_check"),
    unique("patient_place_pkey", "patient_place.tenant_id, patient_place.patient_id, patient_place.ordinal"),
    unique("patient_attendance_pkey", "patient_attendance.tenant_id, patient_attendance.patient_id"),
    named("patient_link_kind_check"),
    named("patient_link_period_check"),
    named("patient_link_no_overlap"),
    unique("patient_statistic_pkey", "patient_statistic.tenant_id, patient_statistic.facet"),
    unique("patient_statistic_delta_pkey", "patient_statistic_delta.tenant_id, patient_statistic_delta.id"),
    named("patient_statistic_delta_weight_check"),
    unique("tag_pkey", "tag.tenant_id, tag.id"),
    unique("tag_key_unique", "tag.tenant_id, tag.key"),
    named("tag_colour_check"),
    unique(
        "patient_match_key_pkey",
        "patient_match_key.tenant_id, patient_match_key.patient_id, patient_match_key.key",
    ),
    unique("patient_match_due_pkey", "patient_match_due.tenant_id, patient_match_due.id"),
    unique(
        "patient_duplicate_pkey",
        "patient_duplicate.tenant_id, patient_duplicate.first_id, patient_duplicate.second_id",
    ),
    named("patient_duplicate_order_check"),
    named("patient_duplicate_grade_check"),
    unique("import_pkey", "import.tenant_id, import.id"),
    unique("import_running_once", "import.tenant_id, import.kind, import.sha256, import.dry_run"),
    named("import_kind_check"),
    named("import_status_check"),
    unique("import_row_pkey", "import_row.tenant_id, import_row.id"),
    unique("import_row_once", "import_row.tenant_id, import_row.import_id, import_row.line"),
    named("import_row_outcome_check"),
    unique(
        "external_reference_pkey",
        "external_reference.tenant_id, external_reference.kind, external_reference.namespace, external_reference.value",
    ),
    named("external_reference_record_check"),
    // Scheduling.
    unique("service_pkey", "service.tenant_id, service.id"),
    named("service_modality_check"),
    named("service_duration_check"),
    named("service_price_check"),
    unique("practitioner_pkey", "practitioner.tenant_id, practitioner.id"),
    unique(
        "practitioner_service_pkey",
        "practitioner_service.tenant_id, practitioner_service.practitioner_id, practitioner_service.service_id",
    ),
    unique(
        "practitioner_clinic_pkey",
        "practitioner_clinic.tenant_id, practitioner_clinic.practitioner_id, practitioner_clinic.clinic_id",
    ),
    unique("schedule_pkey", "schedule.tenant_id, schedule.id"),
    named("schedule_period_check"),
    unique("schedule_exception_pkey", "schedule_exception.tenant_id, schedule_exception.id"),
    named("schedule_exception_kind_check"),
    unique("appointment_pkey", "appointment.tenant_id, appointment.id"),
    named("appointment_interval_check"),
    named("appointment_status_check"),
    named("appointment_cancellation_check"),
    unique("busy_pkey", "busy.tenant_id, busy.appointment_id, busy.resource_id"),
    unique("busy_seat_once", "busy.tenant_id, busy.resource_id, busy.session_id, busy.seat"),
    named("busy_no_overlap"),
    named("busy_seat_check"),
    named("busy_span_check"),
    named("busy_length_check"),
];

/// The constraint of this name.
pub fn by_name(name: &str) -> Option<&'static str> {
    CONSTRAINTS.iter().find(|c| c.name == name).map(|c| c.name)
}

/// The unique key over these columns, as SQLite lists them.
pub fn by_columns(columns: &str) -> Option<&'static str> {
    CONSTRAINTS.iter().find(|c| !c.columns.is_empty() && c.columns == columns).map(|c| c.name)
}
