//! [`Execute`]: backends that run a whole list at once, in memory that stays.

mod map;

use core::error::Error;
use core::fmt::Debug;

use alloc::string::String;
use alloc::vec::Vec;

use crate::{Backend, Data, DataBuf, DataMut, MaybeSendSync, Tensor, WengertList};

pub(crate) use map::escaped;
pub use map::{Lifetime, MemoryMap};

/// What becomes of an input of a list from one run to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A tensor that is given for each run.
    Given,
    /// A value in the memory that stays until another is written there.
    Kept,
    /// The same, where each run leaves the list's output of this number: a parameter and its update.
    Carried(usize),
}

/// A value of a list that can be read behind a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// An input that is kept or carried.
    Input(usize),
    /// An output.
    Output(usize),
}

/// A backend that prepares a list once and runs it again and again.
///
/// What lies between two runs, the kept inputs and the outputs of the last one, lies in a [`Memory`](Execute::Memory) apart
/// from the program: lists that have the same kept inputs, in number, order, shapes and formats, take turns in one memory, as
/// a training step does for batches of different shapes.
///
/// ```
/// use autodiff_core::{Data, DataMut, Execute, Slot, Role, Spec, Tensor, WengertList};
/// use backend_cpu::Cpu;
/// type B = Cpu<f32>;
///
/// // w <- w + x, and the sum of x.
/// let specs = [("w", Spec::elem([2])), ("x", Spec::elem([2]))];
/// let list = WengertList::trace(&specs, |v| [("sum", v[1].sum()), ("new", &v[0] + &v[1])]);
/// let program = B::compile(&list, &[Role::Carried(1), Role::Given], true, &Default::default());
/// let mut memory = Default::default();
/// B::write(&program, &mut memory, 0, Data::Elem(&[10.0, 20.0]))?;
/// for _ in 0..3 {
///     B::run(&program, &mut memory, &[Tensor::new(&[1.0, 2.0], [2])])?;
/// }
/// let (mut w, mut sum) = ([0.0; 2], [0.0]);
/// B::read(&program, &memory, Slot::Input(0), DataMut::Elem(&mut w))?;
/// B::read(&program, &memory, Slot::Output(0), DataMut::Elem(&mut sum))?;
/// assert_eq!((w, sum), ([13.0, 26.0], [3.0]));
/// # Ok::<(), backend_cpu::RunError>(())
/// ```
pub trait Execute: Backend {
    /// A list made ready: planned.
    type Program: Debug;
    /// Where the values lie; it grows as far as a program needs it.
    type Memory: Debug + Default;
    /// What can go wrong: data of another length, an index out of range.
    type Error: Error + 'static;

    /// The list as it is run: users' operations, and composites that have no kernel, replaced by what they are made of.
    #[must_use]
    fn expand(list: &WengertList<Self::Elem>) -> WengertList<Self::Elem>;

    /// Makes a list ready, with a role for each of its inputs. With `fuse`, functions of each element that follow one another
    /// may become one instruction, to the same bits.
    ///
    /// # Panics
    /// When there is not a role for each input, or what an input is to become has another shape or format.
    #[track_caller]
    fn compile(list: &WengertList<Self::Elem>, roles: &[Role], fuse: bool, device: &Self::Device) -> Self::Program;

    /// Gives a kept input its value, in row-major order.
    ///
    /// # Errors
    /// When the input is not kept, or is of another length or format.
    fn write(
        program: &Self::Program,
        memory: &mut Self::Memory,
        input: usize,
        data: Data<'_, Self::Elem>,
    ) -> Result<(), Self::Error>;

    /// Computes the outputs from what is kept and what is given, in the order of the list.
    ///
    /// # Errors
    /// When number, format or length of the given tensors are not the list's, or an index is out of range. What is kept is
    /// then what it was, and the outputs mean nothing.
    fn run(program: &Self::Program, memory: &mut Self::Memory, inputs: &[Tensor<Self>]) -> Result<(), Self::Error> {
        Self::run_watched(program, memory, inputs, &mut ())
    }

    /// The same, telling of each instruction when it is done.
    ///
    /// # Errors
    /// As [`run`](Execute::run).
    fn run_watched(
        program: &Self::Program,
        memory: &mut Self::Memory,
        inputs: &[Tensor<Self>],
        watch: &mut dyn Watch,
    ) -> Result<(), Self::Error>;

    /// The instructions of a program, a line each.
    #[must_use]
    fn instructions(program: &Self::Program) -> Vec<String>;

    /// Where values lie, and how long.
    #[must_use]
    fn memory_map(program: &Self::Program) -> MemoryMap;

    /// Copies a value out, in row-major order.
    ///
    /// # Errors
    /// When it is an input that is not kept, or of another length or format.
    fn read(
        program: &Self::Program,
        memory: &Self::Memory,
        slot: Slot,
        out: DataMut<'_, Self::Elem>,
    ) -> Result<(), Self::Error>;

    /// Runs a list once.
    ///
    /// # Errors
    /// When [`run`](Execute::run) answers one.
    fn evaluate(
        list: &WengertList<Self::Elem>,
        inputs: &[Tensor<Self>],
        device: &Self::Device,
    ) -> Result<Vec<DataBuf<Self::Elem>>, Self::Error> {
        let (roles, mut memory) = (alloc::vec![Role::Given; list.inputs().len()], Self::Memory::default());
        let program = Self::compile(list, &roles, true, device);
        Self::run(&program, &mut memory, inputs)?;
        let mut outputs = Vec::with_capacity(list.outputs().len());
        for (number, (_, var)) in list.outputs().iter().enumerate() {
            let spec = list[*var].spec;
            let mut output = DataBuf::zeros(spec.dtype, spec.shape.elements());
            Self::read(&program, &memory, Slot::Output(number), output.as_data_mut())?;
            outputs.push(output);
        }
        Ok(outputs)
    }
}

/// Who is told of each instruction of a program when it is done. `()` does nothing about it.
pub trait Watch: MaybeSendSync {
    /// The instruction of this number is done.
    fn done(&mut self, number: usize);
}

impl Watch for () {
    fn done(&mut self, _: usize) {}
}
