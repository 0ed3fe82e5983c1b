//! [`Failure`]: which property does not hold, and where.

use core::fmt;

use alloc::string::String;

/// What a property returns.
pub type Outcome = Result<(), Failure>;

/// A property that a backend does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The property, by the name of its function.
    pub property: &'static str,
    /// The device, which says what backend it is of.
    pub device: String,
    /// The operation with its attributes, the shapes and layouts of its inputs, or the program.
    pub op: String,
    /// The place in the result, in row-major order.
    pub place: usize,
    /// What the backend answered there.
    pub found: String,
    /// What it should have answered.
    pub expected: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { property, device, op, place, found, expected } = self;
        write!(f, "{property} on {device}: {op}: found {found} in place {place}, expected {expected}")
    }
}

impl core::error::Error for Failure {}
