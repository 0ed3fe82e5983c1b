//! Trajectories of optimizers on small problems, and clipped gradients, through the `optim` crate.

use autodiff_core::{Autodiff, Backend, Tensor};
use optim::{
    Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Asgd, Lion, NAdam, RAdam, RmsProp, Rprop, Rule, Sgd, StepInputs,
    clip_grad_norm, clip_grad_value,
};

use crate::golden::call::{Attribute, Call, Function, Outputs, Unsupported};

pub(super) fn find<B: Backend>(op: &str) -> Option<Function<B>> {
    let function: Function<B> = match op {
        "optim/sgd" => |c| trajectory(c, &sgd(c)?),
        "optim/adagrad" => |c| trajectory(c, &adagrad(c)?),
        "optim/adadelta" => |c| trajectory(c, &adadelta(c)?),
        "optim/rmsprop" => |c| trajectory(c, &rmsprop(c)?),
        "optim/adam" => |c| match or(c, "decoupled_weight_decay", false)? {
            true => trajectory(c, &AdamW { weight_decay: or(c, "weight_decay", 0.0)?, ..adamw(c)? }),
            false => trajectory(c, &adam(c)?),
        },
        "optim/adamw" => |c| trajectory(c, &adamw(c)?),
        "optim/adamax" => |c| trajectory(c, &adamax(c)?),
        "optim/nadam" => |c| trajectory(c, &nadam(c)?),
        "optim/radam" => |c| trajectory(c, &radam(c)?),
        "optim/adafactor" => |c| trajectory(c, &adafactor(c)?),
        "optim/lion" => |c| trajectory(c, &lion(c)?),
        "optim/asgd" => |c| trajectory(c, &asgd(c)?),
        "optim/rprop" => |c| trajectory(c, &rprop(c)?),
        "clip_grad_norm" => |c| {
            let (max_norm, norm_type) = (c.attribute("max_norm")?, or(c, "norm_type", 2.0)?);
            let (clipped, total) = clip_grad_norm(&c.tensors(), max_norm, norm_type);
            let mut outputs = named(c, clipped);
            outputs.push(("total_norm".into(), total));
            Ok(outputs)
        },
        "clip_grad_value" => |c| Ok(named(c, clip_grad_value(&c.tensors(), c.attribute("clip_value")?))),
        _ => return None,
    };
    Some(function)
}

/// An attribute, or what it is where it is not given.
fn or<B: Backend, T: Attribute>(c: &Call<'_, B>, name: &str, default: T) -> Result<T, Unsupported> {
    Ok(c.option(name)?.unwrap_or(default))
}

/// Two numbers that are one attribute, or what they are where they are not given.
fn pair<B: Backend>(c: &Call<'_, B>, name: &str, default: (f64, f64)) -> Result<(f64, f64), Unsupported> {
    Ok(c.option::<[f64; 2]>(name)?.map_or(default, Into::into))
}

/// Two numbers of which the first may depend on the element.
fn epsilons<B: Backend>(
    c: &Call<'_, B>,
    name: &str,
    default: (Option<f64>, f64),
) -> Result<(Option<f64>, f64), Unsupported> {
    Ok(c.option::<[f64; 2]>(name)?.map_or(default, |[first, second]| (Some(first), second)))
}

/// The clipped gradients under the names of the inputs.
fn named<B: Backend>(c: &Call<'_, B>, tensors: Vec<Tensor<B>>) -> Outputs<B> {
    c.names().zip(tensors).collect()
}

/// A rule whose settings are attributes of the same names; what is not given is as the rule's default has it.
macro_rules! rule {
    ($name:ident, $Rule:ident, $($field:ident: $read:ident),*) => {
        fn $name<B: Backend>(c: &Call<'_, B>) -> Result<$Rule, Unsupported> {
            let default = $Rule::default();
            Ok($Rule {
                lr: c.attribute("lr")?,
                maximize: or(c, "maximize", default.maximize)?,
                $($field: $read(c, stringify!($field), default.$field)?),*
            })
        }
    };
}

rule!(sgd, Sgd, momentum: or, dampening: or, weight_decay: or, nesterov: or);
rule!(adagrad, Adagrad, lr_decay: or, weight_decay: or, initial_accumulator_value: or, eps: or);
rule!(adadelta, Adadelta, rho: or, eps: or, weight_decay: or);
rule!(rmsprop, RmsProp, alpha: or, eps: or, weight_decay: or, momentum: or, centered: or);
rule!(adam, Adam, betas: pair, eps: or, weight_decay: or, amsgrad: or);
rule!(adamw, AdamW, betas: pair, eps: or, weight_decay: or, amsgrad: or);
rule!(adamax, Adamax, betas: pair, eps: or, weight_decay: or);
rule!(nadam, NAdam, betas: pair, eps: or, weight_decay: or, momentum_decay: or, decoupled_weight_decay: or);
rule!(radam, RAdam, betas: pair, eps: or, weight_decay: or, decoupled_weight_decay: or);
rule!(adafactor, Adafactor, beta2_decay: or, eps: epsilons, d: or, weight_decay: or);
rule!(lion, Lion, betas: pair, weight_decay: or);
rule!(asgd, Asgd, lambd: or, alpha: or, t0: or, weight_decay: or);
rule!(rprop, Rprop, etas: pair, step_sizes: pair);

/// `params[k]` after `k` steps, `losses[k]` and `gradients[k]` there before the next.
fn trajectory<B: Backend>(c: &Call<'_, B>, rule: &impl Rule) -> Result<Outputs<B>, Unsupported> {
    let steps: u32 = c.attribute::<usize>("steps")?.try_into().or_else(|_| c.unknown("steps"))?;
    let problem = Problem::new(c)?;
    let mut x = c.tensor("x0")?.clone();
    let mut state: Vec<_> = rule.init(&x).into_iter().map(|(_, slot)| slot).collect();
    let (mut params, mut losses, mut gradients) = (vec![x.clone()], Vec::new(), Vec::new());
    for step in 0..steps {
        let (loss, gradient) = problem.gradient(&x, step as usize);
        let at = StepInputs::new(rule.lr(), step + 1, x.device());
        (x, state) = rule.update(&x, &gradient, &state, &at);
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
