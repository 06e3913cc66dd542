//! What a store promises on both databases: named constraints, rollback, an audit that only grows, secrets at rest.

mod accounts;
mod audit;
mod constraints;
mod data_keys;
mod rotation;
mod secrets;
