//! [`StepError`]: why a compiled step, or inference, could not be run.

use core::error::Error;
use core::fmt;

use alloc::boxed::Box;

/// Why a compiled step, or inference, could not be run: an index in the batch is out of range, for example.
#[derive(Debug)]
pub struct StepError(Box<dyn Error>);

impl StepError {
    pub(crate) fn new(source: impl Error + 'static) -> Self {
        Self(Box::new(source))
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the compiled list failed: {}", self.0)
    }
}

impl Error for StepError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.0.as_ref())
    }
}
