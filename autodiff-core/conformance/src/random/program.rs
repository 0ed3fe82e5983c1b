//! [`RandomProgram`]: primitives one after another, each applied to values that are there already.

use core::fmt;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use autodiff_core::{Backend, Element, Primitive, Spec, Tensor, Trace, WengertList};

use crate::host::Host;
use crate::subject::{Layout, Subject};

use super::choice::Choice;
use super::generate::Generator;

/// What one step is chosen by.
pub type Bytes = [u8; 16];

/// A program over the primitives that is valid by construction: a pure function of some bytes, so that whatever draws the
/// bytes can repeat and shrink it.
///
/// Prints as a Wengert list.
#[derive(Clone)]
pub struct RandomProgram {
    pub(super) inputs: Vec<(Host, Layout)>,
    pub(super) steps: Vec<Step>,
    /// Of every value: inputs first, then one for each step.
    pub(super) specs: Vec<Spec>,
}

/// A primitive and the places of the values that it is applied to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) op: Primitive,
    pub(super) args: Vec<usize>,
}

impl RandomProgram {
    /// The program that these bytes stand for: a few steps for each entry of `choices`.
    #[must_use]
    pub fn new(inputs: Bytes, choices: &[Bytes]) -> Self {
        Self::make(&inputs, choices, true)
    }

    /// The same without half precision, of which gradients overflow too soon to be compared.
    #[must_use]
    pub fn of_elements(inputs: Bytes, choices: &[Bytes]) -> Self {
        Self::make(&inputs, choices, false)
    }

    fn make(inputs: &[u8], choices: &[Bytes], halves: bool) -> Self {
        let mut generator = Generator::new(&mut Choice::new(inputs), halves);
        choices.iter().for_each(|bytes| generator.step(&mut Choice::new(bytes)));
        generator.finish()
    }

    /// The primitives that it applies.
    pub fn primitives(&self) -> impl Iterator<Item = &Primitive> {
        self.steps.iter().map(|step| &step.op)
    }

    pub(super) fn put<B: Backend>(&self, subject: &Subject<B>) -> Vec<Tensor<B>> {
        self.inputs.iter().map(|(host, layout)| subject.put_as(host, *layout)).collect()
    }

    /// All values, inputs included.
    pub(super) fn values<B: Backend>(&self, inputs: &[Tensor<B>]) -> Vec<Tensor<B>> {
        let mut values = inputs.to_vec();
        for step in &self.steps {
            let args: Vec<&Tensor<B>> = step.args.iter().map(|&arg| &values[arg]).collect();
            // A source finds its device by way of any value.
            let value = if args.is_empty() { source(&step.op, &values[0]) } else { Tensor::call(&step.op, &args) };
            values.push(value);
        }
        values
    }

    /// The values that nothing in the program reads.
    pub(super) fn results(&self) -> Vec<usize> {
        let read = |place: usize| self.steps.iter().any(|step| step.args.contains(&place));
        (0..self.specs.len()).filter(|&place| !read(place)).collect()
    }

    pub(super) fn run<B: Backend>(&self, inputs: &[Tensor<B>]) -> Vec<Tensor<B>> {
        let values = self.values(inputs);
        self.results().into_iter().map(|place| values[place].clone()).collect()
    }

    /// What `f` writes, as a list of the program's inputs.
    pub(super) fn list<E: Element>(
        &self,
        f: impl FnOnce(&[Tensor<Trace<E>>]) -> Vec<Tensor<Trace<E>>>,
    ) -> WengertList<E> {
        let names: Vec<String> = (0..self.specs.len()).map(|place| format!("x{place}")).collect();
        let named = self.inputs.iter().zip(&names).map(|((host, _), name)| (&name[..], host.spec));
        let mut outputs: Vec<String> = Vec::new();
        let mut values = Vec::new();
        let inputs: Vec<_> = named.map(|(name, spec)| Tensor::input(name, spec)).collect();
        for value in f(&inputs) {
            outputs.push(format!("y{}", outputs.len()));
            values.push(value);
        }
        let outputs: Vec<_> = outputs.iter().zip(&values).map(|(name, value)| (&name[..], value)).collect();
        WengertList::new(&inputs.iter().collect::<Vec<_>>(), &outputs)
    }
}

fn source<B: Backend>(op: &Primitive, beside: &Tensor<B>) -> Tensor<B> {
    let out = op.infer(&[]).unwrap_or_else(|error| unreachable!("{error}"));
    Tensor::from_raw(B::apply(op, &[], &out, beside.device()))
}

impl fmt::Debug for RandomProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = self.list::<f64>(|inputs| self.run(inputs));
        for (place, (host, layout)) in self.inputs.iter().enumerate() {
            writeln!(f, "\nx{place} = {:?}, {layout:?}", host.values)?;
        }
        write!(f, "{list:#}")
    }
}
