//! Models of language: a recurrent one and one with attention.

use autodiff_core::{Backend, Execute, Index, Tensor};
use nn::{
    AttentionMask, Context, Embedding, LSTM, Layer, LayerNorm, Linear, Module, Param, RecurrentOptions, TrainStep,
    TransformerActivation, TransformerEncoder, TransformerEncoderLayer, TransformerOptions,
};
use optim::{Adam, AdamW};

use super::classifiers::training;
use super::{Inputs, Mode, Step};

/// How many tokens there are.
const VOCABULARY: usize = 65;
/// How many of them stand in a row.
pub(super) const LENGTH: usize = 64;

/// Tokens, and those that follow them.
type Batch<B> = (Index<B>, Index<B>);

fn batch<B: Execute>(inputs: &mut Inputs<B>, rows: usize, length: usize) -> Batch<B> {
    (inputs.below(65, [rows, length]), inputs.below(65, [rows, length]))
}

/// One layer of long short-term memory between an embedding and a linear layer.
type Recurrent<B> = (Embedding<B>, LSTM<B>, Linear<B>);

fn recurrent<B: Backend>(model: &Recurrent<B>, (tokens, next): &Batch<B>, ctx: &mut Context<B>) -> Tensor<B> {
    model.forward(tokens, ctx).cross_entropy(next).mean()
}

pub(super) fn lstm_lm<B: Execute>(mode: Mode, length: usize, device: &B::Device) -> Step {
    let mut inputs = Inputs::<B>::new(device);
    let batch = batch(&mut inputs, 32, length);
    let keys = &mut inputs.keys;
    let options = RecurrentOptions { batch_first: true, ..RecurrentOptions::default() };
    let lstm = LSTM::with(64, 128, options, keys);
    let model: Recurrent<B> = (Embedding::new(VOCABULARY, 64, keys), lstm, Linear::new(128, VOCABULARY, keys));
    training!(mode, model, Adam::new(1e-3), recurrent, batch)
}

/// Width of a position.
const WIDTH: usize = 128;

/// A decoder (Radford et al., *Language models are unsupervised multitask learners*, 2019).
#[derive(Clone, Debug, Module)]
struct Gpt<B: Backend> {
    tokens: Embedding<B>,
    positions: Param<B>,
    blocks: TransformerEncoder<B>,
    head: Linear<B>,
}

fn attentive<B: Backend>(model: &Gpt<B>, (tokens, next): &Batch<B>, ctx: &mut Context<B>) -> Tensor<B> {
    let x = model.tokens.forward(tokens) + model.positions.value();
    model.head.forward(&model.blocks.forward(&x, &AttentionMask::causal(), ctx)).cross_entropy(next).mean()
}

pub(super) fn mini_gpt<B: Execute>(mode: Mode, layers: usize, device: &B::Device) -> Step {
    let mut inputs = Inputs::<B>::new(device);
    let batch = batch(&mut inputs, 16, LENGTH);
    let positions = Param::new(inputs.normal([LENGTH, WIDTH], 1.0));
    let keys = &mut inputs.keys;
    let options = TransformerOptions {
        dim_feedforward: 4 * WIDTH,
        dropout: 0.0,
        activation: TransformerActivation::GELU,
        batch_first: true,
        norm_first: true,
        ..TransformerOptions::default()
    };
    let layers = (0..layers).map(|_| TransformerEncoderLayer::with(WIDTH, 4, options, keys)).collect();
    let model = Gpt {
        tokens: Embedding::new(VOCABULARY, WIDTH, keys),
        positions,
        blocks: TransformerEncoder { layers, norm: Some(LayerNorm::new([WIDTH], device)) },
        head: Linear::without_bias(WIDTH, VOCABULARY, keys),
    };
    training!(mode, model, AdamW::new(1e-3), attentive, batch)
}
