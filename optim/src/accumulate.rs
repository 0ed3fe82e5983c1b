//! [`Accumulate`]: one update by the gradients of several steps.

use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::optimizer::{Optimizer, ParamStep, Updated, either, own_slots};
use crate::rule::StepInputs;

/// An optimizer that is given the mean of several steps' gradients: a batch that does not fit into memory, in parts.
///
/// ```text
/// a <- a + g / steps
/// in every steps-th step:   x <- the optimizer's update with the gradient a;   a <- 0
/// ```
///
/// In between neither the parameter nor the optimizer's own state changes. The optimizer counts its own updates,
/// `t / steps` of them after `t` steps. Two slots stand behind its own: `accumulated`, the gradients so far, and `gathered`,
/// how many they are.
///
/// A traced step does the same work in every step and chooses what becomes of it, so that an update that is not due costs as
/// much as one that is. A parameter that is without gradient in some steps counts those that it has one in.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::{Accumulate, Optimizer, ParamStep, Sgd, StepInputs};
/// let optimizer = Accumulate::new(2, Sgd::new(1.0));
/// let mut x = Tensor::<Cpu<f64>>::new(&[9.0], [1]);
/// let mut state: Vec<_> = optimizer.initial_state("", &x).into_iter().map(|(_, slot)| slot).collect();
/// let mut trajectory = Vec::new();
/// for (step, gradient) in (1..).zip([1.0, 3.0, 5.0, 7.0]) {
///     let at = StepInputs::new(1.0, step, x.device());
///     let param = ParamStep { name: "", value: &x, grad: x.new_full([1], gradient), state: &state, at };
///     (x, state) = optimizer.step(&[param]).remove(0);
///     trajectory.push(x.item());
/// }
/// assert_eq!(trajectory, [9.0, 7.0, 7.0, 1.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accumulate<O> {
    /// How many gradients make one update.
    pub steps: u32,
    /// What is given their mean.
    pub optimizer: O,
}

impl<O> Accumulate<O> {
    /// One update by so many gradients.
    #[must_use]
    pub const fn new(steps: u32, optimizer: O) -> Self {
        Self { steps, optimizer }
    }
}

impl<O: Optimizer> Optimizer for Accumulate<O> {
    fn base_lr(&self) -> f64 {
        self.optimizer.base_lr()
    }

    fn initial_state<B: Backend>(&self, name: &str, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        assert!(self.steps > 0, "accumulate: steps must be above 0, found 0");
        let mut slots = self.optimizer.initial_state(name, param);
        slots.extend([("accumulated", param.zeros_like()), ("gathered", Tensor::scalar(0.0, param.device()))]);
        slots
    }

    fn loss_scale<B: Backend>(&self, state: &[Tensor<B>]) -> Option<Tensor<B>> {
        let ([_, _], state) = own_slots("accumulate", state);
        self.optimizer.loss_scale(state)
    }

    fn step<B: Backend>(&self, params: &[ParamStep<'_, B>]) -> Vec<Updated<B>> {
        let mut inner = Vec::with_capacity(params.len());
        for param in params {
            let ([so_far, _], state) = own_slots("accumulate", param.state);
            let grad = so_far + &param.grad / f64::from(self.steps);
            let at = StepInputs { lr: param.at.lr.clone(), step: self.updates(&param.at.step) };
            inner.push(ParamStep { grad, state, at, ..param.clone() });
        }
        let updated = self.optimizer.step(&inner);
        let mut chosen = Vec::with_capacity(params.len());
        for ((new, old), param) in updated.into_iter().zip(&inner).zip(params) {
            let ([_, gathered], _) = own_slots("accumulate", param.state);
            chosen.push(self.choose(gathered + 1.0, new, old));
        }
        chosen
    }
}

impl<O> Accumulate<O> {
    /// How many updates there were by then, but at least 1: no rule is asked for an update before the first.
    #[track_caller]
    fn updates<B: Backend>(&self, step: &Tensor<B>) -> Tensor<B> {
        (step / f64::from(self.steps)).floor().maximum(&step.ones_like())
    }

    /// What becomes of a parameter and its state: all new and nothing accumulated when so many gradients make an update, else
    /// all old.
    #[track_caller]
    fn choose<B: Backend>(&self, gathered: Tensor<B>, new: Updated<B>, old: &ParamStep<'_, B>) -> Updated<B> {
        let due = gathered.eq(&gathered.new_full([], f64::from(self.steps)));
        let (x, mut state) = either(&due, new, old);
        state.extend([due.select(&old.grad.zeros_like(), &old.grad), gathered * (1.0 - due)]);
        (x, state)
    }
}
