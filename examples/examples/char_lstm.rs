//! A long short-term memory learns to continue a text, character by character (Graves, *Generating sequences with recurrent
//! neural networks*, 2013, section 3, at a small size).
//!
//! `--data` is a text file, gzipped or not; without it the beginning of Shakespeare's plays is learnt. The last tenth of the
//! text is what the model is judged by. At the end it writes a text of its own, its memory carried from character to
//! character.

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
use nn::{Context, Embedding, Keys, LSTM, Linear, Module, RecurrentOptions};
use optim::{Adam, ClipGradNorm, schedule::CosineAnnealingLr};

/// How many characters gradients reach back.
const LENGTH: usize = 64;
/// Features of a character.
const WIDTH: usize = 64;
/// Cells of the memory.
const HIDDEN: usize = 256;

/// Train an LSTM on the characters of a text.
#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    language: Language,
}

#[derive(Clone, Debug, Module)]
struct Model<B: Backend> {
    tokens: Embedding<B>,
    lstm: LSTM<B>,
    head: Linear<B>,
}

/// What the network remembers: its output and its cells.
type Memory<B> = (Tensor<B>, Tensor<B>);

impl<B: Backend> Model<B> {
    fn new(characters: usize, keys: &mut Keys<B>) -> Self {
        let options = RecurrentOptions { batch_first: true, ..RecurrentOptions::default() };
        Self {
            tokens: Embedding::new(characters, WIDTH, keys),
            lstm: LSTM::with(WIDTH, HIDDEN, options, keys),
            head: Linear::new(HIDDEN, characters, keys),
        }
    }

    /// From characters `[N, T]` to logits of those that follow, `[N, T, characters]`, and the memory behind them.
    fn forward(&self, x: &Index<B>, memory: Option<&Memory<B>>, ctx: &mut Context<B>) -> (Tensor<B>, Memory<B>) {
        let (outputs, memory) = self.lstm.forward(&self.tokens.forward(x), memory, ctx);
        (self.head.forward(&outputs), memory)
    }
}

/// Each window begins with an empty memory.
fn loss<B: Backend>(model: &Model<B>, (x, y): &Windows<B>, ctx: &mut Context<B>) -> Tensor<B> {
    surprise(&model.forward(x, None, ctx).0, y)
}

fn main() -> ExitCode {
    finish(run::<Faer<f32>>(&parse(Defaults { epochs: "2", batch_size: "32", lr: "0.004" })))
}

fn run<B: Execute>(flags: &Flags) -> Result<(), Box<dyn Error>> {
    let (options, device) = (&flags.language.fit, B::Device::default());
    let corpus = Corpus::load(&flags.language, LENGTH)?;
    let key = options.key::<B>(&device);
    let model = Model::new(corpus.text.characters.len(), &mut Keys::from_key(key.fold_in(0)));
    announce("an LSTM", model.num_parameters(), options, corpus.windows());

    let optimizer = ClipGradNorm::new(1.0, Adam::new(options.lr));
    let schedule = CosineAnnealingLr { t_max: corpus.steps(), eta_min: options.lr / 20.0 };
    let mut step = train_step!(options.eager, model, optimizer, loss, &corpus.example(&device));
    let judge = |model: &Model<B>, batch: &Windows<B>| loss(model, batch, &mut Context::evaluation());
    let last = corpus.learn(&mut step, &schedule, &key.fold_in(1), judge)?;

    let (model, mut memory, mut read) = (step.model(), None, 0);
    corpus.show(&key.fold_in(2), |tokens| {
        let fresh = Index::from_slice(&tokens[read..], [1, tokens.len() - read], &device);
        let (logits, behind) = model.forward(&fresh, memory.as_ref(), &mut Context::evaluation());
        let last = tokens.len() - read - 1;
        (memory, read) = (Some(behind), tokens.len());
        logits.slice(1, last..).flatten(0)
    });
    sign(&model, step.steps());
    corpus.check(last)
}
