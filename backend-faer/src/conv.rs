//! Convolutions and their gradients.
//!
//! All three add up products straight from a copy of an image in which padding is zeros and windows lie beside each other,
//! without a matrix of windows. Small ones, and those in which a number that is not finite might meet padding, go the plain
//! way.

mod axis;
mod block;
mod correlate;
mod grid;
mod tile;
mod weight;

use autodiff_core::{Shape, Window};
use backend_cpu::View;
use backend_cpu::kernels::scalar;

use axis::Axis;
use correlate::{Correlation, Role};
use grid::{Grid, five};
pub(crate) use tile::Tile;
use weight::WeightGrad;

use crate::half::Stored;

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
    let plan = || {
        worth(&weight, n * t0 * t1 * t2)?;
        let axes = forward(window, &source, [t0, t1, t2])?;
        Correlation::new(axes, groups, &weight, Role::Forward, [t0, t1, t2])
    };
    match plan() {
        Some(plan) => plan.run(&source, out),
        None => scalar::conv(window, groups, x, w, shape, out),
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
        let axes = [Axis::cells(s0, t0, e0), Axis::cells(s1, t1, e1), Axis::cells(s2, t2, e2)];
        Correlation::new(fitting(axes, &source)?, groups, &weight, Role::Adjoint, [e0, e1, e2])
    };
    match plan() {
        Some(plan) => plan.run(&source, out),
        None => scalar::conv_input_grad(window, groups, y, w, shape, out),
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
        let axes = forward(window, &source, [t0, t1, t2])?;
        Some(WeightGrad::new(axes, groups, &source, &pixels))
    };
    if !plan().is_some_and(|plan| plan.run(&source, &pixels, out)) {
        scalar::conv_weight_grad(window, groups, x, y, shape, out);
    }
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
