//! Finding records of one person (PT6): blocks, comparison, score and grade, all pure.
//!
//! Two records are compared when they share a block ([`keys`]); what the comparison finds is weighed by a published table
//! ([`weights`]), and the sum earns a grade within rules that keep twins and households apart ([`score`]). Nothing merges by
//! itself, whatever the grade.

pub mod duplicate;
pub mod keys;
mod names;
pub mod score;
mod sound;
pub mod traits;
pub mod weights;

pub use duplicate::{Candidate, DuplicatePair, FoundPair, MOST_MATCHES, Match, best_matches};
pub use keys::{MOST_KEYS, MatchKey};
pub use score::{Grade, Likeness};
pub use traits::{TraitSource, Traits};
pub use weights::{Finding, WEIGHTS, Weight};

#[cfg(test)]
mod tests;
