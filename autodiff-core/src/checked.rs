//! [`Checked`]: stops at the first operation whose result is no finite number.

use core::marker::PhantomData;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::{Backend, Data, DataBuf, Op, Primitive, Shape, Spec, Tensor};

/// The backend that computes on `B` and looks at every result: the first NaN or infinity that appears where no input had
/// one is a panic with the operation, the place, the shapes of the inputs and the caller's line.
///
/// An infinity that is given, as a constant or as data, is deliberate, like that of a mask, and what is infinite because
/// of it passes; a NaN that comes of it does not, nor does one in data. `B` must compute: a list is checked when it is
/// replayed here. `Autodiff<Checked<B>>` looks at the gradients too.
///
/// ```should_panic
/// use autodiff_core::{Checked, Tensor};
/// use backend_cpu::Cpu;
/// let x = Tensor::<Checked<Cpu<f32>>>::new(&[4.0, 1.0, 0.0], [3]);
/// let y = x.sqrt() / (&x - 1.0); // panics: div: inf at [1] of the result [3]; the inputs [3], [3] had no such number
/// # drop(y);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Checked<B>(PhantomData<B>);

/// A value of [`Checked`], and the worst number in it.
#[derive(Clone, Debug)]
pub struct Inspected<B: Backend> {
    value: Tensor<B>,
    worst: Class,
}

/// What a number can be, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Finite,
    Infinite,
    Nan,
}

impl Class {
    fn of(number: f64) -> Self {
        match number {
            _ if number.is_finite() => Self::Finite,
            _ if number.is_nan() => Self::Nan,
            _ => Self::Infinite,
        }
    }
}

impl<B: Backend> Backend for Checked<B> {
    type Elem = B::Elem;
    type Device = B::Device;
    type Tensor = Inspected<B>;

    fn from_data(data: Data<'_, B::Elem>, shape: &Shape, device: &B::Device) -> Inspected<B> {
        inspect("from_data", B::from_data(data, shape, device), &[])
    }

    fn to_data(tensor: &Inspected<B>) -> DataBuf<B::Elem> {
        tensor.value.to_data()
    }

    fn spec(tensor: &Inspected<B>) -> Spec {
        tensor.value.spec()
    }

    fn device(tensor: &Inspected<B>) -> &B::Device {
        tensor.value.device()
    }

    fn apply(op: &Primitive, inputs: &[&Inspected<B>], out: &Spec, device: &B::Device) -> Inspected<B> {
        inspect(op.name(), B::apply(op, &raw(inputs), out, device), inputs)
    }

    fn custom<O: Op>(op: &O, inputs: &[&Inspected<B>]) -> Inspected<B> {
        inspect(op.name(), B::custom(op, &raw(inputs)), inputs)
    }
}

fn raw<'a, B: Backend>(inputs: &[&'a Inspected<B>]) -> Vec<&'a B::Tensor> {
    inputs.iter().map(|input| input.value.raw()).collect()
}

/// The result, unless it holds worse numbers than the inputs; without inputs, worse than an infinity.
#[track_caller]
fn inspect<B: Backend>(op: &str, result: B::Tensor, inputs: &[&Inspected<B>]) -> Inspected<B> {
    let value = Tensor::from_raw(result);
    if !value.dtype().is_float() {
        return Inspected { value, worst: Class::Finite };
    }
    let bad = inputs.iter().map(|input| input.worst).max().unwrap_or(Class::Infinite);
    let numbers = value.to_data().to_f64();
    if let Some(place) = numbers.iter().position(|&number| Class::of(number) > bad) {
        panic!("{}", report(op, numbers[place], &position(place, &value.shape()), &value, inputs));
    }
    let worst = numbers.into_iter().map(Class::of).max().unwrap_or(Class::Finite);
    Inspected { value, worst }
}

fn report<B: Backend>(op: &str, number: f64, at: &[usize], value: &Tensor<B>, inputs: &[&Inspected<B>]) -> String {
    let inputs: Vec<String> = inputs.iter().map(|input| format!("{}", input.value.spec())).collect();
    let spec = value.spec();
    match inputs[..] {
        [] => format!("{op}: {number} at {at:?} of {spec}"),
        _ => format!(
            "{op}: {number} at {at:?} of the result {spec}; the inputs {} had no such number",
            inputs.join(", ")
        ),
    }
}

/// The coordinates of the element in this place of the row-major order.
fn position(place: usize, shape: &Shape) -> Vec<usize> {
    let mut rest = place;
    let mut position: Vec<usize> = shape.extents().to_vec();
    for extent in position.iter_mut().rev() {
        (*extent, rest) = (rest % *extent, rest / *extent);
    }
    position
}

impl<B: Backend> Tensor<Checked<B>> {
    /// A tensor of `B`, looked at from here on.
    ///
    /// # Panics
    /// When it holds a NaN.
    #[must_use]
    #[track_caller]
    pub fn checked(value: Tensor<B>) -> Self {
        Self::from_raw(inspect("checked", value.into_raw(), &[]))
    }

    /// The tensor of `B`.
    #[must_use]
    pub const fn value(&self) -> &Tensor<B> {
        &self.raw().value
    }
}
