//! Functions of elements one behind another, a chunk at a time that never leaves the nearest cache: each function goes over the
//! chunk before the next does, in one loop over all chunks, so that the processor reads what is to come from memory meanwhile.

use autodiff_core::{Binary, Compare, MAX_RANK, Primitive, Shape, Unary};
use backend_cpu::{FUSED_OPERANDS, FusedArg, FusedOp, Kernels, View, kernels::scalar};

use super::functions::{self as f, by_chunk, by_chunk_of_two};
use super::loops::Part;
use super::tiles::Tiles;
use super::{GRAIN, whole_or_same};
use crate::half::Stored;
use crate::kernels::FaerKernels;
use crate::math::Functions;
use crate::par;
use crate::scratch::Room;
use crate::simd::{Isa, Job, compiled};

/// So many elements go through all functions before the next do.
pub(super) const CHUNK: usize = 128;
/// So many elements of strided operands are put in order at a time.
const PIECE: usize = 2048;

/// A chunk.
pub(super) type Chunk<T> = [T; CHUNK];

/// `out` is the last function's result; the operand that is `None` is what `out` holds.
pub(crate) fn fused<T: Stored>(ops: &[FusedOp], operands: &[Option<View<'_, T>>], out: &mut [T])
where
    FaerKernels: Kernels<T>,
{
    if T::as_real(out).is_none() {
        return scalar::fused::<T, FaerKernels>(ops, operands, out);
    }
    let mut reals = [None; FUSED_OPERANDS];
    for (real, view) in reals.iter_mut().zip(operands) {
        *real = view.and_then(real_view);
    }
    if let Some(out) = T::as_real_mut(out) {
        fused_reals(ops, &reals[..operands.len()], out);
    }
}

/// The same elements as they are computed with.
fn real_view<T: Stored>(view: View<'_, T>) -> Option<View<'_, T::Real>> {
    let missing = view.layout().offset().wrapping_sub(view.start());
    Some(View::without_first(missing, T::as_real(view.data())?, view.layout()))
}

fn fused_reals<T: Functions>(ops: &[FusedOp], operands: &[Option<View<'_, T>>], out: &mut [T]) {
    if operands.iter().flatten().all(|x| whole_or_same(*x).is_some()) {
        return par::parts(out, GRAIN, |first, out| {
            let mut file = file(ops, operands);
            let source = |n: usize| match operands.get(n)?.and_then(whole_or_same) {
                Some(Part::Slice(x)) => Some(&x[first..first + out.len()]),
                _ => None,
            };
            let sources = core::array::from_fn(source);
            compiled(Run { ops, operands, sources, file: file.as_chunks_mut().0, out });
        });
    }
    let view = |n: usize| operands.get(n).copied().flatten();
    let shape = operands.iter().flatten().next().map_or(&Shape::SCALAR, View::shape);
    let none = &[0; MAX_RANK][..shape.rank()];
    let starts = core::array::from_fn(|n| view(n).map_or(0, |x| x.start()));
    let strides = core::array::from_fn(|n| view(n).map_or(none, |x| x.strides()));
    let tiles = Tiles::<FUSED_OPERANDS>::over(shape, starts, strides).of_at_most(PIECE);
    tiles.split(out, GRAIN, |first, out| {
        let mut file = file(ops, operands);
        let mut strided: [_; FUSED_OPERANDS] = core::array::from_fn(|n| {
            let view = view(n).filter(|view| !matches!(whole_or_same(*view), Some(Part::Same(_))))?;
            Some(tiles.operand(n, view))
        });
        tiles.each(first, out.len(), |tile| {
            let mut sources = [None; FUSED_OPERANDS];
            for (source, operand) in sources.iter_mut().zip(&mut strided) {
                *source = operand.as_mut().map(|operand| operand.slice(tile));
            }
            compiled(Run { ops, operands, sources, file: file.as_chunks_mut().0, out: tile.of(out) });
        });
    });
}

/// Room for a chunk of each operand and of each result. Operands that are one element over and over are there already.
fn file<T: Functions>(ops: &[FusedOp], operands: &[Option<View<'_, T>>]) -> Room<T> {
    let mut file = Room::filled(T::zero(), (operands.len() + ops.len()) * CHUNK);
    for (chunk, operand) in file.as_chunks_mut::<CHUNK>().0.iter_mut().zip(operands) {
        if let Some(Part::Same(x)) = operand.and_then(whole_or_same) {
            chunk.fill(x);
        }
    }
    file
}

struct Run<'a, T> {
    ops: &'a [FusedOp],
    operands: &'a [Option<View<'a, T>>],
    /// The operands that are to be read; the others are in the file, or what `out` holds.
    sources: [Option<&'a [T]>; FUSED_OPERANDS],
    file: &'a mut [Chunk<T>],
    out: &'a mut [T],
}

impl<T: Functions> Job for Run<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let Self { ops, operands, sources, file, out } = self;
        let ([between @ .., last], count) = (ops, operands.len()) else { return };
        let (chunks, rest) = out.as_chunks_mut::<CHUNK>();
        let beyond = chunks.len() * CHUNK;
        for (out, at) in chunks.iter_mut().zip((0..).step_by(CHUNK)) {
            for (n, chunk) in file[..count].iter_mut().enumerate() {
                match sources[n] {
                    Some(x) => chunk.copy_from_slice(&x[at..at + CHUNK]),
                    None if operands[n].is_none() => *chunk = *out,
                    None => {}
                }
            }
            each::<I, T>(between, count, file);
            apply::<I, T>(last, file, count, out);
        }
        if !rest.is_empty() {
            for (n, chunk) in file[..count].iter_mut().enumerate() {
                match sources[n] {
                    Some(x) => chunk[..rest.len()].copy_from_slice(&x[beyond..]),
                    None if operands[n].is_none() => chunk[..rest.len()].copy_from_slice(rest),
                    None => {}
                }
            }
            each::<I, T>(ops, count, file);
            rest.copy_from_slice(&file[count + ops.len() - 1][..rest.len()]);
        }
    }
}

/// The functions of a chunk, each with its result in the file.
#[inline(always)]
fn each<I: Isa, T: Functions>(ops: &[FusedOp], operands: usize, file: &mut [Chunk<T>]) {
    for (number, op) in ops.iter().enumerate() {
        let (before, rest) = file.split_at_mut(operands + number);
        apply::<I, T>(op, before, operands, &mut rest[0]);
    }
}

/// One function of a chunk. The commonest are compiled here; what others cost hides the way to them.
#[inline(always)]
fn apply<I: Isa, T: Functions>(op: &FusedOp, file: &[Chunk<T>], operands: usize, out: &mut Chunk<T>) {
    let arg = |place: usize| match op.args[place] {
        FusedArg::Operand(operand) => &file[operand],
        FusedArg::Result(result) => &file[operands + result],
    };
    match op.function {
        Primitive::Unary(function) => match function {
            Unary::Neg => by_chunk::<I, f::Neg, T>(arg(0), out),
            Unary::Sqrt => by_chunk::<I, f::Sqrt, T>(arg(0), out),
            Unary::Relu => by_chunk::<I, f::Relu, T>(arg(0), out),
            Unary::Exp => by_chunk::<I, f::Exp, T>(arg(0), out),
            Unary::Tanh => by_chunk::<I, f::Tanh, T>(arg(0), out),
            Unary::Sigmoid => by_chunk::<I, f::Sigmoid, T>(arg(0), out),
            _ => (f::unary(function).apart)(arg(0), out),
        },
        Primitive::Binary(function) => match function {
            Binary::Add => by_chunk_of_two::<I, f::Add, T>(arg(0), arg(1), out),
            Binary::Sub => by_chunk_of_two::<I, f::Sub, T>(arg(0), arg(1), out),
            Binary::Mul => by_chunk_of_two::<I, f::Mul, T>(arg(0), arg(1), out),
            Binary::Div => by_chunk_of_two::<I, f::Div, T>(arg(0), arg(1), out),
            _ => f::binary(function)(Part::Slice(arg(0)), Part::Slice(arg(1)), out),
        },
        Primitive::Compare(function) => match function {
            Compare::Eq => by_chunk_of_two::<I, f::Equal, T>(arg(0), arg(1), out),
            Compare::Lt => by_chunk_of_two::<I, f::Less, T>(arg(0), arg(1), out),
            Compare::Le => by_chunk_of_two::<I, f::NotGreater, T>(arg(0), arg(1), out),
        },
        Primitive::Select => {
            let (condition, a, b) = (arg(0), arg(1), arg(2));
            for (k, y) in out.iter_mut().enumerate() {
                *y = if condition[k] == T::zero() { b[k] } else { a[k] };
            }
        }
        function => panic!("fused: {} is no function of elements", function.name()),
    }
}
