//! Cells of tables, and what a column's own values say of how to read them (PT8).

mod cell;
mod dates;
mod numbers;
mod shape;

pub use cell::{Cell, Damage};
pub use dates::{DateOrder, DateText, InvalidDate, read_date};
pub use numbers::{DecimalMark, NumberError, read_number};
pub use shape::ColumnShape;
