//! Clipping against PyTorch's numbers, and what goes through the optimizers that wrap others.

use autodiff_core::{Backend, Tensor, bf16};
use backend_cpu::Cpu;
use optim::{
    Accumulate, ClipGradNorm, ClipGradValue, Ema, GradScaler, Optimizer, ParamStep, Rule, Sgd, StepInputs, Updated,
    clip_grad_norm,
};

type F64 = Cpu<f64>;

/// PyTorch 2.15, `clip_grad_norm_` to 1.5, in double precision.
#[test]
fn clipped_by_every_norm() {
    let gradients = [Tensor::<F64>::new(&[1.0, -2.0, 0.5, 0.0], [2, 2]), Tensor::new(&[3.0, -0.25, 1.5], [3])];
    let expected = [
        (0.5, 43.271610405735764, 0.10399427832270453),
        (1.0, 8.25, 0.545454479338851),
        (2.0, 4.0697051490249265, 1.1057309386030656),
        (3.0, 3.4060913008575, 1.3211620832668287),
        (f64::INFINITY, 3.0, 1.4999995000001667),
    ];
    for (norm_type, length, largest) in expected {
        let (clipped, total) = clip_grad_norm(&gradients, 1.5, norm_type);
        assert!((total.item() - length).abs() < 1e-13, "{norm_type}: {total:?}");
        assert!((clipped[1].to_vec()[0] - largest).abs() < 1e-13, "{norm_type}: {clipped:?}");
        for (clipped, gradient) in clipped.iter().zip(&gradients) {
            let apart = clipped - gradient * (largest / 3.0);
            assert!(apart.abs().max().item() < 1e-13, "{norm_type}: {clipped:?}");
        }
    }
}

#[test]
fn what_is_short_enough_and_what_is_empty_stays() {
    let gradients = [Tensor::<F64>::new(&[0.5], [1]), Tensor::zeros([0, 2], &Default::default())];
    for norm_type in [2.0, f64::INFINITY] {
        let (clipped, total) = clip_grad_norm(&gradients, 1.0, norm_type);
        assert_eq!((clipped[0].to_vec(), clipped[1].shape(), total.item()), (vec![0.5], [0, 2].into(), 0.5));
        let (clipped, total) = clip_grad_norm::<F64>(&[], 1.0, norm_type);
        assert_eq!((clipped.len(), total.item()), (0, 0.0));
        // Nothing divided by nothing would be NaN.
        assert_eq!(clip_grad_norm(&[Tensor::<F64>::new(&[0.0], [1])], 0.0, norm_type).0[0].to_vec(), [0.0]);
    }
}

#[test]
fn a_gradient_that_is_not_finite_is_not_hidden() {
    let gradients = [[f64::NAN, 1.0], [f64::INFINITY, 1.0]].map(|values| Tensor::<F64>::new(&values, [2]));
    assert!(clip_grad_norm(&gradients[..1], 1.0, 2.0).0[0].to_vec().iter().all(|g| g.is_nan()));
    let (clipped, total) = clip_grad_norm(&gradients[1..], 1.0, 2.0);
    let clipped = clipped[0].to_vec();
    assert!(total.item() == f64::INFINITY && clipped[0].is_nan() && clipped[1] == 0.0, "{clipped:?}");
}

/// Steps with these gradients, of one parameter that begins with 8.
fn run(optimizer: &impl Optimizer, gradients: &[f64]) -> Vec<f64> {
    let mut x = Tensor::<F64>::new(&[8.0], [1]);
    let mut state: Vec<_> = optimizer.initial_state("x", &x).into_iter().map(|(_, slot)| slot).collect();
    let mut all = Vec::new();
    for (step, gradient) in (1..).zip(gradients) {
        let at = StepInputs::new(optimizer.base_lr(), step, x.device());
        let param = ParamStep { name: "x", value: &x, grad: x.new_full([1], *gradient), state: &state, at };
        (x, state) = optimizer.step(&[param]).remove(0);
        all.push(x.item());
    }
    all
}

#[test]
fn the_order_of_decorators_counts() {
    let clipped = ClipGradValue::new(1.0, Accumulate::new(2, Sgd::new(1.0)));
    assert_eq!(run(&clipped, &[4.0, 0.0, -9.0, 9.0]), [8.0, 7.5, 7.5, 7.5]);
    let accumulated = Accumulate::new(2, ClipGradValue::new(1.0, Sgd::new(1.0)));
    assert_eq!(run(&accumulated, &[4.0, 0.0, -9.0, 5.0]), [8.0, 7.0, 7.0, 8.0]);
    let twice = ClipGradNorm::new(1e9, ClipGradValue::new(0.5, Sgd::new(1.0)));
    assert_eq!(run(&twice, &[4.0]), [7.5]);
}

/// Numbers of 8 bits count to 256 alone, and the step's own number is soon rounded.
#[test]
fn accumulation_goes_on_in_narrow_numbers() {
    let accumulate = Accumulate::new(3, Sgd::new(1.0));
    let mut x = Tensor::<Cpu<bf16>>::new(&[0.0], [1]);
    let mut state: Vec<_> = accumulate.initial_state("", &x).into_iter().map(|(_, slot)| slot).collect();
    let mut updates = 0;
    for step in 1..=1200 {
        let at = StepInputs::new(accumulate.base_lr(), step, x.device());
        let sign = if updates % 2 == 0 { 1.0 } else { -1.0 };
        let param = ParamStep { name: "", value: &x, grad: x.new_full([1], sign), state: &state, at };
        let (new, next) = accumulate.step(&[param]).remove(0);
        updates += usize::from(new.item() != x.item());
        (x, state) = (new, next);
    }
    assert_eq!(updates, 400);
}

#[test]
fn what_wraps_a_scaler_passes_its_scale_on() {
    fn scale<O: Optimizer>(optimizer: &O) -> Option<f32> {
        let x = Tensor::<Cpu<f32>>::new(&[1.0], [1]);
        let state: Vec<_> = optimizer.initial_state("", &x).into_iter().map(|(_, slot)| slot).collect();
        optimizer.loss_scale(&state).map(|scale| scale.item())
    }
    let scaler = GradScaler::new(Sgd::new(1.0));
    assert_eq!(scale(&ClipGradNorm::new(1.0, Accumulate::new(2, Ema::new(0.5, scaler)))), Some(65_536.0));
    assert_eq!(scale(&ClipGradNorm::new(1.0, Accumulate::new(2, Ema::new(0.5, Sgd::new(1.0))))), None);
}

#[test]
#[should_panic(expected = "clip_grad_value: to be within a `GradScaler`, not around it")]
fn a_limit_does_not_hide_infinities_from_a_scaler() {
    run(&ClipGradValue::new(1.0, GradScaler::new(Sgd::new(1.0))), &[1.0]);
}

/// A rule for which each gradient but 4 is a disaster, and each step but the first, second and so on of its own.
#[derive(Clone, Debug)]
struct Fragile;

impl Rule for Fragile {
    fn lr(&self) -> f64 {
        1.0
    }
    fn init<B: Backend>(&self, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        vec![("steps", param.zeros_like())]
    }
    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        state: &[Tensor<B>],
        at: &StepInputs<B>,
    ) -> Updated<B> {
        let steps = &state[0] + 1.0;
        let wrong = (grad - 4.0) + (&steps - &at.step);
        (param - grad + (-(&wrong * &wrong)).sqrt(), vec![steps + (-(&wrong * &wrong)).sqrt()])
    }
}

#[test]
fn an_update_that_is_not_due_leaves_nothing() {
    let gradients = [2.0, 4.0, 6.0, 3.0, 3.0, 6.0];
    assert_eq!(run(&Accumulate::new(3, Fragile), &gradients), [8.0, 8.0, 4.0, 4.0, 4.0, 0.0]);
    assert!(run(&Fragile, &gradients)[0].is_nan());
}

#[test]
fn one_gradient_is_no_accumulation() {
    let sgd = Sgd { momentum: 0.5, ..Sgd::new(0.125) };
    let gradients = [1.0, -2.0, 3.0];
    assert_eq!(run(&Accumulate::new(1, sgd), &gradients), run(&sgd, &gradients));
}
