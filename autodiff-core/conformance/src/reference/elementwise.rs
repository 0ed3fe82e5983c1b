//! Functions of one and of two numbers.

use autodiff_core::{Binary, Compare, DType, Unary};

pub(super) fn unary(f: Unary, x: f64) -> f64 {
    match f {
        Unary::Neg => -x,
        Unary::Exp => libm::exp(x),
        Unary::Expm1 => libm::expm1(x),
        Unary::Log => libm::log(x),
        Unary::Log1p => libm::log1p(x),
        Unary::Sin => libm::sin(x),
        Unary::Cos => libm::cos(x),
        Unary::Sqrt => libm::sqrt(x),
        Unary::Tanh => libm::tanh(x),
        Unary::Sigmoid => sigmoid(x),
        Unary::Erf => libm::erf(x),
        Unary::Erfc => libm::erfc(x),
        Unary::Abs => x.abs(),
        Unary::Relu if x < 0.0 => 0.0,
        Unary::Relu => x,
        Unary::Floor => libm::floor(x),
        Unary::Round => libm::rint(x),
    }
}

/// Of the exponentials, the one that does not overflow.
fn sigmoid(x: f64) -> f64 {
    let e = libm::exp(-x.abs());
    if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}

pub(super) fn binary(f: Binary, dtype: DType, a: f64, b: f64) -> f64 {
    let exact = match f {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul if dtype == DType::Index => return wrapped_product(a, b),
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Pow => libm::pow(a, b),
        Binary::Atan2 => libm::atan2(a, b),
        Binary::Max | Binary::Min if a.is_nan() || b.is_nan() => f64::NAN,
        Binary::Max => a.max(b),
        Binary::Min => a.min(b),
    };
    if dtype == DType::Index { wrap(exact) } else { exact }
}

pub(super) fn compare(f: Compare, a: f64, b: f64) -> f64 {
    let holds = match f {
        Compare::Eq => a == b,
        Compare::Lt => a < b,
        Compare::Le => a <= b,
    };
    if holds { 1.0 } else { 0.0 }
}

/// A whole number modulo `2^32`, in the range of `i32`.
pub(super) fn wrap(x: f64) -> f64 {
    let turn = f64::from(u32::MAX) + 1.0;
    x - turn * libm::floor((x + turn / 2.0) / turn)
}

/// The product of two `i32`, in two steps of which each is exact in `f64`.
fn wrapped_product(a: f64, b: f64) -> f64 {
    let high = libm::floor(b / 65536.0);
    let low = b - high * 65536.0;
    wrap(wrap(a * high) * 65536.0 + a * low)
}

/// As an index: cut towards zero, saturating, 0 for NaN.
pub(super) fn to_index(x: f64) -> f64 {
    if x.is_nan() { 0.0 } else { libm::trunc(x).clamp(f64::from(i32::MIN), f64::from(i32::MAX)) + 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Digits from Abramowitz and Stegun, *Handbook of Mathematical Functions*, tables 4.4, 4.6, 4.15 and 7.1.
    #[test]
    fn functions_have_their_published_values() {
        let published = [
            (Unary::Exp, 2.0, 7.389_056_098_930_65),
            (Unary::Log, 3.0, 1.098_612_288_668_109_8),
            (Unary::Sin, 1.0, 0.841_470_984_807_896_5),
            (Unary::Cos, 1.0, 0.540_302_305_868_139_7),
            (Unary::Tanh, 1.0, 0.761_594_155_955_764_9),
            (Unary::Erf, 0.5, 0.520_499_877_813_046_5),
            (Unary::Erf, 2.0, 0.995_322_265_018_952_7),
            (Unary::Erfc, 0.5, 0.479_500_122_186_953_5),
        ];
        for (f, x, y) in published {
            assert!((unary(f, x) - y).abs() <= f64::EPSILON * y.abs().max(1.0), "{}({x}) = {}", f.name(), unary(f, x));
        }
        assert_eq!((sigmoid(0.0), sigmoid(-1e4), sigmoid(1e4)), (0.5, 0.0, 1.0));
    }

    #[test]
    fn indices_wrap_as_the_language_does() {
        for (a, b) in [(i32::MAX, 1), (i32::MIN, -1), (123_456_789, 987_654_321), (i32::MIN, i32::MIN), (-7, 3)] {
            let of = |f| binary(f, DType::Index, a.into(), b.into());
            assert_eq!(of(Binary::Add), a.wrapping_add(b).into());
            assert_eq!(of(Binary::Sub), a.wrapping_sub(b).into());
            assert_eq!(of(Binary::Mul), a.wrapping_mul(b).into(), "{a} * {b}");
        }
    }
}
