//! [`Groups`]: other settings for some of the parameters.

use alloc::vec::Vec;

use autodiff_core::{Backend, Shape, Tensor};

use crate::optimizer::{Optimizer, ParamStep, Updated};
use crate::rule::{Rule, StepInputs};

/// A rule with other settings, or another learning rate, for some of the parameters.
///
/// The first group that takes a parameter has it; what none takes is updated by `rule`. The learning rate that a step is given
/// is that of `rule`. A group's is greater or smaller by as much as its rule's was at the start, so that a schedule scales all
/// of them alike:
///
/// ```text
/// lr of a group = lr of the step * group.rule.lr / rule.lr
/// ```
///
/// Without weight decay for biases and the weights of norms:
///
/// ```
/// use optim::{AdamW, Group, Groups, biases_and_norms};
/// let rule = AdamW { weight_decay: 0.1, ..AdamW::new(1e-3) };
/// let exempt = Group { takes: biases_and_norms, rule: AdamW { weight_decay: 0.0, ..rule } };
/// let slow = Group { takes: |name, _| name.starts_with("embedding."), rule: AdamW { lr: 1e-4, ..rule } };
/// let optimizer = Groups { rule, groups: vec![exempt, slow] };
/// assert_eq!(optimizer.rule_for("2.bias", &[10].into()).weight_decay, 0.0);
/// assert_eq!(optimizer.rule_for("2.weight", &[10, 5].into()).weight_decay, 0.1);
/// assert_eq!(optimizer.rule_for("embedding.weight", &[65, 8].into()).lr, 1e-4);
/// ```
#[derive(Clone, Debug)]
pub struct Groups<R> {
    /// For the parameters that no group takes.
    pub rule: R,
    /// The groups, of which the first that takes a parameter has it.
    pub groups: Vec<Group<R>>,
}

/// Some of the parameters, and their rule.
#[derive(Clone, Debug)]
pub struct Group<R> {
    /// Whether it takes the parameter of this name, as `Module::named_parameters` has it, and this shape.
    pub takes: fn(&str, &Shape) -> bool,
    /// How they are updated.
    pub rule: R,
}

/// Takes what has a rank below 2: the biases, and the weights of norms, which are usually kept out of the weight decay.
#[must_use]
pub fn biases_and_norms(_name: &str, shape: &Shape) -> bool {
    shape.rank() < 2
}

impl<R> Groups<R> {
    /// The rule of a parameter.
    #[must_use]
    pub fn rule_for(&self, name: &str, shape: &Shape) -> &R {
        let group = self.groups.iter().find(|group| (group.takes)(name, shape));
        group.map_or(&self.rule, |group| &group.rule)
    }
}

impl<R: Rule> Optimizer for Groups<R> {
    fn base_lr(&self) -> f64 {
        self.rule.lr()
    }

    fn initial_state<B: Backend>(&self, name: &str, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        assert!(
            self.rule.lr() > 0.0,
            "groups: lr must be above 0, as others are relative to it, found {}",
            self.rule.lr()
        );
        self.rule_for(name, &param.shape()).init(param)
    }

    fn step<B: Backend>(&self, params: &[ParamStep<'_, B>]) -> Vec<Updated<B>> {
        let mut updated = Vec::with_capacity(params.len());
        for ParamStep { name, value, grad, state, at } in params {
            let rule = self.rule_for(name, &value.shape());
            let at = StepInputs { lr: &at.lr * (rule.lr() / self.rule.lr()), step: at.step.clone() };
            updated.push(rule.update(value, grad, state, &at));
        }
        updated
    }
}
