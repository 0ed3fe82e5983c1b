//! Random programs over all primitives, on inputs in all layouts: each step means what the reference says, and means the
//! same eagerly, recorded, replayed and planned, on threads of its own and without.
//!
//! The same programs in every run; `PROPTEST_CASES=10000` for more of them.

use autodiff_core::{Backend, Element};
use backend_faer::{Faer, FaerDevice};
use conformance::random::{self, Bytes, RandomProgram};
use conformance::{ElementOf, Erased, Outcome, Place};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

type Make = fn(Bytes, &[Bytes]) -> RandomProgram;
type Property<E> = fn(&RandomProgram, &Place<E>) -> Outcome;

#[track_caller]
fn hold(cases: u32, most: usize, make: Make, property: impl Fn(&RandomProgram) -> Outcome) {
    let more = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = ProptestConfig {
        failure_persistence: None,
        cases: more.unwrap_or(cases),
        rng_seed: RngSeed::Fixed(4),
        ..ProptestConfig::default()
    };
    let programs = (any::<Bytes>(), vec(any::<Bytes>(), 1..=most));
    let programs = programs.prop_map(move |(inputs, choices)| make(inputs, &choices));
    let property = |program| property(&program).map_err(|failure| TestCaseError::fail(failure.to_string()));
    if let Err(error) = TestRunner::new(config).run(&programs, property) {
        panic!("{error}");
    }
}

#[track_caller]
fn check<B: Backend<Device = FaerDevice>>(cases: u32, most: usize, make: Make, property: Property<ElementOf<B>>) {
    let device = FaerDevice::with_threads(2).expect("two threads");
    let place = Place::of::<B>(device.clone());
    hold(cases, most, make, |program| device.install(|| property(program, &place)));
}

fn steps<E: Element>() -> Property<E> {
    random::steps_mean_what_they_say::<Erased<E>>
}

#[test]
fn steps_mean_what_they_say() {
    check::<Faer<f64>>(512, 24, RandomProgram::new, steps());
    check::<Faer<f32>>(256, 24, RandomProgram::new, steps());
}

#[test]
fn composites_agree_with_bodies() {
    check::<Faer<f64>>(512, 16, RandomProgram::new, random::composites_agree_with_bodies::<Erased<f64>>);
}

#[test]
fn eager_and_listed_agree() {
    check::<Faer<f64>>(512, 24, RandomProgram::new, random::eager_and_listed_agree::<Erased<f64>>);
}

#[test]
fn eager_and_planned_agree() {
    let device = FaerDevice::default();
    hold(256, 32, RandomProgram::new, |program| random::eager_and_planned_agree::<Faer<f64>>(program, &device));
    hold(128, 32, RandomProgram::new, |program| random::eager_and_planned_agree::<Faer<f32>>(program, &device));
}

#[test]
fn carried_values_agree() {
    let device = FaerDevice::default();
    hold(256, 32, RandomProgram::new, |program| random::carried_values_agree::<Faer<f64>>(program, &device));
    hold(128, 32, RandomProgram::new, |program| random::carried_values_agree::<Faer<f32>>(program, &device));
}

#[test]
fn gradients_agree() {
    check::<Faer<f64>>(512, 16, RandomProgram::of_elements, random::gradients_agree::<Erased<f64>>);
}

#[test]
fn linear_steps_have_adjoints() {
    check::<Faer<f64>>(512, 16, RandomProgram::of_elements, random::linear_steps_have_adjoints::<Erased<f64>>);
}

#[test]
fn passes_change_nothing() {
    let device = FaerDevice::default();
    hold(256, 32, RandomProgram::new, |program| random::passes_change_nothing::<Faer<f64>>(program, &device));
    hold(128, 32, RandomProgram::new, |program| random::passes_change_nothing::<Faer<f32>>(program, &device));
}
