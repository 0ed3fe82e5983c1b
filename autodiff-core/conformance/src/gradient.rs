//! Reverse mode against central differences of the reference, for every differentiable primitive and composite and
//! each argument: alone, where a rule may save less, and together with the others.

use alloc::format;
use alloc::vec::Vec;

use autodiff_core::{Autodiff, Backend, Element, Op, Tensor};

use crate::cases::{self, Case};
use crate::failure::Outcome;
use crate::host::Host;
use crate::reference::{self, Derivative, Exact};
use crate::subject::{Layout, Subject, describe};
use crate::tolerance::Tolerance;

/// The arguments in floating point that can have a gradient.
pub(crate) fn arguments(case: &Case) -> Vec<usize> {
    let float = |&arg: &usize| case.inputs[arg].spec.dtype.is_float() && case.op.differentiable(arg);
    (0..case.inputs.len()).filter(float).collect()
}

/// The inputs and a cotangent, rounded to what the element holds.
pub(crate) fn rounded<E: Element>(case: &Case) -> Case {
    Case { op: case.op, inputs: case.inputs.iter().map(Host::rounded::<E>).collect() }
}

fn check<B: Backend>(subject: &Subject<B>, cases: &[Case]) -> Outcome {
    for case in cases {
        let case = rounded::<B::Elem>(case);
        let together = arguments(&case);
        subject.hold(case.op.name(), !together.is_empty(), "no argument with a gradient", "a differentiable case")?;
        for &arg in &together {
            one_case(subject, &case, &[arg], Layout::Dense)?;
        }
        one_case(subject, &case, &together, Layout::Transposed)?;
    }
    Ok(())
}

fn one_case<B: Backend>(subject: &Subject<B>, case: &Case, wanted: &[usize], layout: Layout) -> Outcome {
    let out = subject.infer(&case.op, &case.inputs)?;
    let w = Host { spec: out, ..Host::spread(99, out.shape, -1.5, 1.5) }.rounded::<B::Elem>();
    let lift = |(arg, host): (usize, &Host)| {
        let value = subject.put_as(host, layout);
        if wanted.contains(&arg) { Tensor::variable(value) } else { Tensor::constant_of(value) }
    };
    let inputs: Vec<Tensor<Autodiff<B>>> = case.inputs.iter().enumerate().map(lift).collect();
    let wrt: Vec<_> = wanted.iter().map(|&arg| &inputs[arg]).collect();
    let y = Tensor::call(&case.op, &inputs.iter().collect::<Vec<_>>());
    for (&arg, found) in wanted.iter().zip(y.grad_with(&wrt, subject.put_as(&w, layout))) {
        let label =
            || format!("gradient {arg} of {}, needing {wanted:?}", describe(&case.op, &case.inputs, Some(layout)));
        let Some(found) = found else { return Err(subject.failure(label(), 0, "no gradient", "a gradient")) };
        let exact = scaled(&reference::gradient(&case.op, &case.inputs, arg, &out, &w), &w);
        subject.compare(&label, &found, &case.inputs[arg].spec, &exact, Tolerance::Gradient)?;
    }
    Ok(())
}

/// Derivatives as a result whose scale also counts the cotangent.
pub(crate) fn scaled(derivatives: &[Derivative], w: &Host) -> Exact {
    let largest = w.values.iter().fold(0.0, |largest: f64, w| largest.max(w.abs()));
    let (values, scale) = derivatives.iter().map(|slope| (slope.value, slope.scale + largest)).unzip();
    Exact { values, scale }
}

macro_rules! families {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $($(#[$doc])*
        pub fn $name<B: Backend>(device: &B::Device) -> Outcome {
            check(&Subject::<B>::of($name::<B>, device), &cases::$name())
        })*
    };
}

families! {
    /// Functions of each element.
    unary;
    /// Functions of two elements, and the choice between two.
    binary;
    /// Reductions.
    reduce;
    /// Matrix products.
    matmul;
    /// Windows.
    window;
    /// Movements, casts, barriers.
    movement;
    /// Reading and adding at computed positions.
    gather;
    /// Composites.
    composite;
    /// Half precision as storage beside the element.
    half;
}
