//! [`Optimizer`], what a training step is given: an update of all parameters of a model together.

use core::fmt::Debug;

use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::rule::{Rule, StepInputs};

/// A parameter and its state after an update.
pub type Updated<B> = (Tensor<B>, Vec<Tensor<B>>);

/// One parameter in one step.
#[derive(Clone, Debug)]
pub struct ParamStep<'a, B: Backend> {
    /// Where it stands in the model: `0.weight`.
    pub name: &'a str,
    /// What it is before the step.
    pub value: &'a Tensor<B>,
    /// The gradient of the loss.
    pub grad: Tensor<B>,
    /// What the optimizer remembers of it.
    pub state: &'a [Tensor<B>],
    /// Learning rate, and how often it was updated.
    pub at: StepInputs<B>,
}

/// What makes better parameters out of all parameters of a model and their gradients.
///
/// Every [`Rule`] is one: it goes from parameter to parameter. What wraps an optimizer is one too, so that they nest in any
/// order: `ClipGradNorm<Groups<AdamW>>`, `Accumulate<Ema<ClipGradNorm<Sgd>>>`. The methods have other names than a rule's, so
/// that both traits can be imported.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::{ClipGradNorm, Optimizer, ParamStep, Sgd, StepInputs};
///
/// let optimizer = ClipGradNorm::new(1.0, Sgd::new(0.5));
/// let values = [Tensor::<Cpu<f64>>::new(&[1.0], [1]), Tensor::new(&[2.0], [1])];
/// let gradients = [Tensor::new(&[3.0], [1]), Tensor::new(&[4.0], [1])];
/// let at = StepInputs::new(optimizer.base_lr(), 1, values[0].device());
/// let params = values.iter().zip(gradients);
/// let params = params.map(|(value, grad)| ParamStep { name: "", value, grad, state: &[], at: at.clone() });
/// let updated = optimizer.step(&params.collect::<Vec<_>>());
/// // The gradients together have length 5, and are made a fifth as long.
/// assert!((updated[0].0.item() - (1.0 - 0.5 * 0.6)).abs() < 1e-6);
/// assert!((updated[1].0.item() - (2.0 - 0.5 * 0.8)).abs() < 1e-6);
/// ```
pub trait Optimizer: Clone + Debug {
    /// The learning rate that it was made with; a schedule or the user may change it from step to step.
    fn base_lr(&self) -> f64;

    /// The state of a parameter before its first update, each tensor with its name, of which no two are equal.
    ///
    /// # Panics
    /// When a setting is out of its limits, or settings contradict each other.
    #[must_use]
    #[track_caller]
    fn initial_state<B: Backend>(&self, name: &str, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)>;

    /// The new parameters with their new states, in order: of all parameters that have a gradient in this step.
    ///
    /// # Panics
    /// When shapes or the number of states are not those of the parameter and of [`Optimizer::initial_state`].
    #[must_use]
    #[track_caller]
    fn step<B: Backend>(&self, params: &[ParamStep<'_, B>]) -> Vec<Updated<B>>;

    /// What the loss is to be multiplied by before its gradients are taken, from the state of the model's first parameter;
    /// the step is given gradients that were divided by it. None, but for [`GradScaler`](crate::GradScaler) and what wraps it.
    #[must_use]
    #[track_caller]
    fn loss_scale<B: Backend>(&self, _state: &[Tensor<B>]) -> Option<Tensor<B>> {
        None
    }
}

impl<R: Rule> Optimizer for R {
    fn base_lr(&self) -> f64 {
        self.lr()
    }

    fn initial_state<B: Backend>(&self, _name: &str, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        self.init(param)
    }

    fn step<B: Backend>(&self, params: &[ParamStep<'_, B>]) -> Vec<Updated<B>> {
        let mut updated = Vec::with_capacity(params.len());
        for ParamStep { value, grad, state, at, .. } in params {
            updated.push(self.update(value, grad, state, at));
        }
        updated
    }
}

/// The slots of a decorator's own, which stand last in the state, and what stands before them.
#[track_caller]
pub(crate) fn own_slots<'a, const N: usize, B: Backend>(
    op: &str,
    state: &'a [Tensor<B>],
) -> (&'a [Tensor<B>; N], &'a [Tensor<B>]) {
    match state.split_last_chunk() {
        Some((state, own)) => (own, state),
        None => panic!("{op}: a state of at least {N} slots expected, {} given", state.len()),
    }
}

/// A parameter and its state: all new where the condition, a scalar, is not 0, else all old, whatever the new has become.
#[track_caller]
pub(crate) fn either<B: Backend>(condition: &Tensor<B>, (x, state): Updated<B>, old: &ParamStep<'_, B>) -> Updated<B> {
    let mut chosen = Vec::with_capacity(state.len());
    for (new, old) in state.iter().zip(old.state) {
        chosen.push(condition.select(new, old));
    }
    (condition.select(&x, old.value), chosen)
}
