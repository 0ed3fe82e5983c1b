//! The loss of a classifier, row by row of its logits.

use autodiff_core::Axes;
use backend_cpu::{IndexError, Place, View};

use super::GRAIN;
use super::softmax::{largest, sum_of_exp};
use crate::half::Stored;
use crate::lines::{Lines, Source};
use crate::math::log;
use crate::par;
use crate::simd::{Isa, Job, compiled};

/// `log sum e^(x - m) + (m - x_label)` of each row.
pub(super) fn cross_entropy<T: Stored>(
    logits: View<'_, T>,
    labels: View<'_, i32>,
    out: &mut [T],
) -> Result<(), IndexError> {
    let last = logits.shape().rank().saturating_sub(1);
    let classes = logits.shape()[last];
    let outside = |label: i32| usize::try_from(label).map_or(true, |label| label >= classes);
    if let Some(label) = labels.iter().find(|&label| outside(label)) {
        return Err(IndexError { index: label, bound: classes, place: Place::Classes });
    }
    let (rows, labels) = (Lines::new(Axes::one(last), logits), Lines::new(Axes::NONE, labels));
    par::parts(out, GRAIN.div_ceil(classes.max(1)), |first, out| {
        compiled(Losses { rows: &rows, labels: &labels, first, out });
    });
    Ok(())
}

/// The losses from row `first` on. The labels were found to be classes.
struct Losses<'a, T> {
    rows: &'a Lines<'a, T>,
    labels: &'a Lines<'a, i32>,
    first: usize,
    out: &'a mut [T],
}

impl<T: Stored> Job for Losses<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let (mut source, mut labels) = (Source::new(self.rows, self.first), self.labels.starts(self.first));
        for out in self.out.chunks_mut(source.abreast) {
            source.load(out.len());
            for (row, y) in out.iter_mut().enumerate() {
                let x = source.line(row);
                let label = self.labels.x.data()[labels.next_place()[0]];
                let most = largest(x);
                let chosen = x[label.cast_unsigned() as usize];
                *y = T::rounded(log::<I, T::Real>(sum_of_exp::<I, T::Real>(x, most)) + (most - chosen));
            }
        }
    }
}
