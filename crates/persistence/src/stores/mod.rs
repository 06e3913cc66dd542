//! The stores of each context, implemented on [`crate::SeaTx`].

mod identity;
mod patients;
mod scheduling;

pub use identity::mail::CaughtMail;
