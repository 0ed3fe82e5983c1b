//! [`Execute`]: backends that run a whole list at once.

use core::error::Error;
use core::fmt::Debug;

use crate::{Backend, Data, DataMut, WengertList};

/// A backend that prepares a list once and runs it again and again over memory of the host.
pub trait Execute: Backend {
    /// A list made ready: planned, with the memory that it needs.
    type Program: Debug;
    /// What can go wrong in a run: data of another length, an index out of range.
    type Error: Error + 'static;

    /// Makes a list ready.
    fn compile(list: &WengertList<Self::Elem>) -> Self::Program;

    /// Runs it: inputs and outputs are those of the list, in its order, row-major. An output that is an input of the list
    /// is a copy of it, and two outputs may be one value.
    ///
    /// # Errors
    /// When number, format or length of inputs or outputs are not the list's, or an index is out of range.
    fn run(
        program: &mut Self::Program,
        inputs: &[Data<'_, Self::Elem>],
        outputs: &mut [DataMut<'_, Self::Elem>],
    ) -> Result<(), Self::Error>;
}
