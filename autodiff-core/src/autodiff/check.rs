//! Gradients held against finite differences.

use core::fmt;

use alloc::vec::Vec;

use super::Autodiff;
use super::functional::{Twice, derivatives_along, or_zeros};
use crate::{Backend, Element, Index, Tensor};

/// How far two ways to one derivative are apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradientMismatch {
    /// 1 for the gradient, 2 for the gradient of the gradient.
    pub order: u8,
    /// The derivative along the random direction in reverse mode.
    pub reverse: f64,
    /// The same by central differences.
    pub central: f64,
}

impl fmt::Display for GradientMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { order, reverse, central } = self;
        write!(f, "derivative of order {order}: {reverse} in reverse mode, {central} by central differences")
    }
}

impl core::error::Error for GradientMismatch {}

/// Holds the first and second derivative of a function, along a random direction, against central differences.
///
/// With `s(x) = sum(w f(x))` for random weights `w` and a random direction `v`, it compares
///
/// ```text
/// <grad s(x), v>            with  (s(x + h v) - s(x - h v)) / 2h
/// <H(x) v, u>               with  (<grad s(x + h v), u> - <grad s(x - h v), u>) / 2h
/// ```
///
/// within `tolerance` of the larger of 1 and the derivative. The step is `h = eps^(1/3)` of the element.
///
/// ```
/// use autodiff_core::{Tensor, check_grads};
/// use backend_cpu::Cpu;
/// let x = Tensor::<Cpu<f64>>::new(&[0.3, -1.2], [2]);
/// check_grads(|x| (&x[0] * x[0].tanh()).sum(), &[x], 1e-7).unwrap();
/// ```
///
/// # Errors
/// When reverse mode and differences disagree.
///
/// # Panics
/// When `f` panics.
pub fn check_grads<B: Backend>(
    f: impl Fn(&[Tensor<Twice<B>>]) -> Tensor<Twice<B>>,
    inputs: &[Tensor<B>],
    tolerance: f64,
) -> Result<(), GradientMismatch> {
    let probe = Probe::new(&f, inputs);
    let (first, second) = probe.reverse();
    let (central_first, central_second) = probe.central();
    for (order, reverse, central) in [(1, first, central_first), (2, second, central_second)] {
        let apart = (reverse - central).abs();
        let near = apart <= tolerance * central.abs().max(1.0);
        if !near {
            return Err(GradientMismatch { order, reverse, central });
        }
    }
    Ok(())
}

/// A function, a point, and random directions there.
struct Probe<'a, B: Backend, F> {
    f: &'a F,
    at: &'a [Tensor<B>],
    along: Vec<Tensor<B>>,
    against: Vec<Tensor<B>>,
    key: Index<B>,
}

impl<'a, B: Backend, F: Fn(&[Tensor<Twice<B>>]) -> Tensor<Twice<B>>> Probe<'a, B, F> {
    fn new(f: &'a F, at: &'a [Tensor<B>]) -> Self {
        let device = at.first().map(|x| x.device().clone()).unwrap_or_default();
        let key = Index::key(0x9e37_79b9_7f4a_7c15, &device);
        let direction = |stream: u32| {
            let key = key.fold_in(stream);
            (0..).zip(at).map(|(i, x)| Tensor::normal(&key.fold_in(i), x.shape())).collect::<Vec<_>>()
        };
        Self { f, at, along: direction(1), against: direction(2), key: key.fold_in(3) }
    }

    /// `s` and its gradient at the innermost level, where `x` is recorded at both.
    fn scalar(&self, x: &[Tensor<Twice<B>>]) -> Tensor<Twice<B>> {
        let y = (self.f)(x);
        let weights = Tensor::<B>::normal(&self.key, y.shape()) + 1.5;
        (y * Tensor::constant_of(Tensor::constant_of(weights))).sum()
    }

    /// The gradient of `s` at `x`, zeros where it is not reached, recorded at the inner level.
    fn gradient(&self, x: &[Tensor<Autodiff<B>>]) -> (f64, Vec<Tensor<Autodiff<B>>>) {
        let outer: Vec<_> = x.iter().map(|x| Tensor::variable(x.clone())).collect();
        let s = self.scalar(&outer);
        let gradients = s.grad(&outer.iter().collect::<Vec<_>>());
        (s.item().into_f64(), or_zeros(gradients, x))
    }

    /// First and second derivative along the direction, in reverse mode.
    fn reverse(&self) -> (f64, f64) {
        let x: Vec<_> = self.at.iter().map(|x| Tensor::variable(x.clone())).collect();
        let (_, gradient) = self.gradient(&x);
        let first = dot(gradient.iter().map(Tensor::<Autodiff<_>>::value), &self.along);
        let rows = derivatives_along(&gradient, &self.against, &x);
        (first, dot(rows.iter(), &self.along))
    }

    /// The same two numbers by central differences.
    fn central(&self) -> (f64, f64) {
        let bits = B::Elem::MANTISSA_DIGITS;
        let h = 1.0 / f64::from(1_u32 << bits.div_ceil(3));
        let shifted = |h: f64| {
            let moved = self.at.iter().zip(&self.along).map(|(x, v)| Tensor::constant_of(x + v * h));
            let (s, gradient) = self.gradient(&moved.collect::<Vec<_>>());
            (s, dot(gradient.iter().map(Tensor::<Autodiff<_>>::value), &self.against))
        };
        let ((s_hi, g_hi), (s_lo, g_lo)) = (shifted(h), shifted(-h));
        ((s_hi - s_lo) / (2.0 * h), (g_hi - g_lo) / (2.0 * h))
    }
}

/// The sum of the products, over several tensors.
fn dot<'a, B: Backend>(left: impl Iterator<Item = &'a Tensor<B>>, right: &[Tensor<B>]) -> f64 {
    left.zip(right).map(|(a, b)| (a * b).sum().item().into_f64()).sum()
}
