//! A transformer learns to continue a text, character by character (Radford et al., *Language models are unsupervised
//! multitask learners*, 2019, section 2.3, at a small size): learnt positions, layers that normalise first, attention that
//! looks back only, an output whose weights are those of the input.
//!
//! `--data` is a text file, gzipped or not; without it the beginning of Shakespeare's plays is learnt. The last tenth of the
//! text is what the model is judged by. At the end it writes a text of its own.

use core::error::Error;
use std::process::ExitCode;

use autodiff_core::{Backend, Execute, Index, Tensor};
use backend_faer::Faer;
use clap::Parser;
use examples::fingerprint::sign;
use examples::fit::{Defaults, announce, parse};
use examples::language::{Corpus, Language};
use examples::text::{Windows, surprise};
use examples::{finish, train_step};
use nn::{
    AttentionMask, Context, Embedding, Keys, LayerNorm, Linear, Module, Param, TransformerActivation,
    TransformerEncoderLayer, TransformerOptions, init,
};
use optim::{
    AdamW, ClipGradNorm, Group, Groups, biases_and_norms,
    schedule::{CosineAnnealingLr, LinearLr, SequentialLr},
};

/// How many characters the model sees at once.
const CONTEXT: usize = 64;
/// Features of a character.
const WIDTH: usize = 128;
const HEADS: usize = 4;
const LAYERS: usize = 4;
/// The standard deviation of the first tables.
const TABLES: f64 = 0.02;

/// Train a small GPT on the characters of a text.
#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    language: Language,
}

#[derive(Clone, Debug, Module)]
struct Gpt<B: Backend> {
    tokens: Embedding<B>,
    /// `[CONTEXT, WIDTH]`
    positions: Param<B>,
    layers: Vec<TransformerEncoderLayer<B>>,
    norm: LayerNorm<B>,
    head: Linear<B>,
}

impl<B: Backend> Gpt<B> {
    fn new(characters: usize, keys: &mut Keys<B>) -> Self {
        let mut table = |rows: usize| init::normal(&keys.next_key(), [rows, WIDTH], 0.0, TABLES);
        let (tokens, positions) = (Embedding::from_weight(table(characters)), Param::new(table(CONTEXT)));
        let options = TransformerOptions {
            dim_feedforward: 4 * WIDTH,
            dropout: 0.0,
            activation: TransformerActivation::GELU,
            batch_first: true,
            norm_first: true,
            ..TransformerOptions::default()
        };
        Self {
            // A clone of a parameter is the same parameter: it is trained once, by both gradients.
            head: Linear { weight: tokens.weight.clone(), bias: None },
            layers: (0..LAYERS).map(|_| TransformerEncoderLayer::with(WIDTH, HEADS, options, keys)).collect(),
            norm: LayerNorm::new([WIDTH], keys.device()),
            tokens,
            positions,
        }
    }

    /// From characters `[N, T]` to logits of those that follow, `[N, T, characters]`.
    fn forward(&self, tokens: &Index<B>, ctx: &mut Context<B>) -> Tensor<B> {
        let [_, length] = tokens.dims();
        let mut x = self.tokens.forward(tokens) + self.positions.slice(0, ..length);
        for layer in &self.layers {
            x = layer.forward(&x, &AttentionMask::causal(), ctx);
        }
        self.head.forward(&self.norm.forward(&x))
    }
}

fn loss<B: Backend>(model: &Gpt<B>, (x, y): &Windows<B>, ctx: &mut Context<B>) -> Tensor<B> {
    surprise(&model.forward(x, ctx), y)
}

fn main() -> ExitCode {
    finish(run::<Faer<f32>>(&parse(Defaults { epochs: "3", batch_size: "16", lr: "0.002" })))
}

fn run<B: Execute>(flags: &Flags) -> Result<(), Box<dyn Error>> {
    let (options, device) = (&flags.language.fit, B::Device::default());
    let corpus = Corpus::load(&flags.language, CONTEXT)?;
    let key = options.key::<B>(&device);
    let model = Gpt::new(corpus.text.characters.len(), &mut Keys::from_key(key.fold_in(0)));
    announce("a transformer of 4 layers", model.num_parameters(), options, corpus.windows());

    let decayed = AdamW { weight_decay: 0.1, betas: (0.9, 0.99), ..AdamW::new(options.lr) };
    let exempt = Group { takes: biases_and_norms, rule: AdamW { weight_decay: 0.0, ..decayed } };
    let optimizer = ClipGradNorm::new(1.0, Groups { rule: decayed, groups: vec![exempt] });
    let (steps, warm) = (corpus.steps(), (corpus.steps() / 20).max(1));
    let warm_up = LinearLr { start_factor: 1.0 / f64::from(warm), end_factor: 1.0, total_iters: warm };
    let cosine = CosineAnnealingLr { t_max: (steps - warm).max(1), eta_min: options.lr / 20.0 };
    let schedule = SequentialLr::new(warm_up).then(warm, cosine);

    let mut step = train_step!(options.eager, model, optimizer, loss, &corpus.example(&device));
    let judge = |model: &Gpt<B>, batch: &Windows<B>| loss(model, batch, &mut Context::evaluation());
    let last = corpus.learn(&mut step, &schedule, &key.fold_in(1), judge)?;

    let model = step.model();
    corpus.show(&key.fold_in(2), |tokens| {
        let seen = &tokens[tokens.len().saturating_sub(CONTEXT)..];
        let logits = model.forward(&Index::from_slice(seen, [1, seen.len()], &device), &mut Context::evaluation());
        logits.slice(1, seen.len() - 1..).flatten(0)
    });
    sign(&model, step.steps());
    corpus.check(last)
}
