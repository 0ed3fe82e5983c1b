//! [`GradScaler`]: a loss made larger for gradients in half precision, as far as they bear it.

use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::optimizer::{Optimizer, ParamStep, Updated, either, own_slots};
use crate::rule::StepInputs;

/// An optimizer for a loss whose gradients pass through halves: the loss is multiplied by `s` before its gradients are
/// taken, the gradients are divided by it, and what has become infinite on the way is left out.
///
/// ```text
/// all gradients finite:    x <- the optimizer's update;    s <- s growth_factor  after growth_interval such steps in a row
/// else:                    x stays;                        s <- s backoff_factor
/// ```
///
/// Gradients too small for the format become 0; a larger loss keeps them from it. `bf16` has the range of `f32` and needs no
/// scale, which does no harm there. What wraps it passes the scale on to the training step. Its slots, numbers that are the same for each parameter, stand behind the optimizer's: `scale`,
/// `growth_tracker`, and `updates`, by which the optimizer counts. Settings are those of PyTorch's `torch.amp.GradScaler`.
///
/// (Micikevicius et al., *Mixed precision training*, ICLR 2018, section 3.2.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::{GradScaler, Optimizer, ParamStep, Sgd, StepInputs};
/// let optimizer = GradScaler::new(Sgd::new(1.0));
/// let x = Tensor::<Cpu<f32>>::new(&[5.0], [1]);
/// let state: Vec<_> = optimizer.initial_state("", &x).into_iter().map(|(_, slot)| slot).collect();
/// let step = |gradient: f64| {
///     let at = StepInputs::new(1.0, 1, x.device());
///     let grad = Tensor::new(&[gradient], [1]);
///     optimizer.step(&[ParamStep { name: "", value: &x, grad, state: &state, at }]).remove(0)
/// };
/// let scale = |state: &[Tensor<_>]| optimizer.loss_scale(state).unwrap().item();
/// let (y, after) = step(2.0);
/// assert_eq!((y.item(), scale(&after)), (3.0, 65_536.0));
/// let (y, after) = step(f64::INFINITY);
/// assert_eq!((y.item(), scale(&after)), (5.0, 32_768.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradScaler<O> {
    /// The scale at the start; 65536.
    pub init_scale: f64,
    /// What it is multiplied by when all goes well; 2.
    pub growth_factor: f64,
    /// What it is multiplied by when a gradient is not finite; 0.5.
    pub backoff_factor: f64,
    /// How many steps in a row have to go well; 2000.
    pub growth_interval: u32,
    /// Whether it does anything: without, it is the optimizer and nothing else; yes.
    pub enabled: bool,
    /// What is given the gradients.
    pub optimizer: O,
}

/// The largest scale: beyond it no gradient of a half is lost, and `f32` is far from its end.
const LARGEST: f64 = 1_099_511_627_776.0; // 2^40
const OP: &str = "grad_scaler";

impl<O> GradScaler<O> {
    /// PyTorch's settings.
    #[must_use]
    pub const fn new(optimizer: O) -> Self {
        Self {
            init_scale: 65_536.0,
            growth_factor: 2.0,
            backoff_factor: 0.5,
            growth_interval: 2000,
            enabled: true,
            optimizer,
        }
    }
}

impl<O: Optimizer> Optimizer for GradScaler<O> {
    fn base_lr(&self) -> f64 {
        self.optimizer.base_lr()
    }

    fn initial_state<B: Backend>(&self, name: &str, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        let Self { init_scale, growth_factor, backoff_factor, growth_interval, .. } = *self;
        assert!(
            init_scale > 0.0 && growth_factor >= 1.0 && (0.0..=1.0).contains(&backoff_factor) && growth_interval > 0,
            "grad_scaler: a scale above 0, a growth of at least 1, a backoff of at most 1 and an interval above 0 \
             expected, found {init_scale}, {growth_factor}, {backoff_factor} and {growth_interval}"
        );
        let mut slots = self.optimizer.initial_state(name, param);
        if !self.enabled {
            return slots;
        }
        let number = |value| Tensor::scalar(value, param.device());
        slots.extend([("scale", number(init_scale)), ("growth_tracker", number(0.0)), ("updates", number(0.0))]);
        slots
    }

    fn loss_scale<B: Backend>(&self, state: &[Tensor<B>]) -> Option<Tensor<B>> {
        if !self.enabled {
            return self.optimizer.loss_scale(state);
        }
        let ([scale, _, _], _) = own_slots(OP, state);
        Some(scale.clone())
    }

    fn step<B: Backend>(&self, params: &[ParamStep<'_, B>]) -> Vec<Updated<B>> {
        if !self.enabled {
            return self.optimizer.step(params);
        }
        let mut inner = Vec::with_capacity(params.len());
        for param in params {
            let ([_, _, updates], state) = own_slots(OP, param.state);
            let at = StepInputs { lr: param.at.lr.clone(), step: updates + 1.0 };
            inner.push(ParamStep { state, at, ..param.clone() });
        }
        let Some(finite) = all_finite(params) else { return Vec::new() };
        let updated = self.optimizer.step(&inner);
        let mut chosen = Vec::with_capacity(params.len());
        for ((new, old), param) in updated.into_iter().zip(&inner).zip(params) {
            let (value, mut state) = either(&finite, new, old);
            state.extend(self.adjusted(&finite, own_slots(OP, param.state).0));
            chosen.push((value, state));
        }
        chosen
    }
}

impl<O> GradScaler<O> {
    /// The slots after a step in which all was finite, or not.
    #[track_caller]
    fn adjusted<B: Backend>(&self, finite: &Tensor<B>, [scale, tracker, updates]: &[Tensor<B>; 3]) -> [Tensor<B>; 3] {
        let in_a_row = (tracker + 1.0) * finite;
        let grows = in_a_row.ge(&in_a_row.new_full([], f64::from(self.growth_interval)));
        let larger = (scale * self.growth_factor).minimum(&scale.new_full([], LARGEST));
        let kept = grows.select(&larger, scale);
        let scale = finite.select(&kept, &(scale * self.backoff_factor));
        [scale, in_a_row * (1.0 - grows), updates + finite]
    }
}

/// 1 where every number of every gradient is finite, else 0; none where there is no gradient.
#[track_caller]
fn all_finite<B: Backend>(params: &[ParamStep<'_, B>]) -> Option<Tensor<B>> {
    // 0 times what is not finite is NaN, which a sum keeps.
    let traces = params.iter().map(|param| (&param.grad * 0.0).sum());
    let trace = traces.reduce(|a, b| a + b)?;
    Some(trace.eq(&trace.zeros_like()))
}
