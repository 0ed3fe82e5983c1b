//! Loops over blocks, one for each function; chosen once for a tensor.

use std::marker::PhantomData;

use autodiff_core::{Binary, Compare, Composite, Element, Unary};
use backend_cpu::{Math, Side, math};

use crate::half::BLOCK;
use crate::math::{self as ours, Angle, Functions};
use crate::simd::{Isa, Job, compiled};

/// `out = f(x)`, and `x = f(x)`.
#[derive(Clone, Copy)]
pub(super) struct Map<T> {
    pub(super) apart: fn(&[T], &mut [T]),
    pub(super) in_place: fn(&mut [T]),
}

/// `out = f(a, b)`
pub(super) type Zip<T, D> = fn(Part<'_, T>, Part<'_, T>, &mut [D]);
/// `x = f(x, other)`, or the other way round.
pub(super) type Update<T> = fn(&mut [T], Part<'_, T>);

/// An operand's elements.
#[derive(Clone, Copy)]
pub(super) enum Part<'a, T> {
    Slice(&'a [T]),
    /// One element over and over.
    Same(T),
    /// Rows that begin so far apart, each of so many elements, or of the same one over and over.
    Rows {
        x: &'a [T],
        stride: usize,
        columns: usize,
        same: bool,
    },
}

impl<T: Copy> Part<'_, T> {
    /// Some of the elements.
    #[inline]
    pub(super) fn part(self, start: usize, len: usize) -> Self {
        match self {
            Self::Slice(x) => Self::Slice(&x[start..start + len]),
            other => other,
        }
    }

    /// The length of the rows, where there are some.
    #[inline(always)]
    fn columns(&self) -> usize {
        if let Self::Rows { columns, .. } = self { *columns } else { usize::MAX }
    }

    /// The `len` elements of a row, all rows before which had `columns`.
    #[inline(always)]
    fn row(&self, row: usize, columns: usize, len: usize) -> Run<'_, T> {
        match *self {
            Self::Slice(x) => Run::Slice(&x[row * columns..row * columns + len]),
            Self::Same(x) => Run::Same(x),
            Self::Rows { x, stride, same: true, .. } => Run::Same(x[row * stride]),
            Self::Rows { x, stride, .. } => Run::Slice(&x[row * stride..row * stride + len]),
        }
    }
}

/// Elements of a row.
enum Run<'a, T> {
    Slice(&'a [T]),
    Same(T),
}

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

/// A function of one number, without branches.
trait Function<T> {
    /// To be marked `#[inline(always)]`.
    fn of<I: Isa>(x: T) -> T;
    /// The function of numbers that are too large for it.
    fn of_far(x: T) -> T {
        x
    }
}

/// A function of two numbers, without branches.
trait Function2<T, D> {
    /// To be marked `#[inline(always)]`.
    fn of<I: Isa>(a: T, b: T) -> D;
}

/// The function with its arguments swapped.
struct Flip<F>(PhantomData<F>);

impl<F: Function2<T, T>, T> Function2<T, T> for Flip<F> {
    #[inline(always)]
    fn of<I: Isa>(a: T, b: T) -> T {
        F::of::<I>(b, a)
    }
}

fn map<F: Function<T>, T: Functions>() -> Map<T> {
    Map {
        apart: |x, out| compiled(MapJob::<F, T> { x, out, f: PhantomData }),
        in_place: |x| compiled(InPlaceJob::<F, T> { x, f: PhantomData }),
    }
}

/// For what may leave an element as it is: in place that is compiled to masked stores, which are slow.
fn map_by_blocks<F: Function<T>, T: Functions>() -> Map<T> {
    Map { in_place: |x| in_blocks(x, |x, out, _| (map::<F, T>().apart)(x, out)), ..map::<F, T>() }
}

/// Numbers that are too large for `f` are computed in a second pass.
fn map_of_angles<F: Function<T>, T: Functions>() -> Map<T> {
    fn apart<F: Function<T>, T: Functions>(x: &[T], out: &mut [T]) {
        compiled(MapJob::<F, T> { x, out, f: PhantomData });
        if compiled(AnyFar(x)) {
            for (y, &x) in out.iter_mut().zip(x).filter(|(_, x)| x.is_far()) {
                *y = F::of_far(x);
            }
        }
    }
    Map { apart: apart::<F, T>, in_place: |x| in_blocks(x, |x, out, _| apart::<F, T>(x, out)) }
}

/// What a loop writes elsewhere, in place: it gets a copy of each block, and the place where it begins.
fn in_blocks<T: Functions>(x: &mut [T], apart: impl Fn(&[T], &mut [T], usize)) {
    let mut room = [T::zero(); BLOCK];
    for (x, start) in x.chunks_mut(BLOCK).zip((0..).step_by(BLOCK)) {
        let before = &mut room[..x.len()];
        before.copy_from_slice(x);
        apart(before, x, start);
    }
}

fn zip<F: Function2<T, D>, T: Copy, D: Copy>(a: Part<'_, T>, b: Part<'_, T>, out: &mut [D]) {
    compiled(ZipJob::<F, T, D> { a, b, out, f: PhantomData });
}

fn update_with<F: Function2<T, T>, T: Copy>(x: &mut [T], other: Part<'_, T>) {
    compiled(UpdateJob::<F, T> { x, other, f: PhantomData });
}

/// For what may leave an element as it is.
fn update_by_blocks<F: Function2<T, T>, T: Functions>(x: &mut [T], other: Part<'_, T>) {
    let columns = other.columns().min(x.len().max(1));
    for (row, x) in x.chunks_mut(columns).enumerate() {
        let other = match other.row(row, columns, x.len()) {
            Run::Slice(other) => Part::Slice(other),
            Run::Same(other) => Part::Same(other),
        };
        in_blocks(x, |x, out, start| zip::<F, T, T>(Part::Slice(x), other.part(start, x.len()), out));
    }
}

struct MapJob<'a, F, T> {
    x: &'a [T],
    out: &'a mut [T],
    f: PhantomData<F>,
}

impl<F: Function<T>, T: Copy> Job for MapJob<'_, F, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        for (y, &x) in self.out.iter_mut().zip(self.x) {
            *y = F::of::<I>(x);
        }
    }
}

struct InPlaceJob<'a, F, T> {
    x: &'a mut [T],
    f: PhantomData<F>,
}

impl<F: Function<T>, T: Copy> Job for InPlaceJob<'_, F, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        for x in self.x {
            *x = F::of::<I>(*x);
        }
    }
}

struct AnyFar<'a, T>(&'a [T]);

impl<T: Functions> Job for AnyFar<'_, T> {
    type Out = bool;

    #[inline(always)]
    fn run<I: Isa>(self) -> bool {
        self.0.iter().fold(false, |far, x| far | x.is_far())
    }
}

struct ZipJob<'a, F, T, D> {
    a: Part<'a, T>,
    b: Part<'a, T>,
    out: &'a mut [D],
    f: PhantomData<F>,
}

impl<F: Function2<T, D>, T: Copy, D: Copy> Job for ZipJob<'_, F, T, D> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let columns = self.a.columns().min(self.b.columns()).min(self.out.len().max(1));
        for (row, out) in self.out.chunks_mut(columns).enumerate() {
            match (self.a.row(row, columns, out.len()), self.b.row(row, columns, out.len())) {
                (Run::Slice(a), Run::Slice(b)) => {
                    for (y, (&a, &b)) in out.iter_mut().zip(a.iter().zip(b)) {
                        *y = F::of::<I>(a, b);
                    }
                }
                (Run::Slice(a), Run::Same(b)) => {
                    for (y, &a) in out.iter_mut().zip(a) {
                        *y = F::of::<I>(a, b);
                    }
                }
                (Run::Same(a), Run::Slice(b)) => {
                    for (y, &b) in out.iter_mut().zip(b) {
                        *y = F::of::<I>(a, b);
                    }
                }
                (Run::Same(a), Run::Same(b)) => out.fill(F::of::<I>(a, b)),
            }
        }
    }
}

struct UpdateJob<'a, F, T> {
    x: &'a mut [T],
    other: Part<'a, T>,
    f: PhantomData<F>,
}

impl<F: Function2<T, T>, T: Copy> Job for UpdateJob<'_, F, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let columns = self.other.columns().min(self.x.len().max(1));
        for (row, x) in self.x.chunks_mut(columns).enumerate() {
            match self.other.row(row, columns, x.len()) {
                Run::Slice(other) => {
                    for (x, &other) in x.iter_mut().zip(other) {
                        *x = F::of::<I>(*x, other);
                    }
                }
                Run::Same(other) => {
                    for x in x {
                        *x = F::of::<I>(*x, other);
                    }
                }
            }
        }
    }
}

macro_rules! functions {
    ($($F:ident: $x:ident => $f:expr $(, far $far:expr)?;)*) => {
        $(struct $F;
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
        $(struct $F;
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
        $(struct $F;
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
