//! The divergence of distributions.

use autodiff_core::{Backend, Tensor};

use super::check_same;
use crate::Reduction;

/// `t (log t - x)`: how far log-probabilities `x` are from the distribution `t` (Kullback and Leibler 1951).
///
/// With `log_target` the target is a logarithm too: `e^t (t - x)`. Where the probability `t`, or `e^t`, is 0, the loss and its
/// gradients are 0, also for an `x` of `-inf`. Probabilities that sum to a divergence lie along the last axes:
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
    let probability = if log_target { &target.exp() } else { target };
    let zero = target.zeros_like();
    let absent = probability.eq(&zero);
    // What is not counted is computed of harmless numbers, so that no infinity comes back from it.
    let [probability, log] = if log_target {
        let log = absent.select(&zero, target);
        [log.exp(), log]
    } else {
        let probability = absent.select(&target.ones_like(), target);
        [probability.clone(), probability.log()]
    };
    let term = probability * (log - absent.select(&zero, input));
    reduction.apply(absent.select(&zero, &term))
}
