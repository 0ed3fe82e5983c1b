//! [`PlanBuf`]: a plan made from a Wengert list.
//!
//! First each assignment is lowered: a change of shape or order becomes a layout, everything else a step whose result
//! is a *root* that layouts refer to. Then roots get homes: outputs are computed right where they are to be, the next value of an
//! input over the old one. Then functions of elements are joined. Then steps are put in order, since those that overwrite may have
//! to wait. Then slots are assigned: a root's slot is free again after its last reader, which may also take it over.

mod fuse;
mod lower;
mod order;
mod place;
mod settle;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{DType, Data, DataMut, Role, Slot, Spec, WengertList, bf16, f16};

use self::lower::Lowered;
use self::place::{Placed, Placement};
use self::settle::Home;
use super::{Amount, Constants, Operand, Plan, PlanStep, Workspace, WorkspaceSize};
use crate::kernels::{FusedOp, KernelSet, ScalarKernels};
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
    pub(super) steps: Vec<PlanStep>,
    pub(super) operands: Vec<Operand>,
    pub(super) fused: Vec<FusedOp>,
    pub(super) constants: Pool<T>,
    inputs: Vec<Spec>,
    pub(super) outputs: Vec<Spec>,
    pub(super) workspace: WorkspaceSize,
    rooms: Rooms,
    pub(super) names: Names,
}

/// What the list calls values.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// All inputs.
    pub(super) inputs: Vec<String>,
    /// Those that are given.
    pub(super) given: Vec<String>,
    /// The result of each step.
    pub(super) steps: Vec<String>,
}

/// The parts of a workspace that mean something between two runs.
#[derive(Clone, Debug, Default)]
struct Rooms {
    /// One for each input of the list that is kept.
    inputs: Vec<Option<Room>>,
    /// One for each output of the list, or none at all where outputs are slices of the caller's.
    outputs: Vec<Room>,
}

/// A part of a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Its first element, in the part of the workspace that is of its format.
    pub start: usize,
    /// Its format and length.
    pub amount: Amount,
}

impl<T: Scalar> PlanBuf<T> {
    /// A plan that computes the list's outputs from its inputs, both slices of the caller's, by the plain loops and in the
    /// order of the list.
    #[must_use]
    pub fn new(list: &WengertList<T>) -> Self {
        let list = list.expand(<ScalarKernels as KernelSet<T>>::claims);
        let roles = vec![Role::Given; list.inputs().len()];
        let mut lowered = Lowered::new(&list, &roles);
        let homes = lowered.settle_in_slices();
        let outputs = list.outputs().iter().map(|(_, var)| list[*var].spec).collect();
        Self { outputs, ..Self::placed(&list, &roles, lowered, &homes, &[]) }
    }

    /// A plan for these kernels, which may have their own for some composites, whose workspace stays between two runs: it
    /// holds the inputs that are not given, and the outputs. A plan with the same kept inputs has them in the same places.
    /// Functions of elements are joined into one step where `fuse` says so.
    ///
    /// # Panics
    /// When there is not a role for each input, or what an input is to become has another shape or format.
    #[must_use]
    #[track_caller]
    pub fn resident<K: KernelSet<T>>(list: &WengertList<T>, roles: &[Role], fuse: bool) -> Self {
        check(list, roles);
        let list = list.expand(K::claims);
        let mut lowered = Lowered::new(&list, roles);
        let (mut homes, mut places) = lowered.settle(roles);
        // Halves are rounded behind each function, for which they are taken to another format and back: nothing is saved.
        if fuse && size_of::<T>() > size_of::<f16>() {
            fuse::fuse(&mut lowered, &homes);
        }
        order::order(&mut lowered, &mut homes, &mut places);
        Self::placed(&list, roles, lowered, &homes, &places)
    }

    fn placed(list: &WengertList<T>, roles: &[Role], lowered: Lowered<T>, homes: &[Home], places: &[usize]) -> Self {
        let Placed { steps, operands, fused, workspace, starts } = Placement::new(&lowered, homes).finish();
        let Lowered { roots, names, constants, inputs, drafts, .. } = lowered;
        let room = |root: usize| {
            let Spec { shape, dtype } = roots[root];
            Room { start: starts[root], amount: Amount { dtype, len: shape.elements() } }
        };
        let rooms = Rooms {
            inputs: inputs.iter().map(|input| input.root().map(room)).collect(),
            outputs: places.iter().map(|&root| room(root)).collect(),
        };
        let given = list.inputs().iter().zip(roles).filter(|(_, role)| **role == Role::Given);
        let given = given.map(|(var, _)| &list[*var]);
        let inputs = given.clone().map(|input| input.spec).collect();
        let names = Names {
            inputs: list.inputs().iter().map(|var| list[*var].instruction.name().into()).collect(),
            given: given.map(|input| input.instruction.name().into()).collect(),
            steps: drafts.iter().map(|draft| names[draft.root].clone()).collect(),
        };
        Self { steps, operands, fused, workspace, constants, inputs, outputs: Vec::new(), rooms, names }
    }
}

/// Each input has a role, and becomes only what is like it.
#[track_caller]
fn check<T: Scalar>(list: &WengertList<T>, roles: &[Role]) {
    let (inputs, outputs) = (list.inputs(), list.outputs());
    assert!(inputs.len() == roles.len(), "plan: {} roles given for {} inputs", roles.len(), inputs.len());
    for (var, role) in inputs.iter().zip(roles) {
        let &Role::Carried(number) = role else { continue };
        let name = list[*var].instruction.name();
        let Some((next, output)) = outputs.get(number) else {
            panic!("plan: input `{name}` is to become output {number}, there are {}", outputs.len())
        };
        let (old, new) = (list[*var].spec, list[*output].spec);
        assert!(old == new, "plan: input `{name}` is {old}, and is to become `{next}`, which is {new}");
    }
}

impl<T> PlanBuf<T> {
    /// The plan, borrowed.
    #[must_use]
    pub fn as_plan(&self) -> Plan<'_, T> {
        Plan {
            steps: &self.steps,
            operands: &self.operands,
            fused: &self.fused,
            constants: self.constants.as_constants(),
            inputs: &self.inputs,
            outputs: &self.outputs,
            workspace: self.workspace,
        }
    }

    /// Where in the workspace a value lies between two runs; nowhere, if it is given or is a slice of the caller's.
    #[must_use]
    pub fn room(&self, slot: Slot) -> Option<Room> {
        match slot {
            Slot::Input(number) => self.rooms.inputs.get(number).copied().flatten(),
            Slot::Output(number) => self.rooms.outputs.get(number).copied(),
        }
    }

    /// The parts of the workspace whose values stay between two runs.
    pub(super) fn kept(&self) -> impl Iterator<Item = Room> {
        self.rooms.inputs.iter().flatten().chain(&self.rooms.outputs).copied()
    }
}

/// Numbers of each format, owned.
#[derive(Clone, Debug)]
pub(super) struct Pool<T> {
    pub(super) elems: Vec<T>,
    pub(super) f16: Vec<f16>,
    pub(super) bf16: Vec<bf16>,
    pub(super) index: Vec<i32>,
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

impl<T: Scalar> WorkspaceBuf<T> {
    /// Makes it at least this large; what is in it stays where it is.
    pub fn grow(&mut self, size: WorkspaceSize) {
        fn grow<X: Clone>(room: &mut Vec<X>, len: usize, zero: X) {
            if room.len() < len {
                room.resize(len, zero);
            }
        }
        let Pool { elems, f16, bf16, index } = &mut self.0;
        grow(elems, size.elems, T::zero());
        grow(f16, size.f16, f16::ZERO);
        grow(bf16, size.bf16, bf16::ZERO);
        grow(index, size.index, 0);
    }

    /// What lies in a part of it.
    #[must_use]
    pub fn get(&self, room: Room) -> Data<'_, T> {
        let Room { start, amount: Amount { dtype, len } } = room;
        let Pool { elems, f16, bf16, index } = &self.0;
        match dtype {
            DType::Elem => Data::Elem(&elems[start..start + len]),
            DType::F16 => Data::F16(&f16[start..start + len]),
            DType::Bf16 => Data::Bf16(&bf16[start..start + len]),
            DType::Index => Data::Index(&index[start..start + len]),
        }
    }

    /// The same, to be written.
    #[must_use]
    pub fn get_mut(&mut self, room: Room) -> DataMut<'_, T> {
        let Room { start, amount: Amount { dtype, len } } = room;
        let Pool { elems, f16, bf16, index } = &mut self.0;
        match dtype {
            DType::Elem => DataMut::Elem(&mut elems[start..start + len]),
            DType::F16 => DataMut::F16(&mut f16[start..start + len]),
            DType::Bf16 => DataMut::Bf16(&mut bf16[start..start + len]),
            DType::Index => DataMut::Index(&mut index[start..start + len]),
        }
    }
}

/// No room at all.
impl<T: Scalar> Default for WorkspaceBuf<T> {
    fn default() -> Self {
        Self::new(WorkspaceSize::default())
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
