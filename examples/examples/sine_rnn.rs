//! A gated recurrent network (Cho et al., *Learning phrase representations using RNN encoder-decoder*, 2014) learns to say
//! the next value of sine waves of random frequency and phase: first behind true values, then behind its own, so that it
//! learns to live with its mistakes. The program prints how far it is off where it continues waves that it has not seen, and
//! draws one of them.
//!
//! The waves are made within the compiled step, from its random key: there is no data that could be read.

use core::error::Error;
use core::f64::consts::TAU;
use std::process::ExitCode;

use autodiff_core::{Backend, Element, Execute, Index, Tensor};
use backend_faer::Faer;
use clap::Parser;
use examples::fingerprint::sign;
use examples::fit::{Defaults, Fit, announce, fit, parse_without_data};
use examples::promise::at_most;
use examples::terminal::curves;
use examples::{finish, say, train_step};
use nn::{Context, GRU, Keys, Linear, Module, RecurrentOptions, Reduction, TrainStep, mse_loss};
use optim::{
    Adam, ClipGradNorm,
    schedule::{CosineAnnealingLr, Schedule},
};

const HIDDEN: usize = 32;
/// Steps that are called an epoch.
const STEPS: u32 = 200;
/// The values of a wave that are given, and those that the network adds.
const GIVEN: usize = 50;
const CONTINUED: usize = 50;
/// How many values a period has at least and at most.
const PERIODS: [f64; 2] = [12.0, 40.0];
/// Waves that the network is judged by.
const JUDGED: usize = 500;
/// Lines of the drawing.
const LINES: usize = 15;

/// Train a GRU to continue sine waves.
#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    fit: Fit,
    /// Fail when the error of waves continued by the network, the root of the mean square, stays above this.
    #[arg(long, value_name = "ERROR", value_parser = examples::flags::positive)]
    at_most: Option<f64>,
}

#[derive(Clone, Debug, Module)]
struct Predictor<B: Backend> {
    gru: GRU<B>,
    head: Linear<B>,
}

impl<B: Backend> Predictor<B> {
    fn new(keys: &mut Keys<B>) -> Self {
        let options = RecurrentOptions { batch_first: true, ..RecurrentOptions::default() };
        Self { gru: GRU::with(1, HIDDEN, options, keys), head: Linear::new(HIDDEN, 1, keys) }
    }

    /// From values `[N, T, 1]` to those that follow each of them, and the state behind the last.
    fn forward(&self, x: &Tensor<B>, state: Option<&Tensor<B>>) -> (Tensor<B>, Tensor<B>) {
        let (outputs, state) = self.gru.forward(x, state, &mut Context::evaluation());
        (self.head.forward(&outputs), state)
    }

    /// The values behind each of those given, and so many more, each computed from the one before it.
    fn continued(&self, given: &Tensor<B>, more: usize) -> Tensor<B> {
        let (predicted, mut state) = self.forward(given, None);
        let mut values = vec![predicted.slice(1, given.shape()[1] - 1..)];
        for place in 0..more {
            let (next, behind) = self.forward(&values[place], Some(&state));
            state = behind;
            values.push(next);
        }
        values[0] = predicted;
        Tensor::concat(&values, 1)
    }
}

/// `sin(2 pi t / period + phase)`, `[count, length, 1]`, the frequencies uniformly distributed.
fn waves<B: Backend>(key: &Index<B>, count: usize, length: usize) -> Tensor<B> {
    let [low, high] = [TAU / PERIODS[1], TAU / PERIODS[0]];
    let uniform = |part| Tensor::uniform(&key.fold_in(part), [count, 1, 1]);
    let times = Index::iota(length, key.device()).to_elem().reshape([1, length, 1]);
    ((uniform(0) * (high - low) + low) * times + uniform(1) * TAU).sin()
}

/// The batch says how many waves there are.
fn loss<B: Backend>(model: &Predictor<B>, &count: &usize, ctx: &mut Context<B>) -> Tensor<B> {
    let waves = waves(&ctx.next_key(), count, GIVEN + CONTINUED);
    mse_loss(&model.continued(&waves.slice(1, ..GIVEN), CONTINUED - 1), &waves.slice(1, 1..), Reduction::Mean)
}

fn main() -> ExitCode {
    let defaults = Defaults { epochs: "15", batch_size: "32", lr: "0.01" };
    finish(run::<Faer<f32>>(&parse_without_data(defaults, STEPS)))
}

fn run<B: Execute>(flags: &Flags) -> Result<(), Box<dyn Error>> {
    let (options, device) = (&flags.fit, B::Device::default());
    let key = options.key::<B>(&device);
    let model = Predictor::new(&mut Keys::from_key(key.fold_in(0)));
    let (size, steps) = (options.batch_size(JUDGED), if options.quick { STEPS / 4 } else { STEPS });
    announce("a GRU", model.num_parameters(), options, size * usize::try_from(steps)?);

    let optimizer = ClipGradNorm::new(1.0, Adam::new(options.lr));
    let mut step = train_step!(options.eager, model, optimizer, loss, &size).with_seed(options.seed);
    let schedule = CosineAnnealingLr::new(steps.saturating_mul(options.epochs()));
    let batch = |step: &mut TrainStep<B, _, _, _>, (): &()| {
        step.set_lr(schedule.at(options.lr, step.steps()));
        size
    };
    let waves = waves(&key.fold_in(1), JUDGED, GIVEN + CONTINUED);
    let (given, truth) = (waves.slice(1, ..GIVEN), waves.slice(1, GIVEN..));
    let continued = |model: &Predictor<B>, given| model.continued(given, CONTINUED - 1).slice(1, GIVEN - 1..);
    let mut error = f64::NAN;
    say!("epoch   training loss   error of {CONTINUED} values");
    fit(
        &mut step,
        options.epochs(),
        |_| vec![(); steps as usize],
        batch,
        |epoch, loss, step| {
            let off = continued(&step.model(), &given) - &truth;
            error = off.square().mean().item().into_f64().sqrt();
            say!("{epoch:>5}   {loss:>13.6}   {error:>18.4}");
            Ok(())
        },
    )?;
    let model = step.model();
    show(&waves, &continued(&model, &given.slice(0, ..1)));
    sign(&model, step.steps());
    at_most("the error", error, flags.at_most)
}

/// The first wave, and how the network continues it.
fn show<B: Backend>(waves: &Tensor<B>, continued: &Tensor<B>) {
    let numbers = |values: &Tensor<B>| values.to_vec().into_iter().map(Element::into_f64).collect::<Vec<_>>();
    let truth = numbers(&waves.slice(0, ..1));
    let own: Vec<f64> = [f64::NAN].repeat(GIVEN).into_iter().chain(numbers(continued)).collect();
    say!("\na wave (.), and what the network makes of its first half (o):\n");
    say!("{}", curves(&[('.', &truth), ('o', &own)], LINES));
}
