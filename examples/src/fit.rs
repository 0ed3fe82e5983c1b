//! What the programs that train have in common: their flags, and the walk through epochs.

use core::error::Error;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Instant;

use autodiff_core::{Backend, Element, Index};
use clap::{Args, Command, Parser, value_parser};
use indicatif::{ProgressBar, ProgressStyle};
use nn::{Module, TrainStep};
use optim::Optimizer;

use crate::batches::{Batch, shuffled};
use crate::images::{Images, Split};
use crate::{flags, say};

/// Images of a quick run: to learn from, and for the test.
const QUICK_TRAIN: usize = 256;
const QUICK_TEST: usize = 128;

/// The flags of every program that trains.
#[derive(Args, Clone, Debug)]
pub struct Fit {
    /// Where random numbers begin.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// How often the data is seen.
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub epochs: u32,
    /// How many examples make a step.
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    batch_size: u32,
    /// The learning rate.
    #[arg(long, value_parser = flags::positive)]
    pub lr: f64,
    /// The data; a small part that is built in unless given.
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// Run each operation as it comes, instead of a step that was compiled once.
    #[arg(long)]
    pub eager: bool,
    /// A run of a few seconds, on little data, that learns little.
    #[arg(long)]
    pub quick: bool,
}

/// What a program takes where a flag is not given.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    /// How often the data is seen.
    pub epochs: &'static str,
    /// How many examples make a step.
    pub batch_size: &'static str,
    /// The learning rate.
    pub lr: &'static str,
}

/// The program's flags, with its own defaults in place; ends the program where they are wrong or help is asked for.
#[must_use]
pub fn parse<F: Parser>(defaults: Defaults) -> F {
    parse_from(defaults, std::env::args_os()).unwrap_or_else(|error| error.exit())
}

/// The same for a program that makes its data itself, of whose epochs each has so many steps.
#[must_use]
pub fn parse_without_data<F: Parser>(defaults: Defaults, steps: u32) -> F {
    let refused = |_: &str| Err::<PathBuf, _>("this program makes its data itself");
    let command = F::command()
        .mut_arg("data", |argument| argument.hide(true).value_parser(refused))
        .mut_arg("epochs", |argument| argument.help(format!("How many times {steps} steps are done")));
    parse_with(command, defaults, std::env::args_os()).unwrap_or_else(|error| error.exit())
}

pub(crate) fn parse_from<F: Parser>(
    defaults: Defaults,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<F, clap::Error> {
    parse_with(F::command(), defaults, arguments)
}

fn parse_with<F: Parser>(
    mut command: Command,
    defaults: Defaults,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<F, clap::Error> {
    let Defaults { epochs, batch_size, lr } = defaults;
    for (flag, value) in [("epochs", epochs), ("batch_size", batch_size), ("lr", lr)] {
        command = command.mut_arg(flag, |argument| argument.required(false).default_value(value));
    }
    let matches = command.try_get_matches_from_mut(arguments)?;
    F::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

impl Fit {
    /// How many examples make a step: no more than there are.
    #[must_use]
    pub fn batch_size(&self, examples: usize) -> usize {
        usize::try_from(self.batch_size).unwrap_or(usize::MAX).min(examples)
    }

    /// How many epochs there are: one, where the run is to be quick.
    #[must_use]
    pub const fn epochs(&self) -> u32 {
        if self.quick { 1 } else { self.epochs }
    }

    /// The same for a network that normalises over a step's examples, which takes two.
    ///
    /// # Errors
    /// When there are fewer; it says whether the data or a flag is to blame.
    pub fn batch_size_of_two(&self, examples: usize) -> Result<usize, Box<dyn Error>> {
        let what = if examples < 2 { "--data: at least 2 examples to learn from" } else { "--batch-size: at least 2" };
        match self.batch_size(examples) {
            size @ 2.. => Ok(size),
            size => Err(format!("{what} expected, found {size}: the network normalises over a step's examples").into()),
        }
    }

    /// How many steps there are in all epochs together.
    #[must_use]
    pub fn steps(&self, examples: usize) -> u32 {
        let an_epoch = examples / self.batch_size(examples).max(1);
        u32::try_from(an_epoch).unwrap_or(u32::MAX).saturating_mul(self.epochs())
    }

    /// So many examples, or these few where the run is to be quick.
    #[must_use]
    pub const fn limit(&self, all: usize, quick: usize) -> usize {
        if self.quick && quick < all { quick } else { all }
    }

    /// Images as batches to learn from and for the test; few where the run is to be quick.
    #[must_use]
    pub fn batches<B: Backend>(&self, split: Split, device: &B::Device) -> (Batch<B>, Batch<B>) {
        let part = |images: Images, quick| {
            let count = self.limit(images.len(), quick);
            images.first(count).tensors(device)
        };
        (part(split.train, QUICK_TRAIN), part(split.test, QUICK_TEST))
    }

    /// The key that all random numbers follow from.
    #[must_use]
    pub fn key<B: Backend>(&self, device: &B::Device) -> Index<B> {
        Index::key(self.seed, device)
    }
}

/// The rows of each step of an epoch: all, shuffled anew, but for what does not fill a step.
#[must_use]
pub fn shuffled_rows<B: Backend>(count: usize, size: usize, epoch: u32, key: &Index<B>) -> Vec<Vec<i32>> {
    shuffled(count, &key.fold_in(epoch)).chunks_exact(size).map(<[i32]>::to_vec).collect()
}

/// Trains for so many epochs. `steps` lists the steps of an epoch, `batch` makes the batch of one, `report` is told of the
/// epoch's number, the mean loss, and the step with its model.
///
/// # Errors
/// When the loss is no longer finite, and what the step or the report says.
pub fn fit<B: Backend, M: Module<B>, X: Module<B>, O: Optimizer, S>(
    step: &mut TrainStep<B, M, X, O>,
    epochs: u32,
    steps: impl FnMut(u32) -> Vec<S>,
    mut batch: impl FnMut(&mut TrainStep<B, M, X, O>, &S) -> X,
    report: impl FnMut(u32, f64, &TrainStep<B, M, X, O>) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let advance = |step: &mut TrainStep<B, M, X, O>, item: &S| {
        let batch = batch(step, item);
        Ok(step.run(&batch)?.into_f64())
    };
    walk(step, epochs, steps, advance, report)
}

/// [`fit`] for what is not one step with its batch: `advance` does a step of an epoch and answers its loss.
///
/// # Errors
/// When the loss is no longer finite, and what `advance` or `report` says.
pub fn walk<T, S>(
    trained: &mut T,
    epochs: u32,
    mut steps: impl FnMut(u32) -> Vec<S>,
    mut advance: impl FnMut(&mut T, &S) -> Result<f64, Box<dyn Error>>,
    mut report: impl FnMut(u32, f64, &T) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let style = ProgressStyle::with_template("{bar:40} epoch {prefix}, step {pos} of {len}, {eta} left {msg}")?;
    for epoch in 1..=epochs {
        let plan = steps(epoch);
        let bar =
            ProgressBar::new(plan.len() as u64).with_style(style.clone()).with_prefix(format!("{epoch} of {epochs}"));
        let mut losses = nn::metrics::Mean::default();
        for item in &plan {
            let loss = advance(trained, item)?;
            if !loss.is_finite() {
                return Err(format!("the loss is {loss} in epoch {epoch}; a lower --lr may help").into());
            }
            losses.add(loss, 1.0);
            bar.set_message(format!("loss {loss:.4}"));
            bar.inc(1);
        }
        bar.finish_and_clear();
        report(epoch, losses.mean(), trained)?;
    }
    eprintln!("({:.1} s)", start.elapsed().as_secs_f64());
    Ok(())
}

/// The first line of a program's output.
pub fn announce(what: &str, parameters: usize, fit: &Fit, examples: usize) {
    let (epochs, size, lr, seed) = (fit.epochs(), fit.batch_size(examples), fit.lr, fit.seed);
    say!(
        "{what}: {parameters} parameters, {examples} examples, {epochs} epochs, {size} a step, rate {lr}, seed {seed}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        fit: Fit,
    }

    #[test]
    fn who_has_too_few_examples_for_a_step_is_named() {
        let batch_size_of_two = |flag: &str, examples| {
            let defaults = Defaults { epochs: "1", batch_size: "64", lr: "0.1" };
            let arguments = ["test", "--batch-size", flag].map(Into::into);
            let fit = parse_from::<Flags>(defaults, arguments).unwrap().fit;
            fit.batch_size_of_two(examples).map_err(|error| error.to_string())
        };
        assert_eq!((batch_size_of_two("64", 3), batch_size_of_two("2", 3)), (Ok(3), Ok(2)));
        let end = " expected, found 1: the network normalises over a step's examples";
        assert_eq!(batch_size_of_two("1", 3), Err(format!("--batch-size: at least 2{end}")));
        assert_eq!(batch_size_of_two("64", 1), Err(format!("--data: at least 2 examples to learn from{end}")));
    }

    #[test]
    fn a_walk_reports_means_and_stops_where_the_loss_does() {
        let (mut sum, mut means) = (0.0, Vec::new());
        let advance = |sum: &mut f64, &item: &f64| {
            *sum += item;
            Ok(item)
        };
        let report = |epoch, mean, sum: &f64| {
            means.push((epoch, mean, *sum));
            Ok(())
        };
        walk(&mut sum, 2, |epoch| vec![f64::from(epoch), 3.0], advance, report).unwrap();
        assert_eq!(means, [(1, 2.0, 4.0), (2, 2.5, 9.0)]);
        let nan = walk(&mut sum, 1, |_| vec![f64::NAN], |_, &item| Ok(item), |_, _, _| Ok(()));
        assert_eq!(nan.unwrap_err().to_string(), "the loss is NaN in epoch 1; a lower --lr may help");
    }
}
