//! The lecture on automatic differentiation, or how deep-learning toolkits work under the hood, on the screen:
//!
//! 1. an expression as a graph and as a Wengert list, with its derivative steps and its values both ways;
//! 2. logistic regression on minibatches, the gradient written by hand and found by the machine;
//! 3. softmax regression on 10,000 points in 5 clusters;
//! 4. backpropagation in matrix form, by hand beside the machine's;
//! 5. a network of two layers as a list and in reverse, with an operation of our own, and with a tied parameter.
//!
//! What is said to be equal is compared, and the program fails where it is not. `--section N` shows one section.

mod backprop;
mod expression;
mod logistic;
mod network;
mod softmax;

use core::error::Error;
use core::fmt;
use std::process::ExitCode;

use autodiff_core::{Autodiff, Backend, Element, Tensor};
use backend_cpu::Cpu;
use backend_faer::Faer;
use clap::{Parser, value_parser};
use examples::compare::{Apart, agree};
use examples::{Computer, finish, say};

/// What computes in numbers of 53 bits: what is equal in mathematics then agrees in more digits than anyone prints.
trait Double: Backend<Elem = f64> {}
impl<B: Backend<Elem = f64>> Double for B {}

/// What computes in numbers of 24 bits, enough to learn with.
trait Single: Backend<Elem = f32> {}
impl<B: Backend<Elem = f32>> Single for B {}

/// For sums of at most a few thousand products of numbers about 1, each rounded by 1e-16.
const ROUNDING: f64 = 1e-12;

/// Automatic differentiation, section by section: graphs, lists, gradients by hand and by machine.
#[derive(Parser)]
#[command(allow_negative_numbers = true)]
struct Flags {
    /// Show this section only, 1 to 5.
    #[arg(long, value_name = "N", value_parser = value_parser!(u8).range(1..=5))]
    section: Option<u8>,
    /// Where random numbers begin.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What computes.
    #[arg(long, value_enum, default_value = "faer")]
    backend: Computer,
    /// Smaller data and fewer steps, for a run of a second.
    #[arg(long)]
    quick: bool,
}

type Section = fn(&Flags) -> Result<(), Box<dyn Error>>;

fn main() -> ExitCode {
    let flags = Flags::parse();
    finish(match flags.backend {
        Computer::Cpu => run::<Cpu<f64>, Cpu<f32>>(&flags),
        Computer::Faer => run::<Faer<f64>, Faer<f32>>(&flags),
    })
}

fn run<D: Double, S: Single>(flags: &Flags) -> Result<(), Box<dyn Error>> {
    let sections: [(&str, Section); 5] = [
        ("An expression, a graph, a list", |_| expression::show::<D>()),
        ("Logistic regression on minibatches", logistic::show::<D>),
        ("Softmax regression on 5 clusters", softmax::show::<S>),
        ("Backpropagation in matrix form", backprop::show::<D>),
        ("Two layers, and a tied parameter", network::show::<D>),
    ];
    for (number, (title, show)) in (1..).zip(sections) {
        if flags.section.is_none_or(|only| only == number) {
            say!("{number}. {title}\n{}\n", "=".repeat(title.len() + 3));
            show(flags)?;
            say!();
        }
    }
    Ok(())
}

/// Compares, and says on the screen how equal two tensors are.
fn show_equal<B: Backend>(what: &str, left: &Tensor<B>, right: &Tensor<B>, tolerance: f64) -> Result<(), Apart> {
    let difference = agree(what, left, right, tolerance)?;
    say!("  {what:<10} {:<9} largest difference {difference:.1e}", left.shape().to_string());
    Ok(())
}

/// The gradients of a loss for values that it must depend on.
fn gradients<B: Backend>(
    loss: &Tensor<Autodiff<B>>,
    wrt: &[&Tensor<Autodiff<B>>],
) -> Result<Vec<Tensor<B>>, Unreached> {
    loss.grad(wrt).into_iter().collect::<Option<_>>().ok_or(Unreached)
}

/// A variable has no gradient, although the loss should depend on it.
#[derive(Debug)]
struct Unreached;

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the loss does not depend on one of its parameters")
    }
}

impl Error for Unreached {}

/// The numbers of a tensor for the screen.
fn numbers<B: Backend>(tensor: &Tensor<B>) -> String {
    let numbers: Vec<String> = tensor.to_vec().iter().map(|number| format!("{:9.5}", number.into_f64())).collect();
    numbers.join(" ")
}

/// Lines moved to the right.
fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

/// A number of rows, to divide by.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
const fn count(n: usize) -> f64 {
    n as f64
}
