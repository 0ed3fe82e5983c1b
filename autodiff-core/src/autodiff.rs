//! [`Autodiff`]: computes on another backend and records each operation, so that gradients can be asked for.
//!
//! A recorded value points at its operation and inputs; going backward collects what the loss reaches into a list in
//! topological order, walks it in reverse, asks each operation for the gradients of the arguments in need of one, and
//! *adds* them to what the inputs already have. A value that depends on no variable records nothing.

mod check;
mod functional;
mod record;
mod sweep;
mod tangent;

use core::fmt;
use core::marker::PhantomData;

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::{Backend, Data, DataBuf, Index, Op, Primitive, Shape, Shared, Spec, Tensor};

pub use check::{GradientMismatch, check_grads};
pub use functional::{hessian, hessian_vector_product, jacobian, jvp, vjp};
pub use sweep::Gradients;
pub use tangent::{Dual, Tangent};

pub(crate) use record::Edge;
use record::{Record, Rule};

/// The backend that differentiates what `B` computes. Nested, it differentiates gradients:
/// `Autodiff<Autodiff<B>>` has second derivatives, and so on.
///
/// ```
/// use autodiff_core::{Autodiff, Backend, Tensor};
/// use backend_cpu::Cpu;
///
/// fn f<B: Backend>(x: &Tensor<B>) -> Tensor<B> {
///     (x * x * x).sum()
/// }
///
/// type D<B> = Autodiff<B>;
/// let x1 = Tensor::<D<Cpu<f64>>>::variable(Tensor::new(&[2.0], [1]));
/// let x2 = Tensor::<D<D<Cpu<f64>>>>::variable(x1.clone());
/// let first = f(&x2).grad(&[&x2])[0].clone().unwrap();
/// assert_eq!(first.to_vec(), [12.0]); // 3 x x
/// let second = first.sum().grad(&[&x1])[0].clone().unwrap();
/// assert_eq!(second.to_vec(), [12.0]); // 6 x
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Autodiff<B>(PhantomData<B>);

/// A value of [`Autodiff`]: the tensor, and how it was computed where a variable took part.
#[derive(Clone)]
pub struct Recorded<B: Backend> {
    value: Tensor<B>,
    record: Option<Shared<Record<B>>>,
}

impl<B: Backend> fmt::Debug for Recorded<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.value, f)
    }
}

impl<B: Backend> Backend for Autodiff<B> {
    type Elem = B::Elem;
    type Device = B::Device;
    type Tensor = Recorded<B>;

    fn from_data(data: Data<'_, B::Elem>, shape: &Shape, device: &B::Device) -> Recorded<B> {
        Recorded { value: Tensor::from_raw(B::from_data(data, shape, device)), record: None }
    }

    fn to_data(tensor: &Recorded<B>) -> DataBuf<B::Elem> {
        tensor.value.to_data()
    }

    fn spec(tensor: &Recorded<B>) -> Spec {
        tensor.value.spec()
    }

    fn device(tensor: &Recorded<B>) -> &B::Device {
        tensor.value.device()
    }

    fn apply(op: &Primitive, inputs: &[&Recorded<B>], out: &Spec, device: &B::Device) -> Recorded<B> {
        let value = Tensor::from_raw(with_raw(inputs, op, out, device));
        let record = record::record(op, inputs, &value, || Rule::Primitive(*op));
        Recorded { value, record }
    }

    fn custom<O: Op>(op: &O, inputs: &[&Recorded<B>]) -> Recorded<B> {
        let raw: Vec<&B::Tensor> = inputs.iter().map(|input| input.value.raw()).collect();
        let value = Tensor::from_raw(B::custom(op, &raw));
        let record = record::record(op, inputs, &value, || Rule::Custom(Box::new(op.clone())));
        Recorded { value, record }
    }
}

/// The inner backend's result; up to three inputs are handed on without an allocation.
#[track_caller]
fn with_raw<B: Backend>(inputs: &[&Recorded<B>], op: &Primitive, out: &Spec, device: &B::Device) -> B::Tensor {
    match *inputs {
        [] => B::apply(op, &[], out, device),
        [a] => B::apply(op, &[a.value.raw()], out, device),
        [a, b] => B::apply(op, &[a.value.raw(), b.value.raw()], out, device),
        [a, b, c] => B::apply(op, &[a.value.raw(), b.value.raw(), c.value.raw()], out, device),
        _ => {
            let raw: Vec<&B::Tensor> = inputs.iter().map(|input| input.value.raw()).collect();
            B::apply(op, &raw, out, device)
        }
    }
}

impl<B: Backend> Tensor<Autodiff<B>> {
    /// A value that gradients can be asked for.
    #[must_use]
    pub fn variable(value: Tensor<B>) -> Self {
        Self::from_raw(Recorded { value, record: Some(Shared::new(Record::leaf())) })
    }

    /// A value that has no gradient, and of which nothing is recorded.
    #[must_use]
    pub const fn constant_of(value: Tensor<B>) -> Self {
        Self::from_raw(Recorded { value, record: None })
    }

    /// The value, without its history.
    #[must_use]
    pub const fn value(&self) -> &Tensor<B> {
        &self.raw().value
    }

    /// Whether a variable took part in computing this value.
    #[must_use]
    pub const fn requires_grad(&self) -> bool {
        self.raw().record.is_some()
    }
}

impl<B: Backend> Index<Autodiff<B>> {
    /// The same indices beside recorded values; they have no gradient.
    #[must_use]
    #[track_caller]
    pub fn constant_of(value: &Index<B>) -> Self {
        Tensor::constant_of(value.tensor().clone()).to_index()
    }
}
