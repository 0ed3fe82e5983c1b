//! [`checkpoint`]: a part of a computation whose inner values are computed twice instead of being kept.

use alloc::vec::Vec;
use core::fmt::Debug;

use crate::op::one_of_all;
use crate::trace::placeholders;
use crate::{Autodiff, Backend, MaybeSendSync, Needs, Node, Op, Saves, Spec, SpecError, Tensor};

/// A part of a computation that can be run again, on any backend: what [`checkpoint`] takes.
///
/// A value of the type carries what is no tensor: sizes, rates, flags. Every tensor that it reads is an input, parameters
/// too. Run twice on the same inputs it must do the same, so random numbers come from a key among the inputs.
pub trait Segment: Clone + Debug + PartialEq + MaybeSendSync + 'static {
    /// The result. An input of indices is read by [`Tensor::to_index`].
    #[track_caller]
    fn run<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B>;
}

/// The segment's result, of which only the inputs are kept for the gradient: that runs it again and differentiates it then.
///
/// Cutting a chain of `n` equal layers into segments of `sqrt(n)` lets `2 sqrt(n)` values be alive at one time instead of
/// `n`, for one more forward pass. (T. Chen et al., *Training deep nets with sublinear memory cost*, 2016, section 4.)
/// That holds eagerly and in a planned list, where the second run hangs on a [barrier](Tensor::barrier) whose token is
/// the gradient that arrives: it is neither merged with the first run nor begun before.
///
/// ```
/// use autodiff_core::{Autodiff, Backend, Segment, Tensor, checkpoint};
/// use backend_cpu::Cpu;
///
/// #[derive(Clone, Debug, PartialEq)]
/// struct Block {
///     layers: usize,
/// }
///
/// impl Segment for Block {
///     fn run<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B> {
///         let [x, w] = inputs else { panic!("a block takes x and w") };
///         (0..self.layers).fold(x.clone(), |x, _| x.matmul(w).tanh())
///     }
/// }
///
/// type D = Autodiff<Cpu<f64>>;
/// let x = Tensor::<D>::new(&[0.5, -0.25], [1, 2]);
/// let w = Tensor::<D>::variable(Tensor::new(&[0.1, 0.9, -0.7, 0.3], [2, 2]));
/// let block = Block { layers: 4 };
/// let kept = block.run(&[x.clone(), w.clone()]).sum().backward();
/// let again = checkpoint(&block, &[&x, &w]).sum().backward();
/// assert_eq!(again.get(&w).unwrap().to_vec(), kept.get(&w).unwrap().to_vec());
/// ```
///
/// # Panics
/// Where the segment does.
#[must_use]
#[track_caller]
pub fn checkpoint<B: Backend, S: Segment>(segment: &S, inputs: &[&Tensor<B>]) -> Tensor<B> {
    // Not by `Tensor::call`: the run itself validates, and `infer` would only trace it first.
    let raw: Vec<&B::Tensor> = inputs.iter().map(|input| input.raw()).collect();
    Tensor::from_raw(B::custom(&Checkpoint(segment.clone()), &raw))
}

/// A segment as an operation.
#[derive(Clone, Debug, PartialEq)]
struct Checkpoint<S>(S);

impl<S: Segment> Op for Checkpoint<S> {
    fn name(&self) -> &'static str {
        "checkpoint"
    }

    /// By tracing the segment, so that what does not fit panics there.
    fn infer(&self, inputs: &[Spec]) -> Result<Spec, SpecError> {
        Ok(self.0.run(&placeholders::<f32>(inputs.iter().copied())).spec())
    }

    fn forward<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B> {
        self.0.run(inputs)
    }

    fn backward<B: Backend>(&self, arg: usize, at: &Node<'_, B>) -> Tensor<B> {
        one_of_all(self, arg, at)
    }

    fn backward_all<B: Backend>(&self, at: &Node<'_, B>, sink: &mut dyn FnMut(usize, Tensor<B>)) {
        let again = |arg: usize| {
            let input = at.input(arg).barrier(at.grad());
            if at.needs(arg) { Tensor::<Autodiff<B>>::variable(input) } else { Tensor::constant_of(input) }
        };
        let inputs: Vec<_> = (0..at.arity()).map(again).collect();
        let gradients = self.0.run(&inputs).backward_with(at.grad().clone());
        for (arg, input) in inputs.iter().enumerate() {
            if let Some(gradient) = gradients.get(input) {
                sink(arg, gradient.clone());
            }
        }
    }

    fn saves(&self, _: Needs) -> Saves {
        Saves::INPUTS
    }
}
