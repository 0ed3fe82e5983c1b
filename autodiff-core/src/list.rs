//! [`WengertList`]: a computation as a list of assignments, each applying one operation to earlier values.
//!
//! (R. Wengert, *A simple automatic derivative evaluation program*, Communications of the ACM 7(8), 1964.)

mod build;
mod cost;
mod dot;
mod eval;
mod print;
mod reverse;
mod svg;

use core::fmt;

use alloc::string::String;
use alloc::vec::Vec;

use crate::trace::Custom;
use crate::{DataBuf, Element, Primitive, Shared, Spec};

pub use cost::Cost;
pub(crate) use cost::bytes;
#[cfg(feature = "std")]
pub(crate) use cost::{moved, traced_flops};
pub(crate) use eval::Rewrite;
pub use reverse::ReverseList;

/// A value of a [`WengertList`]: the place of its assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Var(u32);

impl Var {
    /// The value assigned in this place.
    ///
    /// # Panics
    /// Above 2^32 - 1 assignments.
    #[must_use]
    pub fn new(place: usize) -> Self {
        match u32::try_from(place) {
            Ok(place) => Self(place),
            Err(_) => panic!("a Wengert list holds 2^32 - 1 assignments, {place} were made"),
        }
    }

    /// The place of the assignment in the list.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A computation as a topologically ordered list of assignments, with named inputs and outputs.
///
/// Made by [`WengertList::trace`] or [`WengertList::new`] from values of [`Trace`](crate::Trace). Equal assignments are
/// merged, and what no output needs is not in it, but for inputs, which stay. Two lists are equal when they compute the
/// same by the same steps under the same names.
#[derive(Clone, Debug, PartialEq)]
pub struct WengertList<E: Element> {
    /// Arguments come before what is computed from them, so that backward is a reverse loop.
    assignments: Vec<Assignment<E>>,
    inputs: Vec<Var>,
    outputs: Vec<(String, Var)>,
}

/// One line of a list: an operation, the values that it is applied to, and what it yields.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment<E: Element> {
    /// What is done.
    pub instruction: Instruction<E>,
    /// To which values.
    pub args: Vec<Var>,
    /// Shape and format of the result.
    pub spec: Spec,
}

/// What an assignment does.
#[derive(Clone, Debug)]
pub enum Instruction<E: Element> {
    /// Takes the input of this name.
    Input(String),
    /// Yields these numbers, the same in every run.
    Data(Shared<DataBuf<E>>),
    /// Applies a primitive.
    Apply(Primitive),
    /// Applies a user's operation.
    Custom(Custom<E>),
}

impl<E: Element> Instruction<E> {
    /// The name of the operation or the input.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Input(name) => name,
            Self::Data(_) => "data",
            Self::Apply(op) => op.name(),
            Self::Custom(op) => crate::Op::name(op),
        }
    }
}

impl<E: Element> PartialEq for Instruction<E> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Input(a), Self::Input(b)) => a == b,
            (Self::Data(a), Self::Data(b)) => a.same_bits(b),
            (Self::Apply(a), Self::Apply(b)) => a == b,
            (Self::Custom(a), Self::Custom(b)) => a == b,
            _ => false,
        }
    }
}

impl<E: Element> WengertList<E> {
    /// The assignments, each after those of its arguments.
    #[must_use]
    pub fn assignments(&self) -> &[Assignment<E>] {
        &self.assignments
    }

    /// The values that are put in, in the order in which they are given.
    #[must_use]
    pub fn inputs(&self) -> &[Var] {
        &self.inputs
    }

    /// The values that come out, with their names.
    #[must_use]
    pub fn outputs(&self) -> &[(String, Var)] {
        &self.outputs
    }

    /// What each value is called when the list is printed: inputs and outputs by their names, constants by their numbers,
    /// the rest `z1, z2, ..`.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        print::Names::new(self).into_inner()
    }

    /// The place of an input among the inputs.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<usize> {
        self.inputs.iter().position(|var| self[*var].instruction.name() == name)
    }

    /// The place of an output among the outputs.
    #[must_use]
    pub fn output(&self, name: &str) -> Option<usize> {
        self.outputs.iter().position(|(own, _)| own == name)
    }
}

impl<E: Element> core::ops::Index<Var> for WengertList<E> {
    type Output = Assignment<E>;
    fn index(&self, var: Var) -> &Assignment<E> {
        &self.assignments[var.index()]
    }
}

/// Why a list cannot be evaluated on what it was given.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum InputError {
    /// Another number of inputs.
    Count {
        /// How many the list takes.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// An input of another shape or format.
    Spec {
        /// Its name.
        name: String,
        /// Shape and format in the list.
        expected: Spec,
        /// Shape and format given.
        found: Spec,
    },
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { expected, found } => write!(f, "the list takes {expected} inputs, {found} given"),
            Self::Spec { name, expected, found } => {
                write!(f, "input `{name}` of the list is {expected}, {found} given")
            }
        }
    }
}

impl core::error::Error for InputError {}
