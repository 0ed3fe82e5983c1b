//! [`Execute`] for dense backends: a list is planned once, and run in a workspace that stays.

use autodiff_core::{Data, DataMut, Execute, WengertList};

use crate::dense::Dense;
use crate::device::Resources;
use crate::kernels::KernelSet;
use crate::math::Scalar;
use crate::plan::{PlanBuf, RunError, WorkspaceBuf};

/// A planned list with the workspace that its runs share.
#[derive(Clone, Debug)]
pub struct Program<T> {
    plan: PlanBuf<T>,
    workspace: WorkspaceBuf<T>,
}

impl<T> Program<T> {
    /// The plan.
    #[must_use]
    pub const fn plan(&self) -> &PlanBuf<T> {
        &self.plan
    }
}

/// A run allocates nothing.
///
/// ```
/// use autodiff_core::{Data, DataMut, Execute, Spec, WengertList};
/// use backend_cpu::Cpu;
/// let list = WengertList::<f32>::trace(&[("x", Spec::elem([2]))], |x| [("y", x[0].square().sum())]);
/// let mut program = Cpu::<f32>::compile(&list);
/// let mut y = [0.0];
/// Cpu::<f32>::run(&mut program, &[Data::Elem(&[3.0, 4.0])], &mut [DataMut::Elem(&mut y)])?;
/// assert_eq!(y, [25.0]);
/// # Ok::<(), backend_cpu::RunError>(())
/// ```
impl<T: Scalar, K: KernelSet<T>> Execute for Dense<T, K> {
    type Program = Program<T>;
    type Error = RunError;

    fn compile(list: &WengertList<T>) -> Program<T> {
        let plan = PlanBuf::of::<K>(list);
        let workspace = WorkspaceBuf::new(plan.as_plan().workspace());
        Program { plan, workspace }
    }

    fn run(program: &mut Program<T>, inputs: &[Data<'_, T>], outputs: &mut [DataMut<'_, T>]) -> Result<(), RunError> {
        let (plan, workspace) = (program.plan.as_plan(), program.workspace.borrow());
        K::Device::default().run(|| usize::MAX, || plan.run_in::<K>(workspace, inputs, outputs))
    }
}
