//! The scale of a loss: how it grows and shrinks, what becomes of a step that overflows.

use autodiff_core::Tensor;
use backend_cpu::Cpu;
use optim::{Adam, GradScaler, Optimizer, ParamStep, Sgd, StepInputs};

type F32 = Cpu<f32>;

/// A parameter of two numbers and its state, step by step by these gradients.
fn run<O: Optimizer>(optimizer: &O, gradients: &[[f64; 2]]) -> (Vec<f32>, Vec<Vec<f32>>) {
    let mut x = Tensor::<F32>::new(&[1.0, 2.0], [2]);
    let mut state: Vec<_> = optimizer.initial_state("x", &x).into_iter().map(|(_, slot)| slot).collect();
    for (step, gradient) in (1..).zip(gradients) {
        let at = StepInputs::new(optimizer.base_lr(), step, x.device());
        let param = ParamStep { name: "x", value: &x, grad: Tensor::new(gradient, [2]), state: &state, at };
        (x, state) = optimizer.step(&[param]).remove(0);
    }
    (x.to_vec(), state.iter().map(Tensor::to_vec).collect())
}

#[test]
fn the_scale_grows_after_so_many_good_steps_and_shrinks_after_a_bad_one() {
    let scaler = GradScaler { growth_interval: 2, init_scale: 4.0, ..GradScaler::new(Sgd::new(0.1)) };
    let (good, bad) = ([1.0, 1.0], [1.0, f64::NEG_INFINITY]);
    let slots = |gradients: &[[f64; 2]]| run(&scaler, gradients).1.concat();
    assert_eq!(slots(&[good]), [4.0, 1.0, 1.0]);
    assert_eq!(slots(&[good, good]), [8.0, 0.0, 2.0]);
    assert_eq!(slots(&[good, bad]), [2.0, 0.0, 1.0]);
    assert_eq!(slots(&[good, bad, good, good]), [4.0, 0.0, 3.0]);
    assert_eq!(slots(&[[f64::NAN, 1.0]]), [2.0, 0.0, 0.0]);
}

#[test]
fn a_bad_step_leaves_no_trace_in_the_optimizer() {
    let scaler = GradScaler::new(Adam::new(0.1));
    let steps = [[1.0, -2.0], [0.5, 3.0], [-1.0, 1.0]];
    let with_bad = [steps[0], [f64::INFINITY, 0.0], steps[1], [0.0, f64::NAN], steps[2]];
    let ((x, state), (expected, of_adam)) = (run(&scaler, &with_bad), run(&Adam::new(0.1), &steps));
    assert_eq!(x, expected);
    assert_eq!(state[..2], of_adam);
}

#[test]
fn one_bad_gradient_holds_all_parameters() {
    let scaler = GradScaler::new(Sgd::new(0.1));
    let x = Tensor::<F32>::new(&[1.0], [1]);
    let state: Vec<_> = scaler.initial_state("", &x).into_iter().map(|(_, slot)| slot).collect();
    let param = |gradient: f64| ParamStep {
        name: "",
        value: &x,
        grad: Tensor::new(&[gradient], [1]),
        state: &state,
        at: StepInputs::new(0.1, 1, x.device()),
    };
    let updated = scaler.step(&[param(1.0), param(f64::NAN)]);
    assert!(updated.iter().all(|(value, _)| value.item() == 1.0));
    assert!(scaler.step::<F32>(&[]).is_empty());
}

#[test]
fn the_scale_stays_finite() {
    let scaler = GradScaler { growth_interval: 1, growth_factor: 1e30, ..GradScaler::new(Sgd::new(0.0)) };
    let (_, state) = run(&scaler, &[[1.0, 1.0]; 5]);
    assert_eq!(state[0], [2.0_f32.powi(40)]);
}

#[test]
fn switched_off_it_is_the_optimizer_alone() {
    let (off, steps) = (GradScaler { enabled: false, ..GradScaler::new(Adam::new(0.1)) }, [[1.0, -2.0], [0.5, 3.0]]);
    assert_eq!(run(&off, &steps), run(&Adam::new(0.1), &steps));
    assert!(off.loss_scale::<F32>(&[]).is_none());
}

#[test]
#[should_panic(expected = "grad_scaler: a scale above 0, a growth of at least 1")]
fn a_growth_that_shrinks_is_refused() {
    run(&GradScaler { growth_factor: 0.5, ..GradScaler::new(Sgd::new(0.1)) }, &[[1.0, 1.0]]);
}
