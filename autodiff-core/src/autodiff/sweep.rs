//! The walk from a result back to the variables.

use core::fmt;

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use super::Autodiff;
use super::record::Record;
use crate::{Backend, Needs, Shared, SpecError, Tensor};

/// The gradients of all variables that a loss reached.
pub struct Gradients<B: Backend> {
    /// The variable itself is held beside its gradient, so that its address stays its own.
    by_address: BTreeMap<usize, (Shared<Record<B>>, Tensor<B>)>,
}

impl<B: Backend> Gradients<B> {
    /// The gradient of a variable; `None` where the loss does not depend on it, and for a value that was computed: of
    /// those [`Tensor::grad`] knows.
    #[must_use]
    pub fn get(&self, variable: &Tensor<Autodiff<B>>) -> Option<&Tensor<B>> {
        let record = variable.raw().record.as_ref()?;
        self.by_address.get(&address(record)).map(|(_, gradient)| gradient)
    }

    /// The number of variables that were reached.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_address.len()
    }

    /// Whether no variable was reached.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_address.is_empty()
    }
}

impl<B: Backend> fmt::Debug for Gradients<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.by_address.values().map(|(_, gradient)| gradient)).finish()
    }
}

impl<B: Backend> Tensor<Autodiff<B>> {
    /// The gradients of this loss for every variable, consuming its graph: each part is freed as it is passed, except
    /// where another value still holds it.
    ///
    /// # Panics
    /// When the loss has more than one element.
    #[must_use]
    #[track_caller]
    pub fn backward(self) -> Gradients<B> {
        let seed = unit("backward", self.value());
        self.backward_with(seed)
    }

    /// The gradients of `sum(cotangent * self)` for every variable, consuming the graph.
    ///
    /// # Panics
    /// When the cotangent differs in shape or format.
    #[must_use]
    #[track_caller]
    pub fn backward_with(self, cotangent: Tensor<B>) -> Gradients<B> {
        check_cotangent("backward", self.value(), &cotangent);
        let mut by_address = BTreeMap::new();
        if let Some(root) = self.into_raw().record {
            let swept = Graph::collect(root).sweep(cotangent, |record, gradient| {
                if record.is_leaf() {
                    by_address.insert(address(&record), (record, gradient));
                }
            });
            accept(swept);
        }
        Gradients { by_address }
    }

    /// The gradients of this loss for some values, keeping its graph; `None` for a value that it does not depend on.
    ///
    /// # Panics
    /// When the loss has more than one element.
    #[must_use]
    #[track_caller]
    pub fn grad(&self, wrt: &[&Self]) -> Vec<Option<Tensor<B>>> {
        self.grad_with(wrt, unit("grad", self.value()))
    }

    /// The gradients of `sum(cotangent * self)` for some values, keeping the graph: a vector-Jacobian product.
    ///
    /// # Panics
    /// When the cotangent differs in shape or format.
    #[must_use]
    #[track_caller]
    pub fn grad_with(&self, wrt: &[&Self], cotangent: Tensor<B>) -> Vec<Option<Tensor<B>>> {
        check_cotangent("grad", self.value(), &cotangent);
        let mut found = BTreeMap::new();
        if let Some(root) = &self.raw().record {
            let wanted = wrt.iter().filter_map(|value| value.raw().record.as_ref()).map(address).collect::<Vec<_>>();
            let mut graph = Graph::collect(root.clone());
            graph.prune(&wanted);
            let swept = graph.sweep(cotangent, |record, gradient| {
                if wanted.contains(&address(&record)) {
                    found.insert(address(&record), gradient);
                }
            });
            accept(swept);
        }
        let gradient = |value: &&Self| found.get(&address(value.raw().record.as_ref()?)).cloned();
        wrt.iter().map(gradient).collect()
    }
}

#[track_caller]
fn unit<B: Backend>(op: &str, loss: &Tensor<B>) -> Tensor<B> {
    let shape = loss.shape();
    assert!(shape.elements() == 1, "{op}: the loss must have one element, its shape is {shape}");
    loss.ones_like()
}

/// A rule that breaks its promise is shown where the gradient was asked for.
#[track_caller]
fn accept(swept: Result<(), SpecError>) {
    if let Err(error) = swept {
        panic!("{error}");
    }
}

#[track_caller]
fn check_cotangent<B: Backend>(op: &'static str, value: &Tensor<B>, cotangent: &Tensor<B>) {
    if value.spec() != cotangent.spec() {
        let why = "the cotangent must have the result's shape and format";
        panic!("{}", SpecError::shapes(op, why, &cotangent.spec(), &value.spec()));
    }
}

fn address<B: Backend>(record: &Shared<Record<B>>) -> usize {
    Shared::as_ptr(record).addr()
}

/// What a result reaches, as a list in which inputs come before what is computed from them.
struct Graph<B: Backend> {
    list: Vec<Shared<Record<B>>>,
    position: BTreeMap<usize, usize>,
    /// Whether the gradient of the record in this place is asked for, directly or for the sake of its inputs.
    wanted: Vec<bool>,
}

impl<B: Backend> Graph<B> {
    /// Depth first, by a stack of its own; a record is listed once all its inputs are.
    fn collect(root: Shared<Record<B>>) -> Self {
        let (mut list, mut position) = (Vec::new(), BTreeMap::new());
        let mut stack = vec![(root, 0)];
        while let Some((record, next)) = stack.pop() {
            if next == 0 && position.contains_key(&address(&record)) {
                continue;
            }
            match record.edges.get(next).map(|edge| edge.parent.clone()) {
                Some(parent) => {
                    stack.push((record, next + 1));
                    stack.extend(parent.map(|parent| (parent, 0)));
                }
                None => {
                    position.insert(address(&record), list.len());
                    list.push(record);
                }
            }
        }
        let wanted = vec![true; list.len()];
        Self { list, position, wanted }
    }

    /// Leaves out what does not lead to one of these records.
    fn prune(&mut self, targets: &[usize]) {
        for (place, record) in self.list.iter().enumerate() {
            let mut parents = record.edges.iter().filter_map(|edge| edge.parent.as_ref());
            self.wanted[place] = targets.contains(&address(record))
                || parents.any(|parent| self.wanted[self.position[&address(parent)]]);
        }
    }

    /// In reverse: each record's gradient is complete when its turn comes, is handed to `visit`, and the contributions
    /// to its inputs are added to what they have.
    ///
    /// An operation whose gradient has another shape or format than its input ends the walk.
    fn sweep(mut self, seed: Tensor<B>, mut visit: impl FnMut(Shared<Record<B>>, Tensor<B>)) -> Result<(), SpecError> {
        let mut deltas = vec![None; self.list.len()];
        if let Some(root) = deltas.last_mut() {
            *root = Some(seed);
        }
        while let Some(record) = self.list.pop() {
            let Some(delta) = deltas.pop().flatten() else { continue };
            let target = |arg: usize| {
                let parent: &Shared<Record<B>> = record.edges.get(arg)?.parent.as_ref()?;
                Some(self.position[&address(parent)]).filter(|&place| self.wanted[place])
            };
            let args = (0..record.edges.len()).filter(|&arg| target(arg).is_some());
            let needs = args.fold(Needs::NONE, Needs::with);
            let mut misfit = None;
            record.backward(needs, &delta, &mut |arg, gradient| {
                let Some(place) = target(arg) else { return };
                let (expected, found) = (record.edges[arg].spec(|| delta.spec()), gradient.spec());
                if expected == found {
                    accumulate(&mut deltas[place], gradient);
                } else {
                    misfit = Some((expected, found));
                }
            });
            if let Some((expected, found)) = misfit {
                let why = "a gradient must have its input's shape and format";
                return Err(SpecError::shapes(record.name(), why, &found, &expected));
            }
            visit(record, delta);
        }
        Ok(())
    }
}

/// `delta += gradient`.
fn accumulate<B: Backend>(delta: &mut Option<Tensor<B>>, gradient: Tensor<B>) {
    *delta = Some(match delta.take() {
        Some(sum) => sum + gradient,
        None => gradient,
    });
}
