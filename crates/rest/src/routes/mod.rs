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
        ]
        identity: [
            GET "/.well-known/jwks.json" => identity::show_signing_keys::show_signing_keys,
            POST "/api/v1/auth/sign-up" => identity::sign_up::sign_up,
            POST "/api/v1/auth/sign-in" => identity::sign_in::sign_in,
            POST "/api/v1/auth/refresh" => identity::refresh_session::refresh_session,
            POST "/api/v1/auth/sign-out" => identity::sign_out::sign_out,
            POST "/api/v1/auth/email/verify" => identity::verify_email::verify_email,
            GET "/api/v1/auth/me" => identity::get_me::get_me,
            GET "/api/v1/roles" => identity::list_roles::list_roles,
            GET "/api/v1/clinics" => identity::list_clinics::list_clinics,
        ]
        patients: [
            GET "/api/v1/patients" => patients::list_patients::list_patients,
            POST "/api/v1/patients" => patients::create_patient::create_patient,
            GET "/api/v1/patients/{patient_id}" => patients::read_patient::read_patient,
            PATCH "/api/v1/patients/{patient_id}" => patients::update_patient::update_patient,
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
