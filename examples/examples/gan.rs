//! A generative adversarial network learns to draw handwritten digits (I. Goodfellow et al., *Generative adversarial nets*,
//! NeurIPS 2014): a discriminator learns to tell drawn digits from real ones, a generator to make it err.
//!
//! The two take turns, each a compiled step of its own; the batch of the one contains the other as it is at that moment.
//! The generator's layers are normalised over the batch and the first moment of Adam is short (A. Radford, L. Metz and
//! S. Chintala, *Unsupervised representation learning with deep convolutional generative adversarial networks*, ICLR 2016,
//! section 3); without the normalisation it soon draws the same digit again and again.
//!
//! Afterwards the generator, with weights averaged over its last steps, draws 1,000 digits from random numbers. A classifier,
//! trained on the same digits, says what they look like: all ten occur, and it is 90% sure in the mean. The first hundred
//! go to a PNG file. `--data` is a folder with MNIST's four IDX files; without it the 8x8 digits of the repository are learnt,
//! of which these figures are.

use core::cell::Cell;
use core::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use autodiff_core::{Backend, Element, Execute, Tensor};
use backend_faer::Faer;
use clap::Parser;
use examples::batches::rows;
use examples::file::check_writable;
use examples::fingerprint::sign;
use examples::fit::{Defaults, Fit, announce, parse, shuffled_rows, walk};
use examples::images::handwritten;
use examples::judge::exhibit;
use examples::{finish, say, train_step};
use nn::{BatchNorm1d, Context, Dropout, Keys, Layer, LeakyReLU, Linear, Module, ReLU, Sigmoid, TrainStep};
use optim::{Adam, Ema};

/// Digits that are drawn in the end.
const DRAWN: usize = 1000;

/// Train a generator of handwritten digits against a discriminator and let it draw some.
#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    fit: Fit,
    /// How many random numbers a digit is drawn from.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = examples::flags::width)]
    noise: usize,
    /// How many units each hidden layer has.
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = examples::flags::width)]
    hidden: usize,
    /// Where to write the drawn digits.
    #[arg(long, value_name = "FILE", default_value = "out/gan.png")]
    sheet: PathBuf,
    /// Fail when the classifier's mean confidence in the drawn digits stays below this, or a digit is missing.
    #[arg(long, value_name = "PERCENT", value_parser = examples::flags::percent)]
    at_least: Option<f64>,
}

type Hidden<B> = (Linear<B>, BatchNorm1d<B>, ReLU);
type Generator<B> = (Hidden<B>, Hidden<B>, (Linear<B>, Sigmoid));
type Discriminator<B> = ((Linear<B>, LeakyReLU, Dropout), (Linear<B>, LeakyReLU, Dropout), Linear<B>);

fn generator<B: Backend>([noise, hidden, pixels]: [usize; 3], keys: &mut Keys<B>) -> Generator<B> {
    let mut layer = |inputs| (Linear::new(inputs, hidden, keys), BatchNorm1d::new(hidden, keys.device()), ReLU);
    (layer(noise), layer(hidden), (Linear::new(hidden, pixels, keys), Sigmoid))
}

/// It answers a logit: above 0 for what it takes for real.
fn discriminator<B: Backend>([hidden, pixels]: [usize; 2], keys: &mut Keys<B>) -> Discriminator<B> {
    let (slope, dropout) = (LeakyReLU { negative_slope: 0.2 }, Dropout { p: 0.3 });
    (
        (Linear::new(pixels, hidden, keys), slope, dropout),
        (Linear::new(hidden, hidden, keys), slope, dropout),
        Linear::new(hidden, 1, keys),
    )
}

fn drawn<B: Backend>(generator: &Generator<B>, count: usize, ctx: &mut Context<B>) -> Tensor<B> {
    let noise = generator.0.0.weight.shape()[1];
    generator.forward(&Tensor::normal(&ctx.next_key(), [count, noise]), ctx)
}

/// What the discriminator is to make small, `-log D(x) - log(1 - D(G(z)))`: algorithm 1.
fn telling<B: Backend>(
    discriminator: &Discriminator<B>,
    (x, generator): &(Tensor<B>, Generator<B>),
    ctx: &mut Context<B>,
) -> Tensor<B> {
    let false_ones = drawn(generator, x.shape()[0], ctx);
    let real = discriminator.forward(x, ctx).log_sigmoid().mean();
    let unreal = (-discriminator.forward(&false_ones, ctx)).log_sigmoid().mean();
    -real - unreal
}

/// What the generator is to make small, `-log D(G(z))`: section 3, since `log(1 - D(G(z)))` is flat at the beginning.
fn misleading<B: Backend>(
    generator: &Generator<B>,
    (discriminator, count): &(Discriminator<B>, usize),
    ctx: &mut Context<B>,
) -> Tensor<B> {
    let false_ones = drawn(generator, *count, ctx);
    -discriminator.forward(&false_ones, ctx).log_sigmoid().mean()
}

fn main() -> ExitCode {
    finish(run::<Faer<f32>>(&parse(Defaults { epochs: "300", batch_size: "64", lr: "0.0005" })))
}

fn run<B: Execute>(flags: &Flags) -> Result<(), Box<dyn Error>> {
    check_writable(&flags.sheet)?;
    let (options, device) = (&flags.fit, B::Device::default());
    let (train, test) = options.batches::<B>(handwritten(options.data.as_deref())?, &device);
    let [count, _, high, wide] = train.0.dims();
    let (key, size) = (options.key::<B>(&device), options.batch_size_of_two(count)?);
    let mut keys = Keys::from_key(key.fold_in(0));
    let generator = generator([flags.noise, flags.hidden, high * wide], &mut keys);
    let discriminator = discriminator([flags.hidden, high * wide], &mut keys);
    announce("GAN", generator.num_parameters() + discriminator.num_parameters(), options, count);

    let adam = Adam { betas: (0.5, 0.999), ..Adam::new(options.lr) };
    let real = |chosen: &[i32]| rows(&train, chosen).0.flatten(1);
    let example = (real(&vec![0; size]), generator.clone());
    let telling = train_step!(options.eager, discriminator.clone(), adam, telling, &example).with_seed(options.seed);
    let misleading = train_step!(options.eager, generator, Ema::new(0.999, adam), misleading, &(discriminator, size));
    let misleading = misleading.with_seed(!options.seed);
    say!("epoch   loss of the discriminator   of the generator");
    let order = |epoch| shuffled_rows(count, size, epoch, &key.fold_in(1));
    let every = options.epochs().div_ceil(20);
    let (mut both, errs) = ((telling, misleading), Cell::new(0.0));
    let advance = |(telling, misleading): &mut (TrainStep<B, _, _, _>, TrainStep<B, _, _, _>), chosen: &Vec<i32>| {
        let loss = telling.run(&(real(chosen), misleading.model()))?;
        errs.set(misleading.run(&(telling.model(), size))?.into_f64());
        Ok(loss.into_f64())
    };
    walk(&mut both, options.epochs(), order, advance, |epoch, loss, _| {
        if epoch.is_multiple_of(every) {
            say!("{epoch:>5}   {loss:>25.4}   {:>16.4}", errs.get());
        }
        Ok(())
    })?;

    let (telling, misleading) = both;
    let generator = misleading.model_from_state("ema").ok_or("the generator's weights have no average")?;
    let mut ctx = Context::evaluation().with_key(key.fold_in(2));
    let drawn = drawn(&generator, DRAWN, &mut ctx).reshape([DRAWN, high, wide]);
    let verdict = exhibit(&drawn, &flags.sheet, (&train, &test), &key.fold_in(4))?;
    sign(&(telling.model(), misleading.model(), generator), telling.steps());
    verdict.check(flags.at_least)
}
