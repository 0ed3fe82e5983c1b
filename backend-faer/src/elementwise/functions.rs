//! The elementwise functions, and the loop of each; chosen once for a tensor.

use autodiff_core::{Binary, Compare, Composite, Element, Unary};
use backend_cpu::{Math, Side, math};

use super::fused::Chunk;
use super::loops::{
    Flip, Function, Function2, Map, Update, Zip, map, map_by_blocks, map_of_angles, update_by_blocks, update_with, zip,
};
use crate::math::{self as ours, Angle, Functions};
use crate::simd::Isa;

/// The loop of a function of one number.
pub(super) fn unary<T: Functions>(f: Unary) -> Map<T> {
    match f {
        Unary::Neg => map::<Neg, T>(),
        Unary::Exp => map::<Exp, T>(),
        Unary::Expm1 => map::<Expm1, T>(),
        Unary::Log => map::<Log, T>(),
        Unary::Log1p => map::<Log1p, T>(),
        Unary::Sin => map_of_angles::<Sin, T>(),
        Unary::Cos => map_of_angles::<Cos, T>(),
        Unary::Sqrt => map::<Sqrt, T>(),
        Unary::Tanh => map::<Tanh, T>(),
        Unary::Sigmoid => map::<Sigmoid, T>(),
        Unary::Erf => map::<Erf, T>(),
        Unary::Erfc => map::<Erfc, T>(),
        Unary::Abs => map::<Abs, T>(),
        Unary::Relu => map_by_blocks::<Relu, T>(),
        Unary::Floor => map::<Floor, T>(),
        Unary::Round => map::<Round, T>(),
    }
}

/// The loop of a composite, where it is a function of each number.
pub(super) fn composite<T: Functions>(f: &Composite) -> Option<Map<T>> {
    match f {
        Composite::Softplus => Some(map::<Softplus, T>()),
        Composite::Gelu => Some(map::<Gelu, T>()),
        _ => None,
    }
}

/// The loop of a function of two numbers.
pub(super) fn binary<T: Functions>(f: Binary) -> Zip<T, T> {
    match f {
        Binary::Add => zip::<Add, T, T>,
        Binary::Sub => zip::<Sub, T, T>,
        Binary::Mul => zip::<Mul, T, T>,
        Binary::Div => zip::<Div, T, T>,
        Binary::Max => zip::<Max, T, T>,
        Binary::Min => zip::<Min, T, T>,
        Binary::Pow => zip::<Pow, T, T>,
        Binary::Atan2 => zip::<Atan2, T, T>,
    }
}

/// The loop of a function of two numbers, one of which the output holds already.
pub(super) fn update<T: Functions>(f: Binary, side: Side) -> Update<T> {
    match (f, side) {
        (Binary::Add, _) => update_with::<Add, T>,
        (Binary::Mul, _) => update_with::<Mul, T>,
        (Binary::Sub, Side::Left) => update_with::<Sub, T>,
        (Binary::Sub, Side::Right) => update_with::<Flip<Sub>, T>,
        (Binary::Div, Side::Left) => update_with::<Div, T>,
        (Binary::Div, Side::Right) => update_with::<Flip<Div>, T>,
        (Binary::Max, Side::Left) => update_by_blocks::<Max, T>,
        (Binary::Max, Side::Right) => update_by_blocks::<Flip<Max>, T>,
        (Binary::Min, Side::Left) => update_by_blocks::<Min, T>,
        (Binary::Min, Side::Right) => update_by_blocks::<Flip<Min>, T>,
        (Binary::Pow, Side::Left) => update_with::<Pow, T>,
        (Binary::Pow, Side::Right) => update_with::<Flip<Pow>, T>,
        (Binary::Atan2, Side::Left) => update_with::<Atan2, T>,
        (Binary::Atan2, Side::Right) => update_with::<Flip<Atan2>, T>,
    }
}

/// The loop of a comparison.
pub(super) fn compare<T: Functions, E: Element>(f: Compare) -> Zip<T, E> {
    match f {
        Compare::Eq => zip::<Equal, T, E>,
        Compare::Lt => zip::<Less, T, E>,
        Compare::Le => zip::<NotGreater, T, E>,
    }
}

/// A function of the numbers of a chunk.
#[inline(always)]
pub(super) fn by_chunk<I: Isa, F: Function<T>, T: Copy>(x: &Chunk<T>, out: &mut Chunk<T>) {
    for (y, &x) in out.iter_mut().zip(x) {
        *y = F::of::<I>(x);
    }
}

/// A function of the numbers of two chunks.
#[inline(always)]
pub(super) fn by_chunk_of_two<I: Isa, F: Function2<T, T>, T: Copy>(a: &Chunk<T>, b: &Chunk<T>, out: &mut Chunk<T>) {
    for (y, (&a, &b)) in out.iter_mut().zip(a.iter().zip(b)) {
        *y = F::of::<I>(a, b);
    }
}

macro_rules! functions {
    ($($F:ident: $x:ident => $f:expr $(, far $far:expr)?;)*) => {
        $(pub(super) struct $F;
        impl<T: Functions> Function<T> for $F {
            #[inline(always)]
            fn of<I: Isa>($x: T) -> T {
                $f
            }
            $(fn of_far($x: T) -> T {
                $far
            })?
        })*
    };
}

functions! {
    Neg: x => -x;
    Exp: x => ours::exp::<I, T>(x);
    Expm1: x => ours::expm1::<I, T>(x);
    Log: x => ours::log::<I, T>(x);
    Log1p: x => ours::log1p::<I, T>(x);
    Sin: x => Angle::sin::<I>(x), far Math::sin(x);
    Cos: x => Angle::cos::<I>(x), far Math::cos(x);
    Sqrt: x => x.root();
    Tanh: x => ours::tanh::<I, T>(x);
    Sigmoid: x => ours::sigmoid::<I, T>(x);
    Erf: x => ours::erf::<I, T>(x);
    Erfc: x => ours::erfc::<I, T>(x);
    Abs: x => x.size();
    Relu: x => math::relu(x);
    Floor: x => x.down();
    Round: x => x.even();
    Softplus: x => ours::softplus::<I, T>(x);
    Gelu: x => ours::gelu::<I, T>(x);
}

macro_rules! functions_of_two {
    ($($F:ident: $a:ident, $b:ident => $f:expr;)*) => {
        $(pub(super) struct $F;
        impl<T: Functions> Function2<T, T> for $F {
            #[inline(always)]
            fn of<I: Isa>($a: T, $b: T) -> T {
                $f
            }
        })*
    };
}

functions_of_two! {
    Add: a, b => a + b;
    Sub: a, b => a - b;
    Mul: a, b => a * b;
    Div: a, b => a / b;
    Max: a, b => math::larger(a, b);
    Min: a, b => math::smaller(a, b);
    Pow: a, b => a.power::<I>(b);
    Atan2: a, b => Math::atan2(a, b);
}

macro_rules! comparisons {
    ($($F:ident: $a:ident, $b:ident => $f:expr;)*) => {
        $(pub(super) struct $F;
        impl<T: Functions, E: Element> Function2<T, E> for $F {
            #[inline(always)]
            fn of<I: Isa>($a: T, $b: T) -> E {
                if $f { E::one() } else { E::zero() }
            }
        })*
    };
}

comparisons! {
    Equal: a, b => a == b;
    Less: a, b => a < b;
    NotGreater: a, b => a <= b;
}
