//! [`Rule`], which makes a better parameter out of a parameter and its gradient, and what the rules share.

use core::fmt::Debug;

use alloc::vec::Vec;

use autodiff_core::{Backend, Element, FloatCore, Tensor};

use crate::optimizer::Updated;

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

/// A rule that makes a better parameter out of a parameter and its gradient: a formula of a paper.
///
/// A value of the type carries the settings. What the rule remembers of a parameter is its state, some tensors that are
/// handed in and out, so that an update is a function. The methods are generic over the backend and use tensor operations
/// only: nothing may read a value, or it could not be traced. Every rule is an [`Optimizer`](crate::Optimizer), which
/// updates each parameter by itself.
///
/// ```
/// use autodiff_core::{Backend, Tensor};
/// use backend_cpu::Cpu;
/// use optim::{Rule, StepInputs, Updated};
///
/// /// `x - lr sign(g)` (Bernstein et al. 2018).
/// #[derive(Clone, Debug)]
/// struct SignSgd;
///
/// impl Rule for SignSgd {
///     fn lr(&self) -> f64 {
///         0.5
///     }
///     fn init<B: Backend>(&self, _param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
///         Vec::new()
///     }
///     fn update<B: Backend>(
///         &self,
///         param: &Tensor<B>,
///         grad: &Tensor<B>,
///         _state: &[Tensor<B>],
///         at: &StepInputs<B>,
///     ) -> Updated<B> {
///         (param - &at.lr * grad.sign(), Vec::new())
///     }
/// }
///
/// let [x, g] = [[1.0, 1.0], [-7.0, 0.0]].map(|values| Tensor::<Cpu<f32>>::new(&values, [2]));
/// let (x, _) = SignSgd.update(&x, &g, &[], &StepInputs::new(SignSgd.lr(), 1, x.device()));
/// assert_eq!(x.to_vec(), [1.5, 1.0]);
/// ```
pub trait Rule: Clone + Debug {
    /// The learning rate that it was made with; a schedule or the user may change it from step to step.
    fn lr(&self) -> f64;

    /// The state before the first update: tensors with their names, which are PyTorch's where it has them.
    ///
    /// # Panics
    /// When a setting is out of its limits, or settings contradict each other.
    #[must_use]
    #[track_caller]
    fn init<B: Backend>(&self, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)>;

    /// The new parameter and the new state, of the shapes of the old.
    ///
    /// # Panics
    /// When shapes or the number of states are not those of the parameter and of [`Rule::init`].
    #[must_use]
    #[track_caller]
    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        state: &[Tensor<B>],
        at: &StepInputs<B>,
    ) -> Updated<B>;
}

/// The state as an array, where the rule knows how many there are.
#[track_caller]
pub(crate) fn slots<'a, const N: usize, B: Backend>(op: &str, state: &'a [Tensor<B>]) -> &'a [Tensor<B>; N] {
    match state.try_into() {
        Ok(slots) => slots,
        Err(_) => panic!("{op}: a state of {N} tensors expected, {} given", state.len()),
    }
}

/// The gradient in the direction of descent, and in row-major order.
///
/// # Panics
/// When the gradient has not the parameter's shape: broadcasting would hide the mistake.
#[track_caller]
pub(crate) fn downhill<B: Backend>(op: &str, param: &Tensor<B>, grad: &Tensor<B>, maximize: bool) -> Tensor<B> {
    let (expected, found) = (param.spec(), grad.spec());
    assert!(
        expected == found,
        "{op}: the gradient must have the parameter's shape and format {expected}, found {found}"
    );
    // In row-major order: the gradient of a transposed factor is a transposed view, which every operation of the rule would
    // gather anew. These reshapes do it once, and are views of what lies so already.
    let grad = grad.reshape([param.shape().elements()]).reshape(param.shape());
    if maximize { -grad } else { grad }
}

/// [`downhill`], with the gradient of `weight_decay |x|^2 / 2` added.
#[track_caller]
pub(crate) fn penalized<B: Backend>(
    op: &str,
    param: &Tensor<B>,
    grad: &Tensor<B>,
    maximize: bool,
    weight_decay: f64,
) -> Tensor<B> {
    let g = downhill(op, param, grad, maximize);
    if weight_decay == 0.0 { g } else { g + param * weight_decay }
}

/// `x (1 - lr weight_decay)`: decay that is decoupled from the gradient.
#[track_caller]
pub(crate) fn decayed<B: Backend>(param: &Tensor<B>, weight_decay: f64, at: &StepInputs<B>) -> Tensor<B> {
    if weight_decay == 0.0 { param.clone() } else { param * (1.0 - &at.lr * weight_decay) }
}

/// The gradient and the parameter after a weight decay of either kind.
#[track_caller]
pub(crate) fn decays<B: Backend>(
    op: &str,
    (param, grad): (&Tensor<B>, &Tensor<B>),
    maximize: bool,
    (weight_decay, decoupled): (f64, bool),
    at: &StepInputs<B>,
) -> (Tensor<B>, Tensor<B>) {
    if decoupled {
        (downhill(op, param, grad, maximize), decayed(param, weight_decay, at))
    } else {
        (penalized(op, param, grad, maximize, weight_decay), param.clone())
    }
}

/// `share old + (1 - share) new`
#[track_caller]
pub(crate) fn average<B: Backend>(share: f64, old: &Tensor<B>, new: &Tensor<B>) -> Tensor<B> {
    old * share + new * (1.0 - share)
}

/// `1 - beta^t`, the share of a running average from 0 that is filled after `t` steps.
///
/// Computed as `-expm1(t log beta)`: in `f32`, `1 - 0.999` has lost a third of its digits before it is used.
#[track_caller]
pub(crate) fn correction<B: Backend>(beta: f64, t: &Tensor<B>) -> Tensor<B> {
    -(t * libm::log(beta)).expm1()
}

/// An `eps` below the element's smallest normal number counts as that: in `f16`, 1e-8 is 0, and a parameter without a
/// gradient would become 0/0.
pub(crate) fn at_least_normal<B: Backend>(eps: f64) -> f64 {
    eps.max(B::Elem::min_positive_value().into_f64())
}

/// # Panics
/// When one of the settings is below 0 or NaN.
#[track_caller]
pub(crate) fn check_not_negative(op: &str, settings: &[(&str, f64)]) {
    for (name, value) in settings {
        assert!(*value >= 0.0, "{op}: {name} must not be below 0, found {value}");
    }
}

/// # Panics
/// When one of the shares of running averages is not from 0 up to 1, 1 excluded.
#[track_caller]
pub(crate) fn check_shares(op: &str, settings: &[(&str, f64)]) {
    for (name, value) in settings {
        assert!((0.0..1.0).contains(value), "{op}: {name} must be from 0 to below 1, found {value}");
    }
}
