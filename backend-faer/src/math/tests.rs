//! How far the functions are from exact ones: the table of [`super`], asserted.

use autodiff_core::Unary;
use backend_cpu::{Scalar, math};

use super::{Float, Functions, erf, erfc, exp, expm1, gelu, log, log1p, sigmoid, tanh};
use crate::simd::{Baseline, Isa, Job, compiled};

/// In units of the last place, for `f32` and `f64`: the table and a little, and for `f64` 1 more, by which the reference
/// may err.
const BOUNDS: [(Unary, f64, f64); 10] = [
    (Unary::Exp, 1.1, 2.0),
    (Unary::Expm1, 1.6, 3.0),
    (Unary::Log, 0.9, 2.0),
    (Unary::Log1p, 0.9, 2.0),
    (Unary::Sin, 1.6, 2.0),
    (Unary::Cos, 1.6, 2.0),
    (Unary::Tanh, 2.0, 3.0),
    (Unary::Sigmoid, 1.8, 2.6),
    (Unary::Erf, 1.2, 2.2),
    (Unary::Erfc, 2.0, 3.0),
];
/// How much more the tail of the complementary error function may err where multiply-add is not fused.
const UNFUSED: f64 = 1.5;

#[test]
fn singles_of_all_sizes() {
    let x: Vec<f32> = (0..=u32::MAX).step_by(20_011).map(f32::from_bits).collect();
    for (f, bound, _) in BOUNDS {
        check(f, &x, bound);
    }
}

#[test]
fn singles_where_functions_bend() {
    let x: Vec<f32> = (-30_000_i16..=30_000).map(|i| f32::from(i) * 0.003_5).collect();
    for (f, bound, _) in BOUNDS {
        check(f, &x, bound);
    }
}

#[test]
fn doubles_of_all_sizes() {
    let x: Vec<f64> =
        (0..1 << 17).map(|i: u64| f64::from_bits(i << 47 | i.wrapping_mul(0x9e37_79b9_7f4a) >> 8)).collect();
    for (f, _, bound) in BOUNDS {
        check(f, &x, bound);
    }
}

#[test]
fn doubles_where_functions_bend() {
    let x: Vec<f64> = (-30_000_i32..=30_000).map(|i| f64::from(i) * 0.001 + f64::from(i).powi(3) * 3e-11).collect();
    for (f, _, bound) in BOUNDS {
        check(f, &x, bound);
    }
}

#[test]
fn gelu_of_singles() {
    let all = (0..=u32::MAX).step_by(20_011).map(f32::from_bits);
    let bends = (-30_000_i16..=30_000).map(|i| f32::from(i) * 0.000_55);
    let x: Vec<f32> = all.chain(bends).collect();
    // The reference errs by the square of 14 roundings of `f64` at most.
    check_gelu(&x, 4.2);
}

#[test]
fn gelu_of_doubles() {
    // Where the reference is right to a few units.
    let x: Vec<f64> = (-20_000_i16..=20_000).map(|i| f64::from(i) * 0.000_1).collect();
    check_gelu(&x, 10.0);
}

#[test]
fn gelu_at_the_ends() {
    for found in [compiled(Gelu(&ENDS)), Gelu(&ENDS).run::<Baseline>()] {
        assert!(found[0].is_nan() && found[1].is_nan());
        assert_eq!(found[2..].iter().map(|x| x.to_bits()).collect::<Vec<_>>(), ENDS_EXACT.map(f32::to_bits));
    }
}

const ENDS: [f32; 10] =
    [f32::NAN, f32::NEG_INFINITY, f32::INFINITY, f32::MAX, f32::MIN, -15.0, -0.0, 0.0, 20.0, f32::MIN_POSITIVE];
const ENDS_EXACT: [f32; 8] = [f32::INFINITY, f32::MAX, -0.0, -0.0, -0.0, 0.0, 20.0, f32::MIN_POSITIVE / 2.0];

/// Compares with `x erfc(-x / sqrt(2)) / 2` in `f64`.
#[track_caller]
fn check_gelu<T: Functions>(x: &[T], bound: f64) {
    let (fused, plain) = (compiled(Gelu(x)), Gelu(x).run::<Baseline>());
    for (&x, found) in x.iter().zip(fused.into_iter().zip(plain)) {
        let wide = x.into_f64();
        let exact = 0.5 * wide * math::unary(Unary::Erfc, -wide * std::f64::consts::FRAC_1_SQRT_2);
        for found in [found.0, found.1] {
            assert!(is_near(found, exact, bound), "gelu of {x:?}: {found:?}, exact {exact:e}, bound {bound}");
        }
    }
}

/// Compares with the function that the scalar backend has in `f64`, on all instruction sets.
#[track_caller]
fn check<T: Functions>(f: Unary, x: &[T], bound: f64) {
    let fused = compiled(Apply(f, x));
    let plain = Apply(f, x).run::<Baseline>();
    for (&x, found) in x.iter().zip(fused.into_iter().zip(plain)) {
        if matches!(f, Unary::Sin | Unary::Cos) && x.is_far() {
            continue;
        }
        let exact = math::unary(f, x.into_f64());
        let unfused = if f == Unary::Erfc { bound + UNFUSED } else { bound };
        for (found, bound) in [(found.0, bound), (found.1, unfused)] {
            assert!(is_near(found, exact, bound), "{f:?} of {x:?}: {found:?}, exact {exact:e}, bound {bound}");
        }
    }
}

fn is_near<T: Scalar>(found: T, exact: f64, bound: f64) -> bool {
    let rounded = T::from_f64(exact);
    if rounded.is_nan() {
        return found.is_nan();
    }
    if rounded.is_infinite() || exact == 0.0 {
        return found.bits() == rounded.bits();
    }
    let digits = i32::try_from(T::MANTISSA_DIGITS).unwrap() - 1;
    let smallest = libm::ilogb(T::min_positive_value().into_f64());
    let ulp = libm::ldexp(1.0, libm::ilogb(exact).max(smallest) - digits);
    (found.into_f64() - exact).abs() <= bound * ulp
}

struct Apply<'a, T>(Unary, &'a [T]);

impl<T: Functions> Job for Apply<'_, T> {
    type Out = Vec<T>;

    #[inline(always)]
    fn run<I: Isa>(self) -> Vec<T> {
        let f: fn(T) -> T = match self.0 {
            Unary::Exp => exp::<I, T>,
            Unary::Expm1 => expm1::<I, T>,
            Unary::Log => log::<I, T>,
            Unary::Log1p => log1p::<I, T>,
            Unary::Sin => <T as super::Angle>::sin::<I>,
            Unary::Cos => <T as super::Angle>::cos::<I>,
            Unary::Tanh => tanh::<I, T>,
            Unary::Sigmoid => sigmoid::<I, T>,
            Unary::Erf => erf::<I, T>,
            Unary::Erfc => erfc::<I, T>,
            f => panic!("{f:?} is exact"),
        };
        self.1.iter().map(|&x| f(x)).collect()
    }
}

struct Gelu<'a, T>(&'a [T]);

impl<T: Float> Job for Gelu<'_, T> {
    type Out = Vec<T>;

    #[inline(always)]
    fn run<I: Isa>(self) -> Vec<T> {
        self.0.iter().map(|&x| gelu::<I, T>(x)).collect()
    }
}
