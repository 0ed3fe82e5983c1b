//! [`Replay`]: a backend that writes everything down and computes only when it is read.

use core::fmt;
use core::marker::PhantomData;

use alloc::vec::Vec;

use autodiff_core::{Backend, Data, DataBuf, Op, Primitive, Shape, Spec, Tensor, Trace, WengertList};

/// Runs code on `B` by way of a [`WengertList`]: operations are traced, and reading a tensor evaluates the list of all that
/// it depends on. What passes on `B` passes on `Replay<B>`, or tracing, lists or their evaluation are wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Replay<B>(PhantomData<B>);

/// A tensor of [`Replay`]: an expression, and the device that it will be evaluated on.
pub struct Delayed<B: Backend> {
    expression: Tensor<Trace<B::Elem>>,
    device: B::Device,
}

impl<B: Backend> Clone for Delayed<B> {
    fn clone(&self) -> Self {
        Self { expression: self.expression.clone(), device: self.device.clone() }
    }
}

impl<B: Backend> fmt::Debug for Delayed<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.expression, f)
    }
}

impl<B: Backend> Backend for Replay<B> {
    type Elem = B::Elem;
    type Device = B::Device;
    type Tensor = Delayed<B>;

    fn from_data(data: Data<'_, B::Elem>, shape: &Shape, device: &B::Device) -> Delayed<B> {
        Delayed { expression: Tensor::from_raw(Trace::from_data(data, shape, &())), device: device.clone() }
    }

    fn to_data(tensor: &Delayed<B>) -> DataBuf<B::Elem> {
        // A list is evaluated on the device of its first input, so it is given one that nothing reads.
        let anchor = Tensor::input("device", Spec::elem([]));
        let list = WengertList::new(&[&anchor], &[("y", &tensor.expression)]);
        list.eval::<B>(&[Tensor::zeros([], &tensor.device)])[0].to_data()
    }

    fn spec(tensor: &Delayed<B>) -> Spec {
        tensor.expression.spec()
    }

    fn device(tensor: &Delayed<B>) -> &B::Device {
        &tensor.device
    }

    fn apply(op: &Primitive, inputs: &[&Delayed<B>], out: &Spec, device: &B::Device) -> Delayed<B> {
        let raw: Vec<_> = inputs.iter().map(|input| input.expression.raw()).collect();
        Delayed { expression: Tensor::from_raw(Trace::apply(op, &raw, out, &())), device: device.clone() }
    }

    fn custom<O: Op>(op: &O, inputs: &[&Delayed<B>]) -> Delayed<B> {
        let raw: Vec<_> = inputs.iter().map(|input| input.expression.raw()).collect();
        let device = inputs.first().map(|input| input.device.clone()).unwrap_or_default();
        Delayed { expression: Tensor::from_raw(Trace::custom(op, &raw)), device }
    }
}
