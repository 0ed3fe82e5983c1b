//! [`Plan`]: a computation whose memory was laid out beforehand, so that running it allocates nothing.
//!
//! A plan is borrowed and needs no allocator; it is plain data that can be made by hand. With `alloc`, [`PlanBuf`] makes
//! one from a Wengert list.

#[cfg(feature = "alloc")]
mod build;
#[cfg(feature = "alloc")]
mod describe;
mod error;
mod run;
#[cfg(feature = "alloc")]
mod slots;

use autodiff_core::{DType, Primitive, Spec, bf16, f16};

use crate::kernels::FusedOp;
use crate::layout::Layout;

#[cfg(feature = "alloc")]
pub use build::{PlanBuf, Room, WorkspaceBuf};
pub use error::{Amount, RunError};
pub use run::Inputs;

/// Steps to take one after another, and where each finds its operands and leaves its result.
///
/// Values live in slots of one [`Workspace`]; results of the whole are computed right in the slices of the caller where
/// that is possible. Changes of shape and order are no steps: they are layouts of operands.
///
/// A plan made by hand is trusted to be valid: each step's inputs are what [`Primitive::infer`] accepts, and its slot
/// overlaps none of its operands but the one that it takes over. Where that is not so, running it panics or computes
/// something else, and nothing worse.
///
/// ```
/// use autodiff_core::{DType, Data, DataMut, Primitive, Shape, Spec, Unary};
/// use backend_cpu::{Constants, Layout, Operand, Plan, PlanStep, ScalarKernels, Source, Target, Work, Workspace, WorkspaceSize};
/// let spec = Spec::elem([2]);
/// let layout = Layout::contiguous(spec.shape);
/// let operands = [Operand { source: Source::Input(0), dtype: DType::Elem, layout }];
/// let work = Work::Primitive(Primitive::Unary(Unary::Neg));
/// let steps = [PlanStep { work, first: 0, count: 1, spec, target: Target::Output(0), takes_over: None }];
/// let plan = Plan {
///     steps: &steps,
///     operands: &operands,
///     fused: &[],
///     constants: Constants::default(),
///     inputs: &[spec],
///     outputs: &[spec],
///     workspace: WorkspaceSize::default(),
/// };
/// let mut y = [0.0_f32; 2];
/// plan.run_in::<ScalarKernels>(Workspace::default(), &[Data::Elem(&[1.0, 2.0])], &mut [DataMut::Elem(&mut y)])?;
/// assert_eq!(y, [-1.0, -2.0]);
/// # Ok::<(), backend_cpu::RunError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a, T> {
    /// What is done, in order.
    pub steps: &'a [PlanStep],
    /// The operands of all steps.
    pub operands: &'a [Operand],
    /// The functions of all steps that are several.
    pub fused: &'a [FusedOp],
    /// The numbers that are the same in every run.
    pub constants: Constants<'a, T>,
    /// What is put in.
    pub inputs: &'a [Spec],
    /// What comes out.
    pub outputs: &'a [Spec],
    /// The room that the values in between take.
    pub workspace: WorkspaceSize,
}

/// What is computed of operands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlanStep {
    /// What is computed.
    pub work: Work,
    /// The place of the first operand in the plan's list.
    pub first: usize,
    /// The number of operands.
    pub count: usize,
    /// Shape and format of the result.
    pub spec: Spec,
    /// Where the result goes, in row-major order.
    pub target: Target,
    /// The operand whose slot the result takes over, element by element: for functions of elements and for the first operand
    /// of `scatter_add` and `addmm`.
    pub takes_over: Option<usize>,
}

/// What a step computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Work {
    /// A primitive.
    Primitive(Primitive),
    /// Functions of elements in the same place, one behind another.
    Fused {
        /// The place of the first in the plan's list.
        first: usize,
        /// How many.
        count: usize,
    },
}

impl Work {
    /// What errors and reports call it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Primitive(primitive) => primitive.name(),
            Self::Fused { .. } => "fused",
        }
    }
}

/// Where a step leaves its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// In the workspace of the result's format, from this element on.
    Workspace(usize),
    /// In an output of the whole.
    Output(usize),
}

/// What a step reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Operand {
    /// The slice that holds it.
    pub source: Source,
    /// Its format.
    pub dtype: DType,
    /// Where its elements lie in that slice.
    pub layout: Layout,
}

/// The slices that a step can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An input of the whole.
    Input(usize),
    /// The constants of the operand's format.
    Constant,
    /// The workspace of the operand's format.
    Workspace,
    /// An output of the whole, which an earlier step has written.
    Output(usize),
}

/// Numbers that are the same in every run, by format.
#[derive(Clone, Copy, Debug)]
pub struct Constants<'a, T> {
    /// The backend's elements.
    pub elems: &'a [T],
    /// Half precision.
    pub f16: &'a [f16],
    /// bfloat16.
    pub bf16: &'a [bf16],
    /// Whole numbers.
    pub index: &'a [i32],
}

impl<T> Default for Constants<'_, T> {
    fn default() -> Self {
        Self { elems: &[], f16: &[], bf16: &[], index: &[] }
    }
}

/// Room for the values between inputs and outputs, by format. What it holds before and after a run means nothing.
#[derive(Debug)]
pub struct Workspace<'a, T> {
    /// The backend's elements.
    pub elems: &'a mut [T],
    /// Half precision.
    pub f16: &'a mut [f16],
    /// bfloat16.
    pub bf16: &'a mut [bf16],
    /// Whole numbers.
    pub index: &'a mut [i32],
}

impl<T> Default for Workspace<'_, T> {
    fn default() -> Self {
        Self { elems: &mut [], f16: &mut [], bf16: &mut [], index: &mut [] }
    }
}

/// How many numbers of each format a workspace holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkspaceSize {
    /// The backend's elements.
    pub elems: usize,
    /// Half precision.
    pub f16: usize,
    /// bfloat16.
    pub bf16: usize,
    /// Whole numbers.
    pub index: usize,
}

impl WorkspaceSize {
    /// How many numbers of one format.
    #[must_use]
    pub const fn of(&self, dtype: DType) -> usize {
        match dtype {
            DType::Elem => self.elems,
            DType::F16 => self.f16,
            DType::Bf16 => self.bf16,
            DType::Index => self.index,
        }
    }
}

impl<T> Plan<'_, T> {
    /// The room that a run needs.
    #[must_use]
    pub const fn workspace(&self) -> WorkspaceSize {
        self.workspace
    }
}
