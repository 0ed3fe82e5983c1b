//! Gradients kept from being too long: [`clip_grad_norm`], [`clip_grad_value`], and the optimizers that do it first.

use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::optimizer::{Optimizer, ParamStep, Updated};

/// The gradients, shortened together where their length exceeds `max_norm`; and that length before.
///
/// ```text
/// total = (sum over all elements of all gradients of |g|^p)^(1/p)      largest |g| for p = inf
/// g <- g min(1, max_norm / (total + 1e-6))
/// ```
///
/// with `p = norm_type`. A gradient that is not finite makes all of them so, or 0: nothing is hidden, and nothing is checked
/// here. Nothing at all has length 0.
///
/// (R. Pascanu, T. Mikolov and Y. Bengio, *On the difficulty of training recurrent neural networks*, ICML 2013, algorithm 1;
/// 1e-6 is PyTorch's.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::clip_grad_norm;
/// let gradients = [Tensor::<Cpu<f64>>::new(&[3.0], [1]), Tensor::new(&[0.0, -4.0], [2])];
/// let (clipped, total) = clip_grad_norm(&gradients, 1.0, 2.0);
/// assert_eq!(total.item(), 5.0);
/// assert!((clipped[1].to_vec()[1] + 0.8).abs() < 1e-6);
/// assert_eq!(clip_grad_norm(&gradients, 9.0, f64::INFINITY).0[0].to_vec(), [3.0]);
/// ```
///
/// # Panics
/// When `max_norm` is below 0, or `norm_type` is not above 0.
#[must_use]
#[track_caller]
pub fn clip_grad_norm<B: Backend>(grads: &[Tensor<B>], max_norm: f64, norm_type: f64) -> (Vec<Tensor<B>>, Tensor<B>) {
    check_norm(max_norm, norm_type);
    let total = total_norm(grads, norm_type);
    let factor = (max_norm / (&total + 1e-6)).clamp(None, Some(1.0));
    (grads.iter().map(|grad| grad * &factor).collect(), total)
}

#[track_caller]
fn check_norm(max_norm: f64, norm_type: f64) {
    assert!(max_norm >= 0.0, "clip_grad_norm: max_norm must not be below 0, found {max_norm}");
    assert!(norm_type > 0.0, "clip_grad_norm: norm_type must be above 0, found {norm_type}");
}

/// The norm of the norms.
#[track_caller]
fn total_norm<B: Backend>(grads: &[Tensor<B>], norm_type: f64) -> Tensor<B> {
    // The largest of no elements is not defined.
    let grads = grads.iter().filter(|grad| grad.shape().elements() > 0);
    let norms: Vec<_> =
        grads.map(|grad| grad.reshape([grad.shape().elements()]).vector_norm(norm_type, &[0])).collect();
    match &norms[..] {
        [] => Tensor::zeros([], &B::Device::default()),
        [norm] => norm.clone(),
        norms => Tensor::stack(norms, 0).vector_norm(norm_type, &[0]),
    }
}

/// The gradients with each element brought to the nearest from `-clip_value` to `clip_value`.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::clip_grad_value;
/// let gradient = Tensor::<Cpu<f64>>::new(&[-3.0, 0.5], [2]);
/// assert_eq!(clip_grad_value(&[gradient], 1.0)[0].to_vec(), [-1.0, 0.5]);
/// ```
///
/// # Panics
/// When `clip_value` is below 0.
#[must_use]
#[track_caller]
pub fn clip_grad_value<B: Backend>(grads: &[Tensor<B>], clip_value: f64) -> Vec<Tensor<B>> {
    check_value(clip_value);
    grads.iter().map(|grad| grad.clamp(Some(-clip_value), Some(clip_value))).collect()
}

#[track_caller]
fn check_value(clip_value: f64) {
    assert!(clip_value >= 0.0, "clip_grad_value: clip_value must not be below 0, found {clip_value}");
}

/// An optimizer whose gradients are clipped together first: see [`clip_grad_norm`].
///
/// ```
/// use optim::{ClipGradNorm, Sgd};
/// let optimizer = ClipGradNorm { norm_type: 1.0, ..ClipGradNorm::new(0.5, Sgd::new(0.1)) };
/// assert_eq!(optimizer.max_norm, 0.5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipGradNorm<O> {
    /// How long all gradients together may be.
    pub max_norm: f64,
    /// The `p` of the norm, infinite for the largest element; 2 by default.
    pub norm_type: f64,
    /// What is given the clipped gradients.
    pub optimizer: O,
}

impl<O> ClipGradNorm<O> {
    /// By Euclidean length.
    #[must_use]
    pub const fn new(max_norm: f64, optimizer: O) -> Self {
        Self { max_norm, norm_type: 2.0, optimizer }
    }
}

/// An optimizer each element of whose gradients is clipped first: see [`clip_grad_value`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipGradValue<O> {
    /// How large an element may be, of either sign.
    pub clip_value: f64,
    /// What is given the clipped gradients.
    pub optimizer: O,
}

impl<O> ClipGradValue<O> {
    /// Elements from `-clip_value` to `clip_value`.
    #[must_use]
    pub const fn new(clip_value: f64, optimizer: O) -> Self {
        Self { clip_value, optimizer }
    }
}

impl<O: Optimizer> Optimizer for ClipGradNorm<O> {
    fn base_lr(&self) -> f64 {
        self.optimizer.base_lr()
    }

    fn initial_state<B: Backend>(&self, name: &str, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        check_norm(self.max_norm, self.norm_type);
        self.optimizer.initial_state(name, param)
    }

    fn loss_scale<B: Backend>(&self, state: &[Tensor<B>]) -> Option<Tensor<B>> {
        self.optimizer.loss_scale(state)
    }

    fn step<B: Backend>(&self, params: &[ParamStep<'_, B>]) -> Vec<Updated<B>> {
        let (clipped, _) = clip_grad_norm(&grads(params), self.max_norm, self.norm_type);
        self.optimizer.step(&with_grads(params, clipped))
    }
}

impl<O: Optimizer> Optimizer for ClipGradValue<O> {
    fn base_lr(&self) -> f64 {
        self.optimizer.base_lr()
    }

    fn initial_state<B: Backend>(&self, name: &str, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        check_value(self.clip_value);
        let slots = self.optimizer.initial_state(name, param);
        let state: Vec<_> = slots.iter().map(|(_, slot)| slot.clone()).collect();
        // A limit would hide from the scaler that a gradient is infinite.
        assert!(
            self.optimizer.loss_scale(&state).is_none(),
            "clip_grad_value: to be within a `GradScaler`, not around it"
        );
        slots
    }

    fn step<B: Backend>(&self, params: &[ParamStep<'_, B>]) -> Vec<Updated<B>> {
        let clipped = clip_grad_value(&grads(params), self.clip_value);
        self.optimizer.step(&with_grads(params, clipped))
    }
}

fn grads<B: Backend>(params: &[ParamStep<'_, B>]) -> Vec<Tensor<B>> {
    params.iter().map(|param| param.grad.clone()).collect()
}

fn with_grads<'a, B: Backend>(params: &[ParamStep<'a, B>], grads: Vec<Tensor<B>>) -> Vec<ParamStep<'a, B>> {
    params.iter().zip(grads).map(|(param, grad)| ParamStep { grad, ..param.clone() }).collect()
}
