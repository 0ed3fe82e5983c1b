//! An autoencoder squeezes handwritten digits through a few numbers and draws them again. Its decoder has no weights of its
//! own: each of its matrices is one of the encoder's, transposed, the same parameter in two places of the model, which is
//! stored and updated once, with the sum of both gradients. (G. Hinton and R. Salakhutdinov, *Reducing the dimensionality
//! of data with neural networks*, Science 313, 2006, begin with such a pair.)
//!
//! It shows the mean squared error on the test images beside that of principal components, as many as there are code
//! numbers: nine tenths of it; and a few digits before and after. `--untied` gives the decoder weights of its own. `--data` is a folder with
//! MNIST's four IDX files; without it the 8x8 digits of the repository are learnt.

use core::error::Error;
use std::process::ExitCode;

use autodiff_core::{Backend, Element, Execute, Tensor};
use backend_faer::Faer;
use clap::Parser;
use examples::batches::{Batch, pictures, rows};
use examples::fingerprint::sign;
use examples::fit::{Defaults, Fit, announce, fit, parse, shuffled_rows};
use examples::images::handwritten;
use examples::pca::Pca;
use examples::promise::at_most;
use examples::terminal::side_by_side;
use examples::{finish, say, train_step};
use nn::{Context, Keys, Linear, Module, Param, Reduction, TrainStep, init, mse_loss};
use optim::{
    Adam,
    schedule::{CosineAnnealingLr, Schedule},
};

/// Digits in a row of drawings.
const SHOWN: usize = 6;

/// Train an autoencoder with tied weights on handwritten digits.
#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    fit: Fit,
    /// How many numbers stand for a digit.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = examples::flags::width)]
    code: usize,
    /// How many units the hidden layers have.
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = examples::flags::width)]
    hidden: usize,
    /// Give the decoder weights of its own.
    #[arg(long)]
    untied: bool,
    /// Fail when the test error, as a part of that of principal components, stays above this.
    #[arg(long, value_name = "PERCENT", value_parser = examples::flags::percent)]
    at_most: Option<f64>,
}

/// `x W + b`: the way back through a [`Linear`] layer of weight `W`.
#[derive(Clone, Debug, Module)]
struct Back<B: Backend> {
    weight: Param<B>,
    bias: Param<B>,
}

impl<B: Backend> Back<B> {
    /// A clone of a parameter is the same parameter; a new one begins with the same numbers and goes its own way.
    fn through(layer: &Linear<B>, untied: bool) -> Self {
        let Linear { weight, .. } = layer;
        let bias = Param::new(init::zeros([weight.shape()[1]], weight.device()));
        Self { weight: if untied { Param::new(weight.value().clone()) } else { weight.clone() }, bias }
    }

    fn forward(&self, x: &Tensor<B>) -> Tensor<B> {
        x.matmul(&self.weight) + self.bias.value()
    }
}

#[derive(Clone, Debug, Module)]
struct Autoencoder<B: Backend> {
    encoder: (Linear<B>, Linear<B>),
    decoder: (Back<B>, Back<B>),
}

impl<B: Backend> Autoencoder<B> {
    fn new([pixels, hidden, code]: [usize; 3], untied: bool, keys: &mut Keys<B>) -> Self {
        let encoder = (Linear::new(pixels, hidden, keys), Linear::new(hidden, code, keys));
        let decoder = (Back::through(&encoder.1, untied), Back::through(&encoder.0, untied));
        Self { encoder, decoder }
    }

    fn forward(&self, x: &Tensor<B>) -> Tensor<B> {
        let code = self.encoder.1.forward(&self.encoder.0.forward(x).tanh());
        self.decoder.1.forward(&self.decoder.0.forward(&code).tanh())
    }
}

fn loss<B: Backend>(model: &Autoencoder<B>, (x, _): &Batch<B>, _: &mut Context<B>) -> Tensor<B> {
    mse_loss(&model.forward(x), x, Reduction::Mean)
}

fn main() -> ExitCode {
    finish(run::<Faer<f32>>(&parse(Defaults { epochs: "100", batch_size: "32", lr: "0.003" })))
}

fn run<B: Execute>(flags: &Flags) -> Result<(), Box<dyn Error>> {
    let (options, device) = (&flags.fit, B::Device::default());
    let (train, test) = options.batches::<B>(handwritten(options.data.as_deref())?, &device);
    let [count, _, high, wide] = train.0.dims();
    let pixels = high * wide;
    if flags.code > pixels {
        return Err(format!("--code: {} numbers asked for, a digit has {pixels} pixels", flags.code).into());
    }
    let [train, test] = [train, test].map(|(x, labels)| (x.flatten(1), labels));
    let (key, size) = (options.key::<B>(&device), options.batch_size(count));
    let mut keys = Keys::from_key(key.fold_in(0));
    let model = Autoencoder::new([pixels, flags.hidden, flags.code], flags.untied, &mut keys);
    announce(&format!("autoencoder, {} code numbers", flags.code), model.num_parameters(), options, count);

    let mut step = train_step!(options.eager, model, Adam::new(options.lr), loss, &rows(&train, &vec![0; size]));
    let schedule = CosineAnnealingLr { t_max: options.steps(count), eta_min: 0.0 };
    let batch = |step: &mut TrainStep<B, _, _, _>, chosen: &Vec<i32>| {
        step.set_lr(schedule.at(options.lr, step.steps()));
        rows(&train, chosen)
    };
    let error = |y: &Tensor<B>| mse_loss(y, &test.0, Reduction::Mean).item().into_f64();
    say!("epoch   training error   test error");
    let order = |epoch| shuffled_rows(count, size, epoch, &key.fold_in(1));
    let every = options.epochs().div_ceil(20);
    fit(&mut step, options.epochs(), order, batch, |epoch, training, step| {
        if epoch.is_multiple_of(every) {
            say!("{epoch:>5}   {training:>14.5}   {:>10.5}", error(&step.model().forward(&test.0)));
        }
        Ok(())
    })?;

    let model = step.model();
    let tied = model.encoder.0.weight.to_vec() == model.decoder.1.weight.to_vec();
    say!("the decoder's weights are {}the encoder's", if tied { "" } else { "not " });
    let drawn = model.forward(&test.0);
    let principal = Pca::new(&train.0, flags.code, &keys.next_key()).reconstruct(&test.0);
    let (own, theirs) = (error(&drawn), error(&principal));
    let part = 100.0 * own / theirs;
    say!("test error {own:.5}, of {} principal components {theirs:.5}: {part:.1}% of it\n", flags.code);
    for (title, x) in [("before", &test.0), ("after", &drawn), ("principal components", &principal)] {
        let first = x.slice(0, ..SHOWN.min(x.shape()[0]));
        let shown = pictures(&first.reshape([first.shape()[0], high, wide]));
        let captions: Vec<_> = shown.iter().map(|digit| (digit, String::new())).collect();
        say!("{title}:\n\n{}\n", side_by_side(&captions).trim_end());
    }
    sign(&model, step.steps());
    at_most("the percentage of principal components' error", part, flags.at_most)
}
