//! Operations about this server itself.

pub mod check_liveness;
pub mod check_readiness;
pub mod show_docs;
pub mod show_metrics;
pub mod show_openapi;
pub mod show_page;
pub mod show_problem;
