//! Batches of several shapes in one compiled step, what a step allocates, and what it says of its traces.

use autodiff_core::{Backend, Tensor};
use backend_cpu::Cpu;
use nn::{Context, Module, Param, TrainStep};
use optim::{Adam, Sgd};

use super::{batch, classify, mlp, numbers};

type F32 = Cpu<f32>;
type F64 = Cpu<f64>;

/// Steps on batches of these sizes, compiled and eager: the same bits. Answers the compiled step.
#[track_caller]
fn sizes_agree(sizes: impl Iterator<Item = usize>) -> usize {
    let mut compiled = TrainStep::compile(mlp::<F32>(3), Adam::new(0.01), classify, &batch(0, 4));
    let mut eager = TrainStep::eager(mlp::<F32>(3), Adam::new(0.01), classify);
    for (step, size) in (1..).zip(sizes) {
        let batch = batch(step, size);
        assert_eq!(compiled.run(&batch).unwrap(), eager.run(&batch).unwrap(), "step {step} with {size} examples");
    }
    assert_eq!(numbers(&compiled.model()), numbers(&eager.model()));
    compiled.traces().len()
}

#[test]
fn batches_of_several_shapes_take_turns() {
    assert_eq!(sizes_agree([4, 5, 4, 1, 5, 5, 9, 4, 1].into_iter()), 4);
}

#[test]
fn more_shapes_than_are_kept_are_served_too() {
    // The 33rd takes the place of the first, which is traced again.
    assert_eq!(sizes_agree((1..=33).chain([1])), 34);
    assert_eq!(sizes_agree((1..=32).chain([1, 4, 32])), 32);
}

#[test]
fn a_shape_that_the_loss_refuses_leaves_the_step_as_it_was() {
    let mut step = TrainStep::compile(mlp::<F32>(3), Sgd::default(), classify, &batch(0, 4));
    let refused = (Tensor::ones([4, 7], &Default::default()), batch::<F32>(0, 4).1);
    std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| step.run(&refused))).unwrap_err();
    step.run(&batch(0, 4)).unwrap();
    assert_eq!((step.traces().len(), step.steps()), (1, 1));
}

#[test]
fn another_trace_is_reported() {
    let mut step = TrainStep::compile(mlp::<F32>(3), Sgd::default(), classify, &batch(0, 4));
    step.run(&batch(0, 4)).unwrap();
    step.run(&batch(0, 5)).unwrap();
    let reports: Vec<String> = step.traces().iter().map(ToString::to_string).collect();
    let length = step.list().unwrap().assignments().len();
    assert!(reports[0].starts_with("step 0: compiled "), "{reports:?}");
    assert_eq!(reports[1], format!("step 2: compiled {length} assignments for batch.0 [5, 4], batch.1 index[5]"));
    assert_eq!(reports.len(), 2);
}

fn scaled<B: Backend>(model: &Param<B>, (x, factor): &(Tensor<B>, f64), _: &mut Context<B>) -> Tensor<B> {
    (model.value() * x * *factor).sum()
}

#[derive(Clone, Debug, Module)]
enum Signed<B: Backend> {
    Plus(Tensor<B>),
    Minus(Tensor<B>),
}

fn signed<B: Backend>(model: &Param<B>, batch: &Signed<B>, _: &mut Context<B>) -> Tensor<B> {
    match batch {
        Signed::Plus(x) => (model.value() * x).sum(),
        Signed::Minus(x) => -(model.value() * x).sum(),
    }
}

/// What is not a tensor would stay in the list as it was when it was traced.
#[test]
fn what_is_not_a_tensor_is_traced_again() {
    let (model, x) = (Param::new(Tensor::<F64>::new(&[2.0], [1])), Tensor::<F64>::new(&[3.0], [1]));
    let mut step = TrainStep::compile(model.clone(), Sgd::new(0.0), scaled, &(x.clone(), 1.0));
    let losses = [1.0, 5.0, 1.0].map(|factor| step.run(&(x.clone(), factor)).unwrap());
    assert_eq!((losses, step.traces().len()), ([6.0, 30.0, 6.0], 2));

    let mut step = TrainStep::compile(model, Sgd::new(0.0), signed, &Signed::Plus(x.clone()));
    let batches = [Signed::Plus(x.clone()), Signed::Minus(x.clone()), Signed::Plus(x)];
    let losses = batches.map(|batch| step.run(&batch).unwrap());
    assert_eq!((losses, step.traces().len()), ([6.0, -6.0, 6.0], 2));
}

#[test]
fn a_step_allocates_nothing_once_it_has_run() {
    let (mut step, sizes) = (TrainStep::compile(mlp::<F32>(3), Adam::new(0.01), classify, &batch(0, 4)), [4, 5]);
    let batches = sizes.map(|size| batch::<F32>(0, size));
    // In another order than rows, as a transposed view has it.
    let turned = (batches[0].0.t().reshape([4, 4]).t(), batches[0].1.clone());
    let mut run = || {
        for batch in batches.iter().chain([&turned]) {
            step.run(batch).unwrap();
        }
    };
    run();
    assert_eq!(allocation_counter::measure(run).count_total, 0);
}
