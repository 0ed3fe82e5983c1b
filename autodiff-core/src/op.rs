//! [`Op`]: one operation, whole, in one place; the door for operations that users define.

use core::fmt::Debug;

use crate::autodiff::Edge;
use crate::{Backend, Index, MaybeSendSync, Shape, Spec, SpecError, Tensor};

/// An operation: its shape rule, its forward form, and one backward form per argument.
///
/// A value of the type carries the attributes. Defined once, the operation can be called inside any generic function,
/// and its declared rule holds at every level of nested differentiation and in a trace.
///
/// ```
/// use autodiff_core::{Autodiff, Backend, Node, Op, Spec, SpecError, Tensor};
/// use backend_cpu::Cpu;
///
/// /// Rounds, but lets the gradient pass as if it had not (Bengio et al. 2013, section 4).
/// #[derive(Clone, Debug, PartialEq)]
/// struct StraightThroughRound;
///
/// impl Op for StraightThroughRound {
///     fn name(&self) -> &'static str {
///         "straight_through_round"
///     }
///     fn infer(&self, inputs: &[Spec]) -> Result<Spec, SpecError> {
///         autodiff_core::spec::arity::<1>(self.name(), inputs).map(|[x]| *x)
///     }
///     fn forward<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B> {
///         inputs[0].round()
///     }
///     fn backward<B: Backend>(&self, _arg: usize, at: &Node<'_, B>) -> Tensor<B> {
///         at.grad().clone()
///     }
/// }
///
/// let x = Tensor::<Autodiff<Cpu<f64>>>::variable(Tensor::new(&[0.7, 2.2], [2]));
/// let y = (Tensor::call(&StraightThroughRound, &[&x]) * &x).sum();
/// assert_eq!(y.grad(&[&x])[0].as_ref().unwrap().to_vec(), [1.7, 4.2]);
/// ```
pub trait Op: Clone + Debug + PartialEq + MaybeSendSync + 'static {
    /// The name that a Wengert list prints.
    fn name(&self) -> &'static str;

    /// What the result will be, or why there is none: the only place that validates.
    ///
    /// # Errors
    /// When number, format or shape of the inputs do not fit.
    fn infer(&self, inputs: &[Spec]) -> Result<Spec, SpecError>;

    /// The result. An input of indices is read by [`Tensor::to_index`].
    #[track_caller]
    fn forward<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B>;

    /// The gradient for one argument; asked only where one is needed.
    fn backward<B: Backend>(&self, arg: usize, at: &Node<'_, B>) -> Tensor<B>;

    /// The gradients of all arguments in need of one, given to `sink` with the argument's number; for operations whose
    /// gradients share work. A gradient for an argument without need is ignored, one that is not given counts as zero.
    fn backward_all<B: Backend>(&self, at: &Node<'_, B>, sink: &mut dyn FnMut(usize, Tensor<B>)) {
        each_needed(at, sink, |arg| self.backward(arg, at));
    }

    /// Whether the argument can have a gradient at all. Where it cannot, nothing is recorded and none arrives.
    fn differentiable(&self, arg: usize) -> bool {
        let _ = arg;
        true
    }

    /// The values that `backward` reads when the arguments in `needs` want a gradient: what a graph keeps in memory.
    fn saves(&self, needs: Needs) -> Saves {
        let _ = needs;
        Saves::ALL
    }

    /// The primitive that this operation is; users' operations are none.
    #[doc(hidden)]
    fn as_primitive(&self) -> Option<&crate::Primitive> {
        None
    }
}

/// The gradients of all arguments in need of one, each on its own.
pub(crate) fn each_needed<B: Backend>(
    at: &Node<'_, B>,
    sink: &mut dyn FnMut(usize, Tensor<B>),
    gradient: impl Fn(usize) -> Tensor<B>,
) {
    for arg in (0..at.arity()).filter(|&arg| at.needs(arg)) {
        sink(arg, gradient(arg));
    }
}

/// One argument's gradient, by way of those of all: zeros where none is given.
pub(crate) fn one_of_all<B: Backend, O: Op>(op: &O, arg: usize, at: &Node<'_, B>) -> Tensor<B> {
    let mut wanted = None;
    let at = Node { needs: Needs::NONE.with(arg), op: at.op, edges: at.edges, output: at.output, grad: at.grad };
    op.backward_all(&at, &mut |found, gradient| {
        if found == arg {
            wanted = Some(gradient);
        }
    });
    wanted.unwrap_or_else(|| at.grad().new_zeros(at.shape(arg)).cast(at.spec(arg).dtype))
}

/// A place in a recorded computation, as a backward form sees it.
#[derive(Debug)]
pub struct Node<'a, B: Backend> {
    pub(crate) op: &'static str,
    pub(crate) edges: &'a [Edge<B>],
    pub(crate) output: Option<&'a Tensor<B>>,
    pub(crate) grad: &'a Tensor<B>,
    pub(crate) needs: Needs,
}

impl<B: Backend> Node<'_, B> {
    /// The number of arguments.
    #[must_use]
    pub const fn arity(&self) -> usize {
        self.edges.len()
    }

    /// Whether this argument's gradient is wanted.
    #[must_use]
    pub const fn needs(&self, arg: usize) -> bool {
        self.needs.contains(arg)
    }

    /// The value of an argument.
    ///
    /// # Panics
    /// When [`Op::saves`] did not name it.
    #[must_use]
    pub fn input(&self, arg: usize) -> &Tensor<B> {
        match self.edges[arg].value() {
            Some(value) => value,
            None => panic!("{}: the gradient reads input {arg}, which `saves` does not name", self.op),
        }
    }

    /// The value of an argument that holds indices.
    ///
    /// # Panics
    /// When [`Op::saves`] did not name it, or it holds no indices.
    #[must_use]
    pub fn index(&self, arg: usize) -> Index<B> {
        self.input(arg).to_index()
    }

    /// Shape and format of an argument, which are there without saving.
    #[must_use]
    pub fn spec(&self, arg: usize) -> Spec {
        self.edges[arg].spec(|| self.grad.spec())
    }

    /// The shape of an argument, which is there without saving.
    #[must_use]
    pub fn shape(&self, arg: usize) -> Shape {
        self.spec(arg).shape
    }

    /// The result of the forward form.
    ///
    /// # Panics
    /// When [`Op::saves`] did not name it.
    #[must_use]
    pub fn output(&self) -> &Tensor<B> {
        match self.output {
            Some(value) => value,
            None => panic!("{}: the gradient reads the output, which `saves` does not name", self.op),
        }
    }

    /// The gradient that arrived at the output, of the output's shape.
    #[must_use]
    pub const fn grad(&self) -> &Tensor<B> {
        self.grad
    }
}

/// Arguments from here on share one bit of the sets below.
const LAST: usize = 63;

const fn bit(arg: usize) -> u64 {
    1 << if arg < LAST { arg } else { LAST }
}

/// The arguments whose gradient is wanted. Beyond 63 arguments the rest are in or out together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs(u64);

impl Needs {
    /// No argument.
    pub const NONE: Self = Self(0);

    /// The set and one argument more.
    #[must_use]
    pub const fn with(self, arg: usize) -> Self {
        Self(self.0 | bit(arg))
    }

    /// Whether this argument's gradient is wanted.
    #[must_use]
    pub const fn contains(self, arg: usize) -> bool {
        self.0 & bit(arg) != 0
    }
}

/// The values that a backward form reads. Beyond 63 arguments the rest are in or out together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saves {
    inputs: u64,
    output: bool,
}

impl Saves {
    /// No value at all; shapes and formats are always there.
    pub const NONE: Self = Self { inputs: 0, output: false };
    /// Every input, not the output.
    pub const INPUTS: Self = Self { inputs: u64::MAX, output: false };
    /// Every input and the output.
    pub const ALL: Self = Self { inputs: u64::MAX, output: true };

    /// The set and one input more.
    #[must_use]
    pub const fn and_input(self, arg: usize) -> Self {
        Self { inputs: self.inputs | bit(arg), ..self }
    }

    /// The set and, on a condition, one input more.
    #[must_use]
    pub const fn and_input_if(self, arg: usize, condition: bool) -> Self {
        if condition { self.and_input(arg) } else { self }
    }

    /// The set and the output.
    #[must_use]
    pub const fn and_output(self) -> Self {
        Self { output: true, ..self }
    }

    /// The set and, on a condition, the output.
    #[must_use]
    pub const fn and_output_if(self, condition: bool) -> Self {
        if condition { self.and_output() } else { self }
    }

    /// Whether this input is read.
    #[must_use]
    pub const fn input(self, arg: usize) -> bool {
        self.inputs & bit(arg) != 0
    }

    /// Whether the output is read.
    #[must_use]
    pub const fn output(self) -> bool {
        self.output
    }
}
