//! [`Replay`] and [`Planned`]: backends that write everything down and compute only when they are read.

use core::fmt::{self, Debug};
use core::marker::PhantomData;

use alloc::vec::Vec;

use autodiff_core::{Backend, Data, DataBuf, Execute, Op, Primitive, Shape, Spec, Tensor, Trace, WengertList};

/// Runs code on `B` by way of a [`WengertList`]: operations are traced, and reading a tensor evaluates the list of all that
/// it depends on. What passes on `B` passes on `Replay<B>`, or tracing, lists or their evaluation are wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Replay<B, R = Evaluated>(PhantomData<(B, R)>);

/// [`Replay`] by way of [`Execute`]: every list is prepared and run as a whole, as a training step is.
pub type Planned<B> = Replay<B, Executed>;

/// How a list of one output is run.
pub trait Runner<B: Backend>: Clone + Debug + 'static {
    /// The numbers of the output.
    fn run(list: &WengertList<B::Elem>, device: &B::Device) -> DataBuf<B::Elem>;
}

/// Assignment by assignment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evaluated;

impl<B: Backend> Runner<B> for Evaluated {
    #[track_caller]
    fn run(list: &WengertList<B::Elem>, device: &B::Device) -> DataBuf<B::Elem> {
        list.eval::<B>(&[Tensor::zeros([], device)])[0].to_data()
    }
}

/// As a whole.
#[derive(Clone, Copy, Debug, Default)]
pub struct Executed;

impl<B: Execute> Runner<B> for Executed {
    #[track_caller]
    fn run(list: &WengertList<B::Elem>, device: &B::Device) -> DataBuf<B::Elem> {
        match B::evaluate(list, &[Tensor::zeros([], device)], device) {
            Ok(mut outputs) => outputs.remove(0),
            Err(error) => panic!("{error}"),
        }
    }
}

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

impl<B: Backend> Debug for Delayed<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.expression, f)
    }
}

impl<B: Backend, R: Runner<B>> Backend for Replay<B, R> {
    type Elem = B::Elem;
    type Device = B::Device;
    type Tensor = Delayed<B>;

    fn from_data(data: Data<'_, B::Elem>, shape: &Shape, device: &B::Device) -> Delayed<B> {
        Delayed { expression: Tensor::from_raw(Trace::from_data(data, shape, &())), device: device.clone() }
    }

    fn to_data(tensor: &Delayed<B>) -> DataBuf<B::Elem> {
        // A list is evaluated on the device of its first input, so it is given one that nothing reads.
        let anchor = Tensor::input("device", Spec::elem([]));
        R::run(&WengertList::new(&[&anchor], &[("y", &tensor.expression)]), &tensor.device)
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
