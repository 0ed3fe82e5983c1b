//! [`Tensor::detach`]: a value that counts as a constant.

use crate::{Backend, Node, Op, Spec, SpecError, Tensor, spec};

impl<B: Backend> Tensor<B> {
    /// The same value, through which no gradient passes, at any level of nesting and in a trace.
    ///
    /// ```
    /// use autodiff_core::{Autodiff, Backend, Tensor};
    /// use backend_cpu::Cpu;
    ///
    /// fn f<B: Backend>(x: &Tensor<B>) -> Tensor<B> {
    ///     x.square().detach() * x
    /// }
    ///
    /// let x = Tensor::<Autodiff<Cpu<f32>>>::variable(Tensor::new(&[3.0], []));
    /// let y = f(&x);
    /// assert_eq!(y.item(), 27.0);
    /// assert_eq!(y.grad(&[&x])[0].as_ref().unwrap().item(), 9.0);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn detach(&self) -> Self {
        Self::call(&Detach, &[self])
    }
}

/// The identity, declared to have no gradient.
#[derive(Clone, Debug, PartialEq)]
struct Detach;

impl Op for Detach {
    fn name(&self) -> &'static str {
        "detach"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Spec, SpecError> {
        spec::arity::<1>(self.name(), inputs).map(|[x]| *x)
    }

    fn forward<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B> {
        inputs[0].clone()
    }

    fn differentiable(&self, _: usize) -> bool {
        false
    }

    fn backward<B: Backend>(&self, _: usize, _: &Node<'_, B>) -> Tensor<B> {
        unreachable!("detach is declared to have no gradient")
    }
}
