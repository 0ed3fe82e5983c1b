//! LeNet-5 learns to read handwritten digits (LeCun, Bottou, Bengio and Haffner 1998, figure 2): two convolutions with
//! pooling, three affine layers, the hyperbolic tangent between them.
//!
//! `--data` is a folder with MNIST's four IDX files; without it the 8x8 digits of the repository are enlarged. With
//! `--precision bf16` or `f16` the network computes in halves, while the weights that are trained stay in 32 bits.

use core::error::Error;
use std::process::ExitCode;

use autodiff_core::{Backend, DType, Execute, Tensor};
use backend_faer::Faer;
use clap::Parser;
use examples::batches::{Batch, percent_right, rows};
use examples::fingerprint::sign;
use examples::fit::{Defaults, Fit, announce, fit, parse, shuffled_rows};
use examples::images::{handwritten, resized};
use examples::precision::Precision;
use examples::promise::at_least;
use examples::{finish, say, train_step};
use nn::{
    AvgPool2d, Context, Conv2d, ConvOptions, Flatten, Keys, Layer, Linear, Module, Padding, Reduction, Tanh, TrainStep,
    cross_entropy,
};
use optim::{
    GradScaler, Sgd,
    schedule::{CosineAnnealingLr, Schedule},
};

/// Pixels along one side of what the network takes.
const SIDE: usize = 28;
/// Test images at once.
const TESTED: usize = 500;

/// Train LeNet-5 on handwritten digits.
#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    fit: Fit,
    /// What the network computes in.
    #[arg(long, value_enum, default_value = "f32")]
    precision: Precision,
    /// Fail when the test accuracy stays below this.
    #[arg(long, value_name = "PERCENT", value_parser = examples::flags::percent)]
    at_least: Option<f64>,
}

type LeNet5<B> = (
    (Conv2d<B>, Tanh, AvgPool2d),
    (Conv2d<B>, Tanh, AvgPool2d),
    Flatten,
    (Linear<B>, Tanh),
    (Linear<B>, Tanh),
    Linear<B>,
);

fn lenet5<B: Backend>(keys: &mut Keys<B>) -> LeNet5<B> {
    let padded = ConvOptions { padding: Padding::Same, ..ConvOptions::default() };
    (
        (Conv2d::with(1, 6, [5, 5], padded, keys), Tanh, AvgPool2d::new([2, 2])),
        (Conv2d::new(6, 16, [5, 5], keys), Tanh, AvgPool2d::new([2, 2])),
        Flatten::default(),
        (Linear::new(400, 120, keys), Tanh),
        (Linear::new(120, 84, keys), Tanh),
        Linear::new(84, 10, keys),
    )
}

/// A batch, and what the network computes it in.
type Task<B> = (Batch<B>, Precision);

fn loss<B: Backend>(model: &LeNet5<B>, ((x, labels), precision): &Task<B>, ctx: &mut Context<B>) -> Tensor<B> {
    let dtype = precision.dtype();
    let logits = model.to_dtype(dtype).forward(&x.cast(dtype), ctx).cast(DType::Elem);
    cross_entropy(&logits, labels, Reduction::Mean)
}

fn main() -> ExitCode {
    finish(run::<Faer<f32>>(&parse(Defaults { epochs: "10", batch_size: "64", lr: "0.05" })))
}

fn run<B: Execute>(flags: &Flags) -> Result<(), Box<dyn Error>> {
    let (options, device) = (&flags.fit, B::Device::default());
    let (train, test) = options.batches::<B>(handwritten(options.data.as_deref())?, &device);
    let (train, test) = (resized(&train, [SIDE, SIDE]), resized(&test, [SIDE, SIDE]));
    let count = train.0.shape()[0];
    let (key, size) = (options.key::<B>(&device), options.batch_size(count));
    let model = lenet5(&mut Keys::from_key(key.fold_in(0)));
    announce("LeNet-5", model.num_parameters(), options, count);

    let sgd = Sgd { momentum: 0.9, weight_decay: 5e-4, ..Sgd::new(options.lr) };
    let sgd = GradScaler { enabled: flags.precision.needs_scale(), ..GradScaler::new(sgd) };
    let task = |chosen: &[i32]| (rows(&train, chosen), flags.precision);
    let mut step = train_step!(options.eager, model, sgd, loss, &task(&vec![0; size]));
    let schedule = CosineAnnealingLr { t_max: options.steps(count), eta_min: 0.0 };
    let batch = |step: &mut TrainStep<B, _, _, _>, chosen: &Vec<i32>| {
        step.set_lr(schedule.at(options.lr, step.steps()));
        task(chosen)
    };
    let mut last = 0.0;
    say!("epoch   training loss   test accuracy");
    let order = |epoch| shuffled_rows(count, size, epoch, &key.fold_in(1));
    fit(&mut step, options.epochs(), order, batch, |epoch, loss, step| {
        let model = step.model();
        last = percent_right(&test, TESTED, |x| model.forward(x, &mut Context::evaluation()));
        say!("{epoch:>5}   {loss:>13.5}   {last:>12.2}%");
        Ok(())
    })?;
    sign(&step.model(), step.steps());
    at_least("the accuracy", last, flags.at_least)
}
