//! A variational autoencoder learns to draw handwritten digits (D. Kingma and M. Welling, *Auto-encoding variational Bayes*,
//! ICLR 2014): an encoder with a mean and a variance for each latent number, a sample by the reparameterisation
//! `z = mean + deviation * noise`, a decoder with a probability for each pixel.
//!
//! Afterwards it draws 1,000 digits from latent numbers of the standard normal distribution, each pixel as dark as it is
//! probable. A classifier, trained on the same digits, says what they look like: all ten occur, and it is 85% sure in the
//! mean. The first hundred go to a PNG file. `--data` is a folder with MNIST's four IDX files (`--epochs 20` is enough
//! there); without it the 8x8 digits of the repository are learnt.

use core::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use autodiff_core::{Backend, Element, Execute, Tensor};
use backend_faer::Faer;
use clap::Parser;
use examples::batches::{Batch, rows};
use examples::file::check_writable;
use examples::fingerprint::sign;
use examples::fit::{Defaults, Fit, announce, fit, parse, shuffled_rows};
use examples::images::handwritten;
use examples::judge::exhibit;
use examples::{finish, say, train_step};
use nn::{
    BinaryCrossEntropy, Context, Keys, Layer, Linear, Module, Reduction, Tanh, TrainStep,
    binary_cross_entropy_with_logits,
};
use optim::Adam;

/// Digits that are drawn in the end.
const DRAWN: usize = 1000;

/// Train a variational autoencoder on handwritten digits and let it draw some.
#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    fit: Fit,
    /// How many latent numbers stand for a digit.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = examples::flags::width)]
    latent: usize,
    /// How many hidden units encoder and decoder have.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = examples::flags::width)]
    hidden: usize,
    /// Where to write the drawn digits.
    #[arg(long, value_name = "FILE", default_value = "out/vae.png")]
    sheet: PathBuf,
    /// Fail when the classifier's mean confidence in the drawn digits stays below this, or a digit is missing.
    #[arg(long, value_name = "PERCENT", value_parser = examples::flags::percent)]
    at_least: Option<f64>,
}

/// Appendix C: one hidden layer on each side.
#[derive(Clone, Debug, Module)]
struct Vae<B: Backend> {
    encoder: (Linear<B>, Tanh),
    mean: Linear<B>,
    log_variance: Linear<B>,
    decoder: (Linear<B>, Tanh, Linear<B>),
}

impl<B: Backend> Vae<B> {
    fn new(pixels: usize, hidden: usize, latent: usize, keys: &mut Keys<B>) -> Self {
        Self {
            encoder: (Linear::new(pixels, hidden, keys), Tanh),
            mean: Linear::new(hidden, latent, keys),
            log_variance: Linear::new(hidden, latent, keys),
            decoder: (Linear::new(latent, hidden, keys), Tanh, Linear::new(hidden, pixels, keys)),
        }
    }
}

/// What is to be small, for each digit: minus the lower bound on the logarithm of its probability (equation 10, with one
/// sample).
fn loss<B: Backend>(vae: &Vae<B>, (x, _): &Batch<B>, ctx: &mut Context<B>) -> Tensor<B> {
    let x = &x.flatten(1);
    let hidden = vae.encoder.forward(x, ctx);
    let (mean, log_variance) = (vae.mean.forward(&hidden), vae.log_variance.forward(&hidden));
    let noise = Tensor::normal(&ctx.next_key(), mean.shape());
    let z = &mean + (&log_variance * 0.5).exp() * noise;
    let options = BinaryCrossEntropy { reduction: Reduction::BatchMean, ..BinaryCrossEntropy::default() };
    let surprise = binary_cross_entropy_with_logits(&vae.decoder.forward(&z, ctx), x, &options);
    // Appendix B: the divergence of the encoder's distribution from the standard normal one.
    let divergence = -0.5 * (&log_variance + 1.0 - mean.square() - log_variance.exp()).sum_axes(&[-1]);
    surprise + divergence.mean()
}

fn main() -> ExitCode {
    finish(run::<Faer<f32>>(&parse(Defaults { epochs: "200", batch_size: "64", lr: "0.002" })))
}

fn run<B: Execute>(flags: &Flags) -> Result<(), Box<dyn Error>> {
    check_writable(&flags.sheet)?;
    let (options, device) = (&flags.fit, B::Device::default());
    let (train, test) = options.batches::<B>(handwritten(options.data.as_deref())?, &device);
    let [count, _, high, wide] = train.0.dims();
    let (key, size) = (options.key::<B>(&device), options.batch_size(count));
    let vae = Vae::new(high * wide, flags.hidden, flags.latent, &mut Keys::from_key(key.fold_in(0)));
    announce(&format!("VAE, {} latent numbers", flags.latent), vae.num_parameters(), options, count);

    let mut step = train_step!(options.eager, vae, Adam::new(options.lr), loss, &rows(&train, &vec![0; size]));
    step = step.with_seed(options.seed);
    say!("epoch   -bound, training   -bound, test");
    let order = |epoch| shuffled_rows(count, size, epoch, &key.fold_in(1));
    let batch = |_: &mut TrainStep<B, _, _, _>, chosen: &Vec<i32>| rows(&train, chosen);
    let every = options.epochs().div_ceil(20);
    fit(&mut step, options.epochs(), order, batch, |epoch, training, step| {
        if epoch.is_multiple_of(every) {
            let mut ctx = Context::evaluation().with_key(key.fold_in(2));
            let testing = loss(&step.model(), &test, &mut ctx).item().into_f64();
            say!("{epoch:>5}   {training:>16.3}   {testing:>12.3}");
        }
        Ok(())
    })?;

    let (vae, ctx) = (step.model(), &mut Context::evaluation());
    let z = Tensor::normal(&key.fold_in(3), [DRAWN, flags.latent]);
    let drawn = vae.decoder.forward(&z, ctx).sigmoid().reshape([DRAWN, high, wide]);
    let verdict = exhibit(&drawn, &flags.sheet, (&train, &test), &key.fold_in(4))?;
    sign(&vae, step.steps());
    verdict.check(flags.at_least)
}
