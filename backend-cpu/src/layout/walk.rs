//! [`Walk`]: going through several strided arrays of one shape together.

use autodiff_core::{MAX_RANK, Shape};

/// The positions of `N` arrays of one shape, in row-major order.
///
/// Axes are pushed from the outermost to the innermost. Those along which every array continues where the next inner
/// axis ends are joined into one, so that a contiguous array has a single axis, and a scalar that was broadcast has a
/// single axis of stride 0. A loop over many elements takes the innermost axis off with [`pop`](Walk::pop), and runs
/// along it by itself for each position that the walk yields.
///
/// Offsets wrap around, so that a walk can also yield displacements.
///
/// ```
/// use backend_cpu::Walk;
/// let mut walk = Walk::new([0, 10]);
/// walk.push(2, [1, -1]);
/// walk.push(3, [2, 0]);
/// let inner = walk.pop();
/// assert_eq!((inner.len, inner.strides), (3, [2, 0]));
/// assert_eq!(walk.collect::<Vec<_>>(), [[0, 10], [1, 9]]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Walk<const N: usize> {
    rank: usize,
    extents: [usize; MAX_RANK],
    strides: [[isize; N]; MAX_RANK],
    position: [usize; MAX_RANK],
    offsets: [usize; N],
    /// How many positions are still to come: the product of the extents before the first.
    left: usize,
}

/// One axis of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<const N: usize> {
    /// The number of elements along it.
    pub len: usize,
    /// The distance of two of them in each array.
    pub strides: [isize; N],
}

impl<const N: usize> Walk<N> {
    /// A walk over the single position `offsets`.
    #[must_use]
    pub const fn new(offsets: [usize; N]) -> Self {
        Self { rank: 0, extents: [0; MAX_RANK], strides: [[0; N]; MAX_RANK], position: [0; MAX_RANK], offsets, left: 1 }
    }

    /// A walk over all positions in `shape`, of arrays with these first positions and strides.
    #[inline]
    #[must_use]
    pub fn over(shape: &Shape, starts: [usize; N], strides: [&[isize]; N]) -> Self {
        let mut walk = Self::new(starts);
        for (axis, &extent) in shape.extents().iter().enumerate() {
            walk.push(extent, strides.map(|strides| strides[axis]));
        }
        walk
    }

    /// One axis more, inside those that are there.
    ///
    /// # Panics
    /// Above [`MAX_RANK`] axes.
    #[inline]
    pub fn push(&mut self, extent: usize, strides: [isize; N]) {
        if extent == 1 {
            return;
        }
        self.left *= extent;
        if self.rank > 0 && self.continues(extent, &strides) {
            self.extents[self.rank - 1] *= extent;
            self.strides[self.rank - 1] = strides;
        } else {
            self.extents[self.rank] = extent;
            self.strides[self.rank] = strides;
            self.rank += 1;
        }
    }

    /// Takes the innermost axis off; one of length 1 where there is none.
    #[inline]
    pub fn pop(&mut self) -> Step<N> {
        if self.left == 0 || self.rank == 0 {
            return Step { len: 1, strides: [0; N] };
        }
        self.rank -= 1;
        let len = self.extents[self.rank];
        self.left /= len;
        Step { len, strides: self.strides[self.rank] }
    }

    /// The number of positions still to come.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.left
    }

    #[inline]
    fn continues(&self, extent: usize, strides: &[isize; N]) -> bool {
        let outer = &self.strides[self.rank - 1];
        outer.iter().zip(strides).all(|(&outer, &inner)| outer == inner.wrapping_mul(extent.cast_signed()))
    }

    fn shift(&mut self, axis: usize, steps: isize) {
        for (offset, &stride) in self.offsets.iter_mut().zip(&self.strides[axis]) {
            *offset = offset.wrapping_add_signed(stride.wrapping_mul(steps));
        }
    }
}

impl<const N: usize> Iterator for Walk<N> {
    type Item = [usize; N];

    #[inline]
    fn next(&mut self) -> Option<[usize; N]> {
        self.left = self.left.checked_sub(1)?;
        let here = self.offsets;
        for axis in (0..self.rank).rev() {
            self.position[axis] += 1;
            if self.position[axis] < self.extents[axis] {
                self.shift(axis, 1);
                break;
            }
            self.position[axis] = 0;
            self.shift(axis, 1 - self.extents[axis].cast_signed());
        }
        Some(here)
    }

    /// Jumps: parts of a walk that several threads go through begin far inside.
    fn nth(&mut self, ahead: usize) -> Option<[usize; N]> {
        let mut ahead = ahead.min(self.left);
        self.left -= ahead;
        for axis in (0..self.rank).rev() {
            let (before, extent) = (self.position[axis], self.extents[axis]);
            if ahead == 0 || extent == 0 {
                break;
            }
            ahead += before;
            self.position[axis] = ahead % extent;
            self.shift(axis, self.position[axis].cast_signed() - before.cast_signed());
            ahead /= extent;
        }
        self.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

#[cfg(test)]
mod tests {
    use super::Walk;

    #[test]
    fn a_jump_is_as_many_steps() {
        let mut walk = Walk::new([100, 0]);
        for (extent, strides) in [(2, [-50, 1]), (3, [7, 0]), (5, [1, 9])] {
            walk.push(extent, strides);
        }
        for start in 0..30 {
            for ahead in 0..32 {
                let (mut jumping, mut stepping) = (walk, walk);
                for _ in 0..start {
                    assert_eq!(jumping.next(), stepping.next());
                }
                for _ in 0..ahead {
                    stepping.next();
                }
                assert_eq!(jumping.nth(ahead), stepping.next(), "{ahead} from {start}");
                assert!(jumping.eq(stepping));
            }
        }
    }
}
