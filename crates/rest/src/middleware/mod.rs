//! What happens to every request, before its route is known and after its answer is.

mod bounds;
mod compression;
mod headers;
mod present;
mod trace;

pub(crate) use bounds::bound;
pub(crate) use compression::{skip_small, strip_identity};
pub(crate) use headers::secure;
pub(crate) use present::present;
pub(crate) use trace::{RequestId, trace};
