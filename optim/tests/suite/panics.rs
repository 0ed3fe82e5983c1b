//! What a wrong use is told.

use autodiff_core::Tensor;
use backend_cpu::Cpu;
use optim::schedule::{
    ConstantLr, CosineAnnealingLr, CosineAnnealingWarmRestarts, CyclicLr, LinearLr, OneCycleLr, PolynomialLr,
    ReduceLrOnPlateau, Schedule, SequentialLr, StepLr, WarmupLinearDecay,
};
use optim::{
    Accumulate, Adadelta, Adagrad, Adam, AdamW, Adamax, Asgd, ClipGradNorm, ClipGradValue, Ema, Groups, Lbfgs,
    LbfgsParams, Lion, NAdam, Optimizer, ParamStep, RAdam, RmsProp, Rprop, Rule, Sgd, StepInputs,
};

type F64 = Cpu<f64>;

/// It panics with this message.
#[track_caller]
fn refused<R>(expected: &str, f: impl FnOnce() -> R) {
    let caught = std::panic::catch_unwind(core::panic::AssertUnwindSafe(f));
    let payload = caught.err().unwrap_or_else(|| panic!("`{expected}` expected, nothing panicked"));
    let message = payload.downcast_ref::<String>().map(String::as_str).or(payload.downcast_ref::<&str>().copied());
    assert_eq!(message, Some(expected));
}

fn x() -> Tensor<F64> {
    Tensor::new(&[1.0, 2.0], [2])
}

#[test]
fn settings_of_rules() {
    refused("sgd: momentum must not be below 0, found -1", || Sgd { momentum: -1.0, ..Sgd::default() }.init(&x()));
    refused("adagrad: lr_decay must not be below 0, found -1", || {
        Adagrad { lr_decay: -1.0, ..Adagrad::default() }.init(&x())
    });
    refused("adadelta: rho must be from 0 to 1, found 2", || Adadelta { rho: 2.0, ..Adadelta::default() }.init(&x()));
    refused("rmsprop: alpha must not be below 0, found NaN", || {
        RmsProp { alpha: f64::NAN, ..RmsProp::default() }.init(&x())
    });
    refused("adam: betas.1 must be from 0 to below 1, found 1", || {
        Adam { betas: (0.9, 1.0), ..Adam::default() }.init(&x())
    });
    refused("adamw: weight_decay must not be below 0, found -0.5", || {
        AdamW { weight_decay: -0.5, ..AdamW::default() }.init(&x())
    });
    refused("adamax: eps must not be below 0, found -1", || Adamax { eps: -1.0, ..Adamax::default() }.init(&x()));
    refused("nadam: momentum_decay must not be below 0, found -1", || {
        NAdam { momentum_decay: -1.0, ..NAdam::default() }.init(&x())
    });
    refused("radam: lr must not be below 0, found -1", || RAdam::new(-1.0).init(&x()));
    refused("lion: betas.0 must be from 0 to below 1, found -1", || {
        Lion { betas: (-1.0, 0.9), ..Lion::default() }.init(&x())
    });
    refused("asgd: lambd must not be below 0, found -1", || Asgd { lambd: -1.0, ..Asgd::default() }.init(&x()));
    refused("rprop: etas must be between 0 and 1 and above 1, found 0.5 and 0.75", || {
        Rprop { etas: (0.5, 0.75), ..Rprop::default() }.init(&x())
    });
}

#[test]
fn settings_of_decorators() {
    let sgd = Sgd::default();
    refused("clip_grad_norm: max_norm must not be below 0, found -1", || {
        ClipGradNorm::new(-1.0, sgd).initial_state("", &x())
    });
    refused("clip_grad_norm: norm_type must be above 0, found 0", || {
        ClipGradNorm { norm_type: 0.0, ..ClipGradNorm::new(1.0, sgd) }.initial_state("", &x())
    });
    refused("clip_grad_value: clip_value must not be below 0, found NaN", || {
        ClipGradValue::new(f64::NAN, sgd).initial_state("", &x())
    });
    refused("accumulate: steps must be above 0, found 0", || Accumulate::new(0, sgd).initial_state("", &x()));
    refused("ema: decay must be from 0 to 1, found 1.5", || Ema::new(1.5, sgd).initial_state("", &x()));
    refused("groups: lr must be above 0, as others are relative to it, found 0", || {
        Groups { rule: Sgd::new(0.0), groups: Vec::new() }.initial_state("", &x())
    });
}

#[test]
fn states_and_gradients_that_do_not_fit() {
    let at = StepInputs::new(0.1, 1, x().device());
    refused("adam: a state of 2 tensors expected, 1 given", || Adam::default().update(&x(), &x(), &[x()], &at));
    refused("rmsprop: a state of 2 tensors expected, 1 given", || {
        RmsProp { centered: true, ..RmsProp::default() }.update(&x(), &x(), &[x()], &at)
    });
    refused("ema: a state of at least 1 slots expected, 0 given", || {
        let param = ParamStep { name: "", value: &x(), grad: x(), state: &[], at: at.clone() };
        Ema::new(0.5, Sgd::default()).step(&[param])
    });
    let one = x().slice(0, ..1);
    let shapes = "the gradient must have the parameter's shape and format [2], found [1]";
    refused(&format!("sgd: {shapes}"), || Sgd::default().update(&x(), &one, &[], &at));
    refused(&format!("lion: {shapes}"), || Lion::default().update(&x(), &one, &[x()], &at));
    refused(&format!("nadam: {shapes}"), || NAdam::default().update(&x(), &one, &[x(), x(), x()], &at));
}

#[test]
fn schedules() {
    refused("step_lr: step_size must be above 0, found 0", || StepLr::new(0).at(0.1, 0));
    refused("linear_lr: total_iters must be above 0, found 0", || {
        LinearLr { total_iters: 0, ..LinearLr::default() }.at(0.1, 0)
    });
    refused("polynomial_lr: power must not be below 0, found -1", || {
        PolynomialLr { power: -1.0, ..PolynomialLr::default() }.at(0.1, 0)
    });
    refused("cosine_annealing_lr: t_max must be above 0, found 0", || CosineAnnealingLr::new(0).at(0.1, 0));
    refused("cosine_annealing_warm_restarts: t_mult must be above 0, found 0", || {
        CosineAnnealingWarmRestarts { t_mult: 0, ..CosineAnnealingWarmRestarts::new(1) }.at(0.1, 0)
    });
    refused("one_cycle_lr: pct_start must be from 0 to 1, found 2", || {
        OneCycleLr { pct_start: 2.0, ..OneCycleLr::new(0.1, 10) }.at(0.1, 0)
    });
    refused("one_cycle_lr: div_factor must be above 0, found 0", || {
        OneCycleLr { div_factor: 0.0, ..OneCycleLr::new(0.1, 10) }.at(0.1, 0)
    });
    refused("cyclic_lr: step_size_up must be above 0, found 0", || CyclicLr::new(0.1, 0).at(0.1, 0));
    refused("warmup_linear_decay: 5 steps of warm-up are more than 4 in all", || {
        WarmupLinearDecay { warmup_steps: 5, total_steps: 4 }.at(0.1, 0)
    });
    refused("reduce_lr_on_plateau: factor must be below 1, found 1", || {
        ReduceLrOnPlateau { factor: 1.0, ..ReduceLrOnPlateau::default() }.start(0.1)
    });
    refused("sequential_lr: milestones must rise, found 3 after 3", || {
        let constant = ConstantLr::default();
        SequentialLr::new(constant).then(3, constant).then(3, constant)
    });
}

#[test]
fn lbfgs() {
    refused("lbfgs: history_size must be above 0, found 0", || {
        Lbfgs::<F64>::new(LbfgsParams { history_size: 0, ..LbfgsParams::default() })
    });
    refused("lbfgs: tolerance_grad must not be below 0, found -1", || {
        Lbfgs::<F64>::new(LbfgsParams { tolerance_grad: -1.0, ..LbfgsParams::default() })
    });
    refused("lbfgs: the gradients must have the parameters' shapes [[2]], found [[1]]", || {
        Lbfgs::<F64>::new(LbfgsParams::default()).step(&[x()], |x| (x[0].sum(), vec![x[0].slice(0, ..1)]))
    });
}
