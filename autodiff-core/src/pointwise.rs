//! [`Pointwise`]: users' functions of each element, with their derivatives.

use alloc::vec::Vec;
use core::fmt::Debug;

use crate::primitive::not_broadcastable;
use crate::spec::{self, Fault};
use crate::{Backend, MaybeSendSync, Needs, Node, Op, Saves, Spec, SpecError, Tensor};

/// A function of `N` numbers, applied to the elements in the same place of `N` tensors, with a derivative of its own.
///
/// Both forms are written with tensor operations, so that they run on every backend, nest to any order and trace; the
/// derivative is taken at face value, the value's own operations are never differentiated. All tensors are of one shape
/// and float format when they arrive: [`pointwise`] has broadcast them.
///
/// ```
/// use autodiff_core::{Autodiff, Backend, Pointwise, Tensor, pointwise};
/// use backend_cpu::Cpu;
///
/// /// `x log(x / y)`, and 0 where `x = 0`.
/// #[derive(Clone, Debug, PartialEq)]
/// struct RelativeEntropy;
///
/// impl Pointwise<2> for RelativeEntropy {
///     fn name(&self) -> &'static str {
///         "relative_entropy"
///     }
///     fn value<B: Backend>(&self, [x, y]: [&Tensor<B>; 2]) -> Tensor<B> {
///         let zero = x.zeros_like();
///         x.eq(&zero).select(&zero, &(x * (x / y).log()))
///     }
///     fn derivative<B: Backend>(&self, arg: usize, [x, y]: [&Tensor<B>; 2]) -> Tensor<B> {
///         if arg == 0 { (x / y).log() + 1.0 } else { -(x / y) }
///     }
/// }
///
/// let x = Tensor::<Autodiff<Cpu<f64>>>::new(&[0.0, 2.0], [2]);
/// let y = Tensor::<Autodiff<Cpu<f64>>>::variable(Tensor::new(&[2.0], []));
/// let z = pointwise(&RelativeEntropy, [&x, &y]);
/// assert_eq!(z.to_vec(), [0.0, 0.0]);
/// assert_eq!(z.sum().backward().get(&y).unwrap().item(), -1.0);
/// ```
pub trait Pointwise<const N: usize>: Clone + Debug + PartialEq + MaybeSendSync + 'static {
    /// The name that a Wengert list prints.
    fn name(&self) -> &'static str;

    /// `y = f(x_0, .., x_(N-1))`
    #[track_caller]
    fn value<B: Backend>(&self, x: [&Tensor<B>; N]) -> Tensor<B>;

    /// `dy / dx_arg`, asked only where a gradient is needed.
    fn derivative<B: Backend>(&self, arg: usize, x: [&Tensor<B>; N]) -> Tensor<B>;
}

/// The function of each element, the inputs broadcast to one shape. Gradient: `g dy / dx_arg`.
///
/// # Panics
/// When the shapes cannot be broadcast together, or the formats differ or are not floating-point.
#[must_use]
#[track_caller]
pub fn pointwise<const N: usize, B: Backend, F: Pointwise<N>>(f: &F, inputs: [&Tensor<B>; N]) -> Tensor<B> {
    let Some(first) = inputs.first() else { panic!("{}: a function of no numbers", f.name()) };
    let mut shape = first.shape();
    for input in inputs {
        shape = match shape.broadcast_with(&input.shape()) {
            Some(shape) => shape,
            None => panic!("{}", not_broadcastable(f.name(), first.spec().reshaped(shape), input.spec())),
        };
    }
    let mut wide = Vec::with_capacity(N);
    for input in inputs {
        wide.push(input.broadcast_to(shape));
    }
    Tensor::call(&Elementwise::<F, N>(f.clone()), &wide.iter().collect::<Vec<_>>())
}

/// The function as an operation on tensors of one shape.
#[derive(Clone, Debug, PartialEq)]
struct Elementwise<F, const N: usize>(F);

impl<F: Pointwise<N>, const N: usize> Op for Elementwise<F, N> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Spec, SpecError> {
        let inputs = spec::arity::<N>(self.name(), inputs)?;
        let Some(first) = inputs.first() else {
            return Err(SpecError { op: self.name(), fault: Fault::Arity { expected: 1, found: 0 } });
        };
        spec::float(self.name(), 0, first)?;
        for input in inputs {
            spec::equal(self.name(), first, input)?;
        }
        Ok(*first)
    }

    fn forward<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B> {
        self.0.value(core::array::from_fn(|arg| &inputs[arg]))
    }

    /// ```text
    /// g dy / dx_arg
    /// ```
    fn backward<B: Backend>(&self, arg: usize, at: &Node<'_, B>) -> Tensor<B> {
        at.grad() * self.0.derivative(arg, core::array::from_fn(|arg| at.input(arg)))
    }

    fn saves(&self, _: Needs) -> Saves {
        Saves::INPUTS
    }
}
