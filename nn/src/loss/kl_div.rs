//! The divergence of distributions.

use autodiff_core::{Backend, Tensor};

use super::check_same;
use crate::Reduction;

/// `t (log t - x)`: how far log-probabilities `x` are from the distribution `t` (Kullback and Leibler 1951).
///
/// With `log_target` the target is a logarithm too: `e^t (t - x)`. Where `t` is 0 the loss is 0 and the gradient of `t` is
/// that of `-t x` alone. Probabilities that sum to a divergence lie along the last axes:
/// [`Reduction::BatchMean`] is the divergence's mean over a batch, [`Reduction::Mean`] is over all elements.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Reduction, kl_div};
/// let t = Tensor::<Cpu<f64>>::new(&[0.0, 1.0], [1, 2]);
/// let x = Tensor::new(&[-1.0, -3.0], [1, 2]);
/// assert_eq!(kl_div(&x, &t, false, Reduction::BatchMean).item(), 3.0);
/// ```
///
/// # Panics
/// When the shapes differ.
#[must_use]
#[track_caller]
pub fn kl_div<B: Backend>(input: &Tensor<B>, target: &Tensor<B>, log_target: bool, reduction: Reduction) -> Tensor<B> {
    check_same("kl_div", input, target);
    if log_target {
        return reduction.apply(target.exp() * (target - input));
    }
    let absent = target.eq(&target.zeros_like());
    let log = absent.select(&target.ones_like(), target).log();
    reduction.apply(target * log - target * input)
}
