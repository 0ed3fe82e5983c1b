//! [`Trace`]: computes nothing; running code on it builds the expression graph, which becomes a
//! [`WengertList`](crate::WengertList).

mod custom;

use core::fmt;
use core::marker::PhantomData;

use alloc::string::String;
use alloc::vec::Vec;

use crate::{Backend, Data, DataBuf, Element, Instruction, Op, Primitive, Shape, Shared, Spec, Tensor};

pub use custom::Custom;
pub(crate) use custom::placeholders;

/// The backend that writes down what would be computed.
///
/// ```
/// use autodiff_core::{Backend, Spec, Tensor, WengertList};
/// use backend_cpu::Cpu;
///
/// fn f<B: Backend>(x1: &Tensor<B>, x2: &Tensor<B>) -> Tensor<B> {
///     (2.0 * x1 + x2).square()
/// }
///
/// let scalar = Spec::elem([]);
/// let list = WengertList::<f64>::trace(&[("x1", scalar), ("x2", scalar)], |x| [("f", f(&x[0], &x[1]))]);
/// assert_eq!(list.to_string(), "z1 = mul(2, x1)\nz2 = add(z1, x2)\nf = mul(z2, z2)\n");
///
/// let values = list.eval::<Cpu<f64>>(&[Tensor::new(&[1.0], []), Tensor::new(&[3.0], [])]);
/// assert_eq!(values[0].item(), 25.0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Trace<E>(PhantomData<E>);

/// A value of [`Trace`]: a node of the expression graph.
#[derive(Clone)]
pub struct Traced<E: Element>(Shared<Expression<E>>);

/// An operation and what it is applied to.
pub(crate) struct Expression<E: Element> {
    pub(crate) instruction: Instruction<E>,
    pub(crate) args: Vec<Traced<E>>,
    pub(crate) spec: Spec,
    /// The length of the longest way here from a node without arguments.
    pub(crate) depth: usize,
}

impl<E: Element> Traced<E> {
    fn new(instruction: Instruction<E>, args: &[&Self], spec: Spec) -> Self {
        let depth = args.iter().map(|arg| arg.0.depth + 1).max().unwrap_or(0);
        Self(Shared::new(Expression { instruction, args: args.iter().copied().cloned().collect(), spec, depth }))
    }

    pub(crate) fn expression(&self) -> &Expression<E> {
        &self.0
    }

    /// What tells this node from every other one that exists.
    pub(crate) fn address(&self) -> usize {
        Shared::as_ptr(&self.0).addr()
    }
}

impl<E: Element> fmt::Debug for Traced<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} -> {}", self.0.instruction, self.0.spec)
    }
}

/// A chain of nodes falls one after another, not each inside the other: a long one must not exhaust the stack.
impl<E: Element> Drop for Expression<E> {
    fn drop(&mut self) {
        let mut falling = core::mem::take(&mut self.args);
        while let Some(node) = falling.pop() {
            if let Some(mut node) = Shared::into_inner(node.0) {
                falling.append(&mut node.args);
            }
        }
    }
}

impl<E: Element> Backend for Trace<E> {
    type Elem = E;
    type Device = ();
    type Tensor = Traced<E>;

    fn from_data(data: Data<'_, E>, shape: &Shape, (): &()) -> Traced<E> {
        let spec = Spec { shape: *shape, dtype: data.dtype() };
        Traced::new(Instruction::Data(Shared::new(DataBuf::copy(data))), &[], spec)
    }

    fn to_data(tensor: &Traced<E>) -> DataBuf<E> {
        match &tensor.0.instruction {
            Instruction::Data(data) => (**data).clone(),
            instruction => panic!(
                "to_data: `{}` is traced, so it has no numbers yet; make it an output of the list and read that",
                instruction.name()
            ),
        }
    }

    fn spec(tensor: &Traced<E>) -> Spec {
        tensor.0.spec
    }

    fn device(_: &Traced<E>) -> &() {
        &()
    }

    fn apply(op: &Primitive, inputs: &[&Traced<E>], out: &Spec, (): &()) -> Traced<E> {
        Traced::new(Instruction::Apply(*op), inputs, *out)
    }

    fn custom<O: Op>(op: &O, inputs: &[&Traced<E>]) -> Traced<E> {
        let specs: Vec<Spec> = inputs.iter().map(|input| Self::spec(input)).collect();
        match op.infer(&specs) {
            Ok(out) => Traced::new(Instruction::Custom(Custom::new(op)), inputs, out),
            Err(error) => panic!("{error}"),
        }
    }
}

impl<E: Element> Tensor<Trace<E>> {
    /// A named input of the list to come; for indices, [`Tensor::to_index`] gives the handle.
    #[must_use]
    pub fn input(name: impl Into<String>, spec: Spec) -> Self {
        Self::from_raw(Traced::new(Instruction::Input(name.into()), &[], spec))
    }
}
