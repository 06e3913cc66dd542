//! The stores of each context, implemented on [`crate::SeaTx`].

mod identity;
mod patients;
mod scheduling;

pub use identity::mail::CaughtMail;
pub use patients::FOLDED_AT_ONCE;
#[cfg(test)]
pub(crate) use patients::drivers::NOTHING_IS_FEW;
