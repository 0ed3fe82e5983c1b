//! Every schedule: it ends at the learning rate that a step is given, so that a compiled step stays the list that it is while
//! the rate moves, and does what an eager one does.

use autodiff_core::{Backend, Tensor};
use nn::TrainStep;
use optim::schedule::{
    AnnealStrategy, ConstantLr, CosineAnnealingLr, CosineAnnealingWarmRestarts, CyclicLr, CyclicMode, ExponentialLr,
    LinearLr, MultiStepLr, OneCycleLr, PolynomialLr, ReduceLrOnPlateau, Schedule, SequentialLr, StepLr,
    WarmupLinearDecay,
};
use optim::{Adam, Rule, StepInputs, Updated};

use super::{F32, batch, classify, mlp, numbers};

const STEPS: u32 = 40;
const RATE: f64 = 0.05;

fn adam(lr: f64) -> Adam {
    Adam { weight_decay: 0.1, ..Adam::new(lr) }
}

/// `rate` answers that of a step from its number and the loss of the step before.
fn check(mut rate: impl FnMut(u32, f64) -> f64) {
    let batches = [0, 1, 2].map(|seed| batch::<F32>(seed, 4));
    let mut eager = TrainStep::eager(mlp(7), adam(RATE), classify);
    let mut compiled = TrainStep::compile(mlp(7), adam(RATE), classify, &batches[0]);
    let (fresh, place) = (compiled.list().unwrap().clone(), compiled.list().unwrap().assignments().as_ptr());
    let (mut loss, mut rates) = (f64::INFINITY, Vec::new());
    for (number, batch) in (0..STEPS).zip(batches.iter().cycle()) {
        rates.push(rate(number, loss));
        let [left, right] = [&mut eager, &mut compiled].map(|step| {
            step.set_lr(rates[number as usize]);
            step.run(batch).unwrap()
        });
        assert_eq!(left.to_bits(), right.to_bits(), "loss of step {number}: {left} and {right}");
        loss = left.into();
    }
    assert!(rates.iter().any(|rate| *rate != rates[0]), "the rate never moves");
    assert_eq!(numbers(&eager.model()), numbers(&compiled.model()));
    assert!(compiled.list().unwrap().assignments().as_ptr() == place && *compiled.list().unwrap() == fresh);
    // Traced with the rate of the last step as its own.
    let later = TrainStep::compile(compiled.model(), adam(rates[rates.len() - 1]), classify, &batches[1]);
    assert!(*later.list().unwrap() == fresh);
}

macro_rules! schedules {
    ($($name:ident: $schedule:expr,)*) => {
        $(#[test]
        fn $name() {
            let schedule = $schedule;
            check(|number, _| schedule.at(RATE, number));
        })*
    };
}

schedules! {
    constant: ConstantLr { factor: 0.5, total_iters: 10 },
    linear: LinearLr { start_factor: 0.1, end_factor: 1.0, total_iters: 30 },
    warmup_linear_decay: WarmupLinearDecay { warmup_steps: 10, total_steps: 35 },
    step: StepLr::new(7),
    multi_step: MultiStepLr::new([5, 20, 21]),
    exponential: ExponentialLr::new(0.9),
    polynomial: PolynomialLr { total_iters: 30, power: 2.0 },
    cosine_annealing: CosineAnnealingLr::new(STEPS),
    cosine_annealing_with_warm_restarts: CosineAnnealingWarmRestarts { t_mult: 2, ..CosineAnnealingWarmRestarts::new(6) },
    cyclic: CyclicLr { mode: CyclicMode::Triangular2, ..CyclicLr::new(0.2, 5) },
    one_cycle: OneCycleLr { three_phase: true, anneal_strategy: AnnealStrategy::Linear, ..OneCycleLr::new(0.2, STEPS) },
    sequential: SequentialLr::new(LinearLr::default()).then(5, StepLr::new(10)).then(25, ExponentialLr::new(0.8)),
    one_after_the_other: (ConstantLr::default(), ExponentialLr::new(0.95)),
}

#[test]
fn reduced_on_a_plateau() {
    let mut plateau = ReduceLrOnPlateau { patience: 1, factor: 0.5, ..ReduceLrOnPlateau::default() }.start(RATE);
    check(|_, loss| plateau.report(loss));
}

/// Descent by the rate that it was made with, whatever the step's is.
#[derive(Clone, Copy, Debug)]
struct Frozen(f64);

impl Rule for Frozen {
    fn lr(&self) -> f64 {
        self.0
    }
    fn init<B: Backend>(&self, _: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        Vec::new()
    }
    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        _: &[Tensor<B>],
        _: &StepInputs<B>,
    ) -> Updated<B> {
        (param - grad * self.0, Vec::new())
    }
}

/// So the tests above can fail.
#[test]
fn a_rate_that_freezes_into_a_list_makes_another_list() {
    let batch = batch::<F32>(0, 4);
    let traced = |lr: f64| TrainStep::compile(mlp(7), Frozen(lr), classify, &batch).list().unwrap().clone();
    assert!(traced(0.1) == traced(0.1) && traced(0.1) != traced(0.2));
}
