//! Loops that read and add at computed positions, and [`IndexError`], a position that does not exist.

use core::error::Error;
use core::fmt;

use autodiff_core::Shape;

use crate::layout::{Step, Walk};
use crate::view::View;

/// A position, found in the data, that does not exist.
///
/// ```
/// use backend_cpu::{IndexError, Place};
/// let error = IndexError { index: 12, bound: 10, place: Place::Axis(0) };
/// assert_eq!(error.to_string(), "index 12 is out of range for axis 0 of length 10");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexError {
    /// What was asked for.
    pub index: i32,
    /// How many positions there are.
    pub bound: usize,
    /// Where it was asked for.
    pub place: Place,
}

/// What an index counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// Positions along this axis.
    Axis(usize),
    /// The classes that a label names.
    Classes,
}

impl fmt::Display for IndexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, bound, place } = self;
        match place {
            Place::Axis(axis) => write!(f, "index {index} is out of range for axis {axis} of length {bound}"),
            Place::Classes => write!(f, "label {index} is out of range for {bound} classes"),
        }
    }
}

impl Error for IndexError {}

/// `y[.., j, ..] = x[.., i[.., j, ..], ..]`
///
/// # Errors
/// At the first index in row-major order that is negative or too large. What `out` holds then is unspecified.
pub fn gather<T: Copy>(axis: usize, x: View<'_, T>, index: View<'_, i32>, out: &mut [T]) -> Result<(), IndexError> {
    let positions = Positions { bound: x.shape()[axis], stride: x.strides()[axis], axis };
    // The index decides on the axis, so that walking along the output does not move along `x` there.
    let mut walk = Walk::new([x.start(), index.start()]);
    for (at, &extent) in index.shape().extents().iter().enumerate() {
        let stride = if at == axis { 0 } else { x.strides()[at] };
        walk.push(extent, [stride, index.strides()[at]]);
    }
    let Step { len, strides: [x_stride, index_stride] } = walk.pop();
    for (out, [from, index_at]) in out.chunks_exact_mut(len).zip(walk) {
        if index_stride == 0 {
            let from = positions.resolve(from, index.data()[index_at])?;
            if x_stride == 1 {
                out.copy_from_slice(&x.data()[from..from + len]);
            } else {
                out.iter_mut().zip(x.strided(from, x_stride)).for_each(|(y, x)| *y = x);
            }
        } else {
            let mut from = from;
            for (y, index) in out.iter_mut().zip(index.strided(index_at, index_stride)) {
                *y = x.data()[positions.resolve(from, index)?];
                from = from.wrapping_add_signed(x_stride);
            }
        }
    }
    Ok(())
}

/// For each `j` in row-major order, `y[.., i[.., j, ..], ..] = add(y[..], u[.., j, ..])`, where `out`, of `shape`, holds `y`.
///
/// # Errors
/// At the first index in row-major order that is negative or too large. What `out` holds then is unspecified.
pub fn scatter<T: Copy>(
    axis: usize,
    index: View<'_, i32>,
    updates: View<'_, T>,
    shape: &Shape,
    out: &mut [T],
    add: impl Fn(T, T) -> T,
) -> Result<(), IndexError> {
    let strides = shape.strides();
    let positions = Positions { bound: shape[axis], stride: strides[axis], axis };
    let mut walk = Walk::new([0, index.start(), updates.start()]);
    for (at, &extent) in index.shape().extents().iter().enumerate() {
        let stride = if at == axis { 0 } else { strides[at] };
        walk.push(extent, [stride, index.strides()[at], updates.strides()[at]]);
    }
    let Step { len, strides: [y_stride, index_stride, stride] } = walk.pop();
    for [to, index_at, from] in walk {
        let mut to = to;
        if index_stride == 0 {
            to = positions.resolve(to, index.data()[index_at])?;
            for u in updates.strided(from, stride).take(len) {
                out[to] = add(out[to], u);
                to = to.wrapping_add_signed(y_stride);
            }
        } else {
            let pairs = index.strided(index_at, index_stride).zip(updates.strided(from, stride));
            for (index, u) in pairs.take(len) {
                let at = positions.resolve(to, index)?;
                out[at] = add(out[at], u);
                to = to.wrapping_add_signed(y_stride);
            }
        }
    }
    Ok(())
}

/// [`scatter`] of indices by additions that wrap around on overflow.
///
/// # Errors
/// At the first index in row-major order that is negative or too large.
pub fn scatter_index(
    axis: usize,
    index: View<'_, i32>,
    updates: View<'_, i32>,
    shape: &Shape,
    out: &mut [i32],
) -> Result<(), IndexError> {
    scatter(axis, index, updates, shape, out, i32::wrapping_add)
}

/// The axis that an index counts along.
struct Positions {
    axis: usize,
    bound: usize,
    stride: isize,
}

impl Positions {
    /// The place of position `index` on the axis, where position 0 lies at `from`.
    #[inline]
    fn resolve(&self, from: usize, index: i32) -> Result<usize, IndexError> {
        match usize::try_from(index) {
            Ok(found) if found < self.bound => {
                Ok(from.wrapping_add_signed(self.stride.wrapping_mul(found.cast_signed())))
            }
            _ => Err(IndexError { index, bound: self.bound, place: Place::Axis(self.axis) }),
        }
    }
}
