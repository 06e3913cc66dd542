//! Domain values on the wire: how their texts are read and described, a file per context.

pub mod identity;
pub mod patients;
pub mod scheduling;
pub mod shapes;
