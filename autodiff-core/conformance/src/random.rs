//! Random programs over the primitives: one program, run in every way there is, has the same results.
//!
//! A [`RandomProgram`] is made of bytes; these are drawn, and shrunk, by whoever runs the properties.

mod choice;
mod families;
mod generate;
mod passes;
mod planned;
mod program;

use alloc::format;
use alloc::vec::Vec;

use autodiff_core::{Autodiff, Backend, DType, Index, Primitive, Shape, Spec, Tensor, WengertList};

use crate::adjoint;
use crate::cases::{self, Case};
use crate::failure::Outcome;
use crate::host::Host;
use crate::reference::{self, Exact};
use crate::subject::Subject;
use crate::tolerance::Tolerance;

pub use passes::passes_change_nothing;
pub use planned::{carried_values_agree, eager_and_planned_agree};
use program::Step;
pub use program::{Bytes, RandomProgram};

/// Each step has the value that the reference gives for the inputs that the backend gave it, views among them.
pub fn steps_mean_what_they_say<B: Backend>(program: &RandomProgram, device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(steps_mean_what_they_say::<B>, device);
    let values = program.values(&program.put(&subject));
    let hosts: Vec<Host> = values.iter().map(host).collect();
    for (Step { op, args }, place) in program.steps.iter().zip(program.inputs.len()..) {
        let inputs: Vec<&Host> = args.iter().map(|&arg| &hosts[arg]).collect();
        let out = program.specs[place];
        let label = || format!("value {place}, {} of {args:?}", op.name());
        let exact = reference::apply(op, &inputs, &out);
        subject.compare(&label, &values[place], &out, &exact, Tolerance::of(op, out.dtype))?;
    }
    Ok(())
}

/// A composite has the result of its body.
pub fn composites_agree_with_bodies<B: Backend>(program: &RandomProgram, device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(composites_agree_with_bodies::<B>, device);
    let values = program.values(&program.put(&subject));
    for (Step { op, args }, found) in program.steps.iter().zip(&values[program.inputs.len()..]) {
        if let Primitive::Call(composite) = op {
            let inputs: Vec<Tensor<B>> = args.iter().map(|&arg| values[arg].clone()).collect();
            agree(&subject, composite.name(), found, &composite.body(&inputs), largest(&inputs), Tolerance::Program)?;
        }
    }
    Ok(())
}

/// Traced and replayed, without dead code, recorded for differentiation: the same bits. Written twice, nothing is computed
/// twice. With composites written out, the same numbers.
pub fn eager_and_listed_agree<B: Backend>(program: &RandomProgram, device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(eager_and_listed_agree::<B>, device);
    let inputs = program.put(&subject);
    let expected = program.run(&inputs);
    let list: WengertList<B::Elem> = program.list(|inputs| program.run(inputs));
    same(&subject, "replayed", &list.eval(&inputs), &expected)?;
    same(&subject, "without dead code", &list.without_dead_code().eval(&inputs), &expected)?;

    let again = program.list(|inputs| program.run(inputs));
    subject.hold("traced again", list == again, &again, &list)?;
    let twice: WengertList<B::Elem> = program.list(|inputs| [program.run(inputs), program.run(inputs)].concat());
    let merged = twice.assignments() == list.assignments();
    subject.hold("written twice", merged, &twice, &list)?;

    let scale = largest(&program.values(&inputs));
    let expanded: Vec<Tensor<B>> = list.expand(|_| false).eval(&inputs);
    for (found, expected) in expanded.iter().zip(&expected) {
        agree(&subject, "expanded", found, expected, scale, Tolerance::Program)?;
    }
    let recorded = program.run(&lift(&inputs));
    let values: Vec<Tensor<B>> = recorded.iter().map(|y| y.value().clone()).collect();
    same(&subject, "recorded", &values, &expected)
}

/// Gradients eagerly; of the same program traced, backward pass and all; of the replayed forward list.
pub fn gradients_agree<B: Backend>(program: &RandomProgram, device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(gradients_agree::<B>, device);
    let inputs = program.put(&subject);
    let expected = slopes(&inputs, |x| program.run(x));
    let scale = largest(&expected).max(largest_cotangent(program, &inputs));

    let list: WengertList<B::Elem> = program.list(|inputs| slopes(inputs, |x| program.run(x)));
    let traced: Vec<Tensor<B>> = list.eval(&inputs);
    let forward: WengertList<B::Elem> = program.list(|inputs| program.run(inputs));
    let replayed = slopes(&inputs, |x| forward.eval(x));
    for (label, found) in [("gradients, traced", &traced), ("gradients, by the list", &replayed)] {
        for (found, expected) in found.iter().zip(&expected) {
            agree(&subject, label, found, expected, scale, Tolerance::Gradient)?;
        }
    }
    Ok(())
}

/// Gradients of gradients, eagerly and traced.
pub fn curvatures_agree<B: Backend>(program: &RandomProgram, device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(curvatures_agree::<B>, device);
    let inputs = program.put(&subject);
    let expected = slopes(&inputs, |x| slopes(x, |x| program.run(x)));
    let scale = largest(&expected).max(largest_cotangent(program, &inputs));
    let list: WengertList<B::Elem> = program.list(|inputs| slopes(inputs, |x| slopes(x, |x| program.run(x))));
    let traced: Vec<Tensor<B>> = list.eval(&inputs);
    for (found, expected) in traced.iter().zip(&expected) {
        agree(&subject, "second derivatives, traced", found, expected, scale, Tolerance::Curvature)?;
    }
    Ok(())
}

/// `<J v, w> = <v, J^T w>` for every step that is linear in an argument, exactly, on whole numbers.
pub fn linear_steps_have_adjoints<B: Backend>(program: &RandomProgram, device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(linear_steps_have_adjoints::<B>, device);
    let values = program.values(&program.put(&subject));
    for Step { op, args } in &program.steps {
        let inputs: Vec<Host> = args.iter().map(|&arg| host(&values[arg])).collect();
        for (case, arg) in cases::linear_in(&Case { op: *op, inputs }) {
            adjoint::identity(&subject, &case, arg)?;
        }
    }
    Ok(())
}

/// The numbers of a tensor.
fn host<B: Backend>(tensor: &Tensor<B>) -> Host {
    Host { spec: tensor.spec(), values: tensor.to_data().to_f64() }
}

fn lift<B: Backend>(inputs: &[Tensor<B>]) -> Vec<Tensor<Autodiff<B>>> {
    let lift = |x: &Tensor<B>| match x.dtype() {
        DType::Index => Tensor::constant_of(x.clone()),
        DType::Elem | DType::F16 | DType::Bf16 => Tensor::variable(x.clone()),
    };
    inputs.iter().map(lift).collect()
}

/// The gradients of a weighted sum of all results, by each input in floating point: zeros where it is not reached.
fn slopes<B: Backend>(
    inputs: &[Tensor<B>],
    f: impl FnOnce(&[Tensor<Autodiff<B>>]) -> Vec<Tensor<Autodiff<B>>>,
) -> Vec<Tensor<B>> {
    let lifted = lift(inputs);
    let loss = loss(&f(&lifted));
    let variables: Vec<_> = lifted.iter().filter(|x| x.dtype().is_float()).collect();
    let zeros = |x: &Tensor<Autodiff<B>>| x.value().zeros_like();
    let gradients = loss.grad(&variables).into_iter().zip(&variables);
    gradients.map(|(gradient, x)| gradient.unwrap_or_else(|| zeros(x))).collect()
}

/// A sum in which every element has a weight of its own: of a plain one, softmax and many others have no gradient.
fn loss<B: Backend>(results: &[Tensor<B>]) -> Tensor<B> {
    let mut loss = results[0].new_zeros(Shape::SCALAR).cast(DType::Elem);
    for y in results.iter().filter(|y| y.dtype().is_float()) {
        let y = y.cast(DType::Elem);
        let places = Index::iota(y.shape().elements(), y.device()).to_elem();
        let weights = (places + 1.0).sin().reshape(y.shape());
        loss = loss + (y * weights).sum();
    }
    loss
}

/// The largest gradient by any value of the program: what the errors of others are relative to, where terms cancel.
fn largest_cotangent<B: Backend>(program: &RandomProgram, inputs: &[Tensor<B>]) -> f64 {
    let values = program.values(&lift(inputs));
    let results: Vec<_> = program.results().into_iter().map(|place| values[place].clone()).collect();
    let variables: Vec<_> = values.iter().filter(|x| x.dtype().is_float() && x.requires_grad()).collect();
    let found: Vec<_> = loss(&results).grad(&variables).into_iter().flatten().collect();
    largest(&found)
}

/// The largest of all numbers of these tensors.
fn largest<B: Backend>(tensors: &[Tensor<B>]) -> f64 {
    let numbers = tensors.iter().filter(|x| x.dtype().is_float()).flat_map(|x| x.to_data().to_f64());
    numbers.fold(1.0, |largest, x| if x.is_finite() { largest.max(x.abs()) } else { largest })
}

/// The same tensors, to the bit.
fn same<B: Backend>(subject: &Subject<B>, label: &str, found: &[Tensor<B>], expected: &[Tensor<B>]) -> Outcome {
    subject.hold(label, found.len() == expected.len(), found.len(), expected.len())?;
    let mut pairs = found.iter().zip(expected).enumerate();
    pairs.try_for_each(|(place, (found, expected))| subject.same_bits(&format!("{label}: y{place}"), found, expected))
}

/// Two ways to one result, whose errors are relative to `scale`.
fn agree<B: Backend>(
    subject: &Subject<B>,
    label: &str,
    found: &Tensor<B>,
    expected: &Tensor<B>,
    scale: f64,
    tolerance: Tolerance,
) -> Outcome {
    let values = expected.to_data().to_f64();
    let out = Spec { dtype: expected.dtype(), shape: expected.shape() };
    let tolerance = if out.dtype == DType::Index { Tolerance::Exact } else { tolerance };
    let exact = Exact { scale: alloc::vec![scale; values.len()], values };
    subject.compare(&|| label.into(), found, &out, &exact, tolerance)
}
