//! The normal distribution between two limits, by the inverse of its distribution function.

use core::f64::consts::{FRAC_1_SQRT_2, PI, TAU};

use autodiff_core::{Backend, Element, FloatCore, Index, Shape, Tensor};

/// Normally distributed with this mean and standard deviation (of what is not truncated yet), but within `[a, b]`.
///
/// ```text
/// mean + std Phi^-1(Phi(alpha) + u (Phi(beta) - Phi(alpha))),   u uniform in (0, 1),
/// alpha = (a - mean) / std,   beta = (b - mean) / std
/// ```
///
/// PyTorch's defaults are 0, 1, -2 and 2. Limits that are infinite are none. Limits so far out that the element knows no
/// probability there give the nearer one.
///
/// ```
/// use autodiff_core::Index;
/// use backend_cpu::Cpu;
/// use nn::init;
/// let w = init::trunc_normal(&Index::<Cpu<f64>>::key(0, &Default::default()), [1000], 0.0, 0.02, -0.04, 0.04);
/// assert!(w.abs().max().item() <= 0.04 && w.mean().item().abs() < 2e-3);
/// ```
///
/// # Panics
/// When `a < b` does not hold, `std` is not positive, or `key` is no key of shape `[2]`.
#[must_use]
#[track_caller]
pub fn trunc_normal<B: Backend>(
    key: &Index<B>,
    shape: impl Into<Shape>,
    mean: f64,
    std: f64,
    a: f64,
    b: f64,
) -> Tensor<B> {
    assert!(a < b, "trunc_normal: limits in order expected, found {a} and {b}");
    assert!(std > 0.0, "trunc_normal: the standard deviation must be positive, found {std}");
    let [alpha, beta] = [a, b].map(|limit| (limit - mean) / std);
    // What lies outside on either side, and between: differences of the smaller tails, which do not cancel.
    let (below, above) = (tail(alpha), tail(-beta));
    let within = if alpha > 0.0 { tail(-alpha) - above } else { tail(beta) - below };
    // Uniform in (-1/2, 1/2), as likely negative as positive.
    let u = Tensor::uniform(key, shape) - 0.5 + 0.5 / f64::from(1_u32 << B::Elem::MANTISSA_DIGITS.min(31));
    let (left, right) = ((&u + 0.5) * within + below, (0.5 - u) * within + above);
    let z = quantile(&left.minimum(&right));
    let z = left.le(&right).select(&z, &-&z);
    (z * std + mean).clamp(Some(a), Some(b))
}

/// `Phi(x)`
fn tail(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// `Phi^-1(p)` for `p` from 0 to 1/2.
///
/// ```text
/// x = -sqrt(2 m / (sqrt(c c + m) + c)),   c = 2 / (pi a) + L / 2,   m = -L / a,   L = log(4 p (1 - p)),   a = 0.147
/// x' = x - r / (1 + x r / 2),   r = (Phi(x) - p) / phi(x)          twice
/// ```
///
/// The beginning is right to 0.04 (Winitzki, *A handy approximation for the error function and its inverse*, 2008, equation 7,
/// written so that it does not cancel); Halley's step cubes the error, so that two reach the last digits for `x > -8`, and
/// 1e-11 for `x > -10`.
#[track_caller]
fn quantile<B: Backend>(p: &Tensor<B>) -> Tensor<B> {
    const A: f64 = 0.147;
    let p = p.clamp(Some(B::Elem::min_positive_value().into_f64()), Some(0.5));
    let log = (&p * 4.0 * (1.0 - &p)).log().clamp(None, Some(0.0));
    let (c, m) = (&log * 0.5 + 2.0 / (PI * A), log / -A);
    let mut x = -(&m * 2.0 / ((&c * &c + &m).sqrt() + &c)).sqrt();
    for _ in 0..2 {
        let excess = (&x * -FRAC_1_SQRT_2).erfc() * 0.5 - &p;
        let r = excess * (&x * &x * 0.5).exp() * libm::sqrt(TAU);
        x = &x - &r / (&x * &r * 0.5 + 1.0);
    }
    x
}
