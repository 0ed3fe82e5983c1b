//! The functions that kernels compute with: branch-free, so that a loop over them is vectorised.
//!
//! Each is a function of [`Float`], written once for `f32` and `f64`, whose polynomials are tables of the format. They are
//! minimax polynomials (Remez's exchange, relative error below an eighth of the format's rounding), found for these ranges.
//! Halves are computed in `f32`.

mod erf;
mod exp;
mod float;
mod log;
mod pow;
#[cfg(test)]
mod tests;
mod trig;

pub(crate) use erf::{erf, erfc};
pub(crate) use exp::{exp, expm1, sigmoid, tanh};
pub(crate) use float::Float;
pub(crate) use log::{log, log1p};
pub(crate) use pow::Powers;
pub(crate) use trig::Angle;

/// A format that all functions are there for.
pub(crate) trait Functions: Angle + Powers {}

impl<T: Angle + Powers> Functions for T {}

/// `x` within limits; NaN stays.
#[inline(always)]
fn clamp<T: Float>(x: T, low: T, high: T) -> T {
    let x = if x > high { high } else { x };
    if x < low { low } else { x }
}
