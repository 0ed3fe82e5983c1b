//! gelu, the rectifier weighted by how many normally distributed numbers are smaller: `x Phi(x)`.

use core::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use crate::{Backend, Node, Tensor};

/// `x erfc(-x / sqrt 2) / 2`
#[track_caller]
pub(super) fn body<B: Backend>(x: &Tensor<B>) -> Tensor<B> {
    x * distribution(x)
}

/// With the normal distribution's function and density:
/// ```text
/// g (Phi(x) + x phi(x)),   phi(x) = e^(-x^2 / 2) / sqrt(2 pi)
/// ```
pub(super) fn grad<B: Backend>(at: &Node<'_, B>) -> Tensor<B> {
    let x = at.input(0);
    let density = (x * x * -0.5).exp() * (FRAC_2_SQRT_PI * FRAC_1_SQRT_2 / 2.0);
    at.grad() * (distribution(x) + x * density)
}

/// `Phi(x) = erfc(-x / sqrt 2) / 2`, which does not cancel in the left tail as `1 + erf` would.
fn distribution<B: Backend>(x: &Tensor<B>) -> Tensor<B> {
    (x * -FRAC_1_SQRT_2).erfc() * 0.5
}
