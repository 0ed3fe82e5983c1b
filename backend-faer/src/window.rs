//! Sums and positions over windows: pooling.
//!
//! Windows go row by row, and along a row tap by tap, each for all windows that it reaches.

mod arg_max;
mod over;
mod sum;

use autodiff_core::{Shape, Window};
use backend_cpu::View;

use crate::half::{Stored, narrow};
use crate::par;
use crate::scratch::Room;
use crate::simd::compiled;
use arg_max::ArgMax;
use over::{Over, Planes, joined};
use sum::{Spread, Sum};

/// About so many cells take some microseconds.
const GRAIN: usize = 1 << 14;

pub(crate) fn window_sum<T: Stored>(window: &Window, x: View<'_, T>, shape: &Shape, out: &mut [T]) {
    let joined = joined(window, x, x.shape(), shape);
    let (over, planes) = (Over::cells_of_windows(window, x.shape(), shape, joined), Planes::new(window, x, joined));
    par::rows(out, over.windows(), grain(&over, over.windows()), |first, out| {
        let (mut copy, mut sums) = (Room::new(), Room::new());
        for (number, out) in (first..).zip(out.chunks_exact_mut(over.windows())) {
            let x = planes.get(number, &mut copy);
            sums_of(out, &mut sums, |out| compiled(Sum { over: &over, x, out }));
        }
    });
}

pub(crate) fn window_spread<T: Stored>(window: &Window, y: View<'_, T>, shape: &Shape, out: &mut [T]) {
    let joined = joined(window, y, shape, y.shape());
    let (over, planes) = (Over::windows_of_cells(window, shape, y.shape(), joined), Planes::new(window, y, joined));
    if over.cells() == 0 {
        return;
    }
    par::rows(out, over.cells(), grain(&over, over.cells()), |first, out| {
        let (mut copy, mut sums) = (Room::new(), Room::new());
        for (number, out) in (first..).zip(out.chunks_exact_mut(over.cells())) {
            let y = planes.get(number, &mut copy);
            sums_of(out, &mut sums, |out| compiled(Spread { over: &over, y, out }));
        }
    });
}

pub(crate) fn window_arg_max<T: Stored>(window: &Window, x: View<'_, T>, shape: &Shape, out: &mut [i32]) {
    let joined = joined(window, x, x.shape(), shape);
    let (over, planes) = (Over::cells_of_windows(window, x.shape(), shape, joined), Planes::new(window, x, joined));
    par::rows(out, over.windows(), grain(&over, over.windows()), |first, out| {
        let (mut copy, mut best) = (Room::new(), Room::new());
        for (number, out) in (first..).zip(out.chunks_exact_mut(over.windows())) {
            let x = planes.get(number, &mut copy);
            compiled(ArgMax { over: &over, x, best: &mut best, out });
        }
    });
}

/// So many results take some microseconds, of planes that have `size` results.
fn grain(over: &Over, size: usize) -> usize {
    GRAIN * size / (over.taps() * over.windows()).max(size)
}

/// Sums that are added up in the format that is computed with.
fn sums_of<T: Stored>(out: &mut [T], sums: &mut Room<T::Real>, work: impl FnOnce(&mut [T::Real])) {
    if let Some(out) = T::as_real_mut(out) {
        return work(out);
    }
    sums.resize(out.len(), T::Real::default());
    work(sums);
    narrow(sums, out);
}
