//! [`Index`]: whole numbers on a backend: labels, tokens, positions, random bits, keys.

use core::fmt;
use core::ops::{Add, Mul, Sub};

use alloc::vec::Vec;

use crate::{Backend, Binary, Compare, DType, Data, DataBuf, Primitive, Shape, Tensor};

/// Whole numbers, `i32`, in up to eight axes. Arithmetic wraps around; nothing here has a gradient.
///
/// ```
/// use autodiff_core::{Index, Tensor};
/// use backend_cpu::Cpu;
/// let table = Tensor::<Cpu<f32>>::new(&[0.0, 0.1, 1.0, 1.1, 2.0, 2.1], [3, 2]);
/// let rows = table.index_select(0, &Index::new(&[2, 0], [2]));
/// assert_eq!(rows.to_vec(), [2.0, 2.1, 0.0, 0.1]);
/// ```
pub struct Index<B: Backend>(Tensor<B>);

impl<B: Backend> Index<B> {
    /// These numbers in row-major order on the default device.
    ///
    /// # Panics
    /// When their number is not that of the shape.
    #[must_use]
    #[track_caller]
    pub fn new(values: &[i32], shape: impl Into<Shape>) -> Self {
        Self::from_slice(values, shape, &B::Device::default())
    }

    /// These numbers in row-major order.
    ///
    /// # Panics
    /// When their number is not that of the shape.
    #[must_use]
    #[track_caller]
    pub fn from_slice(values: &[i32], shape: impl Into<Shape>, device: &B::Device) -> Self {
        Self(Tensor::from_data(Data::Index(values), shape, device))
    }

    /// `0, 1, .., len - 1`.
    ///
    /// # Panics
    /// Above 2^31 - 1.
    #[must_use]
    #[track_caller]
    pub fn iota(len: usize, device: &B::Device) -> Self {
        Self(Tensor::source(&Primitive::Iota { len }, device))
    }

    /// The indices in a tensor whose format is [`DType::Index`].
    ///
    /// # Panics
    /// When it has another.
    #[must_use]
    #[track_caller]
    pub fn from_tensor(tensor: Tensor<B>) -> Self {
        let dtype = tensor.dtype();
        assert!(dtype == DType::Index, "index: a tensor of indices expected, its format is {dtype}");
        Self(tensor)
    }

    /// The handle that takes any format, for the inputs of an [`Op`](crate::Op).
    #[must_use]
    pub const fn tensor(&self) -> &Tensor<B> {
        &self.0
    }

    /// The numbers in the backend's element, rounded where it must be.
    #[must_use]
    #[track_caller]
    pub fn to_elem(&self) -> Tensor<B> {
        self.0.cast(DType::Elem)
    }

    /// The extents.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.0.shape()
    }

    /// The extents as an array, for code that knows the rank.
    ///
    /// # Panics
    /// When the tensor has another rank than `R`.
    #[must_use]
    #[track_caller]
    pub fn dims<const R: usize>(&self) -> [usize; R] {
        self.0.dims()
    }

    /// The number of axes.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.0.rank()
    }

    /// Where the tensor lives.
    #[must_use]
    pub fn device(&self) -> &B::Device {
        self.0.device()
    }

    /// The numbers in row-major order.
    #[must_use]
    #[track_caller]
    pub fn to_vec(&self) -> Vec<i32> {
        match self.0.to_data() {
            DataBuf::Index(values) => values,
            other => unreachable!("an index tensor answered {} data", other.dtype()),
        }
    }

    /// 1 where `self == other`, else 0.
    ///
    /// # Panics
    /// When the shapes cannot be broadcast together.
    #[must_use]
    #[track_caller]
    pub fn eq(&self, other: &Self) -> Tensor<B> {
        self.0.elementwise(&Primitive::Compare(Compare::Eq), &other.0)
    }

    /// 1 where `self < other`, else 0.
    ///
    /// # Panics
    /// When the shapes cannot be broadcast together.
    #[must_use]
    #[track_caller]
    pub fn lt(&self, other: &Self) -> Tensor<B> {
        self.0.elementwise(&Primitive::Compare(Compare::Lt), &other.0)
    }

    /// 1 where `self <= other`, else 0.
    ///
    /// # Panics
    /// When the shapes cannot be broadcast together.
    #[must_use]
    #[track_caller]
    pub fn le(&self, other: &Self) -> Tensor<B> {
        self.0.elementwise(&Primitive::Compare(Compare::Le), &other.0)
    }

    /// 1 at the position that each index names along a new last axis of extent `classes`, 0 elsewhere; all 0 for an index
    /// that names none.
    ///
    /// ```
    /// use autodiff_core::Index;
    /// use backend_cpu::Cpu;
    /// let y = Index::<Cpu<f32>>::new(&[2, 0], [2]).one_hot(3);
    /// assert_eq!(y.to_vec(), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    /// ```
    ///
    /// # Panics
    /// When the rank would exceed 8.
    #[must_use]
    #[track_caller]
    pub fn one_hot(&self, classes: usize) -> Tensor<B> {
        self.unsqueeze(-1).eq(&Self::iota(classes, self.device()))
    }

    /// A vector of positions on an axis, which an operation of this name reads.
    #[track_caller]
    pub(super) fn positions(op: &str, positions: impl IntoIterator<Item = usize>, device: &B::Device) -> Self {
        let narrow = |position| i32::try_from(position).map_err(|_| position);
        let values: Vec<i32> = match positions.into_iter().map(narrow).collect() {
            Ok(values) => values,
            Err(position) => panic!("{op}: position {position} is beyond the 31 bits of an index"),
        };
        Self::from_slice(&values, [values.len()], device)
    }

    #[track_caller]
    fn binary(&self, f: Binary, other: &Self) -> Self {
        Self(self.0.binary(f, &other.0))
    }
}

impl<B: Backend> Clone for Index<B> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<B: Backend> fmt::Debug for Index<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

macro_rules! operator {
    ($Trait:ident, $method:ident, $f:expr) => {
        impl<B: Backend> $Trait<&Index<B>> for &Index<B> {
            type Output = Index<B>;
            #[track_caller]
            fn $method(self, other: &Index<B>) -> Index<B> {
                self.binary($f, other)
            }
        }
        impl<B: Backend> $Trait<i32> for &Index<B> {
            type Output = Index<B>;
            #[track_caller]
            fn $method(self, other: i32) -> Index<B> {
                let other = self.0.new_full(Shape::SCALAR, f64::from(other));
                self.binary($f, &Index(other))
            }
        }
    };
}

operator!(Add, add, Binary::Add);
operator!(Sub, sub, Binary::Sub);
operator!(Mul, mul, Binary::Mul);
