//! Random programs over all primitives, on inputs in all layouts, in every way that there is to run them.
//!
//! The same programs in every run; `PROPTEST_CASES=10000` for more of them.

use core::cell::RefCell;

use autodiff_core::{Binary, Compare, Primitive, Reduce, Unary};
use backend_cpu::Cpu;
use conformance::random::{self, Bytes, RandomProgram};
use conformance::{Erased, Outcome, Place};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

type Single = Erased<f32>;
type Double = Erased<f64>;
type Make = fn(Bytes, &[Bytes]) -> RandomProgram;

fn config(cases: u32) -> ProptestConfig {
    let more = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        failure_persistence: None,
        cases: more.unwrap_or(cases),
        rng_seed: RngSeed::Fixed(3),
        ..ProptestConfig::default()
    }
}

/// Programs of up to so many choices.
fn programs(most: usize, make: Make) -> impl Strategy<Value = RandomProgram> {
    (any::<Bytes>(), vec(any::<Bytes>(), 1..=most)).prop_map(move |(inputs, choices)| make(inputs, &choices))
}

#[track_caller]
fn hold(cases: u32, most: usize, make: Make, property: impl Fn(&RandomProgram) -> Outcome) {
    let property = |program| property(&program).map_err(|failure| TestCaseError::fail(failure.to_string()));
    if let Err(error) = TestRunner::new(config(cases)).run(&programs(most, make), property) {
        panic!("{error}");
    }
}

#[track_caller]
fn check<E>(cases: u32, most: usize, make: Make, property: fn(&RandomProgram, &Place<E>) -> Outcome)
where
    E: backend_cpu::Scalar,
{
    let device = Place::of::<Cpu<E>>(backend_cpu::CpuDevice);
    hold(cases, most, make, |program| property(program, &device));
}

#[test]
fn steps_mean_what_they_say() {
    check(1024, 24, RandomProgram::new, random::steps_mean_what_they_say::<Double>);
    check(256, 24, RandomProgram::new, random::steps_mean_what_they_say::<Single>);
}

#[test]
fn composites_agree_with_bodies() {
    check(1024, 16, RandomProgram::new, random::composites_agree_with_bodies::<Double>);
}

#[test]
fn eager_and_listed_agree() {
    check(1024, 24, RandomProgram::new, random::eager_and_listed_agree::<Double>);
}

#[test]
fn eager_and_planned_agree() {
    let device = backend_cpu::CpuDevice;
    hold(1024, 32, RandomProgram::new, |program| random::eager_and_planned_agree::<Cpu<f64>>(program, &device));
    hold(256, 32, RandomProgram::new, |program| random::eager_and_planned_agree::<Cpu<f32>>(program, &device));
}

#[test]
fn carried_values_agree() {
    let device = backend_cpu::CpuDevice;
    hold(1024, 32, RandomProgram::new, |program| random::carried_values_agree::<Cpu<f64>>(program, &device));
    hold(256, 32, RandomProgram::new, |program| random::carried_values_agree::<Cpu<f32>>(program, &device));
}

#[test]
fn gradients_agree() {
    check(1024, 16, RandomProgram::of_elements, random::gradients_agree::<Double>);
}

#[test]
fn curvatures_agree() {
    check(512, 6, RandomProgram::of_elements, random::curvatures_agree::<Double>);
}

#[test]
fn linear_steps_have_adjoints() {
    check(1024, 16, RandomProgram::of_elements, random::linear_steps_have_adjoints::<Double>);
}

/// A primitive that no program applies would be tested by none of the above.
#[test]
fn every_primitive_is_in_some_program() {
    let found = RefCell::new(Vec::new());
    let collect = |program: RandomProgram| {
        let mut found = found.borrow_mut();
        found.extend(program.primitives().flat_map(|op| [family(op), op.name()]));
        found.sort_unstable();
        found.dedup();
        Ok(())
    };
    TestRunner::new(config(1024)).run(&programs(32, RandomProgram::new), collect).unwrap();
    let found = found.into_inner();
    let unary = Unary::ALL.iter().map(|f| f.name());
    let binary = Binary::ALL.iter().map(|f| f.name()).chain(Compare::ALL.iter().map(|f| f.name()));
    let composites =
        ["softmax", "log_softmax", "logsumexp", "cross_entropy", "softplus", "standardize", "rms_norm", "attention"];
    let expected =
        FAMILIES.into_iter().chain(composites).chain(unary).chain(binary).chain(Reduce::ALL.iter().map(|f| f.name()));
    let missing: Vec<_> = expected.filter(|name| !found.contains(name)).collect();
    assert_eq!(missing, [""; 0]);
}

/// A name for each family below.
const FAMILIES: [&str; 30] = [
    "Constant",
    "Iota",
    "RandomBits",
    "Cast",
    "Unary",
    "Binary",
    "Compare",
    "Select",
    "Reduce",
    "ArgReduce",
    "CumSum",
    "ArgSort",
    "MatMul",
    "Conv",
    "ConvInputGrad",
    "ConvWeightGrad",
    "WindowSum",
    "WindowSpread",
    "WindowArgMax",
    "Reshape",
    "Permute",
    "Flip",
    "Broadcast",
    "Pad",
    "Slice",
    "Concat",
    "Gather",
    "ScatterAdd",
    "Barrier",
    "Call",
];

/// The compiler asks for every new primitive here; its name goes into the list above too.
const fn family(op: &Primitive) -> &'static str {
    match op {
        Primitive::Constant { .. } => "Constant",
        Primitive::Iota { .. } => "Iota",
        Primitive::RandomBits { .. } => "RandomBits",
        Primitive::Cast { .. } => "Cast",
        Primitive::Unary(_) => "Unary",
        Primitive::Binary(_) => "Binary",
        Primitive::Compare(_) => "Compare",
        Primitive::Select => "Select",
        Primitive::Reduce { .. } => "Reduce",
        Primitive::ArgReduce { .. } => "ArgReduce",
        Primitive::CumSum { .. } => "CumSum",
        Primitive::ArgSort { .. } => "ArgSort",
        Primitive::MatMul => "MatMul",
        Primitive::Conv { .. } => "Conv",
        Primitive::ConvInputGrad { .. } => "ConvInputGrad",
        Primitive::ConvWeightGrad { .. } => "ConvWeightGrad",
        Primitive::WindowSum { .. } => "WindowSum",
        Primitive::WindowSpread { .. } => "WindowSpread",
        Primitive::WindowArgMax { .. } => "WindowArgMax",
        Primitive::Reshape { .. } => "Reshape",
        Primitive::Permute { .. } => "Permute",
        Primitive::Flip { .. } => "Flip",
        Primitive::Broadcast { .. } => "Broadcast",
        Primitive::Pad { .. } => "Pad",
        Primitive::Slice { .. } => "Slice",
        Primitive::Concat { .. } => "Concat",
        Primitive::Gather { .. } => "Gather",
        Primitive::ScatterAdd { .. } => "ScatterAdd",
        Primitive::Barrier => "Barrier",
        Primitive::Call(_) => "Call",
    }
}

#[test]
fn passes_change_nothing() {
    let device = backend_cpu::CpuDevice;
    hold(1024, 32, RandomProgram::new, |program| random::passes_change_nothing::<Cpu<f64>>(program, &device));
    hold(256, 32, RandomProgram::new, |program| random::passes_change_nothing::<Cpu<f32>>(program, &device));
}
