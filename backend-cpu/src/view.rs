//! [`View`]: a tensor's elements as a kernel sees them, borrowed and strided.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

use autodiff_core::{DType, Data, Shape, bf16, f16};

use crate::layout::{Layout, Step, Walk};

/// Elements in a flat slice and the [`Layout`] that says where each one lies.
///
/// ```
/// use autodiff_core::{Order, Shape};
/// use backend_cpu::{Layout, View};
/// let layout = Layout::contiguous(Shape::from([2, 3])).permute(&Order::try_new(&[1, 0]).unwrap());
/// let view = View::new(&[1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0], &layout);
/// assert_eq!(view.as_slice(), None);
/// assert!(view.iter().eq([1.0, 4.0, 2.0, 5.0, 3.0, 6.0]));
/// ```
#[derive(Debug)]
pub struct View<'a, T> {
    data: &'a [T],
    /// The layout's offset within `data`.
    start: usize,
    layout: &'a Layout,
}

impl<'a, T> View<'a, T> {
    /// These elements of `data`.
    #[must_use]
    pub const fn new(data: &'a [T], layout: &'a Layout) -> Self {
        Self { data, start: layout.offset(), layout }
    }

    /// The same where `data` lacks the first `missing` elements that the layout counts.
    #[must_use]
    pub const fn without_first(missing: usize, data: &'a [T], layout: &'a Layout) -> Self {
        Self { data, start: layout.offset().wrapping_sub(missing), layout }
    }

    /// The same slice in another layout, which was made from this view's own.
    #[must_use]
    pub const fn with_layout<'b>(&self, layout: &'b Layout) -> View<'b, T>
    where
        'a: 'b,
    {
        let missing = self.layout.offset().wrapping_sub(self.start);
        View::without_first(missing, self.data, layout)
    }

    /// The extents.
    #[must_use]
    pub const fn shape(&self) -> &'a Shape {
        self.layout.shape()
    }

    /// The distance of neighbours along each axis.
    #[must_use]
    pub fn strides(&self) -> &'a [isize] {
        self.layout.strides()
    }

    /// Where the elements lie, but for the first one's place, which [`start`](Self::start) says.
    #[must_use]
    pub const fn layout(&self) -> &'a Layout {
        self.layout
    }

    /// The flat slice.
    #[must_use]
    pub const fn data(&self) -> &'a [T] {
        self.data
    }

    /// The place of the first element in the flat slice.
    #[must_use]
    pub const fn start(&self) -> usize {
        self.start
    }

    /// The elements in row-major order, where they lie so.
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> Option<&'a [T]> {
        match self.layout.contiguous_len()? {
            0 => Some(&[]),
            len => Some(&self.data[self.start..self.start + len]),
        }
    }

    /// Goes through the positions in row-major order.
    #[must_use]
    pub fn walk(&self) -> Walk<1> {
        Walk::over(self.shape(), [self.start], [self.strides()])
    }

    /// The elements `from, from + stride, ..`, of which there are `len`.
    #[inline]
    #[must_use]
    pub fn row(&self, from: usize, len: usize, stride: isize) -> Row<'a, T>
    where
        T: Copy,
    {
        match stride {
            1 => Row::Slice(&self.data[from..from + len]),
            0 if len > 0 => Row::Same(self.data[from]),
            _ => Row::Strided(self.strided(from, stride)),
        }
    }

    /// The elements `from, from + stride, ..`, without an end.
    #[inline]
    #[must_use]
    pub const fn strided(&self, from: usize, stride: isize) -> Strided<'a, T> {
        Strided { data: self.data, next: from, stride }
    }

    /// The elements in row-major order, copied.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn to_vec(&self) -> Vec<T>
    where
        T: Copy,
    {
        match self.as_slice() {
            Some(slice) => slice.to_vec(),
            None => self.iter().collect(),
        }
    }

    /// The elements in row-major order.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<'a, T>
    where
        T: Copy,
    {
        let (view, mut walk) = (*self, self.walk());
        let Step { len, strides: [stride] } = walk.pop();
        walk.flat_map(move |[from]| {
            (0..len).map(move |i| view.data[from.wrapping_add_signed(stride * i.cast_signed())])
        })
    }
}

/// A [`View`] of any of the formats that a tensor can have.
#[derive(Debug)]
pub enum AnyView<'a, T> {
    /// The backend's elements.
    Elem(View<'a, T>),
    /// Half precision.
    F16(View<'a, f16>),
    /// bfloat16.
    Bf16(View<'a, bf16>),
    /// Whole numbers.
    Index(View<'a, i32>),
}

impl<'a, T> AnyView<'a, T> {
    /// These elements of `data`.
    #[must_use]
    pub const fn new(data: Data<'a, T>, layout: &'a Layout) -> Self {
        match data {
            Data::Elem(data) => Self::Elem(View::new(data, layout)),
            Data::F16(data) => Self::F16(View::new(data, layout)),
            Data::Bf16(data) => Self::Bf16(View::new(data, layout)),
            Data::Index(data) => Self::Index(View::new(data, layout)),
        }
    }

    /// The number format.
    #[must_use]
    pub const fn dtype(&self) -> DType {
        match self {
            Self::Elem(_) => DType::Elem,
            Self::F16(_) => DType::F16,
            Self::Bf16(_) => DType::Bf16,
            Self::Index(_) => DType::Index,
        }
    }

    /// The extents.
    #[must_use]
    pub const fn shape(&self) -> &'a Shape {
        match self {
            Self::Elem(view) => view.shape(),
            Self::F16(view) => view.shape(),
            Self::Bf16(view) => view.shape(),
            Self::Index(view) => view.shape(),
        }
    }

    /// The elements in row-major order, where they lie so.
    #[must_use]
    pub fn as_data(&self) -> Option<Data<'a, T>> {
        Some(match self {
            Self::Elem(view) => Data::Elem(view.as_slice()?),
            Self::F16(view) => Data::F16(view.as_slice()?),
            Self::Bf16(view) => Data::Bf16(view.as_slice()?),
            Self::Index(view) => Data::Index(view.as_slice()?),
        })
    }
}

// Borrowing is what is copied, so nothing is asked of `T`.
impl<T> Clone for View<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for View<'_, T> {}

impl<T> Clone for AnyView<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for AnyView<'_, T> {}

/// Elements along one axis of a view.
#[derive(Clone, Copy, Debug)]
pub enum Row<'a, T> {
    /// Neighbours in memory.
    Slice(&'a [T]),
    /// One element over and over.
    Same(T),
    /// Elements at another distance.
    Strided(Strided<'a, T>),
}

/// An endless walk through a slice; asking for more elements than there are panics.
#[derive(Clone, Copy, Debug)]
pub struct Strided<'a, T> {
    data: &'a [T],
    next: usize,
    stride: isize,
}

impl<T: Copy> Iterator for Strided<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        let element = self.data[self.next];
        self.next = self.next.wrapping_add_signed(self.stride);
        Some(element)
    }
}
