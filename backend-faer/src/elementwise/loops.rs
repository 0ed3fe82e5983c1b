//! Loops over blocks, compiled once for each function.

use std::marker::PhantomData;

use crate::half::BLOCK;
use crate::math::Functions;
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

/// A function of one number, without branches.
pub(super) trait Function<T> {
    /// To be marked `#[inline(always)]`.
    fn of<I: Isa>(x: T) -> T;
    /// The function of numbers that are too large for it.
    fn of_far(x: T) -> T {
        x
    }
}

/// A function of two numbers, without branches.
pub(super) trait Function2<T, D> {
    /// To be marked `#[inline(always)]`.
    fn of<I: Isa>(a: T, b: T) -> D;
}

/// The function with its arguments swapped.
pub(super) struct Flip<F>(PhantomData<F>);

impl<F: Function2<T, T>, T> Function2<T, T> for Flip<F> {
    #[inline(always)]
    fn of<I: Isa>(a: T, b: T) -> T {
        F::of::<I>(b, a)
    }
}

pub(super) fn map<F: Function<T>, T: Functions>() -> Map<T> {
    Map {
        apart: |x, out| compiled(MapJob::<F, T> { x, out, f: PhantomData }),
        in_place: |x| compiled(InPlaceJob::<F, T> { x, f: PhantomData }),
    }
}

/// For what may leave an element as it is: in place that is compiled to masked stores, which are slow.
pub(super) fn map_by_blocks<F: Function<T>, T: Functions>() -> Map<T> {
    Map { in_place: |x| in_blocks(x, |x, out, _| (map::<F, T>().apart)(x, out)), ..map::<F, T>() }
}

/// Numbers that are too large for `f` are computed in a second pass.
pub(super) fn map_of_angles<F: Function<T>, T: Functions>() -> Map<T> {
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

pub(super) fn zip<F: Function2<T, D>, T: Copy, D: Copy>(a: Part<'_, T>, b: Part<'_, T>, out: &mut [D]) {
    compiled(ZipJob::<F, T, D> { a, b, out, f: PhantomData });
}

pub(super) fn update_with<F: Function2<T, T>, T: Copy>(x: &mut [T], other: Part<'_, T>) {
    compiled(UpdateJob::<F, T> { x, other, f: PhantomData });
}

/// For what may leave an element as it is.
pub(super) fn update_by_blocks<F: Function2<T, T>, T: Functions>(x: &mut [T], other: Part<'_, T>) {
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
