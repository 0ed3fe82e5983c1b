//! Models of language: a recurrent one and one with attention.

use autodiff_core::{Backend, Execute, Index, Tensor};
use nn::{Context, Keys, Linear, Module, Param, TrainStep, init};
use optim::{Adam, AdamW};

use super::classifiers::training;
use super::{Inputs, Mode, Step};

/// How many tokens there are.
const VOCABULARY: usize = 65;
/// How many of them stand in a row.
const LENGTH: usize = 64;

/// Tokens, and those that follow them.
type Batch<B> = (Index<B>, Index<B>);

fn batch<B: Execute>(inputs: &mut Inputs<B>, rows: usize) -> Batch<B> {
    (inputs.below(65, [rows, LENGTH]), inputs.below(65, [rows, LENGTH]))
}

/// The rows of a table that the tokens name: `[b, t] -> [b, t, width]`.
fn embedded<B: Backend>(table: &Tensor<B>, tokens: &Index<B>) -> Tensor<B> {
    let [rows, length] = tokens.dims();
    table.index_select(0, &tokens.reshape([rows * length])).reshape([rows, length, table.shape()[1]])
}

/// One layer of long short-term memory (Hochreiter and Schmidhuber 1997; gates as Gers et al. 2000) between an embedding
/// and a linear layer.
#[derive(Clone, Debug, Module)]
struct Lstm<B: Backend> {
    embedding: Param<B>,
    input: Linear<B>,
    hidden: Linear<B>,
    head: Linear<B>,
}

/// The gates of all positions take one product from the input, and one for each position from the state before it.
fn recurrent<B: Backend>(model: &Lstm<B>, (tokens, next): &Batch<B>, _: &mut Context<B>) -> Tensor<B> {
    const WIDTH: usize = 128;
    let [rows, length] = tokens.dims();
    let inputs = model.input.forward(&embedded(&model.embedding, &tokens.t()));
    let mut state = [inputs.new_zeros([rows, WIDTH]), inputs.new_zeros([rows, WIDTH])];
    let mut outputs = Vec::with_capacity(length);
    for position in 0..length {
        let [h, c] = &state;
        let gates = inputs.slice(0, position..=position).squeeze(0) + model.hidden.forward(h);
        let gate = |number: usize| gates.slice(1, number * WIDTH..(number + 1) * WIDTH);
        let c = gate(1).sigmoid() * c + gate(0).sigmoid() * gate(2).tanh();
        let h = gate(3).sigmoid() * c.tanh();
        outputs.push(h.clone());
        state = [h, c];
    }
    let logits = model.head.forward(&Tensor::stack(&outputs, 1));
    logits.cross_entropy(next).mean()
}

pub(super) fn lstm_lm<B: Execute>(mode: Mode, device: &B::Device) -> Step {
    let mut inputs = Inputs::<B>::new(device);
    let batch = batch(&mut inputs, 32);
    let embedding = Param::new(inputs.normal([VOCABULARY, 64], 1.0));
    let keys = &mut inputs.keys;
    let (input, hidden, head) = (Linear::new(64, 512, keys), Linear::new(128, 512, keys), Linear::new(128, 65, keys));
    training!(mode, Lstm { embedding, input, hidden, head }, Adam::new(1e-3), recurrent, batch)
}

/// Width, and heads that share it.
const WIDTH: usize = 128;
const HEADS: usize = 4;

#[derive(Clone, Debug, Module)]
struct Norm<B: Backend> {
    weight: Param<B>,
    bias: Param<B>,
}

impl<B: Backend> Norm<B> {
    fn new(device: &B::Device) -> Self {
        Self { weight: Param::new(init::ones([WIDTH], device)), bias: Param::new(init::zeros([WIDTH], device)) }
    }

    fn forward(&self, x: &Tensor<B>) -> Tensor<B> {
        x.layer_norm([WIDTH], Some(&self.weight), Some(&self.bias), 1e-5)
    }
}

/// Attention and a perceptron, each behind a norm and beside a connection that leaves it out.
#[derive(Clone, Debug, Module)]
struct Block<B: Backend> {
    norms: [Norm<B>; 2],
    qkv: Linear<B>,
    projection: Linear<B>,
    up: Linear<B>,
    down: Linear<B>,
}

impl<B: Backend> Block<B> {
    fn new(keys: &mut Keys<B>) -> Self {
        Self {
            norms: [0, 1].map(|_| Norm::new(keys.device())),
            qkv: Linear::new(WIDTH, 3 * WIDTH, keys),
            projection: Linear::new(WIDTH, WIDTH, keys),
            up: Linear::new(WIDTH, 4 * WIDTH, keys),
            down: Linear::new(4 * WIDTH, WIDTH, keys),
        }
    }

    fn forward(&self, x: &Tensor<B>) -> Tensor<B> {
        let [rows, length, width] = x.dims();
        let parts = self.qkv.forward(&self.norms[0].forward(x)).reshape([rows, length, 3, HEADS, width / HEADS]);
        let parts = parts.permute(&[2, 0, 3, 1, 4]);
        let [q, k, v] = [0, 1, 2].map(|part| parts.slice(0, part..=part).squeeze(0));
        let attended = q.scaled_dot_product_attention(&k, &v, None, true, None).permute(&[0, 2, 1, 3]);
        let x = x + self.projection.forward(&attended.reshape([rows, length, width]));
        let wide = self.up.forward(&self.norms[1].forward(&x)).gelu();
        &x + self.down.forward(&wide)
    }
}

/// A decoder (Radford et al., *Language models are unsupervised multitask learners*, 2019).
#[derive(Clone, Debug, Module)]
struct Gpt<B: Backend> {
    tokens: Param<B>,
    positions: Param<B>,
    blocks: [Block<B>; 2],
    norm: Norm<B>,
    head: Linear<B>,
}

fn attentive<B: Backend>(model: &Gpt<B>, (tokens, next): &Batch<B>, _: &mut Context<B>) -> Tensor<B> {
    let x = embedded(&model.tokens, tokens) + model.positions.value();
    let x = model.blocks.iter().fold(x, |x, block| block.forward(&x));
    model.head.forward(&model.norm.forward(&x)).cross_entropy(next).mean()
}

pub(super) fn mini_gpt<B: Execute>(mode: Mode, device: &B::Device) -> Step {
    let mut inputs = Inputs::<B>::new(device);
    let batch = batch(&mut inputs, 16);
    let [tokens, positions] = [VOCABULARY, LENGTH].map(|rows| Param::new(inputs.normal([rows, WIDTH], 1.0)));
    let keys = &mut inputs.keys;
    let blocks = [Block::new(keys), Block::new(keys)];
    let (norm, head) = (Norm::new(device), Linear::without_bias(WIDTH, VOCABULARY, keys));
    training!(mode, Gpt { tokens, positions, blocks, norm, head }, AdamW::new(1e-3), attentive, batch)
}
