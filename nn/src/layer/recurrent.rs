//! Recurrent networks: a recurrence, in several layers and in both directions, along a sequence.

mod cell;
mod elman;
mod gru;
mod lstm;

use alloc::format;
use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::{Context, Dropout, Keys, Layer, Module, Walk};

pub use cell::{Recurrence, RecurrentCell, RecurrentWeights, State};
pub use elman::{Elman, RNN, RNNCell};
pub use gru::{GRU, GRUCell, GatedRecurrentUnit};
pub use lstm::{LSTM, LSTMCell, LongShortTermMemory};

/// How a recurrent network is built; the defaults are PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecurrentOptions {
    /// How many layers there are, each fed with the outputs of the one below; 1.
    pub num_layers: usize,
    /// Whether there are biases; yes.
    pub bias: bool,
    /// Whether examples come before time, `[N, T, ..]` instead of `[T, N, ..]`, in inputs and outputs, not in states; no.
    pub batch_first: bool,
    /// The probability with which, in training, an output of a layer is left out of the next one's input; 0.
    pub dropout: f64,
    /// Whether a second network reads each layer's input from the end; no.
    pub bidirectional: bool,
}

impl Default for RecurrentOptions {
    fn default() -> Self {
        Self { num_layers: 1, bias: true, batch_first: false, dropout: 0.0, bidirectional: false }
    }
}

/// A recurrence along a sequence: [`RNN`], [`LSTM`], [`GRU`].
///
/// ```text
/// x [T, N, input_size]    ->    y [T, N, directions hidden_size],    states [num_layers directions, N, hidden_size]
/// ```
///
/// Time comes first unless `batch_first` is set. The output is that of the last layer at every time, of both directions
/// side by side. A state has a row for each layer and direction, the directions of a layer together; it is zeros unless one
/// is given. Parameters are called as in PyTorch, `weight_ih_l0`, `weight_ih_l0_reverse`, and begin uniformly distributed
/// within `1 / sqrt(hidden_size)`.
///
/// The inputs of all times are multiplied at once; each time adds one product with the state before it.
///
/// As a [`Layer`] it begins with zeros and answers `y` alone; [`forward`](Self::forward) takes and answers states.
#[derive(Clone, Debug)]
pub struct Recurrent<B: Backend, R> {
    /// The affine maps of layers one after another, in each the directions.
    pub weights: Vec<RecurrentWeights<B>>,
    /// The formula of one step.
    pub recurrence: R,
    /// How the network is built.
    options: RecurrentOptions,
}

impl<B: Backend, R: Recurrence> Recurrent<B, R> {
    /// A network of one layer with PyTorch's defaults.
    ///
    /// # Panics
    /// When the extents are too large for a tensor.
    #[must_use]
    #[track_caller]
    pub fn new(input_size: usize, hidden_size: usize, keys: &mut Keys<B>) -> Self {
        Self::with(input_size, hidden_size, RecurrentOptions::default(), keys)
    }

    /// A network with these options.
    ///
    /// # Panics
    /// When there is no layer, the probability of dropout is none, or the extents are too large for a tensor.
    #[must_use]
    #[track_caller]
    pub fn with(input_size: usize, hidden_size: usize, options: RecurrentOptions, keys: &mut Keys<B>) -> Self {
        let RecurrentOptions { num_layers, bias, dropout, .. } = options;
        assert!(num_layers > 0, "recurrent network: at least one layer expected");
        assert!((0.0..=1.0).contains(&dropout), "recurrent network: dropout lies between 0 and 1, found {dropout}");
        let directions = options.directions();
        let mut weights = Vec::with_capacity(num_layers * directions);
        for layer in 0..num_layers {
            let inputs = if layer == 0 { input_size } else { directions * hidden_size };
            for _ in 0..directions {
                weights.push(RecurrentWeights::new([R::GATES, inputs, hidden_size], bias, keys));
            }
        }
        Self { weights, recurrence: R::default(), options }
    }

    /// The outputs at every time, and the states behind the last, from these states or from zeros.
    ///
    /// # Panics
    /// When the input has not rank 3 or the layer's number of features, when there is no time, or when the states have not the
    /// shape `[num_layers directions, N, hidden_size]`.
    #[must_use]
    #[track_caller]
    pub fn forward(
        &self,
        x: &Tensor<B>,
        states: Option<&R::State<B>>,
        ctx: &mut Context<B>,
    ) -> (Tensor<B>, R::State<B>) {
        let (shape, width) = (x.shape(), self.weights[0].inputs());
        assert!(
            shape.rank() == 3 && shape[2] == width,
            "recurrent network: an input of three axes with {width} features expected, its shape is {shape}"
        );
        let batch_first = self.options.batch_first;
        let mut x = if batch_first { x.transpose(0, 1) } else { x.clone() };
        assert!(x.shape()[0] > 0, "recurrent network: a sequence of at least one time expected, the shape is {shape}");
        let mut rows = self.rows(states, &x).into_iter();
        let (directions, mut last) = (self.options.directions(), Vec::with_capacity(self.weights.len()));
        for (layer, weights) in self.weights.chunks_exact(directions).enumerate() {
            if layer > 0 {
                x = Dropout { p: self.options.dropout }.forward(&x, ctx);
            }
            let mut outputs = Vec::with_capacity(directions);
            for ((direction, weights), state) in weights.iter().enumerate().zip(rows.by_ref()) {
                let (y, state) = weights.along(&self.recurrence, &x, state, direction == 1);
                outputs.push(y);
                last.push(state);
            }
            x = Tensor::concat(&outputs, -1);
        }
        (if batch_first { x.transpose(0, 1) } else { x }, joined::<B, R>(&last))
    }

    /// The parts of the first state of each layer and direction, `[N, hidden_size]`.
    #[track_caller]
    fn rows(&self, states: Option<&R::State<B>>, x: &Tensor<B>) -> Vec<Vec<Tensor<B>>> {
        let (count, [batch, hidden]) = (self.weights.len(), [x.shape()[1], self.weights[0].hidden()]);
        let Some(states) = states else {
            return alloc::vec![alloc::vec![x.new_zeros([batch, hidden]); R::State::<B>::PARTS]; count];
        };
        let parts = states.parts();
        for part in &parts {
            let found = part.shape();
            assert!(
                found == [count, batch, hidden],
                "recurrent network: a state of shape [{count}, {batch}, {hidden}] expected, found {found}"
            );
        }
        (0..count).map(|row| parts.iter().map(|part| part.slice(0, row..=row).squeeze(0)).collect()).collect()
    }
}

/// The states of all layers and directions as one.
#[track_caller]
fn joined<B: Backend, R: Recurrence>(rows: &[Vec<Tensor<B>>]) -> R::State<B> {
    let part = |part: usize| Tensor::stack(&rows.iter().map(|row| row[part].clone()).collect::<Vec<_>>(), 0);
    R::State::from_parts((0..R::State::<B>::PARTS).map(part).collect())
}

impl RecurrentOptions {
    fn directions(&self) -> usize {
        1 + usize::from(self.bidirectional)
    }
}

impl<B: Backend, R: Recurrence> Layer<B> for Recurrent<B, R> {
    type Output = Tensor<B>;
    fn forward(&self, x: &Tensor<B>, ctx: &mut Context<B>) -> Tensor<B> {
        self.forward(x, None, ctx).0
    }
}

impl<B: Backend, R: Recurrence> Module<B> for Recurrent<B, R> {
    type With<C: Backend> = Recurrent<C, R>;
    fn map<C: Backend>(&self, walk: &mut Walk<'_, B, C>) -> Recurrent<C, R> {
        let directions = self.options.directions();
        let weights = self.weights.iter().enumerate().map(|(number, weights)| {
            let reverse = if number % directions == 1 { "_reverse" } else { "" };
            weights.named(&format!("_l{}{reverse}", number / directions), walk)
        });
        Recurrent { weights: weights.collect(), recurrence: self.recurrence.clone(), options: self.options }
    }
}
