//! Workloads without a model: a chain of elementwise functions, a long one of small layers, a matrix product.

use autodiff_core::{Autodiff, Execute, Tensor};

use super::{Inputs, Step, number};

/// The gradients of a scalar by variables, each waited for; answers the scalar.
fn gradients<B: Execute>(
    values: &[Tensor<B>],
    f: impl Fn(&[Tensor<Autodiff<B>>]) -> Tensor<Autodiff<B>> + 'static,
) -> Step {
    let values = values.to_vec();
    Box::new(move || {
        let variables: Vec<Tensor<Autodiff<B>>> = values.iter().cloned().map(Tensor::variable).collect();
        let loss = f(&variables);
        let value = number(loss.value().item());
        let gradients = loss.backward();
        assert!(variables.iter().all(|x| gradients.get(x).is_some()), "every variable has a gradient");
        Ok(value)
    })
}

/// `sum(tanh(x w + b) sigmoid(x))` and its gradients, of a million numbers.
pub(super) fn elementwise<B: Execute>(device: &B::Device) -> Step {
    let mut inputs = Inputs::<B>::new(device);
    let x = [1.0, 1.0, 1.0].map(|std| inputs.normal([1_000_000], std));
    gradients(&x, |x| ((&x[0] * &x[1] + &x[2]).tanh() * x[0].sigmoid()).sum())
}

/// A thousand layers `h = tanh(h W + b)` that share their parameters, the sum of squares, and its gradients.
pub(super) fn deep_chain<B: Execute>(device: &B::Device) -> Step {
    let mut inputs = Inputs::<B>::new(device);
    let start = inputs.normal([16, 32], 1.0);
    let parameters = [inputs.normal([32, 32], 32_f64.powf(-0.5)), inputs.normal([32], 0.1)];
    gradients(&parameters, move |x| {
        let start = Tensor::constant_of(start.clone());
        let h = (0..1000).fold(start, |h, _| (h.matmul(&x[0]) + &x[1]).tanh());
        (&h * &h).sum()
    })
}

/// `A B`, answering one number of it.
pub(super) fn product<B: Execute>([m, k, n]: [usize; 3], device: &B::Device) -> Step {
    let mut inputs = Inputs::<B>::new(device);
    let (a, b) = (inputs.normal([m, k], 1.0), inputs.normal([k, n], 1.0));
    Box::new(move || Ok(number(a.matmul(&b).slice(0, ..1).slice(1, ..1).reshape([]).item())))
}
