//! Losses: closed forms, PyTorch's numbers, finite differences, traces, extreme inputs, halves, messages.
//!
//! Long decimals are what PyTorch 2.15 computed in `f64` from the inputs beside them: values, then gradients of their sum.

mod binary;
mod cross_entropy;
mod ctc;
mod distances;
mod gradients;
mod halves;
mod likelihood;
mod margin;
mod messages;
mod pairs;

use core::iter::once;

use autodiff_core::{Autodiff, Index, Tensor, Trace, WengertList, check_grads};
use backend_cpu::Cpu;
use nn::{
    Backend, BinaryCrossEntropy, CrossEntropy, Ctc, GaussianNll, MultiMargin, Nll, PoissonNll, Reduction,
    TripletMargin, binary_cross_entropy, binary_cross_entropy_with_logits, cosine_embedding_loss, cross_entropy,
    cross_entropy_soft, cross_entropy_soft_with, cross_entropy_with, ctc_loss, gaussian_nll_loss, hinge_embedding_loss,
    huber_loss, kl_div, l1_loss, margin_ranking_loss, mse_loss, multi_margin_loss, multilabel_soft_margin_loss,
    negative_sampling_loss, nll_loss, poisson_nll_loss, smooth_l1_loss, soft_margin_loss, triplet_margin_loss,
};

type F64 = Cpu<f64>;

fn x(values: &[f64], shape: &[usize]) -> Tensor<F64> {
    Tensor::new(values, shape)
}

/// Indices as an input among others.
fn i(values: &[i32], shape: &[usize]) -> Tensor<F64> {
    Index::new(values, shape).tensor().clone()
}

fn draw(seed: u64, shape: &[usize]) -> Tensor<F64> {
    Tensor::normal(&Index::key(seed, &Default::default()), shape)
}

#[track_caller]
fn check_close(got: &Tensor<F64>, want: &[f64]) {
    let got = got.to_vec();
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        let close = got == want || (got - want).abs() <= 8.0 * f64::EPSILON * want.abs().max(1.0);
        assert!(close, "{got}, {want} expected");
    }
}

/// A function of its inputs on every backend.
trait Loss {
    fn of<B: Backend>(&self, x: &[Tensor<B>]) -> Tensor<B>;
}

/// A [`Loss`] that is written like a closure.
macro_rules! loss {
    (|$x:ident| $body:expr) => {{
        struct Written;
        impl Loss for Written {
            fn of<B: Backend>(&self, $x: &[Tensor<B>]) -> Tensor<B> {
                $body
            }
        }
        Written
    }};
}
use loss;

/// A loss, and the gradients of its sum for the first `count` inputs, zeros where it does not depend on one.
fn derived<B: Backend>(loss: &impl Loss, inputs: &[Tensor<B>], count: usize) -> Vec<Tensor<B>> {
    let lift = |(place, x): (usize, &Tensor<B>)| {
        if place < count { Tensor::variable(x.clone()) } else { Tensor::constant_of(x.clone()) }
    };
    let lifted: Vec<Tensor<Autodiff<B>>> = inputs.iter().enumerate().map(lift).collect();
    let value = loss.of(&lifted);
    let gradients = value.sum().grad(&lifted[..count].iter().collect::<Vec<_>>());
    let gradients = gradients.into_iter().zip(inputs).map(|(g, x)| g.unwrap_or_else(|| x.zeros_like()));
    once(value.value().clone()).chain(gradients).collect()
}

/// Values and gradients are those of PyTorch, eager and traced.
#[track_caller]
fn check(loss: &impl Loss, inputs: &[Tensor<F64>], value: &[f64], gradients: &[&[f64]]) {
    let eager = derived(loss, inputs, gradients.len());
    for (got, want) in eager.iter().zip(once(&value).chain(gradients)) {
        check_close(got, want);
    }
    check_traced(loss, inputs, gradients.len());
}

/// A list of the loss and its gradients, written without knowing the inputs, gives the same bits.
#[track_caller]
fn check_traced(loss: &impl Loss, inputs: &[Tensor<F64>], count: usize) {
    const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
    let named: Vec<_> = NAMES.into_iter().zip(inputs.iter().map(Tensor::spec)).collect();
    let trace =
        |inputs: &[Tensor<Trace<f64>>]| ["y", "da", "db", "dc", "dd"].into_iter().zip(derived(loss, inputs, count));
    let traced = WengertList::<f64>::trace(&named, trace).eval::<F64>(inputs);
    let eager = derived(loss, inputs, count);
    let bits = |all: &[Tensor<F64>]| all.iter().flat_map(Tensor::to_vec).map(f64::to_bits).collect::<Vec<_>>();
    assert_eq!(bits(&traced), bits(&eager));
}

/// First and second derivatives for the first `count` inputs are those of differences.
#[track_caller]
fn check_smooth(loss: &impl Loss, inputs: &[Tensor<F64>], count: usize) {
    let constant = |x: &Tensor<F64>| Tensor::constant_of(Tensor::constant_of(x.clone()));
    let all = |x: &[Tensor<Autodiff<Autodiff<F64>>>]| {
        let constants = inputs[count..].iter().map(constant);
        loss.of(&x.iter().cloned().chain(constants).collect::<Vec<_>>())
    };
    check_grads(all, &inputs[..count], 1e-6).unwrap();
    check_traced(loss, inputs, count);
}
