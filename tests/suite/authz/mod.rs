//! Who may do what: every operation once with a valid request, every role against it, and how far each role reaches.

mod endpoint_table;
mod exceptions;
mod ids;
mod matrix;
mod privileges;
mod reach;
mod table;

pub use exceptions::{Exception, find, is_sorted};
pub use ids::Ids;
pub use table::{Line, lines};
