//! What is kept of an operation until the gradient has passed it.

use core::fmt::Debug;

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Recorded;
use crate::{Backend, MaybeSendSync, Needs, Node, Op, Primitive, Shared, Spec, Tensor};

/// An operation in the graph, or a variable.
#[derive(Debug)]
pub(crate) struct Record<B: Backend> {
    pub(super) rule: Rule<B>,
    pub(super) edges: Box<[Edge<B>]>,
    /// The result, where the gradient reads it.
    pub(super) output: Option<Tensor<B>>,
}

/// The operation of a record, by which its gradients are computed.
#[derive(Debug)]
pub(super) enum Rule<B: Backend> {
    /// A variable: gradients end here.
    Leaf,
    /// A primitive, inline: no allocation for the common case.
    Primitive(Primitive),
    /// A user's operation.
    Custom(Box<dyn Backward<B>>),
}

/// The backward form of an operation whose type is forgotten.
pub(super) trait Backward<B: Backend>: Debug + MaybeSendSync {
    fn name(&self) -> &'static str;
    fn backward(&self, at: &Node<'_, B>, sink: &mut dyn FnMut(usize, Tensor<B>));
}

impl<B: Backend, O: Op> Backward<B> for O {
    fn name(&self) -> &'static str {
        Op::name(self)
    }

    fn backward(&self, at: &Node<'_, B>, sink: &mut dyn FnMut(usize, Tensor<B>)) {
        self.backward_all(at, sink);
    }
}

/// An input of a recorded operation: where its gradient goes, and what the rule reads of it.
#[derive(Debug)]
pub(crate) struct Edge<B: Backend> {
    /// None where no gradient is needed.
    pub(super) parent: Option<Shared<Record<B>>>,
    saved: Saved<B>,
}

#[derive(Debug)]
enum Saved<B: Backend> {
    Value(Tensor<B>),
    /// Only shape and format are read, and they are the output's: nothing to keep for the common, elementwise case.
    AsOutput,
    Spec(Box<Spec>),
}

impl<B: Backend> Edge<B> {
    /// An input whose value is there and that needs no gradient.
    pub(crate) const fn value_only(value: Tensor<B>) -> Self {
        Self { parent: None, saved: Saved::Value(value) }
    }

    /// An input of which only shape and format are there, and that needs no gradient.
    pub(crate) fn spec_only(spec: Spec) -> Self {
        Self { parent: None, saved: Saved::Spec(Box::new(spec)) }
    }

    pub(crate) const fn value(&self) -> Option<&Tensor<B>> {
        match &self.saved {
            Saved::Value(value) => Some(value),
            Saved::AsOutput | Saved::Spec(_) => None,
        }
    }

    /// Shape and format, given the output's.
    pub(crate) fn spec(&self, output: impl FnOnce() -> Spec) -> Spec {
        match &self.saved {
            Saved::Value(value) => value.spec(),
            Saved::AsOutput => output(),
            Saved::Spec(spec) => **spec,
        }
    }
}

/// The record of an operation, or none where no input in need of a gradient can have one.
pub(super) fn record<B: Backend, O: Op>(
    op: &O,
    inputs: &[&Recorded<B>],
    output: &Tensor<B>,
    rule: impl FnOnce() -> Rule<B>,
) -> Option<Shared<Record<B>>> {
    if inputs.iter().all(|input| input.record.is_none()) {
        return None;
    }
    let parent = |arg: usize| inputs[arg].record.as_ref().filter(|_| op.differentiable(arg));
    let needs = (0..inputs.len()).filter(|&arg| parent(arg).is_some()).fold(Needs::NONE, Needs::with);
    if needs == Needs::NONE {
        return None;
    }
    let saves = op.saves(needs);
    let saved = |arg: usize, value: &Tensor<B>| match value.spec() {
        _ if saves.input(arg) => Saved::Value(value.clone()),
        spec if spec == output.spec() => Saved::AsOutput,
        spec => Saved::Spec(Box::new(spec)),
    };
    let edges = inputs.iter().enumerate();
    Some(Shared::new(Record {
        rule: rule(),
        edges: edges
            .map(|(arg, input)| Edge { parent: parent(arg).cloned(), saved: saved(arg, &input.value) })
            .collect(),
        output: saves.output().then(|| output.clone()),
    }))
}

impl<B: Backend> Record<B> {
    pub(super) fn leaf() -> Self {
        Self { rule: Rule::Leaf, edges: Box::new([]), output: None }
    }

    /// The gradients of the arguments in `needs`, given the output's.
    pub(super) fn backward(&self, needs: Needs, grad: &Tensor<B>, sink: &mut dyn FnMut(usize, Tensor<B>)) {
        let at = |op| Node { op, edges: &self.edges, output: self.output.as_ref(), grad, needs };
        match &self.rule {
            Rule::Leaf => {}
            Rule::Primitive(op) => op.backward_all(&at(op.name()), sink),
            Rule::Custom(op) => op.backward(&at(op.name()), sink),
        }
    }

    pub(super) const fn is_leaf(&self) -> bool {
        matches!(self.rule, Rule::Leaf)
    }

    pub(super) fn name(&self) -> &'static str {
        match &self.rule {
            Rule::Leaf => "variable",
            Rule::Primitive(op) => op.name(),
            Rule::Custom(op) => op.name(),
        }
    }
}

/// A chain of records falls one after another, not each inside the other: a long one must not exhaust the stack.
impl<B: Backend> Drop for Record<B> {
    fn drop(&mut self) {
        let mut falling = Vec::new();
        release(&mut self.edges, &mut falling);
        while let Some(mut record) = falling.pop() {
            release(&mut record.edges, &mut falling);
        }
    }
}

/// Moves those parents that no one else holds to `falling`.
fn release<B: Backend>(edges: &mut [Edge<B>], falling: &mut Vec<Record<B>>) {
    for edge in edges {
        falling.extend(edge.parent.take().and_then(Shared::into_inner));
    }
}
