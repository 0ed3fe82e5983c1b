//! Loops over elements in the same place: the functions of one, two and three of them, and their in-place forms.

use autodiff_core::{Binary, Compare, Element, Unary};

use crate::layout::{Step, Walk};
use crate::math::{self, Number, Scalar};
use crate::view::{Row, View};

/// Which operand of a function of two the output holds already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first.
    Left,
    /// The second.
    Right,
}

/// `y = f(x)`
pub fn unary<T: Scalar>(f: Unary, x: View<'_, T>, out: &mut [T]) {
    match f {
        Unary::Neg => map(x, out, |x| -x),
        Unary::Abs => map(x, out, T::magnitude),
        Unary::Relu => map(x, out, math::relu),
        // What these cost hides the choice among them, so one loop serves all.
        f => map(x, out, |x| math::unary(f, x)),
    }
}

/// `x = f(x)`
pub fn unary_in_place<T: Scalar>(f: Unary, x: &mut [T]) {
    match f {
        Unary::Neg => x.iter_mut().for_each(|x| *x = -*x),
        Unary::Abs => x.iter_mut().for_each(|x| *x = x.magnitude()),
        Unary::Relu => x.iter_mut().for_each(|x| *x = math::relu(*x)),
        f => x.iter_mut().for_each(|x| *x = math::unary(f, *x)),
    }
}

/// `y = f(a, b)`
pub fn binary<T: Scalar>(f: Binary, a: View<'_, T>, b: View<'_, T>, out: &mut [T]) {
    match f {
        Binary::Add => zip(a, b, out, |a, b| a + b),
        Binary::Sub => zip(a, b, out, |a, b| a - b),
        Binary::Mul => zip(a, b, out, |a, b| a * b),
        Binary::Div => zip(a, b, out, |a, b| a / b),
        Binary::Pow => zip(a, b, out, T::pow),
        Binary::Atan2 => zip(a, b, out, T::atan2),
        Binary::Max => zip(a, b, out, math::larger),
        Binary::Min => zip(a, b, out, math::smaller),
    }
}

/// `x = f(x, other)`, or `x = f(other, x)` when `x` is the right side.
pub fn binary_in_place<T: Scalar>(f: Binary, side: Side, x: &mut [T], other: View<'_, T>) {
    match (f, side) {
        (Binary::Add, _) => update(x, other, |x, y| x + y),
        (Binary::Mul, _) => update(x, other, |x, y| x * y),
        (Binary::Sub, Side::Left) => update(x, other, |x, y| x - y),
        (Binary::Sub, Side::Right) => update(x, other, |x, y| y - x),
        (Binary::Div, Side::Left) => update(x, other, |x, y| x / y),
        (Binary::Div, Side::Right) => update(x, other, |x, y| y / x),
        (f, Side::Left) => update(x, other, |x, y| math::binary(f, x, y)),
        (f, Side::Right) => update(x, other, |x, y| math::binary(f, y, x)),
    }
}

/// The function of two indices.
pub fn binary_index(f: Binary, a: View<'_, i32>, b: View<'_, i32>, out: &mut [i32]) {
    zip(a, b, out, |a, b| math::binary_index(f, a, b));
}

/// The in-place function of two indices.
pub fn binary_index_in_place(f: Binary, side: Side, x: &mut [i32], other: View<'_, i32>) {
    match side {
        Side::Left => update(x, other, |x, y| math::binary_index(f, x, y)),
        Side::Right => update(x, other, |x, y| math::binary_index(f, y, x)),
    }
}

/// `y = 1` where the comparison holds, 0 elsewhere.
pub fn compare<T: Number, E: Element>(f: Compare, a: View<'_, T>, b: View<'_, T>, out: &mut [E]) {
    zip(a, b, out, |a, b| if math::compare(f, a, b) { E::one() } else { E::zero() });
}

/// `y = a` where `condition` is not 0, `b` elsewhere.
pub fn select<T: Number, E: Element>(condition: View<'_, E>, a: View<'_, T>, b: View<'_, T>, out: &mut [T]) {
    let choose = |(condition, (a, b)): (E, (T, T))| if condition == E::zero() { b } else { a };
    if let (Some(c), Some(a), Some(b)) = (condition.as_slice(), a.as_slice(), b.as_slice()) {
        for (y, ((&c, &a), &b)) in out.iter_mut().zip(c.iter().zip(a).zip(b)) {
            *y = choose((c, (a, b)));
        }
        return;
    }
    let strides = [condition.strides(), a.strides(), b.strides()];
    let mut walk = Walk::over(condition.shape(), [condition.start(), a.start(), b.start()], strides);
    let Step { len, strides: [c_stride, a_stride, b_stride] } = walk.pop();
    for (out, [c_from, a_from, b_from]) in out.chunks_exact_mut(len).zip(walk) {
        let pairs = a.strided(a_from, a_stride).zip(b.strided(b_from, b_stride));
        fill(out, condition.strided(c_from, c_stride).zip(pairs).map(choose));
    }
}

/// The same numbers in another format.
pub fn cast<S: Number, D: Number>(x: View<'_, S>, out: &mut [D]) {
    map(x, out, |x| D::from_wide(x.to_wide()));
}

/// `y = f(x)` for any `f`.
pub fn map<S: Copy, D: Copy>(x: View<'_, S>, out: &mut [D], f: impl Fn(S) -> D + Copy) {
    if let Some(x) = x.as_slice() {
        return fill(out, x.iter().map(|&x| f(x)));
    }
    let mut walk = x.walk();
    let Step { len, strides: [stride] } = walk.pop();
    for (out, [from]) in out.chunks_exact_mut(len).zip(walk) {
        match x.row(from, len, stride) {
            Row::Slice(x) => fill(out, x.iter().map(|&x| f(x))),
            Row::Same(x) => out.fill(f(x)),
            Row::Strided(x) => fill(out, x.map(f)),
        }
    }
}

/// `y = f(a, b)` for any `f`.
pub fn zip<S: Copy, D: Copy>(a: View<'_, S>, b: View<'_, S>, out: &mut [D], f: impl Fn(S, S) -> D + Copy) {
    if let (Some(a), Some(b)) = (a.as_slice(), b.as_slice()) {
        return fill(out, a.iter().zip(b).map(|(&a, &b)| f(a, b)));
    }
    let mut walk = Walk::over(a.shape(), [a.start(), b.start()], [a.strides(), b.strides()]);
    let Step { len, strides: [a_stride, b_stride] } = walk.pop();
    for (out, [a_from, b_from]) in out.chunks_exact_mut(len).zip(walk) {
        match (a.row(a_from, len, a_stride), b.row(b_from, len, b_stride)) {
            (Row::Slice(a), Row::Slice(b)) => fill(out, a.iter().zip(b).map(|(&a, &b)| f(a, b))),
            (Row::Slice(a), Row::Same(b)) => fill(out, a.iter().map(|&a| f(a, b))),
            (Row::Same(a), Row::Slice(b)) => fill(out, b.iter().map(|&b| f(a, b))),
            _ => fill(out, a.strided(a_from, a_stride).zip(b.strided(b_from, b_stride)).map(|(a, b)| f(a, b))),
        }
    }
}

/// `x = f(x, other)` for any `f`.
pub fn update<T: Copy, S: Copy>(x: &mut [T], other: View<'_, S>, f: impl Fn(T, S) -> T + Copy) {
    if let Some(other) = other.as_slice() {
        return x.iter_mut().zip(other).for_each(|(x, &y)| *x = f(*x, y));
    }
    let mut walk = other.walk();
    let Step { len, strides: [stride] } = walk.pop();
    for (x, [from]) in x.chunks_exact_mut(len).zip(walk) {
        match other.row(from, len, stride) {
            Row::Slice(other) => x.iter_mut().zip(other).for_each(|(x, &y)| *x = f(*x, y)),
            Row::Same(y) => x.iter_mut().for_each(|x| *x = f(*x, y)),
            Row::Strided(other) => x.iter_mut().zip(other).for_each(|(x, y)| *x = f(*x, y)),
        }
    }
}

/// Writes the values one after another.
#[inline]
fn fill<D>(out: &mut [D], values: impl Iterator<Item = D>) {
    for (out, value) in out.iter_mut().zip(values) {
        *out = value;
    }
}
