//! Walking a list forward on a backend.

use alloc::vec;
use alloc::vec::Vec;

use super::{InputError, Instruction, Var, WengertList};
use crate::{Backend, Data, DataBuf, Element, Shape, Tensor};

impl<E: Element> WengertList<E> {
    /// The outputs for these inputs, computed assignment by assignment; a value is dropped after its last use.
    ///
    /// Under [`Autodiff`](crate::Autodiff) this differentiates the list, under [`Trace`](crate::Trace) it writes it anew.
    ///
    /// # Panics
    /// When number, shape or format of the inputs are not those of the list.
    #[must_use]
    #[track_caller]
    pub fn eval<B: Backend>(&self, inputs: &[Tensor<B>]) -> Vec<Tensor<B>> {
        match self.try_eval(inputs) {
            Ok(outputs) => outputs,
            Err(error) => panic!("{error}"),
        }
    }

    /// The outputs for these inputs, or why the inputs are not those of the list.
    ///
    /// # Errors
    /// When number, shape or format of the inputs are not those of the list.
    #[track_caller]
    pub fn try_eval<B: Backend>(&self, inputs: &[Tensor<B>]) -> Result<Vec<Tensor<B>>, InputError> {
        if inputs.len() != self.inputs.len() {
            return Err(InputError::Count { expected: self.inputs.len(), found: inputs.len() });
        }
        for (var, input) in self.inputs.iter().zip(inputs) {
            let (expected, found) = (self[*var].spec, input.spec());
            if expected != found {
                return Err(InputError::Spec { name: self[*var].instruction.name().into(), expected, found });
            }
        }
        Ok(self.replay(inputs, &AsItIs))
    }

    /// Walks the list with the values that `rewrite` makes of each assignment; data comes from the list itself.
    #[track_caller]
    pub(super) fn replay<B: Backend>(&self, inputs: &[Tensor<B>], rewrite: &impl Rewrite<E, B>) -> Vec<Tensor<B>> {
        let device = inputs.first().map(|input| input.device().clone()).unwrap_or_default();
        let mut uses = self.uses();
        let mut values: Vec<Option<Tensor<B>>> = vec![None; self.assignments.len()];
        for (var, input) in self.inputs.iter().zip(inputs) {
            values[var.index()] = Some(input.clone());
        }
        for (place, assignment) in self.assignments.iter().enumerate() {
            let args: Vec<Tensor<B>> = assignment.args.iter().map(|arg| take(&mut values, &mut uses, *arg)).collect();
            match &assignment.instruction {
                Instruction::Input(_) => {}
                Instruction::Data(data) => values[place] = Some(convert(data, assignment.spec.shape, &device)),
                _ => values[place] = Some(rewrite.apply(self, Var::new(place), &args, &device)),
            }
        }
        self.outputs.iter().map(|(_, var)| take(&mut values, &mut uses, *var)).collect()
    }

    /// How often each value is read, as an argument or as an output.
    pub(crate) fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.assignments.len()];
        let args = self.assignments.iter().flat_map(|assignment| &assignment.args);
        for var in args.chain(self.outputs.iter().map(|(_, var)| var)) {
            uses[var.index()] += 1;
        }
        uses
    }
}

/// What is made of each assignment on the way through a list. A trait, since a closure does not know its caller's line.
pub(crate) trait Rewrite<E: Element, B: Backend> {
    #[track_caller]
    fn apply(&self, list: &WengertList<E>, var: Var, args: &[Tensor<B>], device: &B::Device) -> Tensor<B>;
}

/// What the assignment says.
pub(super) struct AsItIs;

impl<E: Element, B: Backend> Rewrite<E, B> for AsItIs {
    fn apply(&self, list: &WengertList<E>, var: Var, args: &[Tensor<B>], device: &B::Device) -> Tensor<B> {
        list[var].instruction.apply(args, device)
    }
}

impl<E: Element> Instruction<E> {
    /// The result on any backend of an instruction that has arguments, or of a constant.
    #[track_caller]
    pub(crate) fn apply<B: Backend>(&self, args: &[Tensor<B>], device: &B::Device) -> Tensor<B> {
        let args: Vec<&Tensor<B>> = args.iter().collect();
        match self {
            Self::Apply(op) if args.is_empty() => Tensor::source(op, device),
            Self::Apply(op) => Tensor::call(op, &args),
            Self::Custom(op) => Tensor::call(op, &args),
            Self::Input(name) => unreachable!("input `{name}` is given, not computed"),
            Self::Data(_) => unreachable!("data is held by the list, not computed"),
        }
    }
}

/// The value for one of its readers; the last one takes it away.
fn take<B: Backend>(values: &mut [Option<Tensor<B>>], uses: &mut [usize], var: Var) -> Tensor<B> {
    let place = var.index();
    uses[place] -= 1;
    let value = if uses[place] == 0 { values[place].take() } else { values[place].clone() };
    match value {
        Some(value) => value,
        None => unreachable!("a list is in topological order"),
    }
}

/// The numbers of one element on a backend of another.
fn convert<E: Element, B: Backend>(data: &DataBuf<E>, shape: Shape, device: &B::Device) -> Tensor<B> {
    match data {
        DataBuf::Elem(elements) => {
            let elements: Vec<B::Elem> = elements.iter().map(|x| B::Elem::from_f64(x.into_f64())).collect();
            Tensor::from_slice(&elements, shape, device)
        }
        DataBuf::F16(elements) => Tensor::from_data(Data::F16(elements), shape, device),
        DataBuf::Bf16(elements) => Tensor::from_data(Data::Bf16(elements), shape, device),
        DataBuf::Index(elements) => Tensor::from_data(Data::Index(elements), shape, device),
    }
}
