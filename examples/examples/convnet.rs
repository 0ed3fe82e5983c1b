//! A small convolutional network with batch normalisation and dropout learns to tell apart the ten kinds of photographs of
//! CIFAR-10, each seen a little differently every time: moved by a few pixels, and mirrored or not.
//!
//! `--data` is a folder with CIFAR-10's binary files, `train.bin` and `test.bin` or those of the original archive. Having
//! seen the first 4,000 images 20 times, it recognises 70% of the first 1,000 test images. Without it the network learns the
//! digits of the repository, enlarged to 32x32 pixels in three equal colours and not mirrored.

use core::error::Error;
use std::process::ExitCode;

use autodiff_core::{Backend, Execute, Tensor};
use backend_faer::Faer;
use clap::Parser;
use examples::augment::moved;
use examples::batches::{Batch, percent_right, rows};
use examples::cifar::cifar10;
use examples::fingerprint::sign;
use examples::fit::{Defaults, Fit, announce, fit, parse, shuffled_rows};
use examples::images::{embedded, resized};
use examples::promise::at_least;
use examples::{finish, say, train_step};
use nn::{
    BatchNorm2d, Context, Conv2d, ConvOptions, Dropout, Flatten, Keys, Layer, Linear, MaxPool2d, Module, Padding, ReLU,
    Reduction, TrainStep, cross_entropy,
};
use optim::{
    AdamW,
    schedule::{OneCycleLr, Schedule},
};

/// Colours, and pixels along one side.
const COLOURS: usize = 3;
const SIDE: usize = 32;
/// Kinds of images.
const CLASSES: usize = 10;
/// By how many pixels an image is moved at most.
const MOVED: usize = 3;
/// Test images at once.
const TESTED: usize = 250;

/// Train a convolutional network on small photographs.
#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    fit: Fit,
    /// How many channels the first convolution answers; the others twice and four times as many.
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = examples::flags::channels)]
    channels: usize,
    /// Fail when the test accuracy stays below this.
    #[arg(long, value_name = "PERCENT", value_parser = examples::flags::percent)]
    at_least: Option<f64>,
}

/// It halves rows and columns.
type Block<B> = (Conv2d<B>, BatchNorm2d<B>, ReLU, MaxPool2d, Dropout);
type ConvNet<B> = ([Block<B>; 3], Flatten, Linear<B>);

fn convnet<B: Backend>(channels: usize, keys: &mut Keys<B>) -> ConvNet<B> {
    // The normalisation takes away what a bias would add.
    let options = ConvOptions { padding: Padding::Same, bias: false, ..ConvOptions::default() };
    let mut block = |inputs, outputs, p| {
        let conv = Conv2d::with(inputs, outputs, [3, 3], options, keys);
        (conv, BatchNorm2d::new(outputs, keys.device()), ReLU, MaxPool2d::new([2, 2]), Dropout { p })
    };
    let blocks =
        [block(COLOURS, channels, 0.1), block(channels, 2 * channels, 0.2), block(2 * channels, 4 * channels, 0.3)];
    let side = SIDE >> blocks.len();
    (blocks, Flatten::default(), Linear::new(4 * channels * side * side, CLASSES, keys))
}

fn loss<B: Backend>(network: &ConvNet<B>, (x, labels): &Batch<B>, ctx: &mut Context<B>) -> Tensor<B> {
    cross_entropy(&network.forward(x, ctx), labels, Reduction::Mean)
}

/// Three colours of the right size, from -1 to 1.
fn prepared<B: Backend>(batch: &Batch<B>) -> Batch<B> {
    let (x, labels) = resized(batch, [SIDE, SIDE]);
    let coloured = [x.shape()[0], COLOURS, SIDE, SIDE];
    (x.broadcast_to(coloured) * 2.0 - 1.0, labels)
}

fn main() -> ExitCode {
    finish(run::<Faer<f32>>(&parse(Defaults { epochs: "20", batch_size: "50", lr: "0.005" })))
}

fn run<B: Execute>(flags: &Flags) -> Result<(), Box<dyn Error>> {
    let (options, device) = (&flags.fit, B::Device::default());
    let (split, mirror) = match &options.data {
        Some(folder) => (cifar10(folder)?, true),
        None => (embedded()?, false),
    };
    let (train, test) = options.batches::<B>(split, &device);
    let (train, test) = (prepared(&train), prepared(&test));
    let count = train.0.shape()[0];
    let (key, size) = (options.key::<B>(&device), options.batch_size(count));
    let network = convnet(flags.channels, &mut Keys::from_key(key.fold_in(0)));
    announce("convolutional network", network.num_parameters(), options, count);

    let adamw = AdamW { weight_decay: 0.05, ..AdamW::new(options.lr) };
    let step = train_step!(options.eager, network, adamw, loss, &rows(&train, &vec![0; size]));
    let mut step = step.with_seed(options.seed);
    let schedule = OneCycleLr::new(options.lr, options.steps(count));
    let batch = |step: &mut TrainStep<B, _, _, _>, chosen: &Vec<i32>| {
        step.set_lr(schedule.at(options.lr, step.steps()));
        let (x, labels) = rows(&train, chosen);
        (moved(&x, MOVED, mirror, &key.fold_in(2).fold_in(step.steps())), labels)
    };
    let mut last = 0.0;
    say!("epoch   training loss   test accuracy");
    let order = |epoch| shuffled_rows(count, size, epoch, &key.fold_in(1));
    fit(&mut step, options.epochs(), order, batch, |epoch, loss, step| {
        let network = step.model();
        last = percent_right(&test, TESTED, |x| network.forward(x, &mut Context::evaluation()));
        say!("{epoch:>5}   {loss:>13.4}   {last:>12.2}%");
        Ok(())
    })?;
    sign(&step.model(), step.steps());
    at_least("the accuracy", last, flags.at_least)
}
