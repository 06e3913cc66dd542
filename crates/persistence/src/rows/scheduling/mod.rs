//! The rows of scheduling.

pub mod appointment;
pub mod busy;
pub mod practitioner;
pub mod practitioner_clinic;
pub mod practitioner_service;
pub mod schedule;
pub mod schedule_exception;
pub mod service;

use kernel::StoreError;
use sea_orm::JsonValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn to_json<T: Serialize>(value: &T) -> Result<JsonValue, StoreError> {
    serde_json::to_value(value).map_err(StoreError::broken)
}

/// Reads a stored part. The cause stays behind, because it would quote the value.
fn from_json<T: DeserializeOwned>(json: JsonValue) -> Result<T, StoreError> {
    serde_json::from_value(json).ok().ok_or_else(unreadable)
}

pub(crate) fn unreadable() -> StoreError {
    StoreError::broken("a row of scheduling cannot be read")
}
