//! Losses of a distance: squared, absolute, and squared near 0 only.

use autodiff_core::{Backend, Tensor};

use super::check_same;
use crate::Reduction;

/// `(x - t)^2`: the squared error of each element.
///
/// ```text
/// x [..]   t [..]   loss [..]
/// ```
///
/// Gradient `2 g (x - t)`. The mean is over all elements.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Reduction, mse_loss};
/// let [x, t] = [[1.0, 2.0], [0.0, 4.0]].map(|values| Tensor::<Cpu<f32>>::new(&values, [2]));
/// assert_eq!(mse_loss(&x, &t, Reduction::Mean).item(), 2.5);
/// ```
///
/// # Panics
/// When the shapes differ: broadcasting would hide the mistake.
#[must_use]
#[track_caller]
pub fn mse_loss<B: Backend>(input: &Tensor<B>, target: &Tensor<B>, reduction: Reduction) -> Tensor<B> {
    check_same("mse_loss", input, target);
    reduction.apply((input - target).square())
}

/// `|x - t|`: the absolute error of each element; gradient `g sign(x - t)`, 0 where they are equal.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Reduction, l1_loss};
/// let [x, t] = [[1.0, 2.0], [0.0, 4.0]].map(|values| Tensor::<Cpu<f32>>::new(&values, [2]));
/// assert_eq!(l1_loss(&x, &t, Reduction::Mean).item(), 1.5);
/// ```
///
/// # Panics
/// When the shapes differ.
#[must_use]
#[track_caller]
pub fn l1_loss<B: Backend>(input: &Tensor<B>, target: &Tensor<B>, reduction: Reduction) -> Tensor<B> {
    check_same("l1_loss", input, target);
    reduction.apply((input - target).abs())
}

/// With `d = x - t`: `d^2 / 2` where `|d| <= delta`, else `delta (|d| - delta / 2)` (Huber 1964).
///
/// Gradient `g d` within `delta`, else `g delta sign(d)`.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Reduction, huber_loss};
/// let [x, t] = [[1.0, -4.0], [0.0, 0.0]].map(|values| Tensor::<Cpu<f32>>::new(&values, [2]));
/// assert_eq!(huber_loss(&x, &t, 2.0, Reduction::None).to_vec(), [0.5, 6.0]);
/// ```
///
/// # Panics
/// When the shapes differ, or `delta` is not positive.
#[must_use]
#[track_caller]
pub fn huber_loss<B: Backend>(input: &Tensor<B>, target: &Tensor<B>, delta: f64, reduction: Reduction) -> Tensor<B> {
    check_same("huber_loss", input, target);
    assert!(delta > 0.0, "huber_loss: delta must be positive, found {delta}");
    reduction.apply(huber(&(input - target), delta))
}

/// With `d = x - t`: `d^2 / (2 beta)` where `|d| < beta`, else `|d| - beta / 2`; `|d|` for `beta = 0` (Girshick 2015).
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Reduction, smooth_l1_loss};
/// let [x, t] = [[1.0, -4.0], [0.0, 0.0]].map(|values| Tensor::<Cpu<f32>>::new(&values, [2]));
/// assert_eq!(smooth_l1_loss(&x, &t, 2.0, Reduction::None).to_vec(), [0.25, 3.0]);
/// ```
///
/// # Panics
/// When the shapes differ, or `beta` is negative.
#[must_use]
#[track_caller]
pub fn smooth_l1_loss<B: Backend>(input: &Tensor<B>, target: &Tensor<B>, beta: f64, reduction: Reduction) -> Tensor<B> {
    check_same("smooth_l1_loss", input, target);
    assert!(beta >= 0.0, "smooth_l1_loss: beta must not be negative, found {beta}");
    let d = input - target;
    reduction.apply(if beta == 0.0 { d.abs() } else { huber(&d, beta) / beta })
}

/// `c (d - c / 2)` with `c` the nearest number to `d` within the limits: both pieces, and smooth at 0.
#[track_caller]
fn huber<B: Backend>(d: &Tensor<B>, limit: f64) -> Tensor<B> {
    let c = d.clamp(Some(-limit), Some(limit));
    &c * (d - &c * 0.5)
}
