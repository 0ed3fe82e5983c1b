//! [`PlanBuf`]: a plan made from a Wengert list.
//!
//! First each assignment is lowered: a change of shape or order becomes a layout, everything else a step whose result
//! is a *root* that layouts refer to. Then outputs choose the roots that are computed right in their slices. Then slots
//! are assigned: a root's slot is free again after its last reader, which may also take it over.

mod lower;
mod place;

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Data, Spec, WengertList, bf16, f16};

use self::lower::Lowered;
use self::place::Placement;
use super::{Constants, Operand, Plan, PlanStep, Workspace, WorkspaceSize};
use crate::kernels::{KernelSet, ScalarKernels};
use crate::math::Scalar;

/// A [`Plan`] with memory of its own.
///
/// ```
/// use autodiff_core::{Data, DataMut, Spec, WengertList};
/// use backend_cpu::{PlanBuf, ScalarKernels, WorkspaceBuf};
/// let list = WengertList::<f32>::trace(&[("x", Spec::elem([3]))], |x| [("y", (&x[0] * 2.0).tanh().sum())]);
/// let plan = PlanBuf::new(&list);
/// let mut room = WorkspaceBuf::new(plan.as_plan().workspace());
/// let mut y = [0.0];
/// plan.as_plan().run_in::<ScalarKernels>(
///     room.borrow(),
///     &[Data::Elem(&[0.0, 1.0, -1.0])],
///     &mut [DataMut::Elem(&mut y)],
/// )?;
/// assert_eq!(y, [0.0]);
/// # Ok::<(), backend_cpu::RunError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PlanBuf<T> {
    steps: Vec<PlanStep>,
    operands: Vec<Operand>,
    constants: Pool<T>,
    inputs: Vec<Spec>,
    outputs: Vec<Spec>,
    workspace: WorkspaceSize,
}

impl<T: Scalar> PlanBuf<T> {
    /// A plan that computes the list's outputs from its inputs by the plain loops, in the order of the list.
    #[must_use]
    pub fn new(list: &WengertList<T>) -> Self {
        Self::of::<ScalarKernels>(list)
    }

    /// The same for other kernels, which may have their own for some composites.
    #[must_use]
    pub fn of<K: KernelSet<T>>(list: &WengertList<T>) -> Self {
        let list = list.expand(K::claims);
        let mut lowered = Lowered::new(&list);
        let homes = lowered.settle_outputs();
        let (steps, operands, workspace) = Placement::new(&lowered.drafts, &homes).finish();
        Self {
            steps,
            operands,
            workspace,
            constants: lowered.constants,
            inputs: list.inputs().iter().map(|var| list[*var].spec).collect(),
            outputs: list.outputs().iter().map(|(_, var)| list[*var].spec).collect(),
        }
    }
}

impl<T> PlanBuf<T> {
    /// The plan, borrowed.
    #[must_use]
    pub fn as_plan(&self) -> Plan<'_, T> {
        Plan {
            steps: &self.steps,
            operands: &self.operands,
            constants: self.constants.as_constants(),
            inputs: &self.inputs,
            outputs: &self.outputs,
            workspace: self.workspace,
        }
    }
}

/// Numbers of each format, owned.
#[derive(Clone, Debug)]
struct Pool<T> {
    elems: Vec<T>,
    f16: Vec<f16>,
    bf16: Vec<bf16>,
    index: Vec<i32>,
}

impl<T> Pool<T> {
    const fn new() -> Self {
        Self { elems: Vec::new(), f16: Vec::new(), bf16: Vec::new(), index: Vec::new() }
    }

    fn as_constants(&self) -> Constants<'_, T> {
        Constants { elems: &self.elems, f16: &self.f16, bf16: &self.bf16, index: &self.index }
    }
}

impl<T: Scalar> Pool<T> {
    /// Appends these numbers; the place of the first.
    fn push(&mut self, data: Data<'_, T>) -> usize {
        fn append<X: Copy>(pool: &mut Vec<X>, data: &[X]) -> usize {
            pool.extend_from_slice(data);
            pool.len() - data.len()
        }
        match data {
            Data::Elem(data) => append(&mut self.elems, data),
            Data::F16(data) => append(&mut self.f16, data),
            Data::Bf16(data) => append(&mut self.bf16, data),
            Data::Index(data) => append(&mut self.index, data),
        }
    }
}

/// A [`Workspace`] with memory of its own.
#[derive(Clone, Debug)]
pub struct WorkspaceBuf<T>(Pool<T>);

impl<T: Scalar> WorkspaceBuf<T> {
    /// Room of this size.
    #[must_use]
    pub fn new(size: WorkspaceSize) -> Self {
        Self(Pool {
            elems: vec![T::zero(); size.elems],
            f16: vec![f16::ZERO; size.f16],
            bf16: vec![bf16::ZERO; size.bf16],
            index: vec![0; size.index],
        })
    }
}

impl<T> WorkspaceBuf<T> {
    /// The room, borrowed to be written.
    #[must_use]
    pub fn borrow(&mut self) -> Workspace<'_, T> {
        let Pool { elems, f16, bf16, index } = &mut self.0;
        Workspace { elems, f16, bf16, index }
    }
}
