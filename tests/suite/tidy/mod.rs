//! Conventions that no compiler checks. An exception is a line in a list, with its reason, and the lists are sorted.

mod arrows;
mod exceptions;
mod layout;
mod rules;
mod sealed;
mod tree;
