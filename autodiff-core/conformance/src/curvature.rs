//! Second derivatives: gradients of gradients, against central differences of the reference.

use alloc::format;
use alloc::vec::Vec;

use autodiff_core::{Autodiff, Backend, Tensor};

use crate::cases::{self, Case};
use crate::failure::Outcome;
use crate::gradient::{arguments, rounded, scaled};
use crate::host::Host;
use crate::reference;
use crate::subject::{Subject, describe};
use crate::tolerance::Tolerance;

type Once<B> = Autodiff<B>;
type Twice<B> = Autodiff<Autodiff<B>>;

fn check<B: Backend>(subject: &Subject<B>, cases: &[Case]) -> Outcome {
    cases.iter().try_for_each(|case| one_case(subject, &rounded::<B::Elem>(case)))
}

/// With `s = sum(w y)` and a direction `v`: the gradient of `sum(v grad s)`, which is the Hessian times `v`.
fn one_case<B: Backend>(subject: &Subject<B>, case: &Case) -> Outcome {
    let out = subject.infer(&case.op, &case.inputs)?;
    let w = Host { spec: out, ..Host::spread(98, out.shape, -1.5, 1.5) }.rounded::<B::Elem>();
    let wanted = arguments(case);
    let direction = |(arg, host): (usize, &Host)| {
        let size = if wanted.contains(&arg) { 1.0 } else { 0.0 };
        let seed = u32::try_from(50 + arg).unwrap_or(0);
        Host { spec: host.spec, ..Host::spread(seed, host.spec.shape, -size, size) }.rounded::<B::Elem>()
    };
    let v: Vec<Host> = case.inputs.iter().enumerate().map(direction).collect();

    let outer = |(arg, value): (usize, &Tensor<Once<B>>)| {
        if wanted.contains(&arg) { Tensor::variable(value.clone()) } else { Tensor::constant_of(value.clone()) }
    };
    let inner: Vec<Tensor<Once<B>>> = case.inputs.iter().map(|host| Tensor::variable(subject.put(host))).collect();
    let inputs: Vec<Tensor<Twice<B>>> = inner.iter().enumerate().map(outer).collect();
    let y = Tensor::call(&case.op, &inputs.iter().collect::<Vec<_>>());
    let wrt: Vec<_> = wanted.iter().map(|&arg| &inputs[arg]).collect();
    let mut projected = Tensor::constant_of(Tensor::zeros([], &subject.device));
    for (&arg, slope) in wanted.iter().zip(y.grad_with(&wrt, Tensor::constant_of(subject.put(&w)))) {
        if let Some(slope) = slope {
            let along = (slope * Tensor::constant_of(subject.put(&v[arg]))).sum();
            projected = projected + along.cast(autodiff_core::DType::Elem);
        }
    }

    let targets: Vec<_> = wanted.iter().map(|&arg| &inner[arg]).collect();
    for (&arg, found) in wanted.iter().zip(projected.grad(&targets)) {
        // What is linear has no second derivative at all, which counts as zeros.
        let found = found.unwrap_or_else(|| targets[0].value().new_zeros(inner[arg].shape()).cast(inner[arg].dtype()));
        let exact = scaled(&reference::curvature(&case.op, &case.inputs, &v, arg, &out, &w), &w);
        let label = || format!("second derivative {arg} of {}", describe(&case.op, &case.inputs, None));
        subject.compare(&label, &found, &case.inputs[arg].spec, &exact, Tolerance::Curvature)?;
    }
    Ok(())
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
}
