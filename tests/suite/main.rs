//! The one integration-test binary of Salus.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says what went wrong by panicking")]

mod migrations;
mod support;
mod tidy;
