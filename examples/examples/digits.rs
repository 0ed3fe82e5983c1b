//! Trains a network of two layers on handwritten digits, and shows on the screen: the loss after each epoch, the accuracy
//! on digits that it has not seen, a table of what it takes for what, and some digits, mistakes among them. The curve of
//! the loss goes to an SVG file.
//!
//! Standard output depends on the flags and the processor's instructions alone: the same seed gives the same numbers, with
//! `--eager` too, on any number of threads; with `--backend cpu` on any processor. The progress bar
//! and the time that it took go to standard error.

use core::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use autodiff_core::{Backend, DType, Element, Execute, Index, Tensor};
use backend_cpu::Cpu;
use backend_faer::Faer;
use clap::{Parser, value_parser};
use examples::batches::{Batch, rows, shuffled, split, tensors};
use examples::digits::{CLASSES, Digit, PIXELS, load};
use examples::file::check_writable;
use examples::fingerprint::sign;
use examples::plot::{Curve, write_svg};
use examples::precision::Precision;
use examples::terminal::{side_by_side, table};
use examples::{Computer, finish, flags, say, train_step};
use indicatif::{ProgressBar, ProgressStyle};
use nn::metrics::{ConfusionMatrix, Mean, accuracy};
use nn::{Context, Keys, Linear, Module, Reduction, cross_entropy};
use optim::{Adam, GradScaler};

const HIDDEN: usize = 256;
/// One digit in five is kept for the test.
const TEST_PART: usize = 5;
/// Digits in a row of drawings.
const DRAWN: usize = 5;

/// Train a network on 1,797 handwritten digits of 8x8 pixels.
#[derive(Parser)]
#[command(allow_negative_numbers = true)]
struct Flags {
    /// Where random numbers begin: the split, the first weights, the order of the batches.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How often every digit is seen [default: 30, with --quick 3].
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    epochs: Option<u32>,
    /// How many digits make a step; those left over at the end of an epoch wait for the next shuffle.
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = value_parser!(u32).range(1..))]
    batch_size: u32,
    /// The learning rate of Adam.
    #[arg(long, default_value_t = 0.004, value_parser = flags::positive)]
    lr: f64,
    /// What computes, in 32-bit numbers.
    #[arg(long, value_enum, default_value = "faer")]
    backend: Computer,
    /// Run each operation as it comes, instead of a step that was compiled once.
    #[arg(long)]
    eager: bool,
    /// What the network computes in; its weights are trained in 32 bits.
    #[arg(long, value_enum, default_value = "f32")]
    precision: Precision,
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

/// A batch, and what the network computes it in.
type Task<B> = (Batch<B>, Precision);

fn loss<B: Backend>(model: &Mlp<B>, ((x, labels), precision): &Task<B>, _: &mut Context<B>) -> Tensor<B> {
    let dtype = precision.dtype();
    let logits = model.to_dtype(dtype).forward(&x.cast(dtype)).cast(DType::Elem);
    cross_entropy(&logits, labels, Reduction::Mean)
}

fn main() -> ExitCode {
    let flags = Flags::parse();
    finish(match flags.backend {
        Computer::Cpu => run::<Cpu<f32>>(&flags),
        Computer::Faer => run::<Faer<f32>>(&flags),
    })
}

fn run<B: Execute>(flags: &Flags) -> Result<(), Box<dyn Error>> {
    check_writable(&flags.plot)?;
    let device = B::Device::default();
    let key = Index::<B>::key(flags.seed, &device);
    let (test, train) = split(&load()?, TEST_PART, &key.fold_in(0));
    say!("{} digits to learn from, {} others for the test, seed {}", train.len(), test.len(), flags.seed);
    let start = Instant::now();
    let tested = tensors(&test, &device);
    let Trained { model, steps, training, testing } = learn(flags, &tensors(&train, &device), &tested, &key)?;
    eprintln!("({:.1} s)", start.elapsed().as_secs_f64());

    let answers = model.forward(&tested.0).argmax(-1).to_vec();
    let accuracy = 100.0 * report(&test, &answers)?.accuracy();
    let curves = [Curve { name: "training", values: &training }, Curve { name: "test", values: &testing }];
    write_svg(&flags.plot, "Handwritten digits: cross-entropy", &curves)?;
    say!("the loss curve is in {}", flags.plot.display());
    sign(&model, steps);
    match flags.at_least {
        Some(least) if accuracy < least => Err(format!("the accuracy is {accuracy:.2}%, below {least}%").into()),
        _ => Ok(()),
    }
}

/// A network, the steps of its training, and the losses on both parts of the data after each epoch of its training.
struct Trained<B: Backend> {
    model: Mlp<B>,
    steps: u32,
    training: Vec<f64>,
    testing: Vec<f64>,
}

fn learn<B: Execute>(
    flags: &Flags,
    train: &Batch<B>,
    test: &Batch<B>,
    key: &Index<B>,
) -> Result<Trained<B>, Box<dyn Error>> {
    let ([count, _], size) = (train.0.dims(), usize::try_from(flags.batch_size)?);
    if size > count {
        return Err(format!("--batch-size: {size} asked for, there are {count} digits to learn from").into());
    }
    let epochs = flags.epochs.unwrap_or(if flags.quick { 3 } else { 30 });
    let model = Mlp::new(&mut Keys::from_key(key.fold_in(1)));
    let adam = GradScaler { enabled: flags.precision.needs_scale(), ..GradScaler::new(Adam::new(flags.lr)) };
    say!("{PIXELS} pixels, {HIDDEN} hidden units with ReLU, {CLASSES} logits: {} parameters", model.num_parameters());
    say!("Adam, rate {}, {} steps an epoch, {size} digits each\n", flags.lr, count / size);
    let example = (rows(train, &vec![0; size]), flags.precision);
    let mut step = train_step!(flags.eager, model, adam, loss, &example);
    let (mut training, mut testing) = (Vec::new(), Vec::new());
    let style = ProgressStyle::with_template("{bar:40} epoch {pos} of {len}, {eta} left")?;
    let progress = ProgressBar::new(epochs.into()).with_style(style);
    say!("epoch   training loss   test loss   test accuracy");
    for epoch in 1..=epochs {
        let mut mean = Mean::default();
        for chosen in shuffled(count, &key.fold_in(2).fold_in(epoch)).chunks_exact(size) {
            mean.add(step.run(&(rows(train, chosen), flags.precision))?.into_f64(), 1.0);
        }
        let (train_loss, (test_loss, accuracy)) = (mean.mean(), evaluate(&step.model(), test));
        if !train_loss.is_finite() {
            return Err(format!("the loss is {train_loss} in epoch {epoch}; a lower --lr may help").into());
        }
        training.push(train_loss);
        testing.push(test_loss);
        progress.suspend(|| say!("{epoch:>5}   {train_loss:>13.5}   {test_loss:>9.5}   {accuracy:>12.2}%"));
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(Trained { model: step.model(), steps: step.steps(), training, testing })
}

/// Loss, and accuracy in percent.
fn evaluate<B: Backend>(model: &Mlp<B>, (x, labels): &Batch<B>) -> (f64, f64) {
    let logits = model.forward(x);
    let right = accuracy(&logits, labels).item();
    (cross_entropy(&logits, labels, Reduction::Mean).item().into_f64(), 100.0 * right.into_f64())
}

/// What was read as what, and some digits to look at.
fn report(digits: &[Digit], answers: &[i32]) -> Result<ConfusionMatrix, Box<dyn Error>> {
    let mut confusion = ConfusionMatrix::new(CLASSES);
    let (mut right, mut wrong) = (Vec::new(), Vec::new());
    for (digit, &answer) in digits.iter().zip(answers) {
        confusion.count(digit.label.into(), usize::try_from(answer)?);
        if i32::from(digit.label) == answer {
            right.push((digit, format!("{answer}")));
        } else {
            wrong.push((digit, format!("{} read as {answer}", digit.label)));
        }
    }
    let (correct, total) = (confusion.correct(), confusion.total());
    say!(
        "\ntest accuracy {:.2}%: {correct} of {total} digits are read as what they are\n\n{}",
        100.0 * confusion.accuracy(),
        table(&confusion)
    );
    for (title, pictures) in [("some that are read right", right), ("some that are not", wrong)] {
        if !pictures.is_empty() {
            say!("{title}:\n\n{}", side_by_side(&pictures[..pictures.len().min(DRAWN)]));
        }
    }
    Ok(confusion)
}
