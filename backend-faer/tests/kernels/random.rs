//! Random operations on random strides, of sizes around every threshold, in every element, on one thread or on three: what
//! the scalar kernels answer.
//!
//! The same in every run; `PROPTEST_CASES=10000` for more of them.

use autodiff_core::{ArgReduce, Axes, Reduce, Shape, Unary, bf16, f16};
use backend_cpu::kernels::scalar;
use backend_cpu::{Kernels, Layout, View};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{RngSeed, TestRunner};

use super::elementwise::{BINARY, check, tolerance};
use super::samples::{elements, fraction, layouts, same, special, whole};
use super::{K, Tested};

/// Vectors, blocks, panels, leaves and grains are of these sizes.
const THRESHOLDS: [usize; 12] = [1, 4, 8, 16, 32, 64, 128, 256, 1024, 3072, 8192, 16384];
/// A tensor has at most so many elements.
const MOST: usize = 40_000;

#[derive(Clone, Copy, Debug)]
struct Case {
    shape: [usize; 2],
    /// Which operation of its family, and which layouts of the operands.
    op: usize,
    layouts: [usize; 2],
    /// Numbers that sums are exact of, or special ones.
    special: bool,
    threads: usize,
}

fn cases() -> impl Strategy<Value = Case> {
    let near = || (select(&THRESHOLDS), 0..3_usize).prop_map(|(size, more)| size + more - 1);
    (near(), near(), any::<[u8; 3]>(), any::<bool>(), select(&[1, 3])).prop_map(
        |(a, b, [op, one, two], special, threads)| {
            let shape = [a, if a * b > MOST { MOST / a } else { b }];
            Case { shape, op: op.into(), layouts: [one.into(), two.into()], special, threads }
        },
    )
}

#[track_caller]
fn hold(property: impl Fn(&Case) + Sync) {
    let more = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = ProptestConfig {
        failure_persistence: None,
        cases: more.unwrap_or(192),
        rng_seed: RngSeed::Fixed(5),
        ..ProptestConfig::default()
    };
    let pools = [1, 3].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
    let run = |case: Case| {
        pools[usize::from(case.threads > 1)].install(|| property(&case));
        Ok(())
    };
    if let Err(error) = TestRunner::new(config).run(&cases(), run) {
        panic!("{error}");
    }
}

/// Numbers and a layout for them.
fn operand<T: Tested>(case: &Case, which: usize) -> (Vec<T>, Layout) {
    let all = layouts(&case.shape);
    let numbers = elements(&case.shape, |seed| {
        if case.special { special(seed ^ which as u16) } else { whole(seed.rotate_left(which as u32)) }
    });
    (numbers, all[case.layouts[which] % all.len()])
}

fn elementwise<T: Tested>(case: &Case) {
    let ((x, x_layout), (y, y_layout)) = (operand::<T>(case, 0), operand::<T>(case, 1));
    let (a, b, shape) = (View::new(&x, &x_layout), View::new(&y, &y_layout), Shape::from(case.shape));
    let f = Unary::ALL[case.op % Unary::ALL.len()];
    let plain = |out: &mut [T]| scalar::unary(f, a, out);
    check(&(f, case), shape, T::one(), tolerance::<T>(f), |out| K::<T>::unary(f, a, out), plain);
    let f = BINARY[case.op % BINARY.len()];
    let plain = |out: &mut [T]| scalar::binary(f, a, b, out);
    check(&(f, case), shape, T::one(), tolerance::<T>(f), |out| K::<T>::binary(f, a, b, out), plain);
}

fn reductions<T: Tested>(case: &Case) {
    let (x, layout) = operand::<T>(case, 0);
    let (x, what) = (View::new(&x, &layout), format!("{case:?} of {}", T::NAME));
    let axes = [Axes::one(0), Axes::one(1), Axes::all(2)][case.op % 3];
    let kinds = if case.special { [Reduce::Max, Reduce::Min] } else { [Reduce::Sum, Reduce::Mean] };
    let kind = kinds[case.op / 3 % 2];
    let len = Shape::from(case.shape).reduced(axes).elements();
    let (mut found, mut expected) = (vec![T::one(); len], vec![T::zero(); len]);
    K::<T>::reduce(kind, axes, x, &mut found);
    scalar::reduce(kind, axes, x, &mut expected);
    same_but_for_zeros(found, expected, &what);
    let axis = case.op % 2;
    if case.shape[axis] > 0 {
        let len = Shape::from(case.shape).reduced(Axes::one(axis)).elements();
        let (mut found, mut expected) = (vec![-1; len], vec![-2; len]);
        K::<T>::arg_reduce(ArgReduce::Max, axis, x, &mut found);
        scalar::arg_reduce(ArgReduce::Max, axis, x, &mut expected);
        assert_eq!(found, expected, "{what}");
    }
}

fn scans<T: Tested>(case: &Case) {
    let (x, layout) = operand::<T>(case, 0);
    let (x, what, len) = (View::new(&x, &layout), format!("{case:?} of {}", T::NAME), case.shape.iter().product());
    let (axis, reverse) = (case.op % 2, case.op / 2 % 2 == 1);
    let (mut found, mut expected) = (vec![T::one(); len], vec![T::zero(); len]);
    K::<T>::cumsum(axis, reverse, x, &mut found);
    scalar::cumsum(axis, reverse, x, &mut expected);
    same(&found, &expected, &what);
    let (mut found, mut expected) = (vec![-1; len], vec![-2; len]);
    K::<T>::argsort(reverse, x, &mut found);
    scalar::argsort(reverse, x, &mut expected);
    assert_eq!(found, expected, "{what}");
}

fn products<T: Tested>(case: &Case) {
    let ([m, k], n) = (case.shape, [1, 7, 16, 17, 40][case.op % 5]);
    let k = k.min(400);
    let (a, b) = (elements::<T>(&[m, k], fraction_of_few), elements::<T>(&[k, n], whole));
    let pick = |shape: [usize; 2], which: usize| {
        let all = layouts(&shape);
        all[case.layouts[which] % all.len()]
    };
    let (a_layout, b_layout) = (pick([m, k], 0), pick([k, n], 1));
    let (a, b) = (View::new(&a, &a_layout), View::new(&b, &b_layout));
    let start: Vec<T> = elements::<T>(&[m, n], whole)[..m * n].to_vec();
    let (mut found, mut expected) = (start.clone(), start);
    K::<T>::matmul(a, b, &mut found, case.special);
    scalar::matmul(a, b, &mut expected, case.special);
    same_but_for_zeros(found, expected, &format!("{case:?} of {}", T::NAME));
}

/// Which zero is the larger is not said, nor which one a sum of zeros is.
fn same_but_for_zeros<T: Tested>(mut found: Vec<T>, mut expected: Vec<T>, what: &str) {
    found.iter_mut().chain(&mut expected).for_each(|x| *x += T::zero());
    same(&found, &expected, what);
}

/// Quarters below 2, so that sums of products with whole numbers are exact.
fn fraction_of_few(seed: u16) -> f64 {
    (fraction(seed) * 2.0).floor() / 4.0
}

macro_rules! in_every_element {
    ($($property:ident => $test:ident;)*) => {
        $(#[test]
        fn $test() {
            hold(|case| match case.layouts[0] / 16 % 4 {
                0 => $property::<f64>(case),
                1 => $property::<f16>(case),
                2 => $property::<bf16>(case),
                _ => $property::<f32>(case),
            });
        })*
    };
}

in_every_element! {
    elementwise => functions_of_elements;
    reductions => reductions_and_positions;
    scans => running_sums_and_orders;
    products => matrix_products;
}
