//! The functions of single numbers, against values known to more digits than they have.

use core::cmp::Ordering::{self, Equal, Greater, Less};
use core::f64::consts::{E, LN_2, LN_10, SQRT_2};

use autodiff_core::{Binary, Compare, Element, Unary, bf16, f16};
use backend_cpu::{Scalar, math};

/// How far a function may be off, in units in the last place of the format: `libm`'s are within one or two for `f32` and
/// `f64`; a half is rounded once from `f32`, so that half a unit and a little remains.
fn ulps<T: Element>() -> f64 {
    if T::MANTISSA_DIGITS < 24 { 0.51 } else { 2.0 }
}

#[track_caller]
fn close<T: Scalar>(what: &str, found: T, expected: f64) {
    let unit = expected.abs() * 0.5_f64.powi(T::MANTISSA_DIGITS as i32 - 1);
    let error = (found.into_f64() - expected).abs();
    assert!(error <= ulps::<T>() * unit, "{what} in {}: {found}, not {expected}", T::NAME);
}

/// Arguments that every format holds exactly, and 17 digits of the result.
const FACTS: [(Unary, f64, f64); 27] = [
    (Unary::Exp, 1.0, E),
    (Unary::Exp, -2.5, 0.082_084_998_623_898_8),
    (Unary::Expm1, 0.031_25, 0.031_743_407_499_102_67),
    (Unary::Expm1, -1.0, -0.632_120_558_828_557_7),
    (Unary::Log, 10.0, LN_10),
    (Unary::Log, 0.125, -2.079_441_541_679_836),
    (Unary::Log1p, 0.031_25, 0.030_771_658_666_753_687),
    (Unary::Log1p, 1.0, LN_2),
    (Unary::Sin, 1.0, 0.841_470_984_807_896_5),
    (Unary::Sin, -2.0, -0.909_297_426_825_681_7),
    (Unary::Cos, 1.0, 0.540_302_305_868_139_7),
    (Unary::Cos, 3.0, -0.989_992_496_600_445_4),
    (Unary::Sqrt, 2.0, SQRT_2),
    (Unary::Sqrt, 0.25, 0.5),
    (Unary::Tanh, 0.5, 0.462_117_157_260_009_76),
    (Unary::Tanh, -3.0, -0.995_054_753_686_730_5),
    (Unary::Sigmoid, 1.0, 0.731_058_578_630_004_9),
    (Unary::Sigmoid, -4.0, 0.017_986_209_962_091_56),
    (Unary::Erf, 0.5, 0.520_499_877_813_046_5),
    (Unary::Erf, -1.0, -0.842_700_792_949_714_9),
    (Unary::Erfc, 0.5, 0.479_500_122_186_953_5),
    (Unary::Erfc, 2.0, 0.004_677_734_981_047_266),
    (Unary::Neg, 1.5, -1.5),
    (Unary::Abs, -1.5, 1.5),
    (Unary::Relu, -1.5, 0.0),
    (Unary::Floor, -1.5, -2.0),
    (Unary::Round, -1.5, -2.0),
];

fn facts<T: Scalar>() {
    for (f, x, y) in FACTS {
        close(f.name(), math::unary(f, T::from_f64(x)), y);
    }
    close("atan2", math::binary(Binary::Atan2, T::from_f64(2.0), T::from_f64(-0.5)), 1.815_774_989_921_760_8);
    close("pow", math::binary(Binary::Pow, T::from_f64(2.0), T::from_f64(0.5)), SQRT_2);
}

#[test]
fn functions_are_as_exact_as_their_format() {
    facts::<f32>();
    facts::<f64>();
    facts::<f16>();
    facts::<bf16>();
}

fn limits<T: Scalar>() {
    let (inf, zero, one) = (T::infinity(), T::zero(), T::one());
    let at = |f, x: f64| math::unary(f, T::from_f64(x));
    for (x, y) in [(1e3, one), (-1e3, zero), (f64::INFINITY, one), (f64::NEG_INFINITY, zero), (0.0, one / (one + one))]
    {
        assert_eq!(at(Unary::Sigmoid, x), y, "sigmoid({x}) in {}", T::NAME);
    }
    assert_eq!(at(Unary::Exp, f64::INFINITY), inf);
    assert_eq!(at(Unary::Exp, f64::NEG_INFINITY), zero);
    assert_eq!(at(Unary::Log, 0.0), -inf);
    assert!(at(Unary::Log, -1.0).is_nan() && at(Unary::Sqrt, -1.0).is_nan());
    assert_eq!((at(Unary::Tanh, 1e3), at(Unary::Tanh, -1e3)), (one, -one));
    assert!(at(Unary::Abs, -0.0).is_sign_positive() && at(Unary::Tanh, -0.0).is_sign_negative());
    for f in Unary::ALL {
        assert!(at(f, f64::NAN).is_nan(), "{} of NaN in {}", f.name(), T::NAME);
    }
    for x in [0.5, 1.5, 2.5, -0.5, -1.5, 3.49] {
        assert_eq!(at(Unary::Round, x).into_f64(), T::from_f64(x).into_f64().round_ties_even());
        assert_eq!(at(Unary::Floor, x).into_f64(), T::from_f64(x).into_f64().floor());
    }
}

#[test]
fn limits_and_nan() {
    limits::<f32>();
    limits::<f64>();
    limits::<f16>();
    limits::<bf16>();
}

#[test]
fn extremes_pass_nan_on_from_either_side() {
    for f in [Binary::Max, Binary::Min] {
        assert!(math::binary(f, f64::NAN, 1.0).is_nan() && math::binary(f, 1.0, f64::NAN).is_nan());
    }
    assert_eq!(math::binary(Binary::Max, 2.0_f32, -3.0), 2.0);
    assert_eq!(math::binary(Binary::Min, 2.0_f32, -3.0), -3.0);
    assert!(Compare::ALL.iter().all(|&f| !math::compare(f, f32::NAN, f32::NAN)));
}

#[test]
fn indices_wrap_around() {
    assert_eq!(math::binary_index(Binary::Add, i32::MAX, 1), i32::MIN);
    assert_eq!(math::binary_index(Binary::Sub, i32::MIN, 1), i32::MAX);
    assert_eq!(math::binary_index(Binary::Mul, 1 << 30, 4), 0);
}

#[track_caller]
fn ordered<T: PartialOrd + Copy>(a: T, b: T, expected: Ordering) {
    assert_eq!((math::order(a, b), math::order(b, a)), (expected, expected.reverse()));
}

#[test]
fn sorting_has_one_zero_and_nan_last() {
    ordered(1.0, 2.0, Less);
    ordered(-0.0, 0.0, Equal);
    ordered(f64::NEG_INFINITY, f64::MIN, Less);
    for x in [f64::NEG_INFINITY, -0.0, 0.0, 1.0, f64::INFINITY] {
        ordered(f64::NAN, x, Greater);
        ordered(-f64::NAN, x, Greater);
        ordered(x, x, Equal);
    }
    ordered(f64::NAN, -f64::NAN, Equal);
    ordered(f16::NAN, f16::INFINITY, Greater);
    ordered(i32::MIN, i32::MAX, Less);
    ordered(7, 7, Equal);
}
