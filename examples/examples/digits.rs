//! Trains a network of two layers on handwritten digits, and shows on the screen: the loss after each epoch, the accuracy
//! on digits that it has not seen, a table of what it takes for what, and some digits, mistakes among them. The curve of
//! the loss goes to an SVG file.
//!
//! Standard output depends on the flags alone: the same seed gives the same numbers, with `--eager` too. The progress bar
//! and the time that it took go to standard error.
#![expect(clippy::print_stdout, reason = "a program for the screen")]

use core::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use autodiff_core::{Backend, Element, Index, Tensor};
use backend_cpu::{Cpu, CpuDevice};
use clap::{Parser, value_parser};
use examples::batches::{Batch, rows, shuffled, tensors};
use examples::digits::{CLASSES, Digit, PIXELS, load};
use examples::flags;
use examples::plot::{Curve, write_svg};
use examples::terminal::{Confusion, side_by_side};
use indicatif::{ProgressBar, ProgressStyle};
use nn::{Context, Keys, Linear, Module, Reduction, TrainStep, cross_entropy};
use optim::Adam;

/// Where the network computes: plain loops over 32-bit numbers.
type Host = Cpu<f32>;

const HIDDEN: usize = 64;
/// One digit in five is kept for the test.
const TEST_PART: usize = 5;
/// Digits in a row of drawings.
const DRAWN: usize = 5;

/// Train a network on 1,797 handwritten digits of 8x8 pixels.
#[derive(Parser)]
struct Flags {
    /// Where random numbers begin: the split, the first weights, the order of the batches.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How often every digit is seen [default: 40, with --quick 3].
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    epochs: Option<u32>,
    /// How many digits make a step; those left over at the end of an epoch wait for the next shuffle.
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = value_parser!(u32).range(1..))]
    batch_size: u32,
    /// The learning rate of Adam.
    #[arg(long, default_value_t = 0.002, value_parser = flags::positive)]
    lr: f64,
    /// Run each operation as it comes, instead of a step that was compiled once.
    #[arg(long)]
    eager: bool,
    /// Where to write the loss curve.
    #[arg(long, value_name = "FILE", default_value = "out/digits-loss.svg")]
    plot: PathBuf,
    /// Fail when the test accuracy stays below this.
    #[arg(long, value_name = "PERCENT", value_parser = flags::percent)]
    at_least: Option<f64>,
    /// Three epochs only, for a run of a second.
    #[arg(long)]
    quick: bool,
}

/// 64 pixels, a hidden layer, 10 logits.
#[derive(Clone, Debug, Module)]
struct Mlp<B: Backend> {
    hidden: Linear<B>,
    output: Linear<B>,
}

impl<B: Backend> Mlp<B> {
    fn new(keys: &mut Keys<B>) -> Self {
        Self { hidden: Linear::new(PIXELS, HIDDEN, keys), output: Linear::new(HIDDEN, CLASSES, keys) }
    }

    fn forward(&self, x: &Tensor<B>) -> Tensor<B> {
        self.output.forward(&self.hidden.forward(x).relu())
    }
}

fn loss<B: Backend>(model: &Mlp<B>, (x, labels): &Batch<B>, _: &mut Context<B>) -> Tensor<B> {
    cross_entropy(&model.forward(x), labels, Reduction::Mean)
}

fn main() -> Result<(), Box<dyn Error>> {
    let flags = Flags::parse();
    let digits = load()?;
    let key = Index::<Host>::key(flags.seed, &CpuDevice);
    let shuffled: Vec<&Digit> = shuffled(digits.len(), &key.fold_in(0)).iter().map(|&i| &digits[i as usize]).collect();
    let (test, train) = shuffled.split_at(digits.len() / TEST_PART);
    let size = usize::try_from(flags.batch_size)?;
    if size > train.len() {
        return Err(format!("--batch-size: {size} asked for, there are {} digits to learn from", train.len()).into());
    }
    println!("{} digits to learn from, {} others for the test; seed {}", train.len(), test.len(), flags.seed);

    let (train, tested) = (tensors(train, &CpuDevice), tensors(test, &CpuDevice));
    let curves = ...;
    Ok(())
}
