//! Why the demo company was not made.

use std::fmt::Debug;

use thiserror::Error;

/// Why the demo company was not made. What it holds is ours, so there is one kind of failure: this step, for this reason.
#[derive(Debug, Error)]
#[error("the demo company was not made: {step}: {reason}")]
pub struct DemoError {
    step: &'static str,
    reason: String,
}

/// Says at which step something failed.
pub(super) trait At<T> {
    fn at(self, step: &'static str) -> Result<T, DemoError>;
}

impl<T, E: Debug> At<T> for Result<T, E> {
    fn at(self, step: &'static str) -> Result<T, DemoError> {
        self.map_err(|error| DemoError { step, reason: format!("{error:?}") })
    }
}

impl<T> At<T> for Option<T> {
    fn at(self, step: &'static str) -> Result<T, DemoError> {
        self.ok_or_else(|| DemoError { step, reason: "not known".to_owned() })
    }
}
