//! [`StepError`]: why a compiled step could not be run.

use core::error::Error;
use core::fmt;

use alloc::boxed::Box;
use alloc::string::String;

use autodiff_core::InputError;

/// Why a compiled step could not be run.
#[derive(Debug)]
#[non_exhaustive]
pub enum StepError {
    /// The batch is not one of those that the step was compiled for.
    Batch(InputError),
    /// Something in the batch that is not a tensor, which the list has fixed, has changed.
    Fixed {
        /// The example that the step was compiled for, tensors shown by their shapes.
        expected: String,
        /// The batch that was given.
        found: String,
    },
    /// The backend could not run the list: an index is out of range, for example.
    Run(Box<dyn Error>),
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Batch(InputError::Count { expected, found }) => {
                write!(f, "the step was compiled for a batch of {expected} tensors, {found} given")
            }
            Self::Batch(InputError::Spec { name, expected, found }) => {
                write!(f, "the step was compiled for `{name}` of shape {expected}, {found} given")
            }
            Self::Batch(other) => write!(f, "the batch does not fit the compiled step: {other}"),
            Self::Fixed { expected, found } => {
                write!(f, "the step was compiled for {expected}, of which only tensors can change: {found} given")
            }
            Self::Run(error) => write!(f, "the compiled step failed: {error}"),
        }
    }
}

impl Error for StepError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Batch(error) => Some(error),
            Self::Fixed { .. } => None,
            Self::Run(error) => Some(error.as_ref()),
        }
    }
}
