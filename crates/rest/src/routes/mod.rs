//! The routes table: one line per operation. A route that is not here does not exist.

use std::sync::LazyLock;

use crate::operation::Entry;
use crate::routes;

pub mod identity;
pub mod patients;
pub mod scheduling;
pub mod system;

static TABLE: LazyLock<Vec<Entry>> = LazyLock::new(table);

/// Every operation of the API, in the order of the table.
pub fn operations() -> &'static [Entry] {
    &TABLE
}

#[rustfmt::skip]
#[expect(clippy::too_many_lines, reason = "a line per operation")]
pub(crate) fn table() -> Vec<Entry> {
    routes! {
        system: [
            GET "/health/live" => system::check_liveness::check_liveness,
            GET "/health/ready" => system::check_readiness::check_readiness,
            GET "/docs" => system::show_docs::find_docs,
            GET "/docs/" => system::show_docs::show_docs,
            GET "/docs/{file}" => system::show_docs::show_docs_file,
            GET "/metrics" => system::show_metrics::show_metrics,
            GET "/openapi.json" => system::show_openapi::show_openapi,
            GET "/problems/{code}" => system::show_problem::show_problem,
            GET "/verify-email" => system::show_page::show_email_verification,
            GET "/reset-password" => system::show_page::show_password_reset,
            GET "/accept-invitation" => system::show_page::show_invitation_acceptance,
            GET "/pages/{page_file}" => system::show_page::show_page_file,
        ]
        identity: [
            GET "/.well-known/jwks.json" => identity::show_signing_keys::show_signing_keys,
            POST "/api/v1/auth/sign-up" => identity::sign_up::sign_up,
            POST "/api/v1/auth/sign-in" => identity::sign_in::sign_in,
            POST "/api/v1/auth/refresh" => identity::refresh_session::refresh_session,
            POST "/api/v1/auth/sign-out" => identity::sign_out::sign_out,
            POST "/api/v1/auth/email/verify" => identity::verify_email::verify_email,
            POST "/api/v1/auth/email/verification" => identity::send_verification::send_verification,
            POST "/api/v1/auth/password/forgot" => identity::forgot_password::forgot_password,
            POST "/api/v1/auth/password/reset" => identity::reset_password::reset_password,
            POST "/api/v1/auth/password/change" => identity::change_password::change_password,
            GET "/api/v1/auth/sessions" => identity::list_sessions::list_sessions,
            DELETE "/api/v1/auth/sessions/{session_id}" => identity::revoke_session::revoke_session,
            POST "/api/v1/auth/switch-company" => identity::switch_company::switch_company,
            POST "/api/v1/companies" => identity::found_company::found_company,
            GET "/api/v1/auth/me" => identity::get_me::get_me,
            PATCH "/api/v1/auth/me" => identity::update_me::update_me,
            POST "/api/v1/auth/totp" => identity::begin_totp::begin_totp,
            DELETE "/api/v1/auth/totp" => identity::disable_totp::disable_totp,
            POST "/api/v1/auth/totp/confirm" => identity::confirm_totp::confirm_totp,
            GET "/api/v1/auth/oidc/providers" => identity::list_oidc_providers::list_oidc_providers,
            GET "/api/v1/auth/oidc/{provider}/start" => identity::start_oidc_sign_in::start_oidc_sign_in,
            GET "/api/v1/auth/oidc/{provider}/callback" => identity::finish_oidc_sign_in::finish_oidc_sign_in,
            POST "/api/v1/auth/oidc/{provider}/callback" => identity::post_oidc_sign_in::post_oidc_sign_in,
            POST "/api/v1/auth/oidc/exchange" => identity::exchange_oidc_code::exchange_oidc_code,
            GET "/api/v1/api-keys" => identity::list_api_keys::list_api_keys,
            POST "/api/v1/api-keys" => identity::create_api_key::create_api_key,
            DELETE "/api/v1/api-keys/{api_key_id}" => identity::revoke_api_key::revoke_api_key,
            GET "/api/v1/roles" => identity::list_roles::list_roles,
            GET "/api/v1/users" => identity::list_users::list_users,
            GET "/api/v1/users/{user_id}" => identity::read_user::read_user,
            PATCH "/api/v1/users/{user_id}" => identity::update_user::update_user,
            POST "/api/v1/users/{user_id}/deactivate" => identity::deactivate_user::deactivate_user,
            POST "/api/v1/users/{user_id}/activate" => identity::activate_user::activate_user,
            GET "/api/v1/invitations" => identity::list_invitations::list_invitations,
            POST "/api/v1/invitations" => identity::create_invitation::create_invitation,
            POST "/api/v1/invitations/accept" => identity::accept_invitation::accept_invitation,
            DELETE "/api/v1/invitations/{invitation_id}" => identity::delete_invitation::delete_invitation,
            GET "/api/v1/company" => identity::read_company::read_company,
            PATCH "/api/v1/company" => identity::update_company::update_company,
            GET "/api/v1/clinics" => identity::list_clinics::list_clinics,
            POST "/api/v1/clinics" => identity::create_clinic::create_clinic,
            GET "/api/v1/clinics/{clinic_id}" => identity::read_clinic::read_clinic,
            PATCH "/api/v1/clinics/{clinic_id}" => identity::update_clinic::update_clinic,
            GET "/api/v1/settings" => identity::read_settings::read_settings,
            PATCH "/api/v1/settings" => identity::update_settings::update_settings,
            GET "/api/v1/audit" => identity::list_audit::list_audit,
            GET "/api/v1/audit/verify" => identity::verify_audit::verify_audit,
            GET "/api/v1/access-log" => identity::list_access_log::list_access_log,
            GET "/api/v1/jobs/dead" => identity::list_dead_jobs::list_dead_jobs,
            POST "/api/v1/jobs/{job_id}/replay" => identity::replay_job::replay_job,
        ]
        patients: [
            GET "/api/v1/patients" => patients::list_patients::list_patients,
            POST "/api/v1/patients" => patients::create_patient::create_patient,
            GET "/api/v1/patients/stats" => patients::read_patient_stats::read_patient_stats,
            GET "/api/v1/patients/export" => patients::export_patients::export_patients,
            GET "/api/v1/patients/{patient_id}" => patients::read_patient::read_patient,
            PATCH "/api/v1/patients/{patient_id}" => patients::update_patient::update_patient,
            DELETE "/api/v1/patients/{patient_id}" => patients::archive_patient::archive_patient,
            POST "/api/v1/patients/{patient_id}/restore" => patients::restore_patient::restore_patient,
            POST "/api/v1/patients/{patient_id}/merge" => patients::merge_patients::merge_patients,
            POST "/api/v1/merges/{merge_id}/undo" => patients::undo_merge::undo_merge,
            GET "/api/v1/patients/{patient_id}/links" => patients::list_links::list_patient_links,
            POST "/api/v1/patients/{patient_id}/links" => patients::create_link::create_patient_link,
            DELETE "/api/v1/patients/{patient_id}/links/{link_id}" => patients::delete_link::delete_patient_link,
            GET "/api/v1/patients/{patient_id}/profile" => patients::read_profile::read_patient_profile,
            GET "/api/v1/patients/{patient_id}/timeline" => patients::read_timeline::read_patient_timeline,
            GET "/api/v1/tags" => patients::list_tags::list_tags,
            POST "/api/v1/tags" => patients::create_tag::create_tag,
            DELETE "/api/v1/tags/{tag_id}" => patients::delete_tag::delete_tag,
            GET "/api/v1/imports" => patients::list_imports::list_imports,
            POST "/api/v1/imports" => patients::create_import::create_import,
            GET "/api/v1/imports/{import_id}" => patients::read_import::read_import,
            GET "/api/v1/imports/{import_id}/rows" => patients::list_import_rows::list_import_rows,
            GET "/api/v1/imports/{import_id}/file" => patients::read_import_file::read_import_file,
            POST "/api/v1/imports/{import_id}/rollback" => patients::roll_back_import::roll_back_import,
            POST "/api/v1/patients/match" => patients::match_patient::match_patient,
            GET "/api/v1/patients/duplicates" => patients::list_duplicates::list_duplicates,
        ]
        scheduling: [
            GET "/api/v1/services" => scheduling::list_services::list_services,
            POST "/api/v1/services" => scheduling::create_service::create_service,
            GET "/api/v1/services/{service_id}" => scheduling::read_service::read_service,
            PATCH "/api/v1/services/{service_id}" => scheduling::update_service::update_service,
            GET "/api/v1/practitioners" => scheduling::list_practitioners::list_practitioners,
            POST "/api/v1/practitioners" => scheduling::create_practitioner::create_practitioner,
            GET "/api/v1/practitioners/{practitioner_id}" => scheduling::read_practitioner::read_practitioner,
            PATCH "/api/v1/practitioners/{practitioner_id}" => scheduling::update_practitioner::update_practitioner,
            GET "/api/v1/availability/{practitioner_id}" => scheduling::read_availability::read_availability,
            PUT "/api/v1/availability/{practitioner_id}" => scheduling::replace_availability::replace_availability,
            GET "/api/v1/availability/{practitioner_id}/exceptions" => scheduling::list_exceptions::list_exceptions,
            POST "/api/v1/availability/{practitioner_id}/exceptions" => scheduling::create_exception::create_exception,
            DELETE "/api/v1/availability/{practitioner_id}/exceptions/{exception_id}" => scheduling::delete_exception::delete_exception,
            GET "/api/v1/slots" => scheduling::list_slots::list_slots,
            GET "/api/v1/slots/explain" => scheduling::explain_slot::explain_slot,
            GET "/api/v1/appointments" => scheduling::list_appointments::list_appointments,
            POST "/api/v1/appointments" => scheduling::create_appointment::create_appointment,
            GET "/api/v1/appointments/{appointment_id}" => scheduling::read_appointment::read_appointment,
            GET "/api/v1/appointments/{appointment_id}/history" => scheduling::read_appointment_history::read_appointment_history,
            POST "/api/v1/appointments/{appointment_id}/confirm" => scheduling::confirm_appointment::confirm_appointment,
            POST "/api/v1/appointments/{appointment_id}/cancel" => scheduling::cancel_appointment::cancel_appointment,
        ]
    }
}
