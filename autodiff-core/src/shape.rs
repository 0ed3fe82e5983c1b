//! [`Shape`], the extents of a tensor, inline, without a heap.

use core::fmt;
use core::ops::Index;

use crate::{Axes, Order};

/// The most axes that a tensor can have.
pub const MAX_RANK: usize = 8;

/// The extents of a tensor, one per axis, outermost first; rank 0 is a scalar, an extent of 0 an empty tensor.
///
/// ```
/// use autodiff_core::Shape;
/// let shape = Shape::from([2, 3]);
/// assert_eq!((shape.rank(), shape.elements(), shape[1]), (2, 6, 3));
/// assert_eq!(Shape::SCALAR.elements(), 1);
/// ```
#[expect(clippy::derived_hash_with_manual_eq, reason = "both see the rank and the extents below it")]
#[derive(Clone, Copy, Eq, PartialOrd, Ord, Hash)]
pub struct Shape {
    rank: u8,
    /// Zero from `rank` on, so that comparisons and hashes are right.
    extents: [usize; MAX_RANK],
}

impl Shape {
    /// The shape of a single number.
    pub const SCALAR: Self = Self { rank: 0, extents: [0; MAX_RANK] };

    /// A shape with these extents, or `None` above [`MAX_RANK`] axes.
    #[must_use]
    pub fn try_new(extents: &[usize]) -> Option<Self> {
        let mut shape = Self { rank: u8::try_from(extents.len()).ok()?, ..Self::SCALAR };
        shape.extents.get_mut(..extents.len())?.copy_from_slice(extents);
        Some(shape)
    }

    /// A shape with these extents.
    ///
    /// # Panics
    /// Above [`MAX_RANK`] axes.
    #[must_use]
    #[track_caller]
    pub fn new(extents: &[usize]) -> Self {
        match Self::try_new(extents) {
            Some(shape) => shape,
            None => panic!("shape: {} axes given, a tensor has at most {MAX_RANK}", extents.len()),
        }
    }

    /// The number of axes.
    #[inline]
    #[must_use]
    pub const fn rank(&self) -> usize {
        self.rank as usize
    }

    /// The extents, outermost first.
    #[inline]
    #[must_use]
    pub fn extents(&self) -> &[usize] {
        &self.extents[..self.rank()]
    }

    /// The number of elements, the product of the extents: 1 for a scalar.
    ///
    /// A [`Spec`](crate::Spec) that passed validation never overflows here; a shape made by hand saturates.
    #[inline]
    #[must_use]
    pub fn elements(&self) -> usize {
        self.checked_elements().unwrap_or(usize::MAX)
    }

    /// The number of elements, or `None` where the extents that are not 0 multiply to more than memory can hold.
    ///
    /// An empty tensor's other extents count too, so that no product of some extents overflows later.
    #[inline]
    #[must_use]
    pub fn checked_elements(&self) -> Option<usize> {
        let product = self.extents().iter().try_fold(1_usize, |product, &extent| product.checked_mul(extent.max(1)))?;
        isize::try_from(product).ok()?;
        Some(if self.extents().contains(&0) { 0 } else { product })
    }

    /// The same shape with another extent on one axis.
    #[must_use]
    pub fn with(mut self, axis: usize, extent: usize) -> Self {
        self.extents[..self.rank as usize][axis] = extent;
        self
    }

    /// The shape without the axes in `axes`.
    #[inline]
    #[must_use]
    pub fn without(&self, axes: Axes) -> Self {
        let mut kept = Self::SCALAR;
        for (axis, &extent) in self.extents().iter().enumerate() {
            if !axes.contains(axis) {
                kept.extents[kept.rank()] = extent;
                kept.rank += 1;
            }
        }
        kept
    }

    /// The shape with one axis more, of this extent, in front of axis `axis`.
    ///
    /// # Panics
    /// When there is no such place, or the rank would exceed [`MAX_RANK`].
    #[must_use]
    #[track_caller]
    pub fn inserted(&self, axis: usize, extent: usize) -> Self {
        assert!(self.rank() < MAX_RANK, "shape: {self} has no room for another axis");
        let mut grown = Self { rank: self.rank + 1, ..*self };
        grown.extents.copy_within(axis..self.rank(), axis + 1);
        grown.extents[axis] = extent;
        grown
    }

    /// The shape with extent 1 on the axes in `axes`: what a reduction leaves.
    #[inline]
    #[must_use]
    pub fn reduced(mut self, axes: Axes) -> Self {
        for axis in axes.iter() {
            self.extents[..self.rank as usize][axis] = 1;
        }
        self
    }

    /// The shape with its axes in another order.
    #[must_use]
    pub fn permuted(&self, order: &Order) -> Self {
        let mut permuted = *self;
        for (to, from) in order.iter().enumerate() {
            permuted.extents[to] = self.extents[from];
        }
        permuted
    }

    /// The axes before the last two: those of a batch of matrices.
    pub(crate) fn batch(&self) -> Self {
        Self::new(&self.extents()[..self.rank() - 2])
    }

    /// The last two extents: those of a matrix.
    pub(crate) fn matrix(&self) -> [usize; 2] {
        [self[self.rank() - 2], self[self.rank() - 1]]
    }

    /// Matrices of these extents behind the axes of a batch.
    #[track_caller]
    pub(crate) fn with_matrix(&self, matrix: [usize; 2]) -> Self {
        let mut extents = [0; MAX_RANK + 2];
        extents[..self.rank()].copy_from_slice(self.extents());
        extents[self.rank()..self.rank() + 2].copy_from_slice(&matrix);
        Self::new(&extents[..self.rank() + 2])
    }

    /// The shape of an elementwise operation on both, as NumPy broadcasts: aligned at the last axis, an extent of 1
    /// stretches, a missing axis counts as 1. `None` where two extents differ and neither is 1.
    #[must_use]
    pub fn broadcast_with(&self, other: &Self) -> Option<Self> {
        let (long, short) = if self.rank >= other.rank { (self, other) } else { (other, self) };
        let lead = long.rank() - short.rank();
        let mut joint = *long;
        for (axis, &extent) in short.extents().iter().enumerate() {
            let own = &mut joint.extents[lead + axis];
            *own = match (*own, extent) {
                (a, b) if a == b => a,
                (1, b) => b,
                (a, 1) => a,
                _ => return None,
            };
        }
        Some(joint)
    }

    /// Row-major strides, in elements.
    #[inline]
    #[must_use]
    pub fn strides(&self) -> [isize; MAX_RANK] {
        let mut strides = [0; MAX_RANK];
        let mut step = 1_isize;
        for axis in (0..self.rank()).rev() {
            strides[axis] = step;
            step = step.saturating_mul(self.extents[axis].cast_signed());
        }
        strides
    }
}

impl PartialEq for Shape {
    // Compared axis by axis in place: the derived comparison is a call to compare all eight.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank && self.extents() == other.extents()
    }
}

impl Default for Shape {
    fn default() -> Self {
        Self::SCALAR
    }
}

impl Index<usize> for Shape {
    type Output = usize;
    fn index(&self, axis: usize) -> &usize {
        &self.extents()[axis]
    }
}

impl<const R: usize> From<[usize; R]> for Shape {
    #[track_caller]
    fn from(extents: [usize; R]) -> Self {
        Self::new(&extents)
    }
}

impl From<&[usize]> for Shape {
    #[track_caller]
    fn from(extents: &[usize]) -> Self {
        Self::new(extents)
    }
}

impl From<&Self> for Shape {
    fn from(shape: &Self) -> Self {
        *shape
    }
}

impl<const R: usize> PartialEq<[usize; R]> for Shape {
    fn eq(&self, extents: &[usize; R]) -> bool {
        self.extents() == extents
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.extents()).finish()
    }
}
