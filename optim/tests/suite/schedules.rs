//! Schedules against PyTorch's numbers, and at the limits of their settings.
//!
//! The numbers are those of the class of the same name in `torch.optim.lr_scheduler`, 2.15, with a learning rate of 0.1.

use optim::schedule::{
    AnnealStrategy, ConstantLr, CosineAnnealingLr, CosineAnnealingWarmRestarts, CyclicLr, CyclicMode, ExponentialLr,
    LinearLr, MultiStepLr, OneCycleLr, Plateau, PlateauMode, PolynomialLr, ReduceLrOnPlateau, Schedule, SequentialLr,
    StepLr, ThresholdMode, WarmupLinearDecay,
};

#[track_caller]
fn check(schedule: impl Schedule, expected: &[f64]) {
    for (step, expected) in (0..).zip(expected) {
        let found = schedule.at(0.1, step);
        assert!((found - expected).abs() < 1e-15, "{schedule:?}, step {step}: {found}, {expected} expected");
    }
    for step in [0, 1, 1000, u32::MAX - 1, u32::MAX] {
        let found = schedule.at(0.1, step);
        assert!((0.0..=1.0).contains(&found), "{schedule:?}, step {step}: {found}");
    }
}

#[test]
fn lines_and_powers() {
    check(ConstantLr { factor: 0.25, total_iters: 3 }, &[0.025, 0.025, 0.025, 0.1, 0.1]);
    check(ConstantLr { total_iters: 0, ..ConstantLr::default() }, &[0.1]);
    let linear = LinearLr { start_factor: 0.25, end_factor: 0.75, total_iters: 3 };
    check(linear, &[0.025, 0.041666666666666664, 0.05833333333333333, 0.07499999999999998, 0.07499999999999998]);
    check(
        PolynomialLr { total_iters: 4, power: 0.5 },
        &[0.1, 0.08660254037844387, 0.07071067811865475, 0.05, 0.0, 0.0],
    );
    check(WarmupLinearDecay { warmup_steps: 0, total_steps: 2 }, &[0.1, 0.05, 0.0]);
    check(WarmupLinearDecay { warmup_steps: 2, total_steps: 2 }, &[0.0, 0.05, 0.0]);
    check(WarmupLinearDecay { warmup_steps: 0, total_steps: 0 }, &[0.0]);
}

#[test]
fn factors() {
    check(StepLr::new(2), &[0.1, 0.1, 0.01, 0.01, 0.001]);
    check(MultiStepLr { gamma: 0.5, ..MultiStepLr::new([4, 1, 1]) }, &[0.1, 0.025, 0.025, 0.025, 0.0125]);
    check(ExponentialLr::new(0.0), &[0.1, 0.0, 0.0]);
}

#[test]
fn cosines() {
    let cosine = CosineAnnealingLr { eta_min: 0.02, ..CosineAnnealingLr::new(3) };
    check(cosine, &[0.1, 0.08, 0.04, 0.02, 0.04, 0.08, 0.1, 0.08, 0.04]);
    // However many steps there are, the cosine is that of the place within the period.
    assert_eq!(cosine.at(0.1, 4_000_000_002), cosine.at(0.1, 0));
    let restarts = CosineAnnealingWarmRestarts { t_0: 2, t_mult: 3, eta_min: 0.01 };
    let expected = [
        0.1,
        0.055,
        0.1,
        0.09397114317029975,
        0.0775,
        0.055,
        0.0325,
        0.01602885682970026,
        0.1,
        0.09931634888554937,
        0.09728616793536589,
        0.09397114317029975,
    ];
    check(restarts, &expected);
    check(CosineAnnealingWarmRestarts::new(3), &[0.1, 0.075, 0.025, 0.1, 0.075, 0.025, 0.1]);
    check(CosineAnnealingWarmRestarts { t_mult: u32::MAX, ..CosineAnnealingWarmRestarts::new(1) }, &[0.1, 0.1]);
}

#[test]
fn one_cycle() {
    let three = OneCycleLr { pct_start: 0.25, three_phase: true, ..OneCycleLr::new(0.5, 12) };
    let expected = [
        0.05,
        0.275,
        0.5,
        0.275,
        0.05,
        0.047548979480584876,
        0.040681372596003657,
        0.030757393115418783,
        0.01974260688458122,
        0.009818627403996347,
        0.002951020519415129,
        0.0005,
    ];
    check(OneCycleLr { div_factor: 10.0, final_div_factor: 100.0, ..three }, &expected);
    let expected = [
        0.02,
        0.14631578947368415,
        0.27263157894736834,
        0.3989473684210526,
        0.47473684210526323,
        0.3484210526315791,
        0.22210526315789492,
        0.0957894736842107,
        0.017647294117647067,
        0.011765529411764711,
        0.005883764705882356,
        2e-6,
    ];
    check(OneCycleLr { pct_start: 0.4, anneal_strategy: AnnealStrategy::Linear, ..three }, &expected);
    let fall = OneCycleLr { pct_start: 0.0, ..OneCycleLr::new(0.5, 6) };
    check(fall, &[0.4665064849207059, 0.3750005, 0.250001, 0.12500150000000004, 0.03349551507929411, 2e-6]);
}

/// PyTorch divides by 0 in some of these: a phase of no length is over when it begins.
#[test]
fn one_cycle_at_its_limits() {
    check(OneCycleLr { pct_start: 1.0, ..OneCycleLr::new(0.5, 3) }, &[0.02, 0.26, 0.5, 2e-6]);
    check(OneCycleLr { pct_start: 0.25, ..OneCycleLr::new(0.5, 4) }, &[0.5]);
    check(OneCycleLr::new(0.5, 1), &[]);
    check(OneCycleLr { three_phase: true, pct_start: 0.5, ..OneCycleLr::new(0.5, 2) }, &[0.5]);
    check(OneCycleLr { three_phase: true, pct_start: 1.0, ..OneCycleLr::new(0.5, 2) }, &[0.02, 0.5]);
}

#[test]
fn cycles() {
    let exponential = CyclicLr { step_size_down: 2, mode: CyclicMode::ExpRange(0.9), ..CyclicLr::new(0.5, 3) };
    check(exponential, &[0.1, 0.22, 0.316, 0.3916, 0.23122, 0.1, 0.1708588, 0.22754584, 0.272186884]);
    let halved = CyclicLr { mode: CyclicMode::Triangular2, ..CyclicLr::new(0.5, 2) };
    check(halved, &[0.1, 0.3, 0.5, 0.3, 0.1, 0.2, 0.3, 0.2, 0.1, 0.15]);
}

#[test]
fn several() {
    let warm = LinearLr { start_factor: 0.1, total_iters: 3, ..LinearLr::default() };
    let schedule = SequentialLr::new(warm).then(3, ExponentialLr::new(0.5)).then(6, CosineAnnealingLr::new(4));
    let cosine = [0.1, 0.08535533905932738, 0.05, 0.014644660940672627, 0.0, 0.014644660940672622];
    check(schedule, &[&[0.01, 0.04, 0.07, 0.1, 0.05, 0.025][..], &cosine].concat());
    let constant = ConstantLr { factor: 0.1, total_iters: 3 };
    let steps = MultiStepLr { gamma: 0.5, ..MultiStepLr::new([2, 4]) };
    check((constant, (ExponentialLr::new(0.9), steps)), &[0.01, 0.009, 0.00405, 0.03645, 0.0164025, 0.01476225]);
}

#[track_caller]
fn reported(mut plateau: Plateau, metrics: &[f64], expected: &[f64]) {
    let found: Vec<f64> = metrics.iter().map(|metric| plateau.report(*metric)).collect();
    assert_eq!(found, expected);
    assert_eq!(plateau.lr(), expected[expected.len() - 1]);
}

#[test]
fn plateaus() {
    let accuracy = ReduceLrOnPlateau {
        mode: PlateauMode::Max,
        threshold_mode: ThresholdMode::Abs,
        threshold: 0.1,
        patience: 1,
        cooldown: 2,
        factor: 0.5,
        min_lr: 0.02,
        ..ReduceLrOnPlateau::default()
    };
    let metrics = [1.0, 1.05, 1.05, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2];
    let expected = [0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.025, 0.02, 0.02];
    reported(accuracy.start(0.1), &metrics, &expected);
    let impatient =
        ReduceLrOnPlateau { patience: 0, threshold: 0.1, eps: 1e-3, factor: 0.5, ..ReduceLrOnPlateau::default() };
    let metrics = [f64::INFINITY, f64::NAN, 2.0, 1.9, f64::NAN, 1.95, 1.0];
    reported(impatient.start(0.1), &metrics, &[0.05, 0.025, 0.025, 0.0125, 0.00625, 0.003125, 0.003125]);
}
