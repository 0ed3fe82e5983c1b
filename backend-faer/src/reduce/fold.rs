//! [`Fold`]: what a reduction makes of two numbers, and the order in which it takes the numbers of a slice.

use std::hint::black_box;

use backend_cpu::math;

use crate::real::Real;

/// So many numbers are folded side by side, number `i` with `i + LANES`, `i + 2 LANES`, .. as far as there are whole lanes.
pub(crate) const LANES: usize = 16;
/// So many numbers are folded by lanes, and the lanes with each other, before the result joins those before it.
pub(crate) const LEAF: usize = 1024;

/// A function of two numbers that may be folded over many in any order.
pub(crate) trait Fold<R: Real>: Copy + Send + Sync {
    /// The fold of nothing.
    fn start() -> R;
    /// The fold of both; to be marked `#[inline(always)]`.
    fn join(a: R, b: R) -> R;
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Sum;
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product;
/// NaN where any is NaN.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Largest;
#[derive(Clone, Copy, Debug)]
pub(crate) struct Smallest;

macro_rules! folds {
    ($($name:ident: $start:ident, $join:expr;)*) => {
        $(impl<R: Real> Fold<R> for $name {
            #[inline(always)]
            fn start() -> R {
                R::$start()
            }
            #[inline(always)]
            fn join(a: R, b: R) -> R {
                $join(a, b)
            }
        })*
    };
}

folds! {
    Sum: zero, |a, b| a + b;
    Product: one, |a, b| a * b;
    Largest: neg_infinity, math::larger;
    Smallest: infinity, math::smaller;
}

/// The fold of `map` of all numbers, leaf by leaf.
#[inline(always)]
pub(crate) fn total<R: Real, F: Fold<R>>(x: &[R], map: impl Fn(R) -> R) -> R {
    if x.len() <= LEAF {
        return leaf::<R, F>(x, map);
    }
    let mut total = F::start();
    for x in x.chunks(LEAF) {
        total = F::join(total, leaf::<R, F>(x, &map));
    }
    total
}

/// The same of at most [`LEAF`] numbers. What is left of whole lanes is taken one by one.
#[inline(always)]
pub(crate) fn leaf<R: Real, F: Fold<R>>(x: &[R], map: impl Fn(R) -> R) -> R {
    if x.len() < LANES {
        return x.iter().fold(F::start(), |total, &x| F::join(total, map(x)));
    }
    let (chunks, rest) = x.as_chunks::<LANES>();
    let mut lanes = [F::start(); LANES];
    for chunk in chunks {
        for i in 0..LANES {
            lanes[i] = F::join(lanes[i], map(chunk[i]));
        }
    }
    // Beside the lanes, not in them: a store of one of them would keep the others waiting.
    let rest = rest.iter().fold(F::start(), |total, &x| F::join(total, map(x)));
    F::join(tree::<R, F>(black_box(lanes)), rest)
}

/// The lanes with each other. They come from memory: the tree would else be vectorised first, by pairs, and the loop before
/// it after it.
#[inline(always)]
fn tree<R: Real, F: Fold<R>>(lanes: [R; LANES]) -> R {
    let [a, b] = halves::<R, F, 2>(&halves::<R, F, 4>(&halves::<R, F, 8>(&lanes)));
    F::join(a, b)
}

/// The first half of so many numbers with the second.
#[inline(always)]
fn halves<R: Real, F: Fold<R>, const N: usize>(x: &[R]) -> [R; N] {
    let mut joined = [F::start(); N];
    let (left, right) = (&x[..N], &x[N..2 * N]);
    for i in 0..N {
        joined[i] = F::join(left[i], right[i]);
    }
    joined
}

/// A number as it is.
#[inline(always)]
pub(crate) fn same<R>(x: R) -> R {
    x
}
