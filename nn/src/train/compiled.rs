//! The compiled step: one list for each kind of batch, all run in one memory, in which parameters and state stay.

use alloc::boxed::Box;
use alloc::vec::Vec;

use autodiff_core::{Backend, Data, DataMut, Element, Execute, Explanation, Passes, Slot, Tensor, WengertList};
use optim::Optimizer;

use super::traced::{Kept, Step, TracedLoss};
use super::{StepError, TraceReport};
use crate::compile::{Variants, sound};
use crate::module::same_backend;
use crate::{Kind, Module};

/// What changes from step to step beside the values that the step itself changes.
pub(super) struct Numbers<E> {
    lr: [E; 1],
    step: [E; 1],
    key: [i32; 2],
    /// The number of the step.
    at: u32,
}

impl<E: Element> Numbers<E> {
    pub(super) fn new(lr: f64, at: u32, key: [i32; 2]) -> Self {
        Self { lr: [E::from_f64(lr)], step: [E::from_f64(f64::from(at))], key, at }
    }

    /// In the order of the list's inputs.
    const fn data(&self) -> [Data<'_, E>; 3] {
        [Data::Elem(&self.lr), Data::Elem(&self.step), Data::Index(&self.key)]
    }
}

/// A compiled step of which is forgotten that its backend executes lists, so that a step need not be on such a one.
pub(super) trait Replay<B: Backend, M, X, O> {
    /// Does a step and answers the loss; after an error what is kept is what it was.
    #[track_caller]
    fn run(&mut self, of: (&M, &O), batch: &X, numbers: &Numbers<B::Elem>) -> Result<B::Elem, StepError>;
    /// The same, noting what each instruction takes.
    #[cfg(feature = "std")]
    #[track_caller]
    fn profile(&mut self, of: (&M, &O), batch: &X, numbers: &Numbers<B::Elem>) -> Result<B::Elem, StepError>;
    /// The model with parameters and buffers as they are.
    fn model(&self, structure: &M) -> M;
    /// The slot of this name of each parameter; none where one has no such slot of its own shape.
    fn slot(&self, name: &str) -> Option<Vec<Tensor<B>>>;
    /// The list that was run last.
    fn list(&self) -> &WengertList<B::Elem>;
    /// What was compiled so far.
    fn traces(&self) -> &[TraceReport];
    /// What became of the list that was run last.
    fn explain(&self) -> Explanation<B::Elem>;
}

pub(super) struct Compiled<B: Execute, M: Module<B>, X: Module<B>> {
    loss: Box<TracedLoss<B, M, X>>,
    kept: Kept,
    variants: Variants<B, ()>,
}

impl<B: Execute, M: Module<B>, X: Module<B>> Compiled<B, M, X> {
    /// Compiles the step for batches like the example, and puts the model's parameters into the memory.
    #[track_caller]
    pub(super) fn new<O: Optimizer>(of: (&M, &O), loss: Box<TracedLoss<B, M, X>>, example: &X, passes: Passes) -> Self {
        let (kept, values) = Kept::new(of.0, of.1);
        let device = values.first().map(|value| value.device().clone()).unwrap_or_default();
        let mut compiled = Self { loss, kept, variants: Variants::new(passes, device) };
        compiled.select(of, example, 0);
        for (number, value) in values.iter().enumerate() {
            compiled.variants.write(number, value.to_data().as_data());
        }
        compiled
    }

    #[track_caller]
    fn select<O: Optimizer>(&mut self, (model, optimizer): (&M, &O), example: &X, at: u32) {
        let step = Step { model, optimizer, loss: &*self.loss, kept: &self.kept, example };
        self.variants.select(example, at, &step);
    }

    /// Makes everything ready for a step on this batch.
    #[track_caller]
    fn prepare<O: Optimizer>(&mut self, of: (&M, &O), batch: &X, numbers: &Numbers<B::Elem>) {
        self.select(of, batch, numbers.at);
        let first = self.kept.slots.len() + self.variants.given();
        for (input, data) in (first..).zip(numbers.data()) {
            self.variants.write(input, data);
        }
    }

    fn loss(&self) -> B::Elem {
        let mut loss = [B::Elem::default()];
        sound(self.variants.read(Slot::Output(0), DataMut::Elem(&mut loss)));
        loss[0]
    }

    /// A value of the memory as a tensor.
    fn tensor(&self, number: usize) -> Tensor<B> {
        self.variants.tensor(Slot::Input(number), self.kept.slots[number].1)
    }
}

impl<B: Execute, M: Module<B>, X: Module<B>, O: Optimizer> Replay<B, M, X, O> for Compiled<B, M, X> {
    #[track_caller]
    fn run(&mut self, of: (&M, &O), batch: &X, numbers: &Numbers<B::Elem>) -> Result<B::Elem, StepError> {
        self.prepare(of, batch, numbers);
        self.variants.run(&mut ())?;
        Ok(self.loss())
    }

    #[cfg(feature = "std")]
    #[track_caller]
    fn profile(&mut self, of: (&M, &O), batch: &X, numbers: &Numbers<B::Elem>) -> Result<B::Elem, StepError> {
        self.prepare(of, batch, numbers);
        self.variants.profile()?;
        Ok(self.loss())
    }

    fn model(&self, structure: &M) -> M {
        let mut parameters = 0..self.kept.paths.len();
        let mut buffers = self.kept.slots.len() - self.kept.buffers..self.kept.slots.len();
        same_backend(structure, |leaf, old| {
            let number = match leaf.kind {
                Kind::Param => parameters.next(),
                Kind::Buffer => buffers.next(),
                Kind::Tensor => None,
            };
            number.map_or_else(|| old.clone(), |number| self.tensor(number))
        })
    }

    fn slot(&self, name: &str) -> Option<Vec<Tensor<B>>> {
        let Kept { slots, state, .. } = &self.kept;
        let mut found = Vec::with_capacity(state.len());
        let mut first = state.len();
        for (parameter, names) in state.iter().enumerate() {
            let number = first + names.iter().position(|own| *own == name)?;
            found.push((slots[number].1 == slots[parameter].1).then(|| self.tensor(number))?);
            first += names.len();
        }
        Some(found)
    }

    fn list(&self) -> &WengertList<B::Elem> {
        self.variants.list()
    }

    fn traces(&self) -> &[TraceReport] {
        self.variants.traces()
    }

    fn explain(&self) -> Explanation<B::Elem> {
        self.variants.explain()
    }
}
