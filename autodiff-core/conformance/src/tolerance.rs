//! The one table of tolerances: how far a backend may be from the exact result, for each class of operations.
//!
//! `u` is half the distance of 1 and its upper neighbour in the format of the result, the largest relative error of one
//! rounding (2^-24 for `f32`); `a` is the same of the accumulator (that of `f32` for the halves); an *ulp* is the
//! distance of two neighbours where the result lies. All results are compared with the exact one, computed in `f64` from
//! inputs that the format holds.
//!
//! | class | operations | may differ by | because |
//! |---|---|---|---|
//! | moved | movements, gather, select, cast, constant, random bits, negation, `abs`, `mul`, `div` | nothing, not even in the sign of zero | nothing is computed, or IEEE 754 rounds it once and says the sign |
//! | exact | `add`, `sub`, `sqrt`, `max`, `min`, `relu`, `floor`, `round`, comparisons, positions; everything on indices | nothing | one rounding of an exact result has one right answer; which zero is the larger has not |
//! | function | `exp`, `expm1`, `log`, `log1p`, `sin`, `cos`, `tanh`, `sigmoid`, `erf`, `atan2` | 4 ulp | a polynomial after a reduction of the range errs by 1 or 2, a division or a product after it by 1 more |
//! | steep function | `pow`, `erfc` | 8 ulp | the error of an exponent is multiplied by its size; what is carried to correct it is not free |
//! | function of a half | all of the two rows above | 1 ulp | computed in `f32`, the rounding to the half is the only error that can be seen, but may fall on either side |
//! | sum | `sum`, `mean`, `cumsum`, `matmul`, convolutions, sums of windows | `2 a n sum(abs) + 1 ulp` | each of `n` additions in any order, here and in the reference, then one rounding to the format and one for the division |
//! | product | `prod` | `2 a n abs(y) + 1 ulp` | each of `n` factors rounds once, in any order, here and in the reference |
//! | stored sum | `scatter_add` | `2 u n sum(abs) + 1 ulp` | the same, but each addition is stored |
//! | composite | all composites | `8 u s + 1 ulp` | a handful of roundings, each relative to the scale `s`: the numbers that the formula adds up |
//! | composite of a half | the same | 4 of the smallest steps more | a factor below the smallest normal number, as the distribution function in the left tail of `gelu` is, is rounded to whole steps |
//! | gradient | first derivatives | `(16 u + 2^-32) (s + w)` | up to a dozen roundings in a rule, relative to the summands of the derivative and to the cotangent `w`; and the error of the differences it is held against |
//! | curvature | second derivatives | `(64 u + 2^-24) (s + w)` | two rules, one inside the other; differences of differences |
//! | program | whole programs, by eager, traced, fused and plain evaluation | `64 u` of the largest result | some dozens of operations |
//!
//! Functions, products, composites and derivatives may moreover flush results below the smallest normal number of the format in which
//! they are computed, which vector units do by default.

use autodiff_core::{Binary, DType, Primitive, Reduce, Unary};

use crate::format::{Format, power_of_two};

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tolerance {
    Moved,
    Exact,
    Function,
    SteepFunction,
    Sum,
    Product,
    StoredSum,
    Composite,
    Gradient,
    Curvature,
    Program,
}

impl Tolerance {
    /// The row that a primitive's results are held against.
    pub(crate) fn of(op: &Primitive, out: DType) -> Self {
        match op {
            _ if out == DType::Index => Self::Exact,
            Primitive::Constant { .. }
            | Primitive::Iota { .. }
            | Primitive::RandomBits { .. }
            | Primitive::Cast { .. }
            | Primitive::Unary(Unary::Neg | Unary::Abs)
            | Primitive::Binary(Binary::Mul | Binary::Div)
            | Primitive::Select
            | Primitive::Reshape { .. }
            | Primitive::Permute { .. }
            | Primitive::Flip { .. }
            | Primitive::Broadcast { .. }
            | Primitive::Pad { .. }
            | Primitive::Slice { .. }
            | Primitive::Concat { .. }
            | Primitive::Gather { .. }
            | Primitive::Barrier => Self::Moved,
            Primitive::Unary(Unary::Sqrt | Unary::Relu | Unary::Floor | Unary::Round)
            | Primitive::Binary(Binary::Add | Binary::Sub | Binary::Max | Binary::Min)
            | Primitive::Compare(_)
            | Primitive::Reduce { kind: Reduce::Max | Reduce::Min, .. }
            | Primitive::ArgReduce { .. }
            | Primitive::ArgSort { .. }
            | Primitive::WindowArgMax { .. } => Self::Exact,
            Primitive::Unary(Unary::Erfc) | Primitive::Binary(Binary::Pow) => Self::SteepFunction,
            Primitive::Unary(_) | Primitive::Binary(Binary::Atan2) => Self::Function,
            Primitive::Reduce { kind: Reduce::Prod, .. } => Self::Product,
            Primitive::Reduce { .. }
            | Primitive::CumSum { .. }
            | Primitive::MatMul
            | Primitive::Conv { .. }
            | Primitive::ConvInputGrad { .. }
            | Primitive::ConvWeightGrad { .. }
            | Primitive::WindowSum { .. }
            | Primitive::WindowSpread { .. } => Self::Sum,
            Primitive::ScatterAdd { .. } => Self::StoredSum,
            Primitive::Call(_) => Self::Composite,
        }
    }

    /// Whether a backend may answer `found` where the exact result is `exact`.
    pub(crate) fn accepts(self, format: &Format, found: f64, exact: f64, scale: f64) -> bool {
        let rounded = format.round(exact);
        match self {
            _ if rounded.is_nan() => found.is_nan(),
            Self::Moved => found == rounded && found.is_sign_negative() == rounded.is_sign_negative(),
            Self::Exact => found == rounded,
            _ if rounded.is_infinite() => found == rounded,
            _ => (found - exact).abs() <= self.bound(format, exact, scale),
        }
    }

    /// How far a finite result may be from the exact one.
    fn bound(self, format: &Format, exact: f64, scale: f64) -> f64 {
        let (ulp, u) = (format.ulp(exact), format.unit_roundoff());
        match self {
            Self::Moved | Self::Exact => 0.0,
            Self::Function | Self::SteepFunction if format.is_half() => ulp,
            Self::Function => 4.0 * ulp + flushed(format, exact),
            Self::SteepFunction => 8.0 * ulp + flushed(format, exact),
            // Where nothing was added, nothing was rounded.
            Self::Sum | Self::StoredSum if scale == 0.0 => 0.0,
            Self::Sum => 2.0 * format.accumulator_roundoff() * scale + ulp,
            Self::Product => 2.0 * format.accumulator_roundoff() * scale + ulp + flushed(format, exact),
            Self::StoredSum => 2.0 * u * scale + ulp,
            Self::Composite if format.is_half() => {
                8.0 * u * scale + ulp + 4.0 * format.ulp(0.0) + flushed(format, exact)
            }
            Self::Composite => 8.0 * u * scale + ulp + flushed(format, exact),
            Self::Gradient => (16.0 * u + power_of_two(-32)) * scale + flushed(format, exact),
            Self::Curvature => (64.0 * u + power_of_two(-24)) * scale + flushed(format, exact),
            Self::Program => 64.0 * u * scale,
        }
    }
}

/// What may be lost when a result below the smallest normal number is taken for zero. That of `f16` is normal in `f32`.
fn flushed(format: &Format, exact: f64) -> f64 {
    let smallest = format.min_positive();
    if exact.abs() < smallest && smallest < f64::from(f32::EPSILON) { smallest } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodiff_core::f16;

    #[test]
    fn what_is_moved_keeps_its_sign() {
        let single = Format::of::<f32>(DType::Elem);
        assert!(!Tolerance::Moved.accepts(&single, 0.0, -0.0, 0.0));
        assert!(Tolerance::Exact.accepts(&single, 0.0, -0.0, 0.0));
        assert!(Tolerance::Moved.accepts(&single, f64::NAN, f64::NAN, 0.0));
    }

    #[test]
    fn a_function_may_miss_by_four_neighbours_but_not_by_five() {
        let single = Format::of::<f32>(DType::Elem);
        let far = |ulps: f64| Tolerance::Function.accepts(&single, 1.0 + ulps * f64::from(f32::EPSILON), 1.0, 1.0);
        assert!(far(4.0) && !far(5.0));
        let half = Format::of::<f16>(DType::Elem);
        assert!(!Tolerance::Function.accepts(&half, 1.0 + power_of_two(-9), 1.0, 1.0));
    }

    #[test]
    fn no_result_may_overflow_that_should_not_or_the_other_way_round() {
        let single = Format::of::<f32>(DType::Elem);
        assert!(!Tolerance::Function.accepts(&single, f64::INFINITY, 1e30, 1e30));
        assert!(!Tolerance::Function.accepts(&single, f64::from(f32::MAX), 1e39, 1e39));
        assert!(!Tolerance::Function.accepts(&single, f64::NAN, 1.0, 1.0));
    }
}
