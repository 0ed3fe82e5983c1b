//! [`Spec`], what is known of a tensor before it is computed, and [`SpecError`], why an operation refuses its inputs.

use core::error::Error;
use core::fmt;

use crate::{DType, Shape};

/// Shape and number format of a tensor: all that an operation's validity depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Spec {
    /// The extents.
    pub shape: Shape,
    /// The number format.
    pub dtype: DType,
}

impl Spec {
    /// A tensor of the backend's elements.
    #[must_use]
    pub fn elem(shape: impl Into<Shape>) -> Self {
        Self { shape: shape.into(), dtype: DType::Elem }
    }

    /// A tensor of whole numbers.
    #[must_use]
    pub fn index(shape: impl Into<Shape>) -> Self {
        Self { shape: shape.into(), dtype: DType::Index }
    }

    /// The same format in another shape.
    #[inline]
    #[must_use]
    pub fn reshaped(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }

    /// The same shape in another format.
    #[inline]
    #[must_use]
    pub fn cast(self, dtype: DType) -> Self {
        Self { dtype, ..self }
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dtype {
            DType::Elem => write!(f, "{}", self.shape),
            dtype => write!(f, "{dtype}{}", self.shape),
        }
    }
}

/// Why an operation refuses its inputs: the operation's name and the fact that stands against it.
///
/// ```
/// use autodiff_core::{Spec, SpecError};
/// let error = SpecError::shapes("matmul", "the inner extents differ", &Spec::elem([2, 3]), &Spec::elem([4, 5]));
/// assert_eq!(error.to_string(), "matmul: the inner extents differ: [2, 3] and [4, 5]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpecError {
    /// The operation that was asked for.
    pub op: &'static str,
    /// What stands against it.
    pub fault: Fault,
}

/// The fact that makes an operation impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Another number of inputs.
    Arity {
        /// How many the operation takes.
        expected: usize,
        /// How many it was given.
        found: usize,
    },
    /// An input in a number format that the operation does not take.
    DType {
        /// Which input.
        arg: usize,
        /// What is taken there.
        expected: &'static str,
        /// What was found.
        found: DType,
    },
    /// One input that does not fit.
    Shape {
        /// The rule that it breaks.
        why: &'static str,
        /// The input.
        found: Spec,
    },
    /// Two shapes that do not fit each other.
    Shapes {
        /// The rule that they break.
        why: &'static str,
        /// The first input, or what was found.
        left: Spec,
        /// The second input, or what was asked for.
        right: Spec,
    },
    /// An axis that the tensor does not have.
    Axis {
        /// The axis asked for; negative counts from the end.
        axis: isize,
        /// The tensor's shape.
        shape: Shape,
    },
    /// More elements than can be counted.
    TooLarge {
        /// The shape of the result.
        shape: Shape,
    },
}

impl SpecError {
    /// One input's shape breaks a rule.
    #[must_use]
    pub fn shape(op: &'static str, why: &'static str, found: &Spec) -> Self {
        Self { op, fault: Fault::Shape { why, found: *found } }
    }

    /// Two shapes break a rule together.
    #[must_use]
    pub fn shapes(op: &'static str, why: &'static str, left: &Spec, right: &Spec) -> Self {
        Self { op, fault: Fault::Shapes { why, left: *left, right: *right } }
    }

    /// An axis that `shape` does not have.
    #[inline]
    #[must_use]
    pub fn axis(op: &'static str, axis: isize, shape: &Shape) -> Self {
        Self { op, fault: Fault::Axis { axis, shape: *shape } }
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.op)?;
        match &self.fault {
            Fault::Arity { expected, found } => write!(f, "takes {expected} inputs, {found} given"),
            Fault::DType { arg, expected, found } => write!(f, "input {arg} must be {expected}, found {found}"),
            Fault::Shape { why, found } => write!(f, "{why}: {found}"),
            Fault::Shapes { why, left, right } => write!(f, "{why}: {left} and {right}"),
            Fault::Axis { axis, shape } => write!(f, "axis {axis} is out of range for shape {shape}"),
            Fault::TooLarge { shape } => write!(f, "a result of shape {shape} has too many elements"),
        }
    }
}

impl Error for SpecError {}

/// Exactly `N` inputs, or the error that says how many there were.
///
/// # Errors
/// When `inputs` has another length.
#[inline]
pub fn arity<'a, const N: usize>(op: &'static str, inputs: &'a [Spec]) -> Result<&'a [Spec; N], SpecError> {
    inputs.try_into().map_err(|_| SpecError { op, fault: Fault::Arity { expected: N, found: inputs.len() } })
}

/// Input `arg` must be floating-point.
///
/// # Errors
/// When it holds indices.
#[inline]
pub fn float(op: &'static str, arg: usize, spec: &Spec) -> Result<(), SpecError> {
    if spec.dtype.is_float() {
        return Ok(());
    }
    Err(SpecError { op, fault: Fault::DType { arg, expected: "floating-point", found: spec.dtype } })
}

/// Input `arg` must be indices.
///
/// # Errors
/// When it is floating-point.
#[inline]
pub fn index(op: &'static str, arg: usize, spec: &Spec) -> Result<(), SpecError> {
    if spec.dtype == DType::Index {
        return Ok(());
    }
    Err(SpecError { op, fault: Fault::DType { arg, expected: "index", found: spec.dtype } })
}

/// Both inputs must have the same shape and format.
///
/// # Errors
/// When they differ.
#[inline]
pub fn equal(op: &'static str, left: &Spec, right: &Spec) -> Result<(), SpecError> {
    if left.dtype != right.dtype {
        return Err(SpecError::shapes(op, "the number formats differ", left, right));
    }
    if left.shape != right.shape {
        return Err(SpecError::shapes(op, "the shapes differ", left, right));
    }
    Ok(())
}

/// The axis that `axis` names in a tensor of this shape, where a negative one counts from the end.
///
/// # Errors
/// When there is no such axis.
pub fn axis(op: &'static str, axis: isize, shape: &Shape) -> Result<usize, SpecError> {
    let found = if axis < 0 { axis + shape.rank().cast_signed() } else { axis };
    usize::try_from(found).ok().filter(|&found| found < shape.rank()).ok_or_else(|| SpecError::axis(op, axis, shape))
}

/// An attribute's axis must exist.
pub(crate) fn has_axis(op: &'static str, axis: usize, shape: &Shape) -> Result<(), SpecError> {
    if axis < shape.rank() { Ok(()) } else { Err(SpecError::axis(op, axis.cast_signed(), shape)) }
}
