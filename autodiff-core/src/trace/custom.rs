//! A user's operation inside a list: its type is forgotten, its forward form and its rule are not.

use core::any::Any;
use core::fmt::Debug;

use alloc::format;
use alloc::vec::Vec;

use crate::autodiff::Edge;
use crate::op::one_of_all;
use crate::{
    Backend, Element, MaybeSendSync, Needs, Node, Op, Saves, Shared, Spec, SpecError, Tensor, Trace, WengertList,
};

/// An operation that was traced as one assignment; an [`Op`] again, so that a list can be replayed on every backend,
/// and differentiated by the rule that the operation declares.
///
/// The forward form and the rules are traced when they are asked for, and evaluated on the backend that asks.
#[derive(Clone, Debug)]
pub struct Custom<E: Element>(Shared<dyn Erased<E>>);

/// What is asked of an operation under [`Trace`].
trait Erased<E: Element>: Debug + MaybeSendSync {
    fn name(&self) -> &'static str;
    fn infer(&self, inputs: &[Spec]) -> Result<Spec, SpecError>;
    fn forward(&self, inputs: &[Tensor<Trace<E>>]) -> Tensor<Trace<E>>;
    fn backward_traced(&self, at: &Node<'_, Trace<E>>, sink: &mut dyn FnMut(usize, Tensor<Trace<E>>));
    fn differentiable(&self, arg: usize) -> bool;
    fn saves(&self, needs: Needs) -> Saves;
    fn equals(&self, other: &dyn Erased<E>) -> bool;
    fn as_any(&self) -> &dyn Any;
}

impl<E: Element, O: Op> Erased<E> for O {
    fn name(&self) -> &'static str {
        Op::name(self)
    }
    fn infer(&self, inputs: &[Spec]) -> Result<Spec, SpecError> {
        Op::infer(self, inputs)
    }
    fn forward(&self, inputs: &[Tensor<Trace<E>>]) -> Tensor<Trace<E>> {
        Op::forward(self, inputs)
    }
    fn backward_traced(&self, at: &Node<'_, Trace<E>>, sink: &mut dyn FnMut(usize, Tensor<Trace<E>>)) {
        Op::backward_all(self, at, sink);
    }
    fn differentiable(&self, arg: usize) -> bool {
        Op::differentiable(self, arg)
    }
    fn saves(&self, needs: Needs) -> Saves {
        Op::saves(self, needs)
    }
    fn equals(&self, other: &dyn Erased<E>) -> bool {
        other.as_any().downcast_ref::<O>().is_some_and(|other| self == other)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl<E: Element> Custom<E> {
    /// The operation with its type forgotten; one that was forgotten before stays as it is.
    pub(super) fn new<O: Op>(op: &O) -> Self {
        match (op as &dyn Any).downcast_ref::<Self>() {
            Some(custom) => custom.clone(),
            None => Self(Shared::new(op.clone())),
        }
    }
}

impl<E: Element> PartialEq for Custom<E> {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(&*other.0)
    }
}

impl<E: Element> Op for Custom<E> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Spec, SpecError> {
        self.0.infer(inputs)
    }

    fn forward<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B> {
        let placeholders = placeholders(inputs.iter().map(Tensor::spec));
        let y = self.0.forward(&placeholders);
        let list = WengertList::new(&placeholders.iter().collect::<Vec<_>>(), &[("y", &y)]);
        only(list.eval(inputs))
    }

    fn backward<B: Backend>(&self, arg: usize, at: &Node<'_, B>) -> Tensor<B> {
        one_of_all(self, arg, at)
    }

    fn backward_all<B: Backend>(&self, at: &Node<'_, B>, sink: &mut dyn FnMut(usize, Tensor<B>)) {
        // The rule sees placeholders for what was saved, and values on `B` stand in for those in the same order.
        let mut known = Known { placeholders: Vec::new(), values: Vec::new() };
        let edges: Vec<_> = (0..at.arity())
            .map(|arg| match at.edges[arg].value() {
                Some(value) => Edge::value_only(known.stand_in(value)),
                None => Edge::spec_only(at.spec(arg)),
            })
            .collect();
        let output = at.output.map(|output| known.stand_in(output));
        let grad = known.stand_in(at.grad);
        let traced = Node { op: at.op, edges: &edges, output: output.as_ref(), grad: &grad, needs: at.needs };
        let mut gradients = Vec::new();
        self.0.backward_traced(&traced, &mut |arg, gradient| gradients.push((arg, gradient)));
        let named: Vec<_> = (0..).zip(gradients).map(|(n, (arg, gradient))| (format!("g{n}"), arg, gradient)).collect();
        let outputs: Vec<_> = named.iter().map(|(name, _, gradient)| (&name[..], gradient)).collect();
        let list = WengertList::new(&known.placeholders.iter().collect::<Vec<_>>(), &outputs);
        for ((_, arg, _), gradient) in named.iter().zip(list.eval(&known.values)) {
            sink(*arg, gradient);
        }
    }

    fn differentiable(&self, arg: usize) -> bool {
        self.0.differentiable(arg)
    }

    fn saves(&self, needs: Needs) -> Saves {
        self.0.saves(needs)
    }
}

struct Known<E: Element, B: Backend> {
    placeholders: Vec<Tensor<Trace<E>>>,
    values: Vec<Tensor<B>>,
}

impl<E: Element, B: Backend> Known<E, B> {
    fn stand_in(&mut self, value: &Tensor<B>) -> Tensor<Trace<E>> {
        let placeholder = placeholder(self.values.len(), value.spec());
        self.placeholders.push(placeholder.clone());
        self.values.push(value.clone());
        placeholder
    }
}

/// Inputs of a list to come, one for each spec.
pub(crate) fn placeholders<E: Element>(specs: impl Iterator<Item = Spec>) -> Vec<Tensor<Trace<E>>> {
    specs.enumerate().map(|(number, spec)| placeholder(number, spec)).collect()
}

fn placeholder<E: Element>(number: usize, spec: Spec) -> Tensor<Trace<E>> {
    Tensor::input(format!("x{number}"), spec)
}

fn only<T>(values: Vec<T>) -> T {
    match <[T; 1]>::try_from(values) {
        Ok([value]) => value,
        Err(values) => unreachable!("a list of one output answered {}", values.len()),
    }
}
