//! One step of a recurrence: its weights, its state, and what a formula has to say.

use core::fmt::Debug;

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::layer::linear::{affine, fan_bound};
use crate::{Keys, Module, Param, Walk, init};

/// The formula of one step: the state behind it, from the state before it and two affine maps.
pub trait Recurrence: Clone + Debug + Default {
    /// How many numbers the affine maps answer for each unit.
    const GATES: usize;

    /// What is handed from time to time, beginning with the output.
    type State<B: Backend>: State<B>;

    /// The state behind a step, from `x W_ih^T + b_ih` and `h W_hh^T + b_hh`, both `[N, GATES hidden]`.
    #[must_use]
    #[track_caller]
    fn step<B: Backend>(&self, x: &Tensor<B>, h: &Tensor<B>, state: &Self::State<B>) -> Self::State<B>;
}

/// What a recurrence hands from time to time: one tensor or two, of which the first is the output.
pub trait State<B: Backend>: Clone {
    /// How many tensors it is.
    const PARTS: usize;
    /// The first of them.
    #[must_use]
    fn output(&self) -> &Tensor<B>;
    /// The tensors.
    #[must_use]
    fn parts(&self) -> Vec<Tensor<B>>;
    /// The state of these tensors.
    ///
    /// # Panics
    /// When there are fewer.
    #[must_use]
    #[track_caller]
    fn from_parts(parts: Vec<Tensor<B>>) -> Self;
}

/// `h`
impl<B: Backend> State<B> for Tensor<B> {
    const PARTS: usize = 1;
    fn output(&self) -> &Tensor<B> {
        self
    }
    fn parts(&self) -> Vec<Tensor<B>> {
        vec![self.clone()]
    }
    fn from_parts(parts: Vec<Tensor<B>>) -> Self {
        parts[0].clone()
    }
}

/// `(h, c)`
impl<B: Backend> State<B> for (Tensor<B>, Tensor<B>) {
    const PARTS: usize = 2;
    fn output(&self) -> &Tensor<B> {
        &self.0
    }
    fn parts(&self) -> Vec<Tensor<B>> {
        vec![self.0.clone(), self.1.clone()]
    }
    fn from_parts(parts: Vec<Tensor<B>>) -> Self {
        (parts[0].clone(), parts[1].clone())
    }
}

/// The affine maps of a recurrence in one layer and one direction.
#[derive(Clone, Debug)]
pub struct RecurrentWeights<B: Backend> {
    /// `W_ih`, of shape `[gates hidden, inputs]`.
    pub weight_ih: Param<B>,
    /// `W_hh`, of shape `[gates hidden, hidden]`.
    pub weight_hh: Param<B>,
    /// `b_ih`, of shape `[gates hidden]`.
    pub bias_ih: Option<Param<B>>,
    /// `b_hh`, of shape `[gates hidden]`.
    pub bias_hh: Option<Param<B>>,
}

impl<B: Backend> RecurrentWeights<B> {
    /// Uniformly distributed within `1 / sqrt(hidden)`, as PyTorch's are.
    #[track_caller]
    pub(super) fn new([gates, inputs, hidden]: [usize; 3], bias: bool, keys: &mut Keys<B>) -> Self {
        let (bound, rows) = (fan_bound(hidden), gates.saturating_mul(hidden));
        let weight_ih = drawn(&[rows, inputs], bound, keys);
        let weight_hh = drawn(&[rows, hidden], bound, keys);
        let [bias_ih, bias_hh] = if bias { [0, 1].map(|_| Some(drawn(&[rows], bound, keys))) } else { [None, None] };
        Self { weight_ih, weight_hh, bias_ih, bias_hh }
    }

    pub(super) fn inputs(&self) -> usize {
        self.weight_ih.shape()[1]
    }

    pub(super) fn hidden(&self) -> usize {
        self.weight_hh.shape()[1]
    }

    /// `x W_ih^T + b_ih`
    #[track_caller]
    fn of_input(&self, x: &Tensor<B>) -> Tensor<B> {
        affine("recurrent network", x, &self.weight_ih, self.bias_ih.as_deref())
    }

    /// `h W_hh^T + b_hh`
    #[track_caller]
    fn of_state(&self, h: &Tensor<B>) -> Tensor<B> {
        affine("recurrent network", h, &self.weight_hh, self.bias_hh.as_deref())
    }

    /// The outputs `[T, N, hidden]` along a sequence `[T, N, inputs]`, and the state behind it.
    #[track_caller]
    pub(super) fn along<R: Recurrence>(
        &self,
        recurrence: &R,
        x: &Tensor<B>,
        state: Vec<Tensor<B>>,
        reverse: bool,
    ) -> (Tensor<B>, Vec<Tensor<B>>) {
        let mut gates = self.of_input(x).unbind(0);
        if reverse {
            gates.reverse();
        }
        let mut state = R::State::from_parts(state);
        let mut outputs = Vec::with_capacity(gates.len());
        for gates in gates {
            state = recurrence.step(&gates, &self.of_state(state.output()), &state);
            outputs.push(state.output().clone());
        }
        if reverse {
            outputs.reverse();
        }
        (Tensor::stack(&outputs, 0), state.parts())
    }

    /// The same weights elsewhere, under PyTorch's names and this ending.
    pub(super) fn named<C: Backend>(&self, suffix: &str, walk: &mut Walk<'_, B, C>) -> RecurrentWeights<C> {
        let mut field = |name: &str, param| walk.field(&format!("{name}{suffix}"), param);
        RecurrentWeights {
            weight_ih: field("weight_ih", &self.weight_ih),
            weight_hh: field("weight_hh", &self.weight_hh),
            bias_ih: self.bias_ih.as_ref().map(|bias| field("bias_ih", bias)),
            bias_hh: self.bias_hh.as_ref().map(|bias| field("bias_hh", bias)),
        }
    }
}

/// A parameter of this shape, uniformly distributed within the bound.
#[track_caller]
fn drawn<B: Backend>(shape: &[usize], bound: f64, keys: &mut Keys<B>) -> Param<B> {
    Param::new(init::uniform(&keys.next_key(), shape, -bound, bound))
}

/// One step of a recurrence: [`RNNCell`](super::RNNCell), [`LSTMCell`](super::LSTMCell), [`GRUCell`](super::GRUCell).
///
/// ```text
/// x [N, input_size]    state [N, hidden_size]    ->    state [N, hidden_size]
/// ```
///
/// Parameters are called as in PyTorch, `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`, and begin uniformly distributed
/// within `1 / sqrt(hidden_size)`.
#[derive(Clone, Debug)]
pub struct RecurrentCell<B: Backend, R> {
    /// The affine maps.
    pub weights: RecurrentWeights<B>,
    /// The formula.
    pub recurrence: R,
}

impl<B: Backend, R: Recurrence> RecurrentCell<B, R> {
    /// A cell with biases, initialised from four keys.
    ///
    /// # Panics
    /// When the extents are too large for a tensor.
    #[must_use]
    #[track_caller]
    pub fn new(input_size: usize, hidden_size: usize, keys: &mut Keys<B>) -> Self {
        Self {
            weights: RecurrentWeights::new([R::GATES, input_size, hidden_size], true, keys),
            recurrence: R::default(),
        }
    }

    /// A cell without biases, initialised from two keys.
    ///
    /// # Panics
    /// When the extents are too large for a tensor.
    #[must_use]
    #[track_caller]
    pub fn without_bias(input_size: usize, hidden_size: usize, keys: &mut Keys<B>) -> Self {
        Self {
            weights: RecurrentWeights::new([R::GATES, input_size, hidden_size], false, keys),
            recurrence: R::default(),
        }
    }

    /// The state behind a step, from this one or from zeros.
    ///
    /// # Panics
    /// When the input is not `[N, input_size]`, or the state not `[N, hidden_size]`.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor<B>, state: Option<&R::State<B>>) -> R::State<B> {
        let (shape, width) = (x.shape(), self.weights.inputs());
        assert!(
            shape.rank() == 2 && shape[1] == width,
            "recurrent cell: an input of two axes with {width} features expected, its shape is {shape}"
        );
        let expected = [shape[0], self.weights.hidden()];
        let zeros = || R::State::from_parts(vec![x.new_zeros(expected); R::State::<B>::PARTS]);
        let state = state.cloned().unwrap_or_else(zeros);
        for part in state.parts() {
            let found = part.shape();
            assert!(found == expected, "recurrent cell: a state of shape {expected:?} expected, found {found}");
        }
        self.recurrence.step(&self.weights.of_input(x), &self.weights.of_state(state.output()), &state)
    }
}

impl<B: Backend, R: Recurrence> Module<B> for RecurrentCell<B, R> {
    type With<C: Backend> = RecurrentCell<C, R>;
    fn map<C: Backend>(&self, walk: &mut Walk<'_, B, C>) -> RecurrentCell<C, R> {
        RecurrentCell { weights: self.weights.named("", walk), recurrence: self.recurrence.clone() }
    }
}

/// Equal parts of the last axis of `[N, GATES hidden]`.
#[track_caller]
pub(super) fn split<const N: usize, B: Backend>(gates: &Tensor<B>) -> [Tensor<B>; N] {
    let [rows, width] = gates.dims();
    let mut parts = gates.reshape([rows, N, width / N]).unbind(1).into_iter();
    core::array::from_fn(|_| parts.next().unwrap_or_else(|| unreachable!("the axis has {N} parts")))
}
