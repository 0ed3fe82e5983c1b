//! Composites in one or two passes over each row: the softmax family, norms, cross-entropy.

mod loss;
mod normalize;
mod softmax;
mod softplus;
#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "the numbers of tests are small")]
mod tests;

use autodiff_core::{Axes, Composite};
use backend_cpu::{IndexError, Layout, View};

use self::normalize::{RmsNorm, Standardize};
use self::softmax::{LogSoftmax, LogSumExp, Softmax};
use crate::half::Stored;
use crate::lines::{ABREAST, Lines, Source, narrow};
use crate::math::Float;
use crate::par;
use crate::simd::{Isa, Job, compiled};

/// So many elements are worth a thread's attention.
const GRAIN: usize = 1 << 12;

/// Whether a composite has a kernel here.
pub(crate) fn claims(composite: &Composite) -> bool {
    !matches!(composite, Composite::Attention { .. })
}

pub(crate) fn cross_entropy<T: Stored>(
    logits: View<'_, T>,
    labels: View<'_, i32>,
    out: &mut [T],
) -> Result<(), IndexError> {
    loss::cross_entropy(logits, labels, out)
}

/// A claimed composite of one argument.
pub(crate) fn composite<T: Stored>(composite: &Composite, x: View<'_, T>, out: &mut [T]) {
    match *composite {
        Composite::Softmax { axis } => along(Softmax, Axes::one(axis.into()), x, out),
        Composite::LogSoftmax { axis } => along(LogSoftmax, Axes::one(axis.into()), x, out),
        Composite::LogSumExp { axis } => along(LogSumExp, Axes::one(axis.into()), x, out),
        Composite::Standardize { axes, eps } => along(Standardize { eps: eps.get() }, axes, x, out),
        Composite::RmsNorm { axes, eps } => along(RmsNorm { eps: eps.get() }, axes, x, out),
        Composite::Softplus => softplus::softplus(x, out),
        Composite::CrossEntropy | Composite::Attention { .. } => {
            unreachable!("{}: it takes several arguments", composite.name())
        }
    }
}

/// A function of a row, to a row or to one number.
trait RowKernel<R: Float>: Copy + Send + Sync {
    /// Whether it answers one number.
    const SINGLE: bool = false;

    /// To be marked `#[inline(always)]`.
    fn row<I: Isa>(self, x: &[R], y: &mut [R]);
}

/// A function of all rows along some axes.
fn along<T: Stored, K: RowKernel<T::Real>>(kernel: K, axes: Axes, x: View<'_, T>, out: &mut [T]) {
    let lines = Lines::new(axes, x);
    if out.is_empty() {
        return;
    }
    if lines.trailing || K::SINGLE {
        let width = if K::SINGLE { 1 } else { lines.len };
        let grain = GRAIN.div_ceil(lines.len.max(1)) * width;
        par::rows(out, width, grain, |first, out| compiled(Rows { kernel, lines: &lines, first, width, out }));
    } else {
        // The axes before those of the rows divide both sides into blocks.
        let lead = (0..x.shape().rank()).take_while(|&axis| !axes.contains(axis));
        let blocks = lead.map(|axis| x.shape()[axis]).product::<usize>();
        let size = out.len() / blocks;
        let layout = Layout::contiguous(*x.shape());
        let to = Lines::new(axes, View::new(&[], &layout));
        par::rows(out, size, GRAIN, |block, out| {
            compiled(Across { kernel, lines: &lines, to: &to, start: block * size, out });
        });
    }
}

/// Rows from `first` on, whose results are neighbours.
struct Rows<'a, T, K> {
    kernel: K,
    lines: &'a Lines<'a, T>,
    first: usize,
    width: usize,
    out: &'a mut [T],
}

impl<T: Stored, K: RowKernel<T::Real>> Job for Rows<'_, T, K> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let mut source = Source::new(self.lines, self.first);
        let mut room = Vec::new();
        for out in self.out.chunks_mut(source.abreast * self.width) {
            source.load(out.len() / self.width);
            for (row, out) in out.chunks_exact_mut(self.width).enumerate() {
                let x = source.line(row);
                if let Some(y) = T::as_real_mut(out) {
                    self.kernel.row::<I>(x, y);
                } else {
                    room.resize(self.width, T::Real::default());
                    self.kernel.row::<I>(x, &mut room);
                    narrow(&room, out);
                }
            }
        }
    }
}

/// Rows whose results lie among each other: those that belong into `out`, whose first element has number `start`.
struct Across<'a, T, K> {
    kernel: K,
    lines: &'a Lines<'a, T>,
    to: &'a Lines<'a, T>,
    start: usize,
    out: &'a mut [T],
}

impl<T: Stored, K: RowKernel<T::Real>> Job for Across<'_, T, K> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let len = self.lines.len;
        let first = self.start / len;
        let (mut source, mut targets) = (Source::new(self.lines, first), self.to.starts(first));
        let mut results = vec![T::Real::default(); source.abreast * len];
        let mut left = self.out.len() / len;
        while left > 0 {
            let count = left.min(source.abreast);
            source.load(count);
            let mut places = [0; ABREAST];
            for (row, y) in results.chunks_exact_mut(len).take(count).enumerate() {
                self.kernel.row::<I>(source.line(row), y);
                places[row] = targets.next_place()[0] - self.start;
            }
            let mut shifts = self.to.elements(0);
            for element in 0..len {
                let [shift] = shifts.next_place();
                for (row, &place) in places[..count].iter().enumerate() {
                    self.out[place + shift] = T::rounded(results[row * len + element]);
                }
            }
            left -= count;
        }
    }
}
