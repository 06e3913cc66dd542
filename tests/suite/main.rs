//! The one integration-test binary of Salus.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what went wrong by panicking"
)]

mod api;
mod authz;
mod crash;
mod isolation;
mod migrations;
mod nodes;
mod openapi;
mod outbox;
mod store_contract;
mod support;
mod tidy;
