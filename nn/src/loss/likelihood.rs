//! Negative log-likelihoods of numbers: normally distributed, and counted.

use core::f64::consts::TAU;

use autodiff_core::{Axes, Backend, Shape, Tensor};

use super::check_same;
use crate::Reduction;

/// How [`gaussian_nll_loss`] counts; PyTorch's defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaussianNll {
    /// Whether the constant `log(2 pi) / 2` is counted: no.
    pub full: bool,
    /// The least variance: 1e-6.
    pub eps: f64,
    /// What becomes of the losses of all elements.
    pub reduction: Reduction,
}

impl Default for GaussianNll {
    fn default() -> Self {
        Self { full: false, eps: 1e-6, reduction: Reduction::Mean }
    }
}

/// `(log v + (x - t)^2 / v) / 2`: how unlikely `t` is where the mean is `x` and the variance `v`.
///
/// ```text
/// x, t [.., D]     v [.., D], or [..], or with 1 for one extent of x, or []     loss [.., D]
/// ```
///
/// A variance below `eps`, a negative one too, counts as `eps`, but has the gradient that `eps` would have: so it recovers. The
/// mean is over all elements.
/// (Nix and Weigend, *Estimating the mean and variance of the target probability distribution*, 1994, equation 3.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::gaussian_nll_loss;
/// let [x, t, v] = [[1.0, 2.0], [3.0, 2.0], [1.0, 1.0]].map(|values| Tensor::<Cpu<f64>>::new(&values, [2]));
/// assert_eq!(gaussian_nll_loss(&x, &t, &v, &Default::default()).item(), 1.0);
/// ```
///
/// # Panics
/// When the shapes of input and target differ, the variance has none of those above, or `eps` is not positive.
#[must_use]
#[track_caller]
pub fn gaussian_nll_loss<B: Backend>(
    input: &Tensor<B>,
    target: &Tensor<B>,
    variance: &Tensor<B>,
    options: &GaussianNll,
) -> Tensor<B> {
    const OP: &str = "gaussian_nll_loss";
    let &GaussianNll { full, eps, reduction } = options;
    check_same(OP, input, target);
    assert!(eps > 0.0, "{OP}: eps must be positive, found {eps}");
    let variance = at_least(&spread(OP, variance, &input.shape()), eps);
    let mut losses = ((input - target).square() / &variance + variance.log()) * 0.5;
    if full {
        losses = losses + 0.5 * libm::log(TAU);
    }
    reduction.apply(losses)
}

/// The variance with as many axes as the input.
#[track_caller]
fn spread<B: Backend>(op: &str, variance: &Tensor<B>, shape: &Shape) -> Tensor<B> {
    let own = variance.shape();
    if own.rank() == 0 || own == *shape {
        return variance.clone();
    }
    if own.extents() == &shape.extents()[..shape.rank().saturating_sub(1)] {
        return variance.unsqueeze(-1);
    }
    let one_for_all = (0..shape.rank()).any(|axis| shape.reduced(Axes::one(axis)) == own);
    assert!(one_for_all, "{op}: a variance for each element, or for all along one axis, expected: {own} for {shape}");
    variance.clone()
}

/// `max(v, eps)` with the gradient of `v` everywhere.
#[track_caller]
fn at_least<B: Backend>(v: &Tensor<B>, eps: f64) -> Tensor<B> {
    let below = v.lt(&v.new_full(v.shape(), eps));
    // The difference is 0, and has the slope of `v`.
    below.select(&(v - v.detach() + eps), v)
}

/// How [`poisson_nll_loss`] counts; PyTorch's defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoissonNll {
    /// Whether the input is the logarithm of the rate: yes.
    pub log_input: bool,
    /// Whether Stirling's approximation of `log t!` is counted for targets above 1: no.
    pub full: bool,
    /// What is added to a rate before its logarithm is taken: 1e-8.
    pub eps: f64,
    /// What becomes of the losses of all elements.
    pub reduction: Reduction,
}

impl Default for PoissonNll {
    fn default() -> Self {
        Self { log_input: true, full: false, eps: 1e-8, reduction: Reduction::Mean }
    }
}

/// How unlikely the count `t` is where `x` is the logarithm of the rate, or the rate itself.
///
/// ```text
/// log_input   e^x - t x                        else   x - t log(x + eps)
/// full        + t log t - t + log(2 pi t) / 2,   where t > 1
/// ```
///
/// The mean is over all elements.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::poisson_nll_loss;
/// let [x, t] = [[0.0, 0.0], [1.0, 3.0]].map(|values| Tensor::<Cpu<f64>>::new(&values, [2]));
/// assert_eq!(poisson_nll_loss(&x, &t, &Default::default()).item(), 1.0);
/// ```
///
/// # Panics
/// When the shapes differ.
#[must_use]
#[track_caller]
pub fn poisson_nll_loss<B: Backend>(input: &Tensor<B>, target: &Tensor<B>, options: &PoissonNll) -> Tensor<B> {
    let &PoissonNll { log_input, full, eps, reduction } = options;
    check_same("poisson_nll_loss", input, target);
    let mut losses = if log_input { input.exp() - target * input } else { input - target * (input + eps).log() };
    if full {
        losses = losses + stirling(target);
    }
    reduction.apply(losses)
}

/// `log t!`, approximately, where `t > 1`; 0 elsewhere.
#[track_caller]
fn stirling<B: Backend>(t: &Tensor<B>) -> Tensor<B> {
    let one = t.ones_like();
    let small = t.le(&one);
    // What is not counted is computed of 1, so that no infinity comes back from it.
    let t = small.select(&one, t);
    let log = t.log();
    let approximation = &t * &log - &t + (log + libm::log(TAU)) * 0.5;
    small.select(&one.zeros_like(), &approximation)
}
