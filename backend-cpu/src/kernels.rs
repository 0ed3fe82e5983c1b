//! [`Kernels`]: the loops that compute, one method each, with plain scalar loops as provided methods.
//!
//! **For users**: nothing here is needed; [`Cpu`](crate::Cpu) and [`Plan`](crate::Plan) call it.
//!
//! **For backend authors**: implement [`Kernels`] for a unit struct and override what you can do faster. The smallest
//! complete one is [`ScalarKernels`]. The provided methods are the specification: an override has to agree with them,
//! to the bit where elements are only moved, compared or computed with integers.

mod conv;
mod cross_entropy;
mod elementwise;
mod fused;
mod gather;
mod matmul;
mod reduce;
mod region;
mod scan;
mod source;
mod window;

use core::fmt::Debug;

use autodiff_core::{
    ArgReduce, Axes, Binary, Compare, Composite, Element, MaybeSendSync, Reduce, Shape, Unary, Window, bf16, f16,
};

use crate::device::{CpuDevice, Resources};
use crate::math::{Number, Scalar};
use crate::view::View;

pub use elementwise::Side;
pub use fused::{FUSED_OPERANDS, FUSED_OPS, FusedArg, FusedOp};
pub use gather::{IndexError, Place};
pub use source::philox;

/// The plain loops as free functions, for overrides that handle some cases and leave the rest.
pub mod scalar {
    pub use super::conv::{conv, conv_input_grad, conv_weight_grad};
    pub use super::cross_entropy::cross_entropy;
    pub use super::elementwise::{
        binary, binary_in_place, binary_index, binary_index_in_place, cast, compare, map, select, unary,
        unary_in_place, update, zip,
    };
    pub use super::fused::fused;
    pub use super::gather::{gather, scatter, scatter_index};
    pub use super::matmul::matmul;
    pub use super::reduce::{arg_reduce, reduce, reduce_index};
    pub use super::region::{copy, join, pad, place};
    pub use super::scan::{argsort, cumsum, cumsum_index};
    pub use super::source::{iota, random_bits};
    pub use super::window::{window_arg_max, window_spread, window_sum};
}

/// The loops for tensors that hold `T`.
///
/// Inputs are views of any strides, outputs are slices in row-major order of the result's length, which are written
/// completely and never read unless the method says so. Shapes are valid, as
/// [`Primitive::infer`](autodiff_core::Primitive::infer) demands.
pub trait Kernels<T: Scalar>: Clone + Debug + Default + MaybeSendSync + 'static {
    /// `y = f(x)`
    fn unary(f: Unary, x: View<'_, T>, out: &mut [T]) {
        scalar::unary(f, x, out);
    }

    /// `x = f(x)`
    fn unary_in_place(f: Unary, x: &mut [T]) {
        scalar::unary_in_place(f, x);
    }

    /// `y = f(a, b)`
    fn binary(f: Binary, a: View<'_, T>, b: View<'_, T>, out: &mut [T]) {
        scalar::binary(f, a, b, out);
    }

    /// `x = f(x, other)`, or `x = f(other, x)` when `x` is the right side.
    fn binary_in_place(f: Binary, side: Side, x: &mut [T], other: View<'_, T>) {
        scalar::binary_in_place(f, side, x, other);
    }

    /// `y = 1` where the comparison holds, 0 elsewhere.
    fn compare<E: Element>(f: Compare, a: View<'_, T>, b: View<'_, T>, out: &mut [E]) {
        scalar::compare(f, a, b, out);
    }

    /// `y = a` where `condition` is not 0, `b` elsewhere.
    fn select<E: Element>(condition: View<'_, E>, a: View<'_, T>, b: View<'_, T>, out: &mut [T]) {
        scalar::select(condition, a, b, out);
    }

    /// Functions of elements in the same place, one behind another: `out` is the last one's result, with the bits of each
    /// function by itself. The operand that is `None` is what `out` holds.
    fn fused(ops: &[FusedOp], operands: &[Option<View<'_, T>>], out: &mut [T]) {
        scalar::fused::<T, Self>(ops, operands, out);
    }

    /// The reduction along `axes`.
    fn reduce(kind: Reduce, axes: Axes, x: View<'_, T>, out: &mut [T]) {
        scalar::reduce(kind, axes, x, out);
    }

    /// The position of the extreme value along `axis`.
    fn arg_reduce(kind: ArgReduce, axis: usize, x: View<'_, T>, out: &mut [i32]) {
        scalar::arg_reduce(kind, axis, x, out);
    }

    /// The sum of each element and all before it along `axis`; with `reverse`, and all behind it.
    fn cumsum(axis: usize, reverse: bool, x: View<'_, T>, out: &mut [T]) {
        scalar::cumsum(axis, reverse, x, out);
    }

    /// The positions of the elements along the last axis, sorted by these: equal ones in their order, NaN as the largest.
    fn argsort(descending: bool, x: View<'_, T>, out: &mut [i32]) {
        scalar::argsort(descending, x, out);
    }

    /// Matrix products over equal leading axes; with `accumulate`, added to what `out` holds.
    fn matmul(a: View<'_, T>, b: View<'_, T>, out: &mut [T], accumulate: bool) {
        scalar::matmul(a, b, out, accumulate);
    }

    /// The convolution `x [n, c, s..], w [o, c / groups, k..] -> [n, o, t..]`; `shape` is that of the output.
    fn conv(window: &Window, groups: usize, x: View<'_, T>, w: View<'_, T>, shape: &Shape, out: &mut [T]) {
        scalar::conv(window, groups, x, w, shape, out);
    }

    /// Its gradient for the input `y [n, o, t..], w [o, c / groups, k..] -> [n, c, s..]`; `shape` is that of the output.
    fn conv_input_grad(window: &Window, groups: usize, y: View<'_, T>, w: View<'_, T>, shape: &Shape, out: &mut [T]) {
        scalar::conv_input_grad(window, groups, y, w, shape, out);
    }

    /// Its gradient for the weight `x [n, c, s..], y [n, o, t..] -> [o, c / groups, k..]`; `shape` is that of the output.
    fn conv_weight_grad(window: &Window, groups: usize, x: View<'_, T>, y: View<'_, T>, shape: &Shape, out: &mut [T]) {
        scalar::conv_weight_grad(window, groups, x, y, shape, out);
    }

    /// The sum of each window's cells, `[.., s..] -> [.., t..]`; `shape` is that of the output.
    fn window_sum(window: &Window, x: View<'_, T>, shape: &Shape, out: &mut [T]) {
        scalar::window_sum(window, x, shape, out);
    }

    /// Each cell's sum over the windows that hold it, `[.., t..] -> [.., s..]`; `shape` is that of the output.
    fn window_spread(window: &Window, y: View<'_, T>, shape: &Shape, out: &mut [T]) {
        scalar::window_spread(window, y, shape, out);
    }

    /// Where the largest cell of each window lies, `[.., s..] -> [.., t..]`; `shape` is that of the output.
    fn window_arg_max(window: &Window, x: View<'_, T>, shape: &Shape, out: &mut [i32]) {
        scalar::window_arg_max(window, x, shape, out);
    }

    /// The elements in row-major order.
    fn copy(x: View<'_, T>, out: &mut [T]) {
        scalar::copy(x, out);
    }

    /// Zeros before, after and between the elements along `axis`; `shape` is that of the output.
    fn pad(axis: usize, lo: usize, interior: usize, x: View<'_, T>, shape: &Shape, out: &mut [T]) {
        scalar::pad(axis, lo, interior, x, shape, T::zero(), out);
    }

    /// Writes one input of a concatenation along `axis`, whose shape is `shape`, from `start` on: a part of `out` only.
    fn join(axis: usize, start: usize, x: View<'_, T>, shape: &Shape, out: &mut [T]) {
        scalar::join(axis, start, x, shape, out);
    }

    /// `y[.., j, ..] = x[.., i[.., j, ..], ..]`
    ///
    /// # Errors
    /// At the first index in row-major order that is out of range.
    fn gather(axis: usize, x: View<'_, T>, index: View<'_, i32>, out: &mut [T]) -> Result<(), IndexError> {
        scalar::gather(axis, x, index, out)
    }

    /// `y[.., i[.., j, ..], ..] += u[.., j, ..]` for each `j` in row-major order; `out`, of `shape`, holds `y`.
    ///
    /// # Errors
    /// At the first index in row-major order that is out of range.
    fn scatter_add(
        axis: usize,
        index: View<'_, i32>,
        updates: View<'_, T>,
        shape: &Shape,
        out: &mut [T],
    ) -> Result<(), IndexError> {
        scalar::scatter(axis, index, updates, shape, out, |y, u| y + u)
    }

    /// The same numbers in another format.
    fn cast<D: Number>(x: View<'_, T>, out: &mut [D]) {
        scalar::cast(x, out);
    }

    /// Whole numbers in `[0, 2^bits)` by Philox 4x32-10.
    fn random_bits(key: [i32; 2], bits: u8, out: &mut [i32]) {
        scalar::random_bits(key, bits, out);
    }

    /// `[.., classes], labels [..] -> [..]`: `-log_softmax(logits)[label]`.
    ///
    /// # Errors
    /// At the first label that is out of range.
    fn cross_entropy(logits: View<'_, T>, labels: View<'_, i32>, out: &mut [T]) -> Result<(), IndexError> {
        scalar::cross_entropy(logits, labels, out)
    }

    /// A composite of float arguments, where [`KernelSet::claims`] names it.
    fn composite(composite: &Composite, inputs: &[View<'_, T>], out: &mut [T]) {
        let _ = (inputs, out);
        unreachable!("{}: it is claimed, and has no kernel", composite.name());
    }
}

/// [`Kernels`] for everything that a backend with element `T` stores, its element and both halves; and its device.
pub trait KernelSet<T: Scalar>: Kernels<T> + Kernels<f16> + Kernels<bf16> {
    /// What lends memory and threads.
    type Device: Resources<T>;

    /// Whether a composite has a kernel here. All others are computed by their bodies.
    #[must_use]
    fn claims(composite: &Composite) -> bool {
        matches!(composite, Composite::CrossEntropy | Composite::AddMatMul)
    }
}

/// The plain scalar loops, as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScalarKernels;

impl<T: Scalar> Kernels<T> for ScalarKernels {}

impl<T: Scalar> KernelSet<T> for ScalarKernels {
    type Device = CpuDevice;
}
