//! [`RunError`]: why a plan could not run, or could not finish.

use core::error::Error;
use core::fmt;

use autodiff_core::DType;

use crate::kernels::IndexError;

/// Why a plan did not run to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunError {
    /// Another number of inputs.
    Inputs {
        /// How many the plan takes.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// Another number of outputs.
    Outputs {
        /// How many the plan writes.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// An input of another length or format.
    Input {
        /// Which one.
        place: usize,
        /// What the plan reads.
        expected: Amount,
        /// What was given.
        found: Amount,
    },
    /// An output of another length or format.
    Output {
        /// Which one.
        place: usize,
        /// What the plan writes.
        expected: Amount,
        /// What was given.
        found: Amount,
    },
    /// Too little room for the values in between.
    Workspace {
        /// What the plan needs at least.
        expected: Amount,
        /// What was given.
        found: Amount,
    },
    /// A value that does not stay in the workspace between two runs.
    NotKept {
        /// Whether it is an input, and not an output.
        input: bool,
        /// Which one.
        place: usize,
    },
    /// A value that stays there, of another length or format.
    Kept {
        /// What it is.
        expected: Amount,
        /// What was given.
        found: Amount,
    },
    /// A position, found in the data, that does not exist. Outputs hold nothing of meaning then, inputs that are kept what
    /// they were.
    Index {
        /// Which step found it.
        step: usize,
        /// The operation's name.
        op: &'static str,
        /// The position.
        error: IndexError,
    },
}

/// So many numbers of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    /// The format.
    pub dtype: DType,
    /// How many.
    pub len: usize,
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.len, self.dtype)
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inputs { expected, found } => write!(f, "the plan takes {expected} inputs, {found} given"),
            Self::Outputs { expected, found } => write!(f, "the plan writes {expected} outputs, {found} given"),
            Self::Input { place, expected, found } => write!(f, "input {place} is {expected}, {found} given"),
            Self::Output { place, expected, found } => write!(f, "output {place} is {expected}, {found} given"),
            Self::Workspace { expected, found } => write!(f, "the workspace is {expected} at least, {found} given"),
            Self::NotKept { input, place } => {
                write!(f, "{} {place} is not kept from run to run", if *input { "input" } else { "output" })
            }
            Self::Kept { expected, found } => write!(f, "the value is {expected}, {found} given"),
            Self::Index { step, op, error } => write!(f, "step {step}: {op}: {error}"),
        }
    }
}

impl Error for RunError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Index { error, .. } => Some(error),
            _ => None,
        }
    }
}
