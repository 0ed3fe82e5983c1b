//! Functions of elements in the same place, one behind another, in one pass: what lies between them never leaves the nearest
//! cache.

use autodiff_core::{MAX_RANK, Primitive, Shape};

use super::Kernels;
use crate::layout::{Layout, Walk};
use crate::math::Scalar;
use crate::view::View;

/// So many operands at most.
pub const FUSED_OPERANDS: usize = 10;
/// So many functions at most.
pub const FUSED_OPS: usize = 24;
/// So many elements are computed at a time by the plain loop: few, since what lies between the functions is on the stack.
const BLOCK: usize = 16;

/// One function of several that are computed together, element by element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FusedOp {
    /// A function of one or two elements, a comparison or a choice, all in the format of the backend's elements.
    pub function: Primitive,
    /// Its arguments; what is behind their number means nothing.
    pub args: [FusedArg; 3],
}

/// What a function reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FusedArg {
    /// An operand of the whole.
    Operand(usize),
    /// The result of an earlier function, by its number.
    Result(usize),
}

impl FusedOp {
    /// Whether this can be one of several functions.
    #[must_use]
    pub const fn takes(function: &Primitive) -> bool {
        matches!(function, Primitive::Unary(_) | Primitive::Binary(_) | Primitive::Compare(_) | Primitive::Select)
    }

    /// How many arguments its function has.
    #[must_use]
    pub const fn count(&self) -> usize {
        match self.function {
            Primitive::Unary(_) => 1,
            Primitive::Select => 3,
            _ => 2,
        }
    }
}

/// `out` is the last function's result; the operand that is `None` is what `out` holds before.
///
/// # Panics
/// When an operand or a result does not exist, where there are too many, or for a primitive that is not
/// [such a function](FusedOp::takes).
pub fn fused<T: Scalar, K: Kernels<T>>(ops: &[FusedOp], operands: &[Option<View<'_, T>>], out: &mut [T]) {
    let flat = Shape::from([out.len()]);
    let shape = operands.iter().flatten().next().map_or(&flat, View::shape);
    let view = |n: usize| operands.get(n).and_then(Option::as_ref);
    let starts = core::array::from_fn(|n| view(n).map_or(0, View::start));
    let none = &[0; MAX_RANK][..shape.rank()];
    let mut walk =
        Walk::<FUSED_OPERANDS>::over(shape, starts, core::array::from_fn(|n| view(n).map_or(none, View::strides)));
    let row = walk.pop();
    let mut file = [[T::zero(); BLOCK]; FUSED_OPERANDS + FUSED_OPS];
    for (out, from) in out.chunks_exact_mut(row.len).zip(walk) {
        for (out, first) in out.chunks_mut(BLOCK).zip((0..).step_by(BLOCK)) {
            for (n, room) in file[..operands.len()].iter_mut().enumerate() {
                let room = &mut room[..out.len()];
                let Some(view) = view(n) else {
                    room.copy_from_slice(out);
                    continue;
                };
                let from = from[n].wrapping_add_signed(row.strides[n] * first);
                room.iter_mut().zip(view.strided(from, row.strides[n])).for_each(|(room, x)| *room = x);
            }
            let layout = Layout::contiguous(Shape::from([out.len()]));
            for (number, op) in ops.iter().enumerate() {
                let (before, rest) = file.split_at_mut(FUSED_OPERANDS + number);
                compute::<T, K>(op, before, &layout, &mut rest[0][..out.len()]);
            }
            out.copy_from_slice(&file[FUSED_OPERANDS + ops.len() - 1][..out.len()]);
        }
    }
}

/// One function of a block.
fn compute<T: Scalar, K: Kernels<T>>(op: &FusedOp, before: &[[T; BLOCK]], layout: &Layout, out: &mut [T]) {
    let arg = |place: usize| match op.args[place] {
        FusedArg::Operand(operand) => View::new(&before[operand], layout),
        FusedArg::Result(result) => View::new(&before[FUSED_OPERANDS + result], layout),
    };
    match op.function {
        Primitive::Unary(f) => K::unary(f, arg(0), out),
        Primitive::Binary(f) => K::binary(f, arg(0), arg(1), out),
        Primitive::Compare(f) => K::compare(f, arg(0), arg(1), out),
        Primitive::Select => K::select(arg(0), arg(1), arg(2), out),
        function => panic!("fused: {} is no function of elements", function.name()),
    }
}
