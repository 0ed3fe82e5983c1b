//! Mixed precision: a network in halves, its weights in the backend's element, and a loss that is scaled.

use autodiff_core::{Autodiff, Backend, DType, Tensor, Trace};
use backend_cpu::Cpu;
use nn::{Context, Module, Param, Reduction, TrainStep, cross_entropy};
use optim::{Adam, GradScaler, Optimizer, Sgd};

use super::{Labelled, Mlp, batch, mlp, numbers};

type F32 = Cpu<f32>;

/// The classifier in this format.
fn within<B: Backend>(dtype: DType, model: &Mlp<B>, (x, labels): &Labelled<B>, ctx: &mut Context<B>) -> Tensor<B> {
    let logits = nn::Layer::forward(&model.to_dtype(dtype), &x.cast(dtype), ctx);
    cross_entropy(&logits.cast(DType::Elem), labels, Reduction::Mean)
}

fn f16<B: Backend>(model: &Mlp<B>, batch: &Labelled<B>, ctx: &mut Context<B>) -> Tensor<B> {
    within(DType::F16, model, batch, ctx)
}

fn bf16<B: Backend>(model: &Mlp<B>, batch: &Labelled<B>, ctx: &mut Context<B>) -> Tensor<B> {
    within(DType::Bf16, model, batch, ctx)
}

#[test]
fn a_network_in_halves_is_the_same_eager_and_compiled() {
    let batch = |step: u64| batch::<F32>(step, 5);
    // The scale grows until gradients overflow, and falls, again and again.
    let scaler = GradScaler { growth_interval: 7, ..GradScaler::new(Adam::new(0.02)) };
    check_equal!(mlp(2), scaler, f16, 500, batch);
    check_equal!(mlp(2), scaler, bf16, 500, batch);
}

#[test]
fn a_network_in_halves_learns_what_one_in_singles_does() {
    let batch = batch::<F32>(1, 5);
    let trained = |half: bool| {
        let scaler = GradScaler::new(Adam::new(0.05));
        let mut step = if half {
            TrainStep::compile(mlp(2), scaler, f16, &batch)
        } else {
            TrainStep::compile(mlp(2), scaler, super::classify, &batch)
        };
        let losses: Vec<f32> = (0..60).map(|_| step.run(&batch).unwrap()).collect();
        assert_eq!(step.model().parameters()[0].dtype(), DType::Elem);
        [losses[0], losses[59]]
    };
    let ([first, last], [half_first, half_last]) = (trained(false), trained(true));
    assert!(
        last < first / 5.0 && half_last < half_first / 5.0,
        "{first} to {last}, in halves {half_first} to {half_last}"
    );
    assert!((first - half_first).abs() < 0.01);
}

/// `w 2^-20` with the factor in front of a half: its gradient, 2^-30, is 0 in `f16`.
fn tiny<B: Backend>(w: &Param<B>, (): &(), _: &mut Context<B>) -> Tensor<B> {
    let half = w.cast(DType::F16) * 2.0_f64.powi(-10);
    half.cast(DType::Elem).sum() * 2.0_f64.powi(-20)
}

fn moved(optimizer: impl Optimizer + 'static) -> f32 {
    let w = Param::new(Tensor::<F32>::new(&[0.0], [1]));
    let mut step = TrainStep::compile(w, optimizer, tiny, &());
    step.run(&()).unwrap();
    step.model().item()
}

#[test]
fn a_scaled_loss_keeps_small_gradients() {
    let rate = 2.0_f64.powi(30);
    assert_eq!(moved(Sgd::new(rate)), 0.0);
    assert_eq!(moved(GradScaler::new(Sgd::new(rate))), -1.0);
}

/// The first scale is too large for this gradient.
fn huge<B: Backend>(w: &Param<B>, (): &(), _: &mut Context<B>) -> Tensor<B> {
    w.cast(DType::F16).cast(DType::Elem).sum() * 100.0
}

#[test]
fn a_step_that_overflows_changes_nothing_but_the_scale() {
    fn run<F>(step: &mut TrainStep<F32, Param<F32>, (), F>) -> Vec<f32>
    where
        F: Optimizer,
    {
        (0..12).map(|_| (step.run(&()).unwrap(), step.model().item()).1).collect()
    }
    let w = || Param::new(Tensor::<F32>::new(&[0.0], [1]));
    let optimizer = GradScaler::new(Sgd::new(0.01));
    let compiled = run(&mut TrainStep::compile(w(), optimizer, huge::<Autodiff<Trace<f32>>>, &()));
    let eager = run(&mut TrainStep::eager(w(), optimizer, huge::<Autodiff<F32>>));
    // 65,536 * 100 is halved until it is below 65,520: after seven steps.
    assert_eq!(compiled, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0, -2.0, -3.0, -4.0, -5.0]);
    assert_eq!(eager, compiled);
}
