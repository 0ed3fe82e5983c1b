//! [`Ema`]: a running average of the weights beside the weights.

use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::optimizer::{Optimizer, ParamStep, Updated, own_slots};
use crate::rule::average;

/// An optimizer that also keeps an exponential moving average of the parameters.
///
/// ```text
/// x <- the optimizer's update
/// e <- x                               in the first step
/// e <- decay e + (1 - decay) x         afterwards
/// ```
///
/// The average is in the slot `ema`, behind the optimizer's own; nothing reads it but who asks for it, in `nn` by
/// `TrainStep::model_from_state("ema")`. It is PyTorch's `AveragedModel` with `get_ema_multi_avg_fn`.
///
/// (B. Polyak and A. Juditsky, *Acceleration of stochastic approximation by averaging*, SIAM Journal on Control and
/// Optimization 30, 1992, who take the plain mean.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::{Ema, Optimizer, ParamStep, Sgd, StepInputs};
/// let optimizer = Ema::new(0.75, Sgd::new(1.0));
/// let mut x = Tensor::<Cpu<f64>>::new(&[9.0], [1]);
/// let mut state: Vec<_> = optimizer.initial_state("", &x).into_iter().map(|(_, slot)| slot).collect();
/// for step in 1..=2 {
///     let at = StepInputs::new(1.0, step, x.device());
///     let param = ParamStep { name: "", value: &x, grad: x.new_full([1], 4.0), state: &state, at };
///     (x, state) = optimizer.step(&[param]).remove(0);
/// }
/// assert_eq!(x.item(), 1.0);
/// assert_eq!(state[0].item(), 0.75 * 5.0 + 0.25 * 1.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ema<O> {
    /// How much of the average stays in a step; 0.999 is common.
    pub decay: f64,
    /// What updates the parameters.
    pub optimizer: O,
}

impl<O> Ema<O> {
    /// The average over about `1 / (1 - decay)` steps.
    #[must_use]
    pub const fn new(decay: f64, optimizer: O) -> Self {
        Self { decay, optimizer }
    }
}

impl<O: Optimizer> Optimizer for Ema<O> {
    fn base_lr(&self) -> f64 {
        self.optimizer.base_lr()
    }

    fn initial_state<B: Backend>(&self, name: &str, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        assert!((0.0..=1.0).contains(&self.decay), "ema: decay must be from 0 to 1, found {}", self.decay);
        let mut slots = self.optimizer.initial_state(name, param);
        slots.push(("ema", param.clone()));
        slots
    }

    fn loss_scale<B: Backend>(&self, state: &[Tensor<B>]) -> Option<Tensor<B>> {
        let ([_], state) = own_slots("ema", state);
        self.optimizer.loss_scale(state)
    }

    fn step<B: Backend>(&self, params: &[ParamStep<'_, B>]) -> Vec<Updated<B>> {
        let (mut inner, mut averages) = (Vec::with_capacity(params.len()), Vec::with_capacity(params.len()));
        for param in params {
            let ([ema], state) = own_slots("ema", param.state);
            inner.push(ParamStep { state, ..param.clone() });
            averages.push(ema);
        }
        let mut updated = self.optimizer.step(&inner);
        for (((x, state), ema), ParamStep { at, .. }) in updated.iter_mut().zip(averages).zip(params) {
            let first = at.step.le(&at.step.ones_like());
            state.push(first.select(x, &average(self.decay, ema, x)));
        }
        updated
    }
}
