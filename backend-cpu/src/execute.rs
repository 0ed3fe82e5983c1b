//! [`Execute`] for dense backends: a list is planned once, and run in a workspace that stays.

use alloc::string::String;
use alloc::vec::Vec;

use autodiff_core::{Data, DataBuf, DataMut, Execute, MemoryMap, Primitive, Role, Slot, Tensor, Watch, WengertList};

use crate::dense::Dense;
use crate::device::Resources;
use crate::dispatch;
use crate::kernels::KernelSet;
use crate::math::Scalar;
use crate::plan::{Amount, Inputs, PlanBuf, Room, RunError, WorkspaceBuf};

/// A planned list, and the device on whose threads it runs.
#[derive(Clone, Debug)]
pub struct Program<T, D> {
    plan: PlanBuf<T>,
    device: D,
}

impl<T, D> Program<T, D> {
    /// The plan.
    #[must_use]
    pub const fn plan(&self) -> &PlanBuf<T> {
        &self.plan
    }
}

/// The workspace of programs that take turns, and row-major copies of inputs that lie in another order.
#[derive(Clone, Debug)]
pub struct Memory<T> {
    workspace: WorkspaceBuf<T>,
    copies: Vec<Option<DataBuf<T>>>,
}

impl<T: Scalar> Default for Memory<T> {
    fn default() -> Self {
        Self { workspace: WorkspaceBuf::default(), copies: Vec::new() }
    }
}

/// A run allocates nothing, but for the memory that it needs more than the runs before, and what kernels do.
impl<T: Scalar, K: KernelSet<T>> Execute for Dense<T, K> {
    type Program = Program<T, K::Device>;
    type Memory = Memory<T>;
    type Error = RunError;

    fn expand(list: &WengertList<T>) -> WengertList<T> {
        list.expand(K::claims)
    }

    #[track_caller]
    fn compile(list: &WengertList<T>, roles: &[Role], fuse: bool, device: &K::Device) -> Self::Program {
        Program { plan: PlanBuf::resident::<K>(list, roles, fuse), device: device.clone() }
    }

    fn write(program: &Self::Program, memory: &mut Memory<T>, input: usize, data: Data<'_, T>) -> Result<(), RunError> {
        let room = room(program, Slot::Input(input), Amount { dtype: data.dtype(), len: data.len() })?;
        memory.workspace.grow(program.plan.as_plan().workspace());
        memory.workspace.get_mut(room).copy_from(data);
        Ok(())
    }

    fn run_watched(
        program: &Self::Program,
        memory: &mut Memory<T>,
        inputs: &[Tensor<Self>],
        watch: &mut dyn Watch,
    ) -> Result<(), RunError> {
        let (plan, Memory { workspace, copies }) = (program.plan.as_plan(), memory);
        workspace.grow(plan.workspace());
        put_in_order(copies, inputs);
        let given = Given { tensors: inputs, copies };
        let room = workspace.borrow();
        program.device.run(|| usize::MAX, || plan.run_with::<K>(room, &given, &mut [], |step| watch.done(step)))
    }

    fn instructions(program: &Self::Program) -> Vec<String> {
        program.plan.lines()
    }

    fn memory_map(program: &Self::Program) -> MemoryMap {
        program.plan.memory_map()
    }

    fn read(program: &Self::Program, memory: &Memory<T>, slot: Slot, out: DataMut<'_, T>) -> Result<(), RunError> {
        let room = room(program, slot, Amount { dtype: out.dtype(), len: out.len() })?;
        out.copy_from(memory.workspace.get(room));
        Ok(())
    }
}

/// The part of the workspace that a value stays in, if it is of this format and length.
fn room<T, D>(program: &Program<T, D>, slot: Slot, found: Amount) -> Result<Room, RunError> {
    let not_kept = match slot {
        Slot::Input(place) => RunError::NotKept { input: true, place },
        Slot::Output(place) => RunError::NotKept { input: false, place },
    };
    let room = program.plan.room(slot).ok_or(not_kept)?;
    if room.amount == found { Ok(room) } else { Err(RunError::Kept { expected: room.amount, found }) }
}

/// Copies the tensors whose elements do not lie in row-major order.
fn put_in_order<T: Scalar, K: KernelSet<T>>(copies: &mut Vec<Option<DataBuf<T>>>, tensors: &[Tensor<Dense<T, K>>]) {
    if copies.len() < tensors.len() {
        copies.resize(tensors.len(), None);
    }
    for (tensor, copy) in tensors.iter().map(Tensor::raw).zip(copies) {
        if tensor.view().as_data().is_none() {
            let spec = tensor.spec();
            let fits = |room: &DataBuf<T>| room.dtype() == spec.dtype && room.len() == spec.shape.elements();
            let room = copy.take().filter(fits);
            let room = copy.insert(room.unwrap_or_else(|| DataBuf::zeros(spec.dtype, spec.shape.elements())));
            let copied = dispatch::apply::<T, K, _>(&Primitive::Barrier, &[tensor][..], &spec, room.as_data_mut());
            copied.unwrap_or_else(|_| unreachable!("a copy reads no positions"));
        }
    }
}

/// The tensors of a run.
struct Given<'a, T: Scalar, K: KernelSet<T>> {
    tensors: &'a [Tensor<Dense<T, K>>],
    copies: &'a [Option<DataBuf<T>>],
}

impl<T: Scalar, K: KernelSet<T>> Inputs<T> for Given<'_, T, K> {
    fn count(&self) -> usize {
        self.tensors.len()
    }

    fn get(&self, place: usize) -> Data<'_, T> {
        let in_order = self.tensors[place].raw().view().as_data();
        match (in_order, &self.copies[place]) {
            (Some(data), _) => data,
            (None, Some(copy)) => copy.as_data(),
            (None, None) => unreachable!("what lies in another order was copied"),
        }
    }
}
