#![doc = include_str!("../README.md")]

extern crate self as rest;

pub mod access;
pub mod address;
pub mod answer;
pub mod authentication;
pub mod body;
pub mod catalogue;
pub mod conditions;
pub mod cookies;
pub mod cursors;
pub mod docs;
pub mod download;
pub mod fault;
pub mod from_json;
pub mod from_text;
mod gate;
pub mod guard;
pub mod health;
pub mod idempotency;
pub mod json;
pub mod language;
pub mod limits;
pub mod maybe_caller;
pub mod metrics;
mod middleware;
pub mod openapi;
pub mod operation;
mod pages;
pub mod params;
pub mod path;
pub mod problem;
pub mod redirect;
pub mod routes;
pub mod schema;
pub mod server;
pub mod settings;
pub mod state;
pub mod traces;
pub mod upload;
pub mod wire;

pub use access::{Operator, Own, Public};
pub use answer::{Accepted, Changed, Created, NoContent, Read, Versioned, Wire};
pub use body::{Body, MaybeBody};
pub use conditions::{IfMatch, MaybeIfMatch};
pub use from_json::{Ask, FromJson, Patch};
pub use from_text::FromText;
pub use guard::Guard;
pub use operation::Entry;
pub use params::{FromQuery, PageParams, Params};
pub use path::{Id, LinkId, UserId};
pub use problem::Problem;
pub use rest_derive::{FromJson, FromQuery, operation};
pub use routes::operations;
pub use server::{app, serve};
pub use settings::Settings;
pub use state::{Env, Ports, State};

#[cfg(test)]
mod tests;
