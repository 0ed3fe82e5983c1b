//! [`Simplify`]: assignments that say what could be said shorter.

use alloc::vec::Vec;

use super::Pass;
use crate::list::Rewrite;
use crate::{Axes, Binary, Element, Instruction, Order, Primitive, Tensor, Trace, Unary, Var, WengertList};

/// Replaces assignments by shorter ones that yield the same bits (but for the sign of a NaN, which means nothing).
///
/// ```text
/// x * 1, x / 1, x^1, x - 0, -(-x)             x
/// x + (-y), x - (-y), (-x) (-y)               x - y, x + y, x y
/// f(f(x)) with f in abs, relu, floor, round   f(x)
/// max(x, x), min(x, x), select(c, x, x)       x
/// select(1, x, y), select(0, x, y)            x, y
/// a movement that moves nothing               x
/// two movements of one kind                   one
/// a movement of one number, broadcast         that number, broadcast
/// f(broadcast x), f(broadcast x, broadcast y) broadcast f(x), broadcast f(x, y)    where x and y have one shape
/// ```
///
/// A [`Barrier`](Primitive::Barrier) is not looked through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Simplify;

type Value<E> = Tensor<Trace<E>>;

impl<E: Element> Pass<E> for Simplify {
    fn name(&self) -> &'static str {
        "simplify"
    }

    fn run(&self, list: &WengertList<E>) -> WengertList<E> {
        list.rewrite(self)
    }
}

impl<E: Element> Rewrite<E, Trace<E>> for Simplify {
    fn apply(&self, list: &WengertList<E>, var: Var, args: &[Value<E>], device: &()) -> Value<E> {
        match &list[var].instruction {
            Instruction::Apply(op) if !args.is_empty() => make(op, &args.iter().collect::<Vec<_>>()),
            instruction => instruction.apply(args, device),
        }
    }
}

/// The result of a primitive, as short as it can be said.
fn make<E: Element>(op: &Primitive, args: &[&Value<E>]) -> Value<E> {
    let shorter = match (*op, args) {
        (Primitive::Unary(f), [x]) => unary(f, x),
        (Primitive::Binary(f), [x, y]) => binary(f, x, y),
        (Primitive::Select, [condition, x, y]) => select(condition, x, y),
        (Primitive::Cast { to }, [x]) if x.dtype() == to => Some((*x).clone()),
        (_, [x]) if moves_nothing(op, x) => Some((*x).clone()),
        (_, [x]) if op.is_movement() => movement(op, x),
        _ => None,
    };
    shorter.unwrap_or_else(|| Tensor::call(op, args))
}

fn unary<E: Element>(f: Unary, x: &Value<E>) -> Option<Value<E>> {
    if let Some((Primitive::Unary(inner), [z])) = applied(x).as_ref().map(|(op, args)| (*op, &args[..])) {
        match (f, inner) {
            (Unary::Neg, Unary::Neg) => return Some(z.clone()),
            (Unary::Abs, Unary::Neg) => return Some(make(&Primitive::Unary(Unary::Abs), &[z])),
            (Unary::Abs | Unary::Relu | Unary::Floor | Unary::Round, _) if f == inner => return Some(x.clone()),
            _ => {}
        }
    }
    let narrow = stretched(x)?;
    Some(make(&Primitive::Broadcast { shape: x.shape() }, &[&make(&Primitive::Unary(f), &[&narrow])]))
}

fn binary<E: Element>(f: Binary, x: &Value<E>, y: &Value<E>) -> Option<Value<E>> {
    let [a, b] = [x, y].map(number);
    match (f, negated(x), negated(y)) {
        (Binary::Mul | Binary::Div | Binary::Pow, ..) if b == Some(1.0) => return Some(x.clone()),
        (Binary::Mul, ..) if a == Some(1.0) => return Some(y.clone()),
        // x - (-0) is not x where x is -0.
        (Binary::Sub, ..) if b.is_some_and(|b| b == 0.0 && b.is_sign_positive()) => return Some(x.clone()),
        (Binary::Max | Binary::Min, ..) if same(x, y) => return Some(x.clone()),
        (Binary::Add, _, Some(z)) => return Some(make(&Primitive::Binary(Binary::Sub), &[x, &z])),
        (Binary::Add, Some(z), _) => return Some(make(&Primitive::Binary(Binary::Sub), &[y, &z])),
        (Binary::Sub, _, Some(z)) => return Some(make(&Primitive::Binary(Binary::Add), &[x, &z])),
        (Binary::Mul | Binary::Div, Some(x), Some(y)) => return Some(make(&Primitive::Binary(f), &[&x, &y])),
        _ => {}
    }
    let (narrow, other) = (stretched(x)?, stretched(y)?);
    let result = (narrow.shape() == other.shape()).then(|| make(&Primitive::Binary(f), &[&narrow, &other]))?;
    Some(make(&Primitive::Broadcast { shape: x.shape() }, &[&result]))
}

fn select<E: Element>(condition: &Value<E>, x: &Value<E>, y: &Value<E>) -> Option<Value<E>> {
    match number(condition) {
        Some(0.0) => Some(y.clone()),
        Some(_) => Some(x.clone()),
        None => same(x, y).then(|| x.clone()),
    }
}

/// A movement of what was moved before.
fn movement<E: Element>(op: &Primitive, x: &Value<E>) -> Option<Value<E>> {
    let (inner, args) = applied(x)?;
    let [z] = &args[..] else { return None };
    match (*op, inner) {
        (Primitive::Reshape { .. }, Primitive::Reshape { .. })
        | (Primitive::Broadcast { .. }, Primitive::Broadcast { .. }) => Some(make(op, &[z])),
        (Primitive::Permute { order: outer }, Primitive::Permute { order: inner }) => {
            let inner: Vec<usize> = inner.iter().collect();
            let order = Order::try_new(&outer.iter().map(|axis| inner[axis]).collect::<Vec<_>>())?;
            Some(make(&Primitive::Permute { order }, &[z]))
        }
        (Primitive::Flip { axes: outer }, Primitive::Flip { axes: inner }) => {
            let once = |axis: &usize| outer.contains(*axis) != inner.contains(*axis);
            let axes = (0..x.shape().rank()).filter(once).fold(Axes::NONE, Axes::with);
            Some(make(&Primitive::Flip { axes }, &[z]))
        }
        (_, Primitive::Broadcast { .. }) if z.shape().rank() == 0 => {
            let shape = Tensor::call(op, &[x]).shape();
            Some(make(&Primitive::Broadcast { shape }, &[z]))
        }
        _ => None,
    }
}

/// Whether every element stays where it is.
fn moves_nothing<E: Element>(op: &Primitive, x: &Value<E>) -> bool {
    let shape = x.shape();
    match *op {
        Primitive::Reshape { shape: new } | Primitive::Broadcast { shape: new } => new == shape,
        Primitive::Permute { order } => order.iter().eq(0..shape.rank()),
        Primitive::Flip { axes } => axes.iter().all(|axis| shape[axis] < 2),
        Primitive::Slice { axis, start, stop, step } => start == 0 && step == 1 && stop == shape[usize::from(axis)],
        Primitive::Pad { lo, hi, interior, axis } => {
            lo == 0 && hi == 0 && (interior == 0 || shape[usize::from(axis)] < 2)
        }
        _ => false,
    }
}

/// The primitive that yields this value, and what it is applied to.
pub(super) fn applied<E: Element>(x: &Value<E>) -> Option<(Primitive, Vec<Value<E>>)> {
    let expression = x.raw().expression();
    match expression.instruction {
        Instruction::Apply(op) => Some((op, expression.args.iter().cloned().map(Tensor::from_raw).collect())),
        Instruction::Input(_) | Instruction::Data(_) | Instruction::Custom(_) => None,
    }
}

/// `z` where this is `-z`.
fn negated<E: Element>(x: &Value<E>) -> Option<Value<E>> {
    match applied(x)? {
        (Primitive::Unary(Unary::Neg), args) => args.into_iter().next(),
        _ => None,
    }
}

/// What was broadcast to this, if it is smaller.
fn stretched<E: Element>(x: &Value<E>) -> Option<Value<E>> {
    match applied(x)? {
        (Primitive::Broadcast { .. }, args) => {
            args.into_iter().next().filter(|z| z.shape().elements() < x.shape().elements())
        }
        _ => None,
    }
}

/// The number that every element of this is.
pub(super) fn number<E: Element>(x: &Value<E>) -> Option<f64> {
    match applied(x)? {
        (Primitive::Constant { value, .. }, _) => Some(value.get()),
        (Primitive::Broadcast { .. } | Primitive::Reshape { .. }, args) => number(&args[0]),
        _ => None,
    }
}

fn same<E: Element>(x: &Value<E>, y: &Value<E>) -> bool {
    x.raw().address() == y.raw().address()
}
