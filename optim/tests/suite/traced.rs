//! An update that is traced once and replayed for every step, against one that is computed as it is written.
//!
//! Learning rate and step are inputs of the list: a rule that let one of them freeze would be right in the first step only.

use autodiff_core::{Tensor, Trace, WengertList};
use backend_cpu::Cpu;
use optim::{
    Accumulate, Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Asgd, ClipGradNorm, ClipGradValue, Ema, Group,
    Groups, Lion, NAdam, Optimizer, ParamStep, RAdam, RmsProp, Rprop, Sgd, StepInputs, Updated, biases_and_norms,
};

type F64 = Cpu<f64>;

const NAMES: [&str; 2] = ["weight", "bias"];

/// A matrix and a vector, each with its state.
fn start(optimizer: &impl Optimizer) -> Vec<Updated<F64>> {
    let values = [Tensor::new(&[1.0, -2.0, 0.5, 3.0], [2, 2]), Tensor::new(&[0.25, -0.75], [2])];
    let with_state = |(name, value): (&str, Tensor<F64>)| {
        let state = optimizer.initial_state(name, &value).into_iter().map(|(_, slot)| slot).collect();
        (value, state)
    };
    NAMES.into_iter().zip(values).map(with_state).collect()
}

fn gradients(step: u32) -> [Tensor<F64>; 2] {
    let t = f64::from(step);
    [Tensor::new(&[t - 3.5, -0.5 * t, 0.0, 1.0 / t], [2, 2]), Tensor::new(&[4.0 - t, 0.125 * t * t], [2])]
}

fn step_inputs(optimizer: &impl Optimizer, step: u32) -> StepInputs<F64> {
    StepInputs::new(optimizer.base_lr() / f64::from(step), step, &Default::default())
}

/// The inputs are each parameter with its gradient and state, learning rate and step; the outputs what is new.
fn traced(optimizer: &impl Optimizer) -> WengertList<f64> {
    let input = |name: String, like: &Tensor<F64>| Tensor::<Trace<f64>>::input(&name[..], like.spec());
    let scalar = Tensor::<F64>::scalar(0.0, &Default::default());
    let at = StepInputs { lr: input("lr".into(), &scalar), step: input("step".into(), &scalar) };
    let mut params = Vec::new();
    for (name, (value, state)) in NAMES.into_iter().zip(start(optimizer)) {
        let slots = state.iter().enumerate().map(|(place, slot)| input(format!("{name}.{place}"), slot));
        let (x, g) = (input(name.into(), &value), input(format!("{name}.grad"), &value));
        params.push((x, g, slots.collect::<Vec<_>>()));
    }
    let steps: Vec<_> = NAMES
        .into_iter()
        .zip(&params)
        .map(|(name, (value, grad, state))| ParamStep { name, value, grad: grad.clone(), state, at: at.clone() })
        .collect();
    let updated = optimizer.step(&steps);
    let new: Vec<_> = updated.iter().flat_map(|(x, state)| [x].into_iter().chain(state)).collect();
    let names: Vec<_> = (0..new.len()).map(|place| format!("new.{place}")).collect();
    let inputs = params.iter().flat_map(|(x, g, state)| [x, g].into_iter().chain(state));
    let inputs: Vec<_> = inputs.chain([&at.lr, &at.step]).collect();
    WengertList::new(&inputs, &names.iter().map(|name| &name[..]).zip(new).collect::<Vec<_>>())
}

#[track_caller]
fn check(optimizer: &impl Optimizer) {
    let list = traced(optimizer);
    let mut now = start(optimizer);
    for step in 1..=7 {
        let (at, gradients) = (step_inputs(optimizer, step), gradients(step));
        let mut inputs = Vec::new();
        for ((x, state), g) in now.iter().zip(&gradients) {
            inputs.extend([x, g].into_iter().chain(state).cloned());
        }
        inputs.extend([at.lr.clone(), at.step.clone()]);
        let steps = NAMES.into_iter().zip(&now).zip(gradients);
        let steps = steps.map(|((name, (value, state)), grad)| ParamStep { name, value, grad, state, at: at.clone() });
        let next = optimizer.step(&steps.collect::<Vec<_>>());
        let eager = next.iter().flat_map(|(x, state)| [x].into_iter().chain(state));
        for (place, (eager, replayed)) in eager.zip(list.eval(&inputs)).enumerate() {
            let bits = |x: &Tensor<F64>| x.to_vec().into_iter().map(f64::to_bits).collect::<Vec<_>>();
            assert_eq!(bits(eager), bits(&replayed), "{optimizer:?}, step {step}, output {place}");
            assert!(eager.to_vec().iter().all(|x| x.is_finite()), "{optimizer:?}, step {step}, output {place}");
        }
        now = next;
    }
}

#[test]
fn rules() {
    check(&Sgd { momentum: 0.9, dampening: 0.5, weight_decay: 0.1, ..Sgd::new(0.1) });
    check(&Adagrad { lr_decay: 0.1, ..Adagrad::new(0.1) });
    check(&Adadelta::default());
    check(&Adafactor::default());
    check(&RmsProp::default());
    check(&RmsProp { momentum: 0.9, centered: true, ..RmsProp::default() });
    check(&Adam { weight_decay: 0.1, ..Adam::new(0.1) });
    check(&AdamW { amsgrad: true, ..AdamW::new(0.1) });
    check(&Adamax::default());
    check(&NAdam { weight_decay: 0.1, decoupled_weight_decay: true, ..NAdam::default() });
    check(&RAdam::default());
    check(&Lion { weight_decay: 0.1, ..Lion::default() });
    check(&Asgd { t0: 2.0, ..Asgd::default() });
    check(&Rprop::default());
}

#[test]
fn decorators() {
    let momentum = Sgd { momentum: 0.5, ..Sgd::new(0.1) };
    check(&ClipGradNorm::new(0.5, momentum));
    check(&ClipGradNorm { norm_type: f64::INFINITY, ..ClipGradNorm::new(0.5, momentum) });
    check(&ClipGradValue::new(0.5, Adam::default()));
    check(&Ema::new(0.9, momentum));
    check(&Accumulate::new(3, Adam::default()));
    let rule = AdamW::default();
    let groups = vec![Group { takes: biases_and_norms, rule: AdamW { weight_decay: 0.0, lr: 1e-2, ..rule } }];
    check(&Accumulate::new(2, Ema::new(0.9, ClipGradNorm::new(0.5, Groups { rule, groups }))));
}
