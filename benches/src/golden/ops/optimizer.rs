//! Trajectories of optimizers on small problems, through the `optim` crate.

use autodiff_core::{Autodiff, Backend, Tensor};
use optim::{Adam, Optimizer, Sgd, StepInputs};

use crate::golden::call::{Call, Function, Outputs, Unsupported};

pub(super) fn find<B: Backend>(op: &str) -> Option<Function<B>> {
    let function: Function<B> = match op {
        "optim/sgd" => |c| trajectory(c, &sgd(c)?),
        "optim/adam" => |c| trajectory(c, &adam(c)?),
        _ => return None,
    };
    Some(function)
}

fn sgd<B: Backend>(c: &Call<'_, B>) -> Result<Sgd, Unsupported> {
    let number = |name| c.option(name).map(Option::unwrap_or_default);
    let flag = |name| c.option(name).map(Option::unwrap_or_default);
    Ok(Sgd {
        lr: c.attribute("lr")?,
        momentum: number("momentum")?,
        dampening: number("dampening")?,
        weight_decay: number("weight_decay")?,
        nesterov: flag("nesterov")?,
        maximize: flag("maximize")?,
    })
}

fn adam<B: Backend>(c: &Call<'_, B>) -> Result<Adam, Unsupported> {
    let default = Adam::default();
    Ok(Adam {
        lr: c.attribute("lr")?,
        betas: c.option("betas")?.map_or(default.betas, <[f64; 2]>::into),
        eps: c.option("eps")?.unwrap_or(default.eps),
        weight_decay: c.option("weight_decay")?.unwrap_or(default.weight_decay),
        maximize: c.option("maximize")?.unwrap_or(default.maximize),
    })
}

/// `params[k]` after `k` steps, `losses[k]` and `gradients[k]` there before the next.
fn trajectory<B: Backend>(c: &Call<'_, B>, optimizer: &impl Optimizer) -> Result<Outputs<B>, Unsupported> {
    let steps: u32 = c.attribute::<usize>("steps")?.try_into().or_else(|_| c.unknown("steps"))?;
    let problem = Problem::new(c)?;
    let mut x = c.tensor("x0")?.clone();
    let mut state = optimizer.init(&x);
    let (mut params, mut losses, mut gradients) = (vec![x.clone()], Vec::new(), Vec::new());
    for step in 0..steps {
        let (loss, gradient) = problem.gradient(&x, step as usize);
        let at = StepInputs::new(optimizer.lr(), step + 1, x.device());
        (x, state) = optimizer.update(&x, &gradient, &state, &at);
        params.push(x.clone());
        losses.extend(loss);
        gradients.push(gradient);
    }
    let mut outputs = vec![("params".into(), Tensor::stack(&params, 0))];
    if !losses.is_empty() {
        outputs.push(("losses".into(), Tensor::stack(&losses, 0)));
        outputs.push(("gradients".into(), Tensor::stack(&gradients, 0)));
    }
    Ok(outputs)
}

/// Where the gradients come from.
enum Problem<'a, B: Backend> {
    /// `x^T A x / 2 - b^T x`
    Quadratic { a: &'a Tensor<B>, b: &'a Tensor<B> },
    /// `sum 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2`
    Rosenbrock,
    /// They are prescribed, one for each step.
    Given(&'a Tensor<B>),
}

impl<'a, B: Backend> Problem<'a, B> {
    fn new(c: &Call<'a, B>) -> Result<Self, Unsupported> {
        match &c.attribute::<String>("problem")?[..] {
            "quadratic" => Ok(Self::Quadratic { a: c.tensor("A")?, b: c.tensor("b")? }),
            "rosenbrock" => Ok(Self::Rosenbrock),
            "given_gradients" => Ok(Self::Given(c.tensor("gradients")?)),
            _ => c.unknown("problem"),
        }
    }

    /// The loss, where there is one, and its gradient before a step.
    fn gradient(&self, x: &Tensor<B>, step: usize) -> (Option<Tensor<B>>, Tensor<B>) {
        let at = Tensor::<Autodiff<B>>::variable(x.clone());
        let loss = match self {
            Self::Quadratic { a, b } => {
                let [a, b] = [a, b].map(|&constant| Tensor::constant_of(constant.clone()));
                at.matmul(&a.matmul(&at)) * 0.5 - b.matmul(&at)
            }
            Self::Rosenbrock => {
                let n = x.shape().elements();
                let (here, next) = (at.slice(0, ..n - 1), at.slice(0, 1..));
                ((next - here.square()).square() * 100.0 + (1.0 - here).square()).sum()
            }
            Self::Given(gradients) => return (None, gradients.slice(0, step..=step).squeeze(0)),
        };
        let value = loss.value().clone();
        let gradient = loss.grad(&[&at]).remove(0);
        (Some(value), gradient.unwrap_or_else(|| x.zeros_like()))
    }
}
