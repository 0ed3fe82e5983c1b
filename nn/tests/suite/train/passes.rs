//! Passes of a compiled step: with and without them, and under a limit of memory, the same bits; what is told of them.

use autodiff_core::Passes;

use super::*;

/// A chain of equal layers, so that the gradient of their weight is a sum of products and reads every layer's result.
fn chain<B: Backend>(w: &Param<B>, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
    (0..8).fold(x.clone(), |h, _| h.matmul(w).tanh().sigmoid() * 2.0).square().mean()
}

fn weight() -> Param<F32> {
    Param::new(Tensor::normal(&Index::key(5, &Default::default()), [6, 6]))
}

fn rows(seed: u64) -> Tensor<F32> {
    Tensor::normal(&Index::key(seed, &Default::default()), [40, 6])
}

fn compiled(passes: Passes) -> TrainStep<F32, Param<F32>, Tensor<F32>, Adam> {
    TrainStep::compile_with(weight(), Adam::new(0.01), chain, &rows(0), passes)
}

#[test]
fn no_choice_of_passes_changes_a_bit() {
    let mut eager = TrainStep::eager(weight(), Adam::new(0.01), chain);
    let on = Passes::default();
    let all = [
        Passes::NONE,
        on,
        Passes { fold_constants: false, ..on },
        Passes { simplify: false, ..on },
        Passes { join_parts: false, ..on },
        Passes { absorb_transposes: false, ..on },
        Passes { accumulate: false, ..on },
        Passes { fuse: false, ..on },
        Passes { memory_limit: Some(5_000), ..on },
        Passes { memory_limit: Some(0), ..Passes::NONE },
    ];
    let mut steps = all.map(compiled);
    for seed in 0..20 {
        let expected = eager.run(&rows(seed)).unwrap().to_bits();
        for (step, passes) in steps.iter_mut().zip(all) {
            assert_eq!(step.run(&rows(seed)).unwrap().to_bits(), expected, "{passes:?}");
        }
    }
    for step in &steps {
        assert_eq!(numbers(&step.model()), numbers(&eager.model()));
    }
}

#[test]
fn a_limit_of_memory_is_kept_and_told_of() {
    let values = |step: &TrainStep<F32, _, _, _>| {
        let memory = step.explain().unwrap().memory;
        memory.bytes - memory.values.iter().filter(|value| value.kept).map(|value| value.bytes.len()).sum::<usize>()
    };
    let (free, tight) =
        (compiled(Passes::default()), compiled(Passes { memory_limit: Some(8_000), ..Passes::default() }));
    // What lies between values that are alive comes on top of them.
    assert!(values(&free) > 20_000 && values(&tight) <= 10_000, "{} and {}", values(&free), values(&tight));
    let told = tight.traces()[0].passes.last().unwrap();
    assert_eq!(told.pass, "rematerialise");
    assert!(told.after.cost.peak < told.before.cost.peak && told.after.cost.flops > told.before.cost.flops);
}

#[test]
fn a_profiled_step_is_a_step() {
    let (mut plain, mut profiled) = (compiled(Passes::default()), compiled(Passes::default()));
    for seed in 0..3 {
        assert_eq!(plain.run(&rows(seed)).unwrap(), profiled.profile(&rows(seed)).unwrap());
    }
    assert_eq!((profiled.steps(), numbers(&profiled.model())), (3, numbers(&plain.model())));
    let (told, untold) = (profiled.explain().unwrap(), plain.explain().unwrap());
    assert_eq!(told.times.len(), told.instructions.len());
    assert!(untold.times.is_empty() && untold.instructions == told.instructions);
    let text = told.to_string();
    for needed in
        ["== traced: ", "== fold_constants: ", "== simplify: ", "== accumulate: ", "addmm(", " us", "== memory: "]
    {
        assert!(text.contains(needed), "{needed} in {text}");
    }
    // An eager step has no list, and is run all the same.
    let mut eager = TrainStep::eager(weight(), Adam::new(0.01), chain);
    eager.profile(&rows(0)).unwrap();
    assert!(eager.explain().is_none() && eager.steps() == 1);
}
