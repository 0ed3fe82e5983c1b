//! The loss of a classifier in one pass over its logits.

use crate::kernels::gather::{IndexError, Place};
use crate::layout::Walk;
use crate::math::{self, Math, Scalar};
use crate::view::View;

/// `[.., classes], labels [..] -> [..]`: how surprised each row of logits is by its label.
///
/// ```text
/// y = log sum_j e^(x_j - max x) + (max x - x_label)        in the accumulator's format
/// ```
///
/// The largest logit is taken off first, so that no exponential overflows.
///
/// # Errors
/// At the first label that is negative or no class. What `out` holds then is unspecified.
///
/// # Panics
/// When `logits` has no axis.
pub fn cross_entropy<T: Scalar>(logits: View<'_, T>, labels: View<'_, i32>, out: &mut [T]) -> Result<(), IndexError> {
    let axis = logits.shape().rank().checked_sub(1).expect("cross_entropy: logits have a last axis");
    let (classes, stride) = (logits.shape()[axis], logits.strides()[axis]);
    let walk =
        Walk::over(labels.shape(), [logits.start(), labels.start()], [&logits.strides()[..axis], labels.strides()]);
    for (y, [from, label_at]) in out.iter_mut().zip(walk) {
        let label = labels.data()[label_at];
        let Some(class) = usize::try_from(label).ok().filter(|&class| class < classes) else {
            return Err(IndexError { index: label, bound: classes, place: Place::Classes });
        };
        let row = || logits.strided(from, stride).take(classes).map(T::widen);
        let most = row().fold(T::neg_infinity().widen(), math::larger);
        let sum = row().fold(T::zero().widen(), |sum, x| sum + (x - most).exp());
        let chosen = logits.data()[from.wrapping_add_signed(stride * class.cast_signed())];
        *y = T::narrow(sum.log() + (most - chosen.widen()));
    }
    Ok(())
}
