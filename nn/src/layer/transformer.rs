//! Layers of the transformer: attention and a perceptron, each beside a connection that leaves it out.

mod decoder;
mod encoder;

use autodiff_core::{Backend, Tensor};

use crate::{AttentionOptions, Context, Dropout, Keys, LayerNorm, Linear, Module, MultiheadAttention};

pub use decoder::{TransformerDecoder, TransformerDecoderLayer};
pub use encoder::{TransformerEncoder, TransformerEncoderLayer};

/// What stands between the two maps of a transformer's perceptron.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Module)]
pub enum TransformerActivation {
    /// The rectifier.
    #[default]
    ReLU,
    /// The Gaussian error linear unit.
    GELU,
}

/// How a layer of a transformer is built; the defaults are PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransformerOptions {
    /// The width of the perceptron's hidden layer; 2048.
    pub dim_feedforward: usize,
    /// The probability with which, in training, a number is left out; 0.1.
    pub dropout: f64,
    /// What stands in the middle of the perceptron; the rectifier.
    pub activation: TransformerActivation,
    /// What the norms add to variances; 1e-5.
    pub layer_norm_eps: f64,
    /// Whether examples come before positions; no.
    pub batch_first: bool,
    /// Whether each part is normalised before it, `x + f(norm(x))`, and not behind, `norm(x + f(x))`; behind.
    pub norm_first: bool,
}

impl Default for TransformerOptions {
    fn default() -> Self {
        Self {
            dim_feedforward: 2048,
            dropout: 0.1,
            activation: TransformerActivation::ReLU,
            layer_norm_eps: 1e-5,
            batch_first: false,
            norm_first: false,
        }
    }
}

impl TransformerOptions {
    #[track_caller]
    fn attention<B: Backend>(&self, d_model: usize, nhead: usize, keys: &mut Keys<B>) -> MultiheadAttention<B> {
        let options =
            AttentionOptions { dropout: self.dropout, batch_first: self.batch_first, ..AttentionOptions::default() };
        MultiheadAttention::with(d_model, nhead, options, keys)
    }

    #[track_caller]
    fn norm<B: Backend>(&self, d_model: usize, keys: &Keys<B>) -> LayerNorm<B> {
        LayerNorm { eps: self.layer_norm_eps, ..LayerNorm::new([d_model], keys.device()) }
    }
}

/// `x + f(x)`, normalised before or behind: how every part of a transformer is put into its layer.
#[track_caller]
fn beside<B: Backend>(
    x: &Tensor<B>,
    norm: &LayerNorm<B>,
    norm_first: bool,
    dropout: Dropout,
    ctx: &mut Context<B>,
    f: impl FnOnce(&Tensor<B>, &mut Context<B>) -> Tensor<B>,
) -> Tensor<B> {
    let y = if norm_first { f(&norm.forward(x), ctx) } else { f(x, ctx) };
    let sum = x + dropout.forward(&y, ctx);
    if norm_first { sum } else { norm.forward(&sum) }
}

/// `linear2(dropout(activation(linear1(x))))`
#[track_caller]
fn perceptron<B: Backend>(
    x: &Tensor<B>,
    [linear1, linear2]: [&Linear<B>; 2],
    activation: TransformerActivation,
    dropout: Dropout,
    ctx: &mut Context<B>,
) -> Tensor<B> {
    let wide = linear1.forward(x);
    let active = match activation {
        TransformerActivation::ReLU => wide.relu(),
        TransformerActivation::GELU => wide.gelu(),
    };
    linear2.forward(&dropout.forward(&active, ctx))
}
