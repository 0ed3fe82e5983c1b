//! [`Tangent`]: forward mode, by the backward forms alone.

use core::marker::PhantomData;

use alloc::vec::Vec;

use super::functional::jvp;
use crate::{Backend, Data, DataBuf, Op, Primitive, Shape, Spec, SpecError, Tensor};

/// The backend that computes on `B` and carries along with each value its derivative in one direction: forward mode.
///
/// It has no rules of its own. An operation's backward form is linear in the gradient that arrives, and [`jvp`] of the
/// operation alone transposes it. That costs the operation, its backward form, run in order to be transposed, and the
/// transpose; but nothing is kept, so that memory does not grow with the length of the computation.
///
/// ```
/// use autodiff_core::{Backend, Tangent, Tensor};
/// use backend_cpu::Cpu;
///
/// fn f<B: Backend>(x: &Tensor<B>) -> Tensor<B> {
///     (x * x * x).sum()
/// }
///
/// let (x, v) = (Tensor::<Cpu<f64>>::new(&[1.0, 2.0], [2]), Tensor::new(&[1.0, 10.0], [2]));
/// let y = f(&Tensor::<Tangent<_>>::dual(x, v));
/// assert_eq!(y.value().item(), 9.0);
/// assert_eq!(y.tangent().unwrap().item(), 3.0 * 1.0 + 12.0 * 10.0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Tangent<B>(PhantomData<B>);

/// A value of [`Tangent`], and its derivative where it has one.
#[derive(Clone, Debug)]
pub struct Dual<B: Backend> {
    value: Tensor<B>,
    tangent: Option<Tensor<B>>,
}

impl<B: Backend> Backend for Tangent<B> {
    type Elem = B::Elem;
    type Device = B::Device;
    type Tensor = Dual<B>;

    fn from_data(data: Data<'_, B::Elem>, shape: &Shape, device: &B::Device) -> Dual<B> {
        Dual::at_rest(B::from_data(data, shape, device))
    }

    fn to_data(tensor: &Dual<B>) -> DataBuf<B::Elem> {
        tensor.value.to_data()
    }

    fn spec(tensor: &Dual<B>) -> Spec {
        tensor.value.spec()
    }

    fn device(tensor: &Dual<B>) -> &B::Device {
        tensor.value.device()
    }

    fn apply(op: &Primitive, inputs: &[&Dual<B>], out: &Spec, device: &B::Device) -> Dual<B> {
        match carried(op, inputs) {
            Some(result) => result,
            None => Dual::at_rest(B::apply(op, &raw(inputs), out, device)),
        }
    }

    fn custom<O: Op>(op: &O, inputs: &[&Dual<B>]) -> Dual<B> {
        match carried(op, inputs) {
            Some(result) => result,
            None => Dual::at_rest(B::custom(op, &raw(inputs))),
        }
    }
}

impl<B: Backend> Dual<B> {
    const fn at_rest(raw: B::Tensor) -> Self {
        Self { value: Tensor::from_raw(raw), tangent: None }
    }
}

fn raw<'a, B: Backend>(inputs: &[&'a Dual<B>]) -> Vec<&'a B::Tensor> {
    inputs.iter().map(|input| input.value.raw()).collect()
}

/// The result with its derivative; none where no input that counts has one.
#[track_caller]
fn carried<B: Backend, O: Op>(op: &O, inputs: &[&Dual<B>]) -> Option<Dual<B>> {
    let tangent = |arg: &usize| inputs[*arg].tangent.as_ref().filter(|_| op.differentiable(*arg));
    let moving: Vec<usize> = (0..inputs.len()).filter(|arg| tangent(arg).is_some()).collect();
    if moving.is_empty() {
        return None;
    }
    let point: Vec<Tensor<B>> = moving.iter().map(|arg| inputs[*arg].value.clone()).collect();
    let along: Vec<Tensor<B>> = moving.iter().filter_map(tangent).cloned().collect();
    let at = |moved: &[Tensor<_>]| {
        let mut all: Vec<_> =
            inputs.iter().map(|input| Tensor::constant_of(Tensor::constant_of(input.value.clone()))).collect();
        for (arg, moved) in moving.iter().zip(moved) {
            all[*arg] = moved.clone();
        }
        Tensor::call(op, &all.iter().collect::<Vec<_>>())
    };
    let (value, tangent) = jvp(at, &point, &along);
    Some(Dual { value, tangent: Some(tangent) })
}

impl<B: Backend> Tensor<Tangent<B>> {
    /// A value that moves in a direction.
    ///
    /// # Panics
    /// When the direction differs from the value in shape or format.
    #[must_use]
    #[track_caller]
    pub fn dual(value: Tensor<B>, tangent: Tensor<B>) -> Self {
        if value.spec() != tangent.spec() {
            let why = "the tangent must have the value's shape and format";
            panic!("{}", SpecError::shapes("dual", why, &tangent.spec(), &value.spec()));
        }
        Self::from_raw(Dual { value, tangent: Some(tangent) })
    }

    /// A value that does not move.
    #[must_use]
    pub const fn at_rest(value: Tensor<B>) -> Self {
        Self::from_raw(Dual { value, tangent: None })
    }

    /// The value.
    #[must_use]
    pub const fn value(&self) -> &Tensor<B> {
        &self.raw().value
    }

    /// The derivative; `None` where nothing that moves took part.
    #[must_use]
    pub const fn tangent(&self) -> Option<&Tensor<B>> {
        self.raw().tangent.as_ref()
    }
}
