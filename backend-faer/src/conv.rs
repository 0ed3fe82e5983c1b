//! Convolutions and their gradients.
//!
//! All three add up products straight from a copy of an image in which padding is zeros and windows lie beside each other,
//! without a matrix of windows. Small ones, and those in which a number that is not finite might meet padding, go the plain
//! way.

mod axis;
mod block;
mod correlate;
mod grid;
#[cfg(test)]
mod tests;
mod tile;
mod weight;

use autodiff_core::{Shape, Window};
use backend_cpu::View;
use backend_cpu::kernels::scalar;

use axis::Axis;
use correlate::{Correlation, Role};
use grid::{Grid, five};
use weight::WeightGrad;

use crate::half::Stored;
use crate::registers::{Lanes, Narrow, Tile, Wide};
use crate::simd::is_wide;

/// Below so many products preparations take longer.
const WORTH_PREPARING: usize = 1 << 10;
/// Padding alone may take so many places.
const MUCH: usize = 1 << 16;

pub(crate) fn conv<T: Stored<Real: Tile>>(
    window: &Window,
    groups: usize,
    x: View<'_, T>,
    w: View<'_, T>,
    shape: &Shape,
    out: &mut [T],
) {
    let (source, weight, [n, _, t0, t1, t2]) = (Grid::new(x), Grid::new(w), five(shape));
    let axes = worth(&weight, n * t0 * t1 * t2).and_then(|()| forward(window, &source, [t0, t1, t2]));
    if !axes.is_some_and(|axes| correlated(axes, groups, (&source, &weight), Role::Forward, [t0, t1, t2], out)) {
        scalar::conv(window, groups, x, w, shape, out);
    }
}

pub(crate) fn conv_input_grad<T: Stored<Real: Tile>>(
    window: &Window,
    groups: usize,
    y: View<'_, T>,
    w: View<'_, T>,
    shape: &Shape,
    out: &mut [T],
) {
    let (source, weight, [n, _, e0, e1, e2]) = (Grid::new(y), Grid::new(w), five(shape));
    let plan = || {
        let [_, _, t0, t1, t2] = source.extents;
        worth(&weight, n * t0 * t1 * t2)?;
        if e0 * e1 * e2 == 0 {
            return None;
        }
        let [s0, s1, s2] = window.all();
        fitting([Axis::cells(s0, t0, e0), Axis::cells(s1, t1, e1), Axis::cells(s2, t2, e2)], &source)
    };
    let axes = plan();
    if !axes.is_some_and(|axes| correlated(axes, groups, (&source, &weight), Role::Adjoint, [e0, e1, e2], out)) {
        scalar::conv_input_grad(window, groups, y, w, shape, out);
    }
}

pub(crate) fn conv_weight_grad<T: Stored<Real: Tile>>(
    window: &Window,
    groups: usize,
    x: View<'_, T>,
    y: View<'_, T>,
    shape: &Shape,
    out: &mut [T],
) {
    let (source, pixels) = (Grid::new(x), Grid::new(y));
    let plan = || {
        let [n, _, t0, t1, t2] = pixels.extents;
        if out.len() * n * t0 * t1 * t2 < WORTH_PREPARING {
            return None;
        }
        forward(window, &source, [t0, t1, t2])
    };
    let axes = plan();
    let computed = |axes| match is_wide() {
        true => WeightGrad::<Wide<T>>::new(axes, groups, &source, &pixels).run(&source, &pixels, out),
        false => WeightGrad::<Narrow<T>>::new(axes, groups, &source, &pixels).run(&source, &pixels, out),
    };
    if !axes.is_some_and(computed) {
        scalar::conv_weight_grad(window, groups, x, y, shape, out);
    }
}

/// Sums of products of source and weight, in the registers that they fill; `false` where it was not computed.
fn correlated<T: Stored<Real: Tile>>(
    axes: [Axis; 3],
    groups: usize,
    (x, w): (&Grid<'_, T>, &Grid<'_, T>),
    role: Role,
    plane: [usize; 3],
    out: &mut [T],
) -> bool {
    let [wide, narrow] =
        [Wide::<T>::COUNT, Narrow::<T>::COUNT].map(|lanes| role.filled(&axes, groups, w, lanes) * lanes);
    if is_wide() && wide > narrow {
        return Correlation::<Wide<T>>::new(axes, groups, w, role, plane).is_some_and(|plan| plan.run(x, out));
    }
    Correlation::<Narrow<T>>::new(axes, groups, w, role, plane).is_some_and(|plan| plan.run(x, out))
}

/// The axes of a source that windows slide over.
fn forward<T: Stored>(window: &Window, source: &Grid<'_, T>, [t0, t1, t2]: [usize; 3]) -> Option<[Axis; 3]> {
    let ([s0, s1, s2], [_, _, e0, e1, e2]) = (window.all(), source.extents);
    let axes = [Axis::windows(s0, e0, t0, false), Axis::windows(s1, e1, t1, false), Axis::windows(s2, e2, t2, true)];
    fitting(axes, source)
}

/// Whether there are enough products for each of so many pixels.
fn worth<T: Stored>(weight: &Grid<'_, T>, pixels: usize) -> Option<()> {
    (weight.extents.iter().product::<usize>() * pixels >= WORTH_PREPARING).then_some(())
}

/// The axes, where a copy with the padding around it is not much larger than the source.
fn fitting<T: Stored>(axes: [Axis; 3], source: &Grid<'_, T>) -> Option<[Axis; 3]> {
    let [_, channels, e0, e1, e2] = source.extents;
    let places = axes.iter().try_fold(channels, |places, axis| places.checked_mul(axis.len))?;
    (places <= 8 * channels * e0 * e1 * e2 + MUCH && u32::try_from(places).is_ok()).then_some(axes)
}
