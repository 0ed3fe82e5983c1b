//! [`Tensor`] and [`Index`], the handles that users write mathematics with.
//!
//! Operators and methods check their inputs once, broadcast as NumPy does, and hand one
//! [`Primitive`] to the backend. A wrong shape is the caller's bug: a panic that names the operation
//! and both shapes and points to the caller's line. [`Tensor::try_apply`] is the fallible door.

mod activation;
mod arithmetic;
mod attention;
mod conv;
mod create;
mod detach;
mod einsum;
mod elementwise;
mod function;
mod gather;
mod index;
mod interpolate;
mod matmul;
mod movement;
mod norm;
mod normalize;
mod pool;
mod random;
mod reduce;
mod scan;
mod statistics;
mod triangle;

use core::fmt;

use alloc::vec::Vec;

use crate::{Backend, DType, DataBuf, Element, Op, Primitive, Shape, Spec, SpecError};

pub use conv::Conv;
pub use index::Index;
pub use interpolate::Interpolation;
pub use pool::Pool;

/// Numbers on a backend, in up to eight axes: cheap to clone, never changed.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// let x = Tensor::<Cpu<f32>>::new(&[1.0, 2.0, 3.0, 4.0], [2, 2]);
/// let y = (&x * 2.0 + 1.0).matmul(&x);
/// assert_eq!(y.to_vec(), [18.0, 26.0, 34.0, 50.0]);
/// ```
pub struct Tensor<B: Backend>(B::Tensor);

impl<B: Backend> Tensor<B> {
    /// A handle of the backend's own tensor.
    #[must_use]
    pub const fn from_raw(raw: B::Tensor) -> Self {
        Self(raw)
    }

    /// The backend's own tensor.
    #[must_use]
    pub const fn raw(&self) -> &B::Tensor {
        &self.0
    }

    /// The backend's own tensor.
    #[must_use]
    pub fn into_raw(self) -> B::Tensor {
        self.0
    }

    /// Shape and number format.
    #[must_use]
    pub fn spec(&self) -> Spec {
        B::spec(&self.0)
    }

    /// The extents.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.spec().shape
    }

    /// The extents as an array, for code that knows the rank: `let [batch, features] = x.dims();`
    ///
    /// # Panics
    /// When the tensor has another rank than `R`.
    #[must_use]
    #[track_caller]
    pub fn dims<const R: usize>(&self) -> [usize; R] {
        let shape = self.shape();
        match shape.extents().try_into() {
            Ok(extents) => extents,
            Err(_) => panic!("dims: {R} axes expected, the shape is {shape}"),
        }
    }

    /// The number of axes.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.shape().rank()
    }

    /// The number format.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.spec().dtype
    }

    /// Where the tensor lives.
    #[must_use]
    pub fn device(&self) -> &B::Device {
        B::device(&self.0)
    }

    /// The elements in row-major order, in whatever format they have.
    #[must_use]
    #[track_caller]
    pub fn to_data(&self) -> DataBuf<B::Elem> {
        B::to_data(&self.0)
    }

    /// The elements in row-major order; those of another format are converted.
    #[must_use]
    #[track_caller]
    pub fn to_vec(&self) -> Vec<B::Elem> {
        match self.to_data() {
            DataBuf::Elem(elements) => elements,
            other => other.to_f64().into_iter().map(B::Elem::from_f64).collect(),
        }
    }

    /// The only element.
    ///
    /// # Panics
    /// When there are none or several.
    #[must_use]
    #[track_caller]
    pub fn item(&self) -> B::Elem {
        match self.to_vec()[..] {
            [only] => only,
            _ => panic!("item: one element expected, the shape is {}", self.shape()),
        }
    }

    /// The indices that this tensor holds, for the inputs of an [`Op`].
    ///
    /// # Panics
    /// When it holds no indices.
    #[must_use]
    #[track_caller]
    pub fn to_index(&self) -> Index<B> {
        Index::from_tensor(self.clone())
    }

    /// An operation's result, or why there is none: the fallible door to every operation.
    ///
    /// ```
    /// use autodiff_core::{Primitive, Tensor};
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[1.0, 2.0, 3.0], [1, 3]);
    /// let error = Tensor::try_apply(&Primitive::MatMul, &[&x, &x]).unwrap_err();
    /// assert_eq!(error.to_string(), "matmul: the inner extents differ: [1, 3] and [1, 3]");
    /// ```
    ///
    /// # Errors
    /// When number, format or shape of the inputs do not fit.
    ///
    /// # Panics
    /// When a user's operation answers something else than its `infer` said, or an index is out of range.
    #[track_caller]
    pub fn try_apply<O: Op>(op: &O, inputs: &[&Self]) -> Result<Self, SpecError> {
        let specs: Vec<Spec> = inputs.iter().map(|input| input.spec()).collect();
        let out = op.infer(&specs)?;
        let raw: Vec<&B::Tensor> = inputs.iter().map(|input| &input.0).collect();
        Ok(Self(match (op.as_primitive(), raw.first()) {
            (Some(primitive), Some(first)) => B::apply(primitive, &raw, &out, B::device(first)),
            (Some(primitive), None) => B::apply(primitive, &raw, &out, &B::Device::default()),
            (None, _) => {
                let result = B::custom(op, &raw);
                let found = B::spec(&result);
                assert!(found == out, "{}: `forward` answered {found}, `infer` said {out}", op.name());
                result
            }
        }))
    }

    /// An operation's result, for operations defined outside the primitives.
    ///
    /// # Panics
    /// When number, format or shape of the inputs do not fit.
    #[must_use]
    #[track_caller]
    pub fn call<O: Op>(op: &O, inputs: &[&Self]) -> Self {
        match Self::try_apply(op, inputs) {
            Ok(result) => result,
            Err(error) => panic!("{error}"),
        }
    }

    /// A primitive with a fixed number of inputs, at least one: no allocation on the way.
    #[track_caller]
    pub(crate) fn apply<const N: usize>(primitive: &Primitive, inputs: [&Self; N]) -> Self {
        let out = match primitive.infer(&inputs.map(Self::spec)) {
            Ok(out) => out,
            Err(error) => panic!("{error}"),
        };
        let raw = inputs.map(|input| &input.0);
        Self(B::apply(primitive, &raw, &out, B::device(raw[0])))
    }

    /// A primitive without inputs.
    #[track_caller]
    pub(crate) fn source(primitive: &Primitive, device: &B::Device) -> Self {
        match primitive.infer(&[]) {
            Ok(out) => Self(B::apply(primitive, &[], &out, device)),
            Err(error) => panic!("{error}"),
        }
    }
}

impl<B: Backend> Clone for Tensor<B> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<B: Backend> fmt::Debug for Tensor<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The axis that a user names, negative from the end, in a tensor of this shape.
#[track_caller]
fn resolve(op: &'static str, axis: isize, shape: &Shape) -> usize {
    match crate::spec::axis(op, axis, shape) {
        Ok(axis) => axis,
        Err(error) => panic!("{error}"),
    }
}

/// An axis as primitives store it: always below [`crate::MAX_RANK`].
#[expect(clippy::cast_possible_truncation, reason = "an axis of a shape is below 8")]
const fn stored_axis(axis: usize) -> u8 {
    axis as u8
}
