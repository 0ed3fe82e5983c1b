//! [`Layout`]: where the elements of a tensor lie in a flat slice, and the changes of shape and order that move none.

mod walk;

use core::fmt;

use autodiff_core::{Axes, MAX_RANK, Order, Primitive, Shape};

pub use walk::{Step, Walk};

/// Extents, strides and the place of the first element in a flat slice.
///
/// Element `(i, j, ..)` lies at `offset + i strides[0] + j strides[1] + ..`; a stride of 0 repeats an element, a negative
/// one runs backwards.
///
/// ```
/// use autodiff_core::{Order, Shape};
/// use backend_cpu::Layout;
/// let layout = Layout::contiguous(Shape::from([2, 3]));
/// let transposed = layout.permute(&Order::try_new(&[1, 0]).unwrap());
/// assert_eq!(transposed.strides(), [1, 3]);
/// assert!(!transposed.is_contiguous());
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    shape: Shape,
    /// Meaningless from the rank on.
    strides: [isize; MAX_RANK],
    /// Lies within the slice unless there are no elements.
    offset: usize,
}

impl Layout {
    /// Row-major order from the slice's first element on.
    #[inline]
    #[must_use]
    pub fn contiguous(shape: Shape) -> Self {
        Self { shape, strides: shape.strides(), offset: 0 }
    }

    /// The same layout, that many elements further on.
    #[inline]
    #[must_use]
    pub fn offset_by(mut self, elements: usize) -> Self {
        self.offset += elements;
        self
    }

    /// The extents.
    #[inline]
    #[must_use]
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The distance of neighbours along each axis, in elements.
    #[inline]
    #[must_use]
    pub fn strides(&self) -> &[isize] {
        &self.strides[..self.shape.rank()]
    }

    /// The place of the first element.
    #[inline]
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// Whether the elements lie in row-major order without gaps; true of no elements.
    #[inline]
    #[must_use]
    pub fn is_contiguous(&self) -> bool {
        self.contiguous_len().is_some()
    }

    /// The number of elements, where they lie in row-major order without gaps.
    #[inline]
    #[must_use]
    pub fn contiguous_len(&self) -> Option<usize> {
        let extents = self.shape.extents();
        let mut len = 1_usize;
        for (&extent, &stride) in extents.iter().zip(&self.strides).rev() {
            if extent != 1 && stride != len.cast_signed() {
                return if extents.contains(&0) { Some(0) } else { None };
            }
            len = len.saturating_mul(extent);
        }
        Some(len)
    }

    /// What a movement primitive makes of this layout; `None` for a reshape that must move elements, and for a
    /// primitive that is no movement.
    #[must_use]
    pub fn movement(&self, primitive: &Primitive) -> Option<Self> {
        match *primitive {
            Primitive::Reshape { shape } => self.reshape(shape),
            Primitive::Permute { ref order } => Some(self.permute(order)),
            Primitive::Flip { axes } => Some(self.flip(axes)),
            Primitive::Broadcast { shape } => Some(self.broadcast(shape)),
            Primitive::Slice { axis, start, stop, step } => Some(self.slice(axis.into(), start, stop, step)),
            _ => None,
        }
    }

    /// The axes in another order.
    #[must_use]
    pub fn permute(&self, order: &Order) -> Self {
        let mut permuted = Self { shape: self.shape.permuted(order), ..*self };
        for (to, from) in order.iter().enumerate() {
            permuted.strides[to] = self.strides[from];
        }
        permuted
    }

    /// Some axes run backwards.
    #[must_use]
    pub fn flip(mut self, axes: Axes) -> Self {
        for axis in axes.iter() {
            let last = self.shape[axis].saturating_sub(1).cast_signed();
            self.offset = self.offset.wrapping_add_signed(self.strides[axis] * last);
            self.strides[axis] = -self.strides[axis];
        }
        self
    }

    /// Axes of extent 1 repeat their element, and so do missing leading axes.
    ///
    /// # Panics
    /// When `shape` has fewer axes.
    #[must_use]
    pub fn broadcast(&self, shape: Shape) -> Self {
        assert!(shape.rank() >= self.shape.rank(), "broadcast: {shape} has fewer axes than {}", self.shape);
        let lead = shape.rank() - self.shape.rank();
        let mut stretched = Self { shape, strides: [0; MAX_RANK], offset: self.offset };
        for (axis, &extent) in self.shape.extents().iter().enumerate() {
            if extent == shape[lead + axis] {
                stretched.strides[lead + axis] = self.strides[axis];
            }
        }
        stretched
    }

    /// The elements `start, start + step, ..` below `stop` along an axis.
    ///
    /// # Panics
    /// When `start` exceeds `stop` or `step` is 0.
    #[must_use]
    pub fn slice(&self, axis: usize, start: usize, stop: usize, step: usize) -> Self {
        let extent = (stop - start).div_ceil(step);
        let mut part = Self { shape: self.shape.with(axis, extent), ..*self };
        part.strides[axis] = self.strides[axis].saturating_mul(step.cast_signed());
        if extent > 0 {
            part.offset = self.offset.wrapping_add_signed(self.strides[axis] * start.cast_signed());
        }
        part
    }

    /// The same elements in row-major order under another shape, or `None` where no strides can say that.
    #[must_use]
    pub fn reshape(&self, shape: Shape) -> Option<Self> {
        let mut reshaped = Self { shape, strides: shape.strides(), offset: self.offset };
        if self.is_contiguous() {
            return Some(reshaped);
        }
        let mut runs = self.walk();
        let mut run = Step { len: 1, strides: [0] };
        for axis in (0..shape.rank()).rev() {
            let extent = shape[axis];
            if extent > 1 && run.len == 1 {
                run = runs.pop();
            }
            if !run.len.is_multiple_of(extent) {
                return None;
            }
            reshaped.strides[axis] = run.strides[0];
            run = Step { len: run.len / extent, strides: [run.strides[0].saturating_mul(extent.cast_signed())] };
        }
        Some(reshaped)
    }

    /// Goes through the elements, with axes that continue each other joined.
    #[must_use]
    pub fn walk(&self) -> Walk<1> {
        Walk::over(&self.shape, [self.offset], [&self.strides])
    }
}

impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layout")
            .field("shape", &self.shape)
            .field("strides", &self.strides())
            .field("offset", &self.offset)
            .finish()
    }
}
