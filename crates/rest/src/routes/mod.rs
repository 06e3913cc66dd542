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
        ]
    }
}
