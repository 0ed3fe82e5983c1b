//! Reductions along axes, and positions of extreme values.
//!
//! A reduction folds the elements of lines. Two orders there are, chosen by the shape alone: [`along`] a line where its
//! elements are innermost, [`across`] lines where these are. Both fold runs of elements by themselves, so that a few
//! long lines are shared by several threads at the ends of runs, and the result does not tell.

mod across;
mod along;
pub(crate) mod fold;
mod position;

use std::ops::Range;

use autodiff_core::{ArgReduce, Axes, Element, Reduce};
use backend_cpu::View;

use self::across::Across;
use self::along::Along;
use self::fold::{Fold, Largest, Product, Smallest, Sum};
use self::position::First;
use crate::half::Stored;
use crate::lines::Lines;
use crate::par;
use crate::scratch::Room;

/// So many results are computed at once, in room on the stack.
const PANEL: usize = 256;
/// So many elements are worth a thread's attention.
const GRAIN: usize = 1 << 14;

pub(crate) fn reduce<T: Stored>(kind: Reduce, axes: Axes, x: View<'_, T>, out: &mut [T]) {
    let lines = Lines::new(axes, x);
    match kind {
        Reduce::Sum => folded::<T, Sum>(&lines, out, T::rounded),
        Reduce::Prod => folded::<T, Product>(&lines, out, T::rounded),
        Reduce::Max => folded::<T, Largest>(&lines, out, T::rounded),
        Reduce::Min => folded::<T, Smallest>(&lines, out, T::rounded),
        Reduce::Mean => {
            #[expect(clippy::cast_precision_loss, reason = "an array of more than 2^53 elements does not exist")]
            let count = T::Real::from_f64(lines.len as f64);
            folded::<T, Sum>(&lines, out, |total| T::rounded(total / count));
        }
    }
}

pub(crate) fn arg_reduce<T: Stored>(kind: ArgReduce, axis: usize, x: View<'_, T>, out: &mut [i32]) {
    let lines = Lines::new(Axes::one(axis), x);
    // Validation refuses an axis whose positions an index cannot hold.
    let finish = |(_, at): (T::Real, usize)| i32::try_from(at).unwrap_or(i32::MAX);
    match kind {
        ArgReduce::Max => each::<T, First<Largest>, _>(&lines, out, finish),
        ArgReduce::Min => each::<T, First<Smallest>, _>(&lines, out, finish),
    }
}

fn folded<T: Stored, F: Fold<T::Real>>(lines: &Lines<'_, T>, out: &mut [T], finish: impl Fn(T::Real) -> T + Sync) {
    if lines.innermost {
        each::<T, Along<F>, _>(lines, out, finish);
    } else {
        each::<T, Across<F>, _>(lines, out, finish);
    }
}

/// How lines are folded.
trait Reducer<T: Stored> {
    /// What a line is folded to.
    type State: Copy + Send + Sync;
    /// Lines of more elements are folded in parts of so many, which are joined from the first to the last.
    const PART: usize;
    /// With fewer lines than this for each thread, it pays to share the elements of a line.
    const FEW: usize;

    fn start() -> Self::State;
    /// The state after a part and the next one.
    fn join(a: Self::State, b: Self::State) -> Self::State;
    /// Some elements of the lines from `first` on, at most [`PANEL`] of them.
    fn fold(lines: &Lines<'_, T>, first: usize, elements: Range<usize>, states: &mut [Self::State]);
}

/// For each line, `finish` of what it is folded to.
fn each<T, R, D>(lines: &Lines<'_, T>, out: &mut [D], finish: impl Fn(R::State) -> D + Sync)
where
    T: Stored,
    R: Reducer<T>,
    D: Send,
{
    let threads = par::threads();
    if threads > 1 && !out.is_empty() && out.len() < threads * R::FEW && lines.len > R::PART {
        return shared::<T, R, D>(lines, out, finish);
    }
    par::parts(out, (GRAIN / lines.len.max(1)).max(R::FEW), |first, out| {
        let mut states = [R::start(); PANEL];
        for (panel, out) in out.chunks_mut(PANEL).enumerate() {
            let states = &mut states[..out.len()];
            whole::<T, R>(lines, first + panel * PANEL, states);
            out.iter_mut().zip(states).for_each(|(out, &mut state)| *out = finish(state));
        }
    });
}

/// The same where threads share the elements of the lines.
fn shared<T: Stored, R: Reducer<T>, D>(lines: &Lines<'_, T>, out: &mut [D], finish: impl Fn(R::State) -> D) {
    let (parts, width) = (lines.len.div_ceil(R::PART), out.len());
    let mut states = Room::filled(R::start(), parts * width);
    par::rows(&mut states, width, 1, |first, states| {
        for (part, states) in states.chunks_mut(width).enumerate() {
            let start = (first + part) * R::PART;
            let elements = start..lines.len.min(start + R::PART);
            for (panel, states) in states.chunks_mut(PANEL).enumerate() {
                R::fold(lines, panel * PANEL, elements.clone(), states);
            }
        }
    });
    for (line, out) in out.iter_mut().enumerate() {
        let parts = states.iter().skip(line).step_by(width);
        *out = finish(parts.fold(R::start(), |total, &part| R::join(total, part)));
    }
}

/// Whole lines from `first` on.
fn whole<T: Stored, R: Reducer<T>>(lines: &Lines<'_, T>, first: usize, states: &mut [R::State]) {
    if lines.len <= R::PART {
        return R::fold(lines, first, 0..lines.len, states);
    }
    let mut part = [R::start(); PANEL];
    let part = &mut part[..states.len()];
    states.fill(R::start());
    for start in (0..lines.len).step_by(R::PART) {
        R::fold(lines, first, start..lines.len.min(start + R::PART), part);
        states.iter_mut().zip(&*part).for_each(|(state, &part)| *state = R::join(*state, part));
    }
}
