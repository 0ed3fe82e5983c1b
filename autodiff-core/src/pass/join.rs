//! [`JoinParts`]: sums of parts that do not overlap, put beside each other.

use alloc::vec;
use alloc::vec::Vec;

use super::Pass;
use super::simplify::{applied, number};
use crate::list::Rewrite;
use crate::{Binary, Element, Instruction, Primitive, Tensor, Trace, Var, WengertList};

/// Replaces a sum of values with zeros around them, of which each covers another part of an axis, by the concatenation of the
/// parts: the gradient of a tensor that was taken apart, as a recurrent network does with its input and its gates.
///
/// ```text
/// pad(a) + pad(b)    concat(a, b) + 0
/// ```
///
/// The zero that is added turns -0 into 0, as the sum does. Sums inside sums are looked through 16 deep, parts of parts without
/// an end: halves of halves are put together at once, a sum of ever one part more only as far as that.
///
/// ```
/// use autodiff_core::{JoinParts, Pass, Spec, WengertList};
/// let specs = [("a", Spec::elem([2])), ("b", Spec::elem([3]))];
/// let list = WengertList::<f32>::trace(&specs, |x| [("y", x[0].pad(0, 0, 3) + x[1].pad(0, 2, 0))]);
/// assert_eq!(JoinParts.run(&list).to_string(), "z1 = concat(a, b, axis=0)\ny = add(z1, 0)\n");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JoinParts;

/// So many sums are looked through, one inside another.
const DEEPEST: usize = 16;

type Value<E> = Tensor<Trace<E>>;

/// Values beside each other along an axis, each with the place where it begins; elsewhere there are zeros.
struct Parts<E: Element> {
    axis: u8,
    parts: Vec<(usize, Value<E>)>,
}

impl<E: Element> Pass<E> for JoinParts {
    fn name(&self) -> &'static str {
        "join_parts"
    }

    fn run(&self, list: &WengertList<E>) -> WengertList<E> {
        list.rewrite(self)
    }
}

impl<E: Element> Rewrite<E, Trace<E>> for JoinParts {
    fn apply(&self, list: &WengertList<E>, var: Var, args: &[Value<E>], device: &()) -> Value<E> {
        let value = list[var].instruction.apply(args, device);
        match &list[var].instruction {
            Instruction::Apply(Primitive::Binary(Binary::Add)) => {
                parts(&value, DEEPEST).and_then(|parts| whole(parts, &value)).unwrap_or(value)
            }
            _ => value,
        }
    }
}

/// What this value is a sum of, where its parts lie along one axis and do not overlap.
fn parts<E: Element>(x: &Value<E>, deepest: usize) -> Option<Parts<E>> {
    let (op, args) = applied(x)?;
    match (op, &args[..]) {
        (Primitive::Pad { axis, lo, interior: 0, .. }, [inner]) => {
            let inner = joined(inner)
                .filter(|inner| inner.axis == axis)
                .map_or_else(|| vec![(0, inner.clone())], |inner| inner.parts);
            Some(Parts { axis, parts: inner.into_iter().map(|(start, part)| (lo + start, part)).collect() })
        }
        (Primitive::Binary(Binary::Add), [a, b]) if x.dtype().is_float() && deepest > 0 => {
            let (a, b) = (parts(a, deepest - 1)?, parts(b, deepest - 1)?);
            let mut all = Parts { axis: a.axis, parts: [a.parts, b.parts].concat() };
            all.parts.sort_by_key(|(start, _)| *start);
            let end = |(start, part): &(usize, Value<E>)| start + part.shape()[usize::from(all.axis)];
            let apart = all.parts.windows(2).all(|pair| end(&pair[0]) <= pair[1].0);
            (a.axis == b.axis && apart).then_some(all)
        }
        _ => None,
    }
}

/// The parts of what this pass has put together.
fn joined<E: Element>(x: &Value<E>) -> Option<Parts<E>> {
    let (Primitive::Binary(Binary::Add), args) = applied(x)? else { return None };
    let zero = number(&args[1]).is_some_and(|zero| zero == 0.0 && zero.is_sign_positive());
    let (Primitive::Concat { axis }, args) = applied(&args[0])? else { return None };
    let mut start = 0;
    let parts = args.into_iter().map(|part| {
        start += part.shape()[usize::from(axis)];
        (start - part.shape()[usize::from(axis)], part)
    });
    zero.then(|| Parts { axis, parts: parts.collect() })
}

/// Parts that leave no gap in their sum, as one value.
fn whole<E: Element>(Parts { axis, parts }: Parts<E>, sum: &Value<E>) -> Option<Value<E>> {
    let values: Vec<&Value<E>> = parts.iter().map(|(_, part)| part).collect();
    let covered: usize = values.iter().map(|part| part.shape()[usize::from(axis)]).sum();
    (covered == sum.shape()[usize::from(axis)]).then(|| Tensor::call(&Primitive::Concat { axis }, &values) + 0.0)
}
