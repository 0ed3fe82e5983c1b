//! Gradient descent over the whole batch, step by step.

use autodiff_core::{Autodiff, Backend, Tensor};
use nn::Reduction;

use super::classifier::{logistic_loss, nielsen_loss, nielsen_sizes};
use crate::golden::call::{Call, Outputs, Unsupported};
use crate::golden::ops::loss::reduction;

/// `W <- W - rate dloss/dW`, with `losses[k]` before update `k` and one more at the end.
pub(super) fn softmax_regression<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let ([x, y], reduction) = (constants(c, ["X", "Y"])?, reduction(c)?);
    let steps = descend(c, vec![c.tensor("W")?.clone()], |params| {
        nn::cross_entropy_soft(&x.matmul(&params[0]), &y, reduction)
    })?;
    let mut outputs = vec![("losses".into(), steps.losses()), ("W_final".into(), steps.last(0))];
    outputs.extend(steps.params.iter().enumerate().map(|(k, params)| (format!("W_step{k}"), params[0].clone())));
    Ok(outputs)
}

/// `w` and `b` after each update, the gradient as the lecture derives it: `X^T (p - y)` and `sum(p - y)`.
pub(super) fn logistic_regression<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let (x, y, reduction) = (c.tensor("X")?, c.tensor("y")?, reduction(c)?);
    let rate = c.attribute::<f64>("rate")?;
    let rate = match reduction {
        Reduction::Mean => y.ones_like().sum().recip() * rate,
        Reduction::Sum => y.new_full([], rate),
        _ => return c.unknown("reduction"),
    };
    let logits = |w: &Tensor<B>, b: &Tensor<B>| x.matmul(w) + b;
    let (mut ws, mut bs, mut losses) = (Vec::new(), Vec::new(), Vec::new());
    let (mut w, mut b) = (c.tensor("w")?.clone(), c.tensor("b")?.clone());
    for _ in 0..=c.attribute::<usize>("steps")? {
        let z = logits(&w, &b);
        losses.push(logistic_loss(&z, y, reduction));
        ws.push(w.clone());
        bs.push(b.clone());
        let apart = z.sigmoid() - y;
        w = w - &rate * x.t().matmul(&apart);
        b = b - &rate * apart.sum();
    }
    let stacked = [("w_steps", ws), ("b_steps", bs), ("losses", losses)];
    Ok(stacked.into_iter().map(|(name, steps)| (name.into(), Tensor::stack(&steps, 0))).collect())
}

/// Every weight and bias after the last update.
pub(super) fn nielsen<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let [x, y] = constants(c, ["x", "y"])?;
    let names: Vec<String> =
        (1..nielsen_sizes(c)?.len()).flat_map(|layer| ["w", "b"].map(|p| format!("{p}{layer}"))).collect();
    let start = names.iter().map(|name| c.tensor(name).cloned()).collect::<Result<_, _>>()?;
    let steps = descend(c, start, |params| {
        let layers: Vec<_> = params.chunks_exact(2).map(|layer| (layer[0].clone(), layer[1].clone())).collect();
        nielsen_loss(&x, &y, &layers).1
    })?;
    let finals = names.iter().enumerate().map(|(at, name)| (format!("{name}_final"), steps.last(at)));
    Ok(finals.chain([("losses".into(), steps.losses())]).collect())
}

/// Inputs as constants of the backend that differentiates.
fn constants<B: Backend, const N: usize>(
    c: &Call<'_, B>,
    names: [&str; N],
) -> Result<[Tensor<Autodiff<B>>; N], Unsupported> {
    let mut found = Vec::with_capacity(N);
    for name in names {
        found.push(Tensor::constant_of(c.tensor(name)?.clone()));
    }
    found.try_into().map_err(|_| Unsupported::Input(names.concat()))
}

/// A descent: parameters and losses before the first step, after it, and so on.
struct Steps<B: Backend> {
    params: Vec<Vec<Tensor<B>>>,
    losses: Vec<Tensor<B>>,
}

impl<B: Backend> Steps<B> {
    fn losses(&self) -> Tensor<B> {
        Tensor::stack(&self.losses, 0)
    }

    /// A parameter at the end.
    fn last(&self, at: usize) -> Tensor<B> {
        self.params[self.params.len() - 1][at].clone()
    }
}

/// The attributes' number of steps at their rate down the gradient of a loss.
fn descend<B: Backend>(
    c: &Call<'_, B>,
    start: Vec<Tensor<B>>,
    loss: impl Fn(&[Tensor<Autodiff<B>>]) -> Tensor<Autodiff<B>>,
) -> Result<Steps<B>, Unsupported> {
    let (count, rate) = (c.attribute::<usize>("steps")?, c.attribute::<f64>("rate")?);
    let mut steps = Steps { params: vec![start], losses: Vec::new() };
    for _ in 0..=count {
        let at = &steps.params[steps.losses.len()];
        let variables: Vec<_> = at.iter().map(|param| Tensor::variable(param.clone())).collect();
        let value = loss(&variables);
        let gradients = value.grad(&variables.iter().collect::<Vec<_>>());
        let step = |(param, gradient): (&Tensor<B>, Option<Tensor<B>>)| {
            gradient.map_or_else(|| param.clone(), |gradient| param - gradient * rate)
        };
        let next = at.iter().zip(gradients).map(step).collect();
        steps.losses.push(value.value().clone());
        if steps.losses.len() <= count {
            steps.params.push(next);
        }
    }
    Ok(steps)
}
