//! Composites in one or two passes over each row: the softmax family, norms, cross-entropy.

mod loss;
mod normalize;
mod softmax;

use autodiff_core::{Axes, Composite};
use backend_cpu::{IndexError, Layout, View};

use self::normalize::{LayerNorm, RmsNorm, Standardize};
use self::softmax::{LogSoftmax, LogSumExp, Softmax};
use crate::half::{Stored, narrow};
use crate::lines::{Block, Lines};
use crate::math::Float;
use crate::scratch::Room;
use crate::simd::{Isa, Job, compiled};
use crate::{elementwise, par};

/// So many elements are worth a thread's attention.
const GRAIN: usize = 1 << 12;
/// So many rows are computed before their results are written among others.
const ABREAST: usize = 16;

/// Whether a composite has a kernel here. Rows across the first axis, as those of batch normalisation, are normalised by
/// reductions and functions of elements: their numbers mostly lie apart, and their mean and variance are wanted besides. Of
/// halves they are not, which would be rounded after each of these.
pub(crate) fn claims<T: Stored>(composite: &Composite) -> bool {
    match composite {
        Composite::Attention { .. } => false,
        Composite::Standardize { axes, .. } | Composite::RmsNorm { axes, .. } => {
            !axes.contains(0) || T::as_real(&[]).is_none()
        }
        _ => true,
    }
}

pub(crate) fn cross_entropy<T: Stored>(
    logits: View<'_, T>,
    labels: View<'_, i32>,
    out: &mut [T],
) -> Result<(), IndexError> {
    loss::cross_entropy(logits, labels, out)
}

/// A claimed composite of float arguments.
pub(crate) fn composite<T: Stored>(composite: &Composite, inputs: &[View<'_, T>], out: &mut [T]) {
    let x = inputs[0];
    match *composite {
        Composite::Softmax { axis } => along(Softmax, Axes::one(axis.into()), x, out),
        Composite::LogSoftmax { axis } => along(LogSoftmax, Axes::one(axis.into()), x, out),
        Composite::LogSumExp { axis } => along(LogSumExp, Axes::one(axis.into()), x, out),
        Composite::Standardize { axes, eps } => along(Standardize { eps: eps.get() }, axes, x, out),
        Composite::RmsNorm { axes, eps } => along(RmsNorm { eps: eps.get() }, axes, x, out),
        Composite::LayerNorm { eps } => {
            let axes = (x.shape().rank() - inputs[1].shape().rank()..x.shape().rank()).collect();
            let (mut weight, mut bias) = (Room::new(), Room::new());
            let (weight, bias) = (row(inputs[1], &mut weight), row(inputs[2], &mut bias));
            along(LayerNorm { eps: eps.get(), weight, bias }, axes, x, out);
        }
        _ => assert!(elementwise::composite(composite, x, out), "{}: it has no kernel", composite.name()),
    }
}

/// The elements in row-major order, copied where they do not lie so.
fn row<'a, T: Stored>(x: View<'a, T>, room: &'a mut Room<T::Real>) -> &'a [T::Real] {
    x.as_slice().and_then(T::as_real).unwrap_or_else(|| {
        room.extend(x.iter().map(T::wide));
        room
    })
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
        return par::rows(out, width, grain, |first, out| beside(kernel, &lines, first, width, out));
    }
    // The axes before those of the rows divide both sides into blocks.
    let lead = (0..x.shape().rank()).take_while(|&axis| !axes.contains(axis));
    let blocks = lead.map(|axis| x.shape()[axis]).product::<usize>();
    let size = out.len() / blocks;
    let layout = Layout::contiguous(*x.shape());
    let to = Lines::new(axes, View::new(&[], &layout));
    par::rows(out, size, GRAIN, |block, out| among(kernel, &lines, &to, block * size, out));
}

/// Rows from `first` on, whose results are neighbours.
fn beside<T: Stored, K: RowKernel<T::Real>>(
    kernel: K,
    lines: &Lines<'_, T>,
    first: usize,
    width: usize,
    out: &mut [T],
) {
    let mut room = Room::new();
    lines.by_line([first, out.len() / width], 0..lines.len, usize::MAX, &mut |line, _, block| {
        let out = &mut out[line * width..][..block.rows * width];
        if let Some(y) = T::as_real_mut(out) {
            return compiled(Rows { kernel, block, width, y });
        }
        room.resize(out.len(), T::Real::default());
        compiled(Rows { kernel, block, width, y: &mut room });
        narrow(&room, out);
    });
}

/// Rows whose results lie among each other, as lines of `to`: those that belong into `out`, whose first element has number
/// `start`.
fn among<T: Stored, K: RowKernel<T::Real>>(
    kernel: K,
    lines: &Lines<'_, T>,
    to: &Lines<'_, T>,
    start: usize,
    out: &mut [T],
) {
    let (width, first) = (lines.len, start / lines.len);
    let (mut targets, mut room) = (to.starts(first), Room::new());
    lines.by_line([first, out.len() / width], 0..width, usize::MAX, &mut |_, _, block| {
        // Few at a time, so that their results are still near when they are strewn.
        for from in (0..block.rows).step_by(ABREAST) {
            let rows = ABREAST.min(block.rows - from);
            let block = Block { x: &block.x[from * block.stride..], rows, ..block };
            room.resize(rows * width, T::Real::default());
            compiled(Rows { kernel, block, width, y: &mut room });
            let mut places = [0; ABREAST];
            places[..rows].iter_mut().for_each(|place| *place = targets.next_place()[0] - start);
            let mut shifts = to.elements(0);
            for element in 0..width {
                let [shift] = shifts.next_place();
                for (row, &place) in places[..rows].iter().enumerate() {
                    out[place + shift] = T::rounded(room[row * width + element]);
                }
            }
        }
    });
}

/// All rows of a block.
struct Rows<'a, R, K> {
    kernel: K,
    block: Block<'a, R>,
    /// How many numbers a row's result has.
    width: usize,
    y: &'a mut [R],
}

impl<R: Float, K: RowKernel<R>> Job for Rows<'_, R, K> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        for (row, y) in self.y.chunks_exact_mut(self.width).enumerate() {
            self.kernel.row::<I>(self.block.row(row), y);
        }
    }
}
