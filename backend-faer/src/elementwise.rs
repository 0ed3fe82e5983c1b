//! Functions of each element, and of two or three in the same place.
//!
//! The loops run over slices ([`loops`]); operands of other strides reach them piece by piece ([`tiles`]), halves
//! widened to `f32`. All is split over threads above a size at which that was measured to pay.

mod cast;
mod copy;
mod functions;
mod fused;
mod loops;
mod tiles;

use autodiff_core::{Binary, Compare, Composite, Element, Shape, Unary};
use backend_cpu::{Side, View};

use self::loops::{Map, Part};
use self::tiles::Tiles;
use crate::half::{BLOCK, Stored, narrow, reals, widen, write};
use crate::par;
use crate::simd::{Isa, Job, compiled};

pub(crate) use cast::cast;
pub(crate) use copy::copy;
pub(crate) use fused::fused;

/// The fewest elements of a part where each costs little, which are as many as fill a thread's nearest cache.
const GRAIN: usize = 8 << 10;
/// The same where each costs a polynomial.
const DEAR_GRAIN: usize = 3 << 10;

pub(crate) fn unary<T: Stored>(f: Unary, x: View<'_, T>, out: &mut [T]) {
    mapped(functions::unary(f), grain(f), x, out);
}

pub(crate) fn unary_in_place<T: Stored>(f: Unary, x: &mut [T]) {
    mapped_in_place(functions::unary(f), grain(f), x);
}

/// A composite that is a function of each element, where this one is.
pub(crate) fn composite<T: Stored>(composite: &Composite, x: View<'_, T>, out: &mut [T]) -> bool {
    let map = functions::composite(composite);
    map.map(|map| mapped(map, DEAR_GRAIN, x, out)).is_some()
}

fn mapped<T: Stored>(map: Map<T::Real>, grain: usize, x: View<'_, T>, out: &mut [T]) {
    let Some(x) = x.as_slice() else {
        copy(x, out);
        return mapped_in_place(map, grain, out);
    };
    par::parts(out, grain, |first, out| {
        let x = &x[first..first + out.len()];
        match T::as_real(x) {
            Some(x) => write(out, |out| (map.apart)(x, out)),
            None => {
                out.copy_from_slice(x);
                halves_in_place(map, out);
            }
        }
    });
}

fn mapped_in_place<T: Stored>(map: Map<T::Real>, grain: usize, x: &mut [T]) {
    par::parts(x, grain, |_, x| match T::as_real_mut(x) {
        Some(x) => (map.in_place)(x),
        None => halves_in_place(map, x),
    });
}

/// Block by block, widened and back.
fn halves_in_place<T: Stored>(map: Map<T::Real>, x: &mut [T]) {
    let mut wide = [T::Real::default(); BLOCK];
    for x in x.chunks_mut(BLOCK) {
        let wide = &mut wide[..x.len()];
        widen(x, wide);
        (map.in_place)(wide);
        narrow(wide, x);
    }
}

pub(crate) fn binary<T: Stored>(f: Binary, a: View<'_, T>, b: View<'_, T>, out: &mut [T]) {
    let zip = functions::binary::<T::Real>(f);
    zip_views(grain_of_two(f), a, b, out, |a, b, out| write(out, |out| zip(a, b, out)));
}

pub(crate) fn compare<T: Stored, E: Element>(f: Compare, a: View<'_, T>, b: View<'_, T>, out: &mut [E]) {
    zip_views(GRAIN, a, b, out, functions::compare::<T::Real, E>(f));
}

pub(crate) fn binary_in_place<T: Stored>(f: Binary, side: Side, x: &mut [T], other: View<'_, T>) {
    let update = functions::update::<T::Real>(f, side);
    if let (Some(x), Some(other)) = (T::as_real_mut(x), whole(other)) {
        return par::parts(x, grain_of_two(f), |first, x| update(x, other.part(first, x.len())));
    }
    let tiles = tiles([other]);
    tiles.split(x, grain_of_two(f), |first, x| {
        let mut other = tiles.operand(0, other);
        let (mut wide, mut wide_other) = ([T::Real::default(); BLOCK], [T::Real::default(); BLOCK]);
        tiles.each(first, x.len(), |tile| {
            let (x, other) = (tile.of(x), real_part(other.part(tile), &mut wide_other));
            if let Some(x) = T::as_real_mut(x) {
                return update(x, other);
            }
            let wide = &mut wide[..x.len()];
            widen(x, wide);
            update(wide, other);
            narrow(wide, x);
        });
    });
}

pub(crate) fn select<T: Stored, E: Element>(condition: View<'_, E>, a: View<'_, T>, b: View<'_, T>, out: &mut [T]) {
    if let (Some(c), Some(a), Some(b)) = (condition.as_slice(), a.as_slice(), b.as_slice()) {
        return par::parts(out, GRAIN, |first, out| {
            let part = first..first + out.len();
            compiled(Select { condition: &c[part.clone()], a: &a[part.clone()], b: &b[part], out });
        });
    }
    let strides = [condition.strides(), a.strides(), b.strides()];
    let tiles = Tiles::over(condition.shape(), [condition.start(), a.start(), b.start()], strides);
    tiles.split(out, GRAIN, |first, out| {
        let (mut c, mut a, mut b) = (tiles.operand(0, condition), tiles.operand(1, a), tiles.operand(2, b));
        tiles.each(first, out.len(), |tile| {
            compiled(Select { condition: c.slice(tile), a: a.slice(tile), b: b.slice(tile), out: tile.of(out) });
        });
    });
}

/// `out = f(a, b)` by the loop `zip` over what is computed with.
fn zip_views<T: Stored, D: Send>(
    grain: usize,
    a: View<'_, T>,
    b: View<'_, T>,
    out: &mut [D],
    zip: impl Fn(Part<'_, T::Real>, Part<'_, T::Real>, &mut [D]) + Sync,
) {
    if let (Some(a), Some(b)) = (whole(a), whole(b)) {
        return par::parts(out, grain, |first, out| {
            zip(a.part(first, out.len()), b.part(first, out.len()), out);
        });
    }
    let tiles = tiles([a, b]);
    tiles.split(out, grain, |first, out| {
        let (mut a, mut b) = (tiles.operand(0, a), tiles.operand(1, b));
        let (mut wide_a, mut wide_b) = ([T::Real::default(); BLOCK], [T::Real::default(); BLOCK]);
        tiles.each(first, out.len(), |tile| {
            let a = real_part(a.part(tile), &mut wide_a);
            zip(a, real_part(b.part(tile), &mut wide_b), tile.of(out));
        });
    });
}

/// All elements as they are computed with, where they lie so, or are all the same.
fn whole<T: Stored>(x: View<'_, T>) -> Option<Part<'_, T::Real>> {
    T::as_real(&[])?;
    match whole_or_same(x)? {
        Part::Slice(x) => T::as_real(x).map(Part::Slice),
        Part::Same(x) => Some(Part::Same(x.wide())),
        Part::Rows { .. } => None,
    }
}

/// All elements, where they lie one after another, or are all the same.
fn whole_or_same<T: Copy>(x: View<'_, T>) -> Option<Part<'_, T>> {
    if let Some(x) = x.as_slice() {
        return Some(Part::Slice(x));
    }
    x.strides().iter().all(|&stride| stride == 0).then(|| Part::Same(x.data()[x.start()]))
}

/// The pieces of operands which are computed with as they are, or are widened block by block.
fn tiles<T: Stored, const N: usize>(views: [View<'_, T>; N]) -> Tiles<N> {
    let shape = views.first().map_or(&Shape::SCALAR, |view| view.shape());
    let (starts, strides) = (views.map(|view| view.start()), views.map(|view| view.strides()));
    if T::as_real(&[]).is_some() { Tiles::in_rows(shape, starts, strides) } else { Tiles::over(shape, starts, strides) }
}

/// The part as it is computed with.
#[inline]
fn real_part<'a, T: Stored>(part: Part<'a, T>, room: &'a mut [T::Real; BLOCK]) -> Part<'a, T::Real> {
    match part {
        Part::Slice(x) => Part::Slice(reals(x, room)),
        Part::Same(x) => Part::Same(x.wide()),
        Part::Rows { x, stride, columns, same } => {
            Part::Rows { x: T::as_real(x).unwrap_or(&[]), stride, columns, same }
        }
    }
}

fn grain(f: Unary) -> usize {
    match f {
        Unary::Neg | Unary::Abs | Unary::Relu | Unary::Floor | Unary::Round | Unary::Sqrt => GRAIN,
        _ => DEAR_GRAIN,
    }
}

fn grain_of_two(f: Binary) -> usize {
    if matches!(f, Binary::Pow | Binary::Atan2) { DEAR_GRAIN / 8 } else { GRAIN }
}

struct Select<'a, E, T> {
    condition: &'a [E],
    a: &'a [T],
    b: &'a [T],
    out: &'a mut [T],
}

impl<E: Element, T: Copy> Job for Select<'_, E, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let pairs = self.a.iter().zip(self.b);
        for (y, (&c, (&a, &b))) in self.out.iter_mut().zip(self.condition.iter().zip(pairs)) {
            *y = if c == E::zero() { b } else { a };
        }
    }
}
