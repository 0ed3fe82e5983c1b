//! The loss of a classifier, row by row of its logits.

use autodiff_core::Axes;
use backend_cpu::{IndexError, Place, View};

use super::GRAIN;
use super::softmax::{largest, sum_of_exp};
use crate::half::{Stored, narrow};
use crate::lines::{Block, Lines};
use crate::math::{Float, log};
use crate::par;
use crate::scratch::Room;
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
        let (mut labels_at, mut room, mut chosen) = (labels.starts(first), Room::new(), Room::new());
        rows.by_line([first, out.len()], 0..rows.len, usize::MAX, &mut |line, _, block| {
            let next = || labels.x.data()[labels_at.next_place()[0]].cast_unsigned() as usize;
            chosen.clear();
            chosen.extend(core::iter::repeat_with(next).take(block.rows));
            room.resize(block.rows, T::Real::default());
            compiled(Losses { block, labels: &chosen, y: &mut room });
            narrow(&room, &mut out[line..][..block.rows]);
        });
    });
    Ok(())
}

/// The losses of all rows, whose labels were found to be classes.
struct Losses<'a, R> {
    block: Block<'a, R>,
    labels: &'a [usize],
    y: &'a mut [R],
}

impl<R: Float> Job for Losses<'_, R> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        for (row, (y, &label)) in self.y.iter_mut().zip(self.labels).enumerate() {
            let x = self.block.row(row);
            let most = largest(x);
            *y = log::<I, R>(sum_of_exp::<I, R>(x, most)) + (most - x[label]);
        }
    }
}
