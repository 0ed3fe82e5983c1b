//! The adjoint identity of every linear operation, exactly: on whole numbers no format rounds.
//!
//! ```text
//! <J v, w> = <v, J^T w>
//! ```

use autodiff_core::{Autodiff, Backend, Tensor};

use alloc::format;
use alloc::vec::Vec;

use crate::cases::{self, Case};
use crate::failure::Outcome;
use crate::host::Host;
use crate::subject::{Subject, describe};

/// For each operation that is linear in an argument, and each such argument.
pub fn of_linear_operations<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_linear_operations::<B>, device);
    cases::linear().into_iter().try_for_each(|(case, arg)| identity(&subject, &case, arg))
}

/// For an operation that is linear in this argument.
pub(crate) fn identity<B: Backend>(subject: &Subject<B>, case: &Case, arg: usize) -> Outcome {
    let out = subject.infer(&case.op, &case.inputs)?;
    let (v, w) = (&case.inputs[arg], Host::whole(97, out, 2));
    let apply = |at: &Host| {
        let lift = |(place, host): (usize, &Host)| {
            if place == arg { Tensor::variable(subject.put(at)) } else { Tensor::constant_of(subject.put(host)) }
        };
        let inputs: Vec<Tensor<Autodiff<B>>> = case.inputs.iter().enumerate().map(lift).collect();
        let y = Tensor::call(&case.op, &inputs.iter().collect::<Vec<_>>());
        (y, inputs)
    };
    // What the operation adds on its own, like the other term of a sum, is not part of its derivative.
    let zero = Host { spec: v.spec, values: alloc::vec![0.0; v.values.len()] };
    let ((at_v, inputs), (at_zero, _)) = (apply(v), apply(&zero));
    let forward = dot(&at_v, &w) - dot(&at_zero, &w);
    let Some(slope) = at_v.grad_with(&[&inputs[arg]], subject.put(&w)).remove(0) else {
        return Err(subject.failure(describe(&case.op, &case.inputs, None), 0, "no gradient", "a gradient"));
    };
    let backward = dot(&Tensor::<Autodiff<B>>::constant_of(slope), v);
    let label = format!("argument {arg} of {}", describe(&case.op, &case.inputs, None));
    #[expect(clippy::float_cmp, reason = "sums of whole numbers and halves are exact")]
    subject.hold(&label, forward == backward, format!("<v, J^T w> = {backward}"), format!("<J v, w> = {forward}"))
}

fn dot<B: Backend>(left: &Tensor<B>, right: &Host) -> f64 {
    left.to_data().to_f64().iter().zip(&right.values).map(|(a, b)| a * b).sum()
}
