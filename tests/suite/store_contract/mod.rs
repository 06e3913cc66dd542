//! What a store promises on both databases: named constraints, rollback, an audit that only grows, secrets at rest.

mod audit;
mod constraints;
mod secrets;
