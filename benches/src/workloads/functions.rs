//! Workloads without layers: a chain of elementwise functions, a long one of small layers, a matrix product.

use autodiff_core::{Autodiff, Backend, DataMut, Element, Execute, Tensor, Trace};
use nn::{Context, Inference, Module, Param};

use super::{Inputs, Mode, Step, length, number};

/// What a function is differentiated by.
type Variables<B> = Vec<Param<B>>;

/// The gradients of a function by its variables, again and again; each step answers the value. One function item cannot be
/// generic over what is traced and what is computed, so it is a macro.
macro_rules! gradients {
    ($mode:expr, $f:path, $variables:expr, $batch:expr) => {{
        let (variables, batch) = ($variables, $batch);
        let step: Step = match $mode {
            Mode::Eager => Box::new(move || Ok(number(differentiate($f, &variables, &batch).0.item()))),
            Mode::Compiled => {
                let answer = |x: &_, batch: &_, _: &mut Context<_>| differentiate($f, x, batch);
                compiled(Inference::compile(&variables, answer, &batch), batch)
            }
            Mode::Explained => {
                let answer = |x: &_, batch: &_, _: &mut Context<_>| differentiate($f, x, batch);
                explained(Inference::compile(&variables, answer, &batch), batch)
            }
            Mode::Planned => Box::new(move || {
                let answer = |x: &_, batch: &_, _: &mut Context<_>| differentiate($f, x, batch);
                Ok(length(Inference::compile(&variables, answer, &batch).list()))
            }),
        };
        step
    }};
}

/// A function's value and its gradients; what it depends on beside its variables is constant.
fn differentiate<B: Backend, X: Module<B>>(
    f: impl Fn(&[Tensor<Autodiff<B>>], &X::With<Autodiff<B>>) -> Tensor<Autodiff<B>>,
    variables: &Variables<B>,
    batch: &X,
) -> (Tensor<B>, Vec<Tensor<B>>) {
    let variables: Vec<_> = variables.iter().map(|x| Tensor::variable(x.value().clone())).collect();
    let loss = f(&variables, &batch.map_tensors(|_, x| Tensor::constant_of(x.clone())));
    let value = loss.value().clone();
    let gradients = loss.backward();
    let gradients = variables.iter().filter_map(|x| gradients.get(x).cloned()).collect::<Vec<_>>();
    assert!(gradients.len() == variables.len(), "every variable has a gradient");
    (value, gradients)
}

/// A compiled function whose first answer is a number; the others stay in its memory.
pub(super) fn compiled<B, M, X, Y>(mut inference: Inference<B, M, X, Y>, batch: X) -> Step
where
    B: Execute,
    M: Module<B> + 'static,
    X: Module<B> + 'static,
    Y: Module<Trace<B::Elem>> + 'static,
{
    Box::new(move || {
        inference.compute(&batch)?;
        let mut first = [B::Elem::from_f64(0.0)];
        inference.read(0, DataMut::Elem(&mut first));
        Ok(number(first[0]))
    })
}

/// The same, told of.
pub(super) fn explained<B, M, X, Y>(mut inference: Inference<B, M, X, Y>, batch: X) -> Step
where
    B: Execute,
    M: Module<B> + 'static,
    X: Module<B> + 'static,
    Y: Module<Trace<B::Elem>> + 'static,
{
    Box::new(move || {
        for _ in 0..3 {
            inference.compute(&batch)?;
        }
        inference.profile(&batch)?;
        super::tell(&inference.explain())
    })
}

/// `sum(tanh(x w + b) sigmoid(x))`
fn blend<B: Backend>(x: &[Tensor<B>], (): &()) -> Tensor<B> {
    ((&x[0] * &x[1] + &x[2]).tanh() * x[0].sigmoid()).sum()
}

/// [`blend`] of a million numbers, and its gradients.
pub(super) fn elementwise<B: Execute>(mode: Mode, device: &B::Device) -> Step {
    let mut inputs = Inputs::<B>::new(device);
    let x: Variables<B> = (0..3).map(|_| Param::new(inputs.normal([1_000_000], 1.0))).collect();
    gradients!(mode, blend, x, ())
}

/// So many layers `h = tanh(h W + b)` that share their parameters, and the sum of squares.
fn chain<B: Backend>(x: &[Tensor<B>], (start, layers): &(Tensor<B>, usize)) -> Tensor<B> {
    let h = (0..*layers).fold(start.clone(), |h, _| (h.matmul(&x[0]) + &x[1]).tanh());
    (&h * &h).sum()
}

/// [`chain`] and its gradients.
pub(super) fn deep_chain<B: Execute>(mode: Mode, layers: usize, device: &B::Device) -> Step {
    let mut inputs = Inputs::<B>::new(device);
    let start = inputs.normal([16, 32], 1.0);
    let parameters = [inputs.normal([32, 32], 32_f64.powf(-0.5)), inputs.normal([32], 0.1)];
    gradients!(mode, chain, parameters.map(Param::new).to_vec(), (start, layers))
}

/// `A B`, and one number of it.
fn multiply<B: Backend>(a: &Tensor<B>, b: &Tensor<B>) -> (Tensor<B>, Tensor<B>) {
    let product = a.matmul(b);
    (product.slice(0, ..1).slice(1, ..1).reshape([]), product)
}

pub(super) fn product<B: Execute>(mode: Mode, [m, k, n]: [usize; 3], device: &B::Device) -> Step {
    let mut inputs = Inputs::<B>::new(device);
    let (a, b) = (inputs.normal([m, k], 1.0), inputs.normal([k, n], 1.0));
    match mode {
        Mode::Eager | Mode::Planned | Mode::Explained => Box::new(move || Ok(number(multiply(&a, &b).0.item()))),
        Mode::Compiled => {
            let model = (Param::new(a), Param::new(b));
            let answer = |ab: &(Param<_>, Param<_>), (): &(), _: &mut Context<_>| multiply(&ab.0, &ab.1);
            compiled(Inference::compile(&model, answer, &()), ())
        }
    }
}
