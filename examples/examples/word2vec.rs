//! Vectors of words, learnt from which words stand beside which: skip-gram with negative sampling (Mikolov, Sutskever, Chen,
//! Corrado and Dean, *Distributed representations of words and phrases and their compositionality*, 2013, section 2.2), as the
//! authors' program does it: windows of random reach, common words thinned out, noise by the power 3/4.
//!
//! `--data` is a text file, gzipped or not. Half a million words are enough for a third of the analogies of families; without
//! it the half of a novel by Jane Austen is learnt, which is little, and wants `--epochs 30`. In the end the program shows the
//! neighbours of some words, and how many analogies the vectors solve: those of families that are built in, or `--questions`,
//! a file with lines of four words below lines `: name`.

use core::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use autodiff_core::{Backend, Element, Execute, Index, Tensor};
use backend_faer::Faer;
use clap::Parser;
use examples::analogies::{self, Solved, directions, nearest};
use examples::fingerprint::sign;
use examples::fit::{Defaults, Fit, announce, fit, parse};
use examples::promise::at_least;
use examples::words::Words;
use examples::{finish, say, train_step};
use nn::{Context, Embedding, Module, Reduction, TrainStep, init, negative_sampling_loss};
use optim::{
    Adam,
    schedule::{LinearLr, Schedule},
};

/// Words that occur less often are left out.
const LEAST: u32 = 5;
/// How far a word reaches at most.
const WINDOW: usize = 5;
/// Noise words for each pair.
const NEGATIVE: usize = 5;
/// The table that noise is drawn from has 2 to this power of rows.
const TABLE: u8 = 20;
/// Words whose neighbours are shown.
const SHOWN: [&str; 6] = ["mother", "king", "happy", "letter", "carriage", "monday"];

const NEIGHBOURS: usize = 6;
/// Characters of which a quick run learns.
const QUICK: usize = 60_000;
/// The beginning of Jane Austen's *Pride and Prejudice*.
const EMBEDDED: &[u8] = include_bytes!("../data/austen.txt.gz");

/// Train word vectors by skip-gram with negative sampling.
#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    fit: Fit,
    /// How many numbers a vector has.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = examples::flags::vector)]
    width: usize,
    /// Of a word that is a part f of the text, sqrt(RATE / f) of its places are read.
    #[arg(long, value_name = "RATE", default_value_t = 1e-3, value_parser = examples::flags::positive)]
    subsample: f64,
    /// Analogies to solve, four words a line below lines `: name`; those of families that are built in unless given.
    #[arg(long, value_name = "FILE")]
    questions: Option<PathBuf>,
    /// Fail when fewer of the analogies are solved.
    #[arg(long, value_name = "PERCENT", value_parser = examples::flags::percent)]
    at_least: Option<f64>,
}

#[derive(Clone, Debug, Module)]
struct SkipGram<B: Backend> {
    centers: Embedding<B>,
    contexts: Embedding<B>,
    /// Each word as often as it is to be drawn.
    noise: Index<B>,
}

/// Words, and words beside them, both `[N]`.
type Batch<B> = (Index<B>, Index<B>);

impl<B: Backend> SkipGram<B> {
    fn new(words: &Words, width: usize, key: &Index<B>) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "at most 1024")]
        let (shape, bound) = ([words.words.len(), width], 0.5 / width as f64);
        let noise = words.noise(1 << TABLE);
        Self {
            centers: Embedding::from_weight(init::uniform(key, shape, -bound, bound)),
            contexts: Embedding::from_weight(init::zeros(shape, key.device())),
            noise: Index::from_slice(&noise, [noise.len()], key.device()),
        }
    }
}

/// The noise is drawn within the step, from its own random key.
fn loss<B: Backend>(model: &SkipGram<B>, (center, context): &Batch<B>, ctx: &mut Context<B>) -> Tensor<B> {
    let [count] = center.dims();
    let rows = ctx.next_key().random_bits(TABLE, [count * NEGATIVE]);
    let noise = model.noise.index_select(0, &rows).reshape([count, NEGATIVE]);
    let [v, u, drawn] =
        [model.centers.forward(center), model.contexts.forward(context), model.contexts.forward(&noise)];
    negative_sampling_loss(&v, &u, &drawn, Reduction::Mean)
}

fn main() -> ExitCode {
    finish(run::<Faer<f32>>(&parse(Defaults { epochs: "3", batch_size: "512", lr: "0.003" })))
}

fn run<B: Execute>(flags: &Flags) -> Result<(), Box<dyn Error>> {
    let (options, device) = (&flags.fit, B::Device::default());
    let words = Words::load(options.data.as_deref(), EMBEDDED, options.quick.then_some(QUICK), LEAST)?;
    let questions = analogies::load(flags.questions.as_deref())?;
    if !questions.iter().any(|section| section.is_known(&words)) {
        say!("the text has all four words of no analogy: the part that is solved is NaN");
    }
    let key = options.key::<B>(&device);
    let model = SkipGram::new(&words, flags.width, &key.fold_in(0));
    announce("skip-gram", model.num_parameters(), options, words.tokens.len());
    say!("{} different words occur at least {LEAST} times", words.words.len());

    let of_epoch = |epoch| words.epoch(flags.subsample, WINDOW, &key.fold_in(1).fold_in(epoch));
    // Other epochs have about as many pairs as the first.
    let count = of_epoch(1).len();
    if count < 2 {
        return Err(
            format!("--subsample: {:?} thins the text out until no word has a neighbour", flags.subsample).into()
        );
    }
    let size = options.batch_size(count / 2);
    let total_iters = u32::try_from(count / size)?.saturating_mul(options.epochs());
    let schedule = LinearLr { start_factor: 1.0, end_factor: 0.01, total_iters };
    let example = tensors(&vec![[0; 2]; size], &device);
    let mut step = train_step!(options.eager, model, Adam::new(options.lr), loss, &example).with_seed(options.seed);
    let batch = |step: &mut TrainStep<B, _, _, _>, pairs: &Vec<[i32; 2]>| {
        step.set_lr(schedule.at(options.lr, step.steps()));
        tensors(pairs, &device)
    };
    let mut solved = Solved::default();
    say!("epoch   training loss   analogies");
    let steps = |epoch| of_epoch(epoch).chunks_exact(size).map(<[_]>::to_vec).collect();
    fit(&mut step, options.epochs(), steps, batch, |epoch, loss, step| {
        let directions = directions(&step.model().centers.weight);
        solved = questions.iter().map(|section| Solved::by(&directions, &words, section)).sum();
        say!("{epoch:>5}   {loss:>13.4}   {:>8.1}%", solved.percent());
        Ok(())
    })?;
    let percent = solved.percent();
    say!("\n{} of {} analogies of known words are solved: {percent:.1}%", solved.right, solved.asked);
    let model = step.model();
    neighbours(&words, &directions(&model.centers.weight));
    sign(&model, step.steps());
    at_least("the percentage of analogies", percent, flags.at_least)
}

fn tensors<B: Backend>(pairs: &[[i32; 2]], device: &B::Device) -> Batch<B> {
    let part = |part: usize| {
        let words: Vec<i32> = pairs.iter().map(|pair| pair[part]).collect();
        Index::from_slice(&words, [words.len()], device)
    };
    (part(0), part(1))
}

fn neighbours<B: Backend>(words: &Words, directions: &Tensor<B>) {
    say!("the nearest words:");
    for (word, number) in SHOWN.iter().filter_map(|&word| Some((word, words.number(word)?))) {
        let near = nearest(directions, number, NEIGHBOURS).into_iter();
        let names = near.filter_map(|(other, cosine)| {
            Some(format!("{} {:.2}", words.words.get(usize::try_from(other).ok()?)?, cosine.into_f64()))
        });
        say!("{word:>10}: {}", names.collect::<Vec<_>>().join(", "));
    }
}
