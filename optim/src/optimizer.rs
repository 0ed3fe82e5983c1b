//! [`Optimizer`], a rule that makes a better parameter out of a parameter and its gradient.

use core::fmt::Debug;

use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

/// The two numbers that change from step to step, as scalars.
///
/// They are tensors and no host numbers: a traced step has them as inputs, where a host number would be the same in
/// every replay.
#[derive(Clone, Debug)]
pub struct StepInputs<B: Backend> {
    /// The learning rate.
    pub lr: Tensor<B>,
    /// Which update of this parameter it is, counting from 1.
    pub step: Tensor<B>,
}

impl<B: Backend> StepInputs<B> {
    /// The scalars for two host numbers.
    ///
    /// ```
    /// use backend_cpu::Cpu;
    /// use optim::StepInputs;
    /// let at = StepInputs::<Cpu<f32>>::new(0.5, 3, &Default::default());
    /// assert_eq!((at.lr.item(), at.step.item()), (0.5, 3.0));
    /// ```
    #[must_use]
    pub fn new(lr: f64, step: u32, device: &B::Device) -> Self {
        let [lr, step] = [lr, f64::from(step)].map(|number| Tensor::scalar(number, device));
        Self { lr, step }
    }
}

/// A rule that makes a better parameter out of a parameter and its gradient.
///
/// A value of the type carries the settings. What the rule remembers of a parameter is its state, some tensors that are
/// handed in and out, so that an update is a function. The methods are generic over the backend and use tensor operations
/// only: nothing may read a value, or it could not be traced.
///
/// ```
/// use autodiff_core::{Backend, Tensor};
/// use backend_cpu::Cpu;
/// use optim::{Optimizer, StepInputs};
///
/// /// `x - lr sign(g)` (Bernstein et al. 2018).
/// #[derive(Clone, Debug)]
/// struct SignSgd;
///
/// impl Optimizer for SignSgd {
///     fn lr(&self) -> f64 {
///         0.5
///     }
///     fn state_names(&self) -> &'static [&'static str] {
///         &[]
///     }
///     fn init<B: Backend>(&self, _param: &Tensor<B>) -> Vec<Tensor<B>> {
///         Vec::new()
///     }
///     fn update<B: Backend>(
///         &self,
///         param: &Tensor<B>,
///         grad: &Tensor<B>,
///         _state: &[Tensor<B>],
///         at: &StepInputs<B>,
///     ) -> (Tensor<B>, Vec<Tensor<B>>) {
///         let sign = grad.gt(&grad.zeros_like()) - grad.lt(&grad.zeros_like());
///         (param - &at.lr * sign, Vec::new())
///     }
/// }
///
/// let [x, g] = [[1.0, 1.0], [-7.0, 0.0]].map(|values| Tensor::<Cpu<f32>>::new(&values, [2]));
/// let (x, _) = SignSgd.update(&x, &g, &[], &StepInputs::new(SignSgd.lr(), 1, x.device()));
/// assert_eq!(x.to_vec(), [1.5, 1.0]);
/// ```
pub trait Optimizer: Clone + Debug {
    /// The learning rate that it was made with; a schedule or the user may change it from step to step.
    fn lr(&self) -> f64;

    /// What the tensors of the state are called, PyTorch's names where it has them.
    fn state_names(&self) -> &'static [&'static str];

    /// The state before the first update: one tensor for each of [`Optimizer::state_names`].
    ///
    /// # Panics
    /// When the settings contradict each other.
    #[must_use]
    #[track_caller]
    fn init<B: Backend>(&self, param: &Tensor<B>) -> Vec<Tensor<B>>;

    /// The new parameter and the new state, of the shapes of the old.
    ///
    /// # Panics
    /// When shapes or the number of states are not those of the parameter and of [`Optimizer::init`].
    #[must_use]
    #[track_caller]
    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        state: &[Tensor<B>],
        at: &StepInputs<B>,
    ) -> (Tensor<B>, Vec<Tensor<B>>);
}

/// The state as an array, where the rule knows how many there are.
#[track_caller]
pub(crate) fn slots<'a, const N: usize, B: Backend>(op: &str, state: &'a [Tensor<B>]) -> &'a [Tensor<B>; N] {
    match state.try_into() {
        Ok(slots) => slots,
        Err(_) => panic!("{op}: a state of {N} tensors expected, {} given", state.len()),
    }
}

/// What a rule descends along: the gradient, turned around where the objective is to grow, and the decay added as the
/// gradient of `weight_decay |x|^2 / 2`.
///
/// # Panics
/// When the gradient has not the parameter's shape: broadcasting would hide the mistake.
#[track_caller]
pub(crate) fn descent<B: Backend>(
    op: &str,
    param: &Tensor<B>,
    grad: &Tensor<B>,
    maximize: bool,
    weight_decay: f64,
) -> Tensor<B> {
    let (expected, found) = (param.spec(), grad.spec());
    assert!(
        expected == found,
        "{op}: the gradient must have the parameter's shape and format {expected}, found {found}"
    );
    // In row-major order: the gradient of a transposed factor is a transposed view, which every operation of the rule would
    // gather anew. These reshapes do it once, and are views of what lies so already.
    let grad = grad.reshape([param.shape().elements()]).reshape(param.shape());
    let g = if maximize { -grad } else { grad };
    if weight_decay == 0.0 { g } else { g + param * weight_decay }
}
