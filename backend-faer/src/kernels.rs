//! [`FaerKernels`]: which loop computes what; each family of loops has a file.

use autodiff_core::{ArgReduce, Axes, Binary, Compare, Composite, Element, Reduce, Shape, Unary, Window, bf16, f16};
use backend_cpu::{FusedOp, IndexError, KernelSet, Kernels, Number, Side, View};

use crate::device::FaerDevice;
use crate::{conv, elementwise, gather, matmul, random, reduce, rows, scan, window};

/// The loops of [`Faer`](crate::Faer).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaerKernels;

macro_rules! kernels {
    ($($T:ty)*) => {
        $(impl KernelSet<$T> for FaerKernels {
            type Device = FaerDevice;

            fn claims(composite: &Composite) -> bool {
                rows::claims::<$T>(composite)
            }
        }

        impl Kernels<$T> for FaerKernels {
            fn unary(f: Unary, x: View<'_, $T>, out: &mut [$T]) {
                elementwise::unary(f, x, out);
            }
            fn unary_in_place(f: Unary, x: &mut [$T]) {
                elementwise::unary_in_place(f, x);
            }
            fn binary(f: Binary, a: View<'_, $T>, b: View<'_, $T>, out: &mut [$T]) {
                elementwise::binary(f, a, b, out);
            }
            fn binary_in_place(f: Binary, side: Side, x: &mut [$T], other: View<'_, $T>) {
                elementwise::binary_in_place(f, side, x, other);
            }
            fn compare<E: Element>(f: Compare, a: View<'_, $T>, b: View<'_, $T>, out: &mut [E]) {
                elementwise::compare(f, a, b, out);
            }
            fn select<E: Element>(condition: View<'_, E>, a: View<'_, $T>, b: View<'_, $T>, out: &mut [$T]) {
                elementwise::select(condition, a, b, out);
            }
            fn fused(ops: &[FusedOp], operands: &[Option<View<'_, $T>>], out: &mut [$T]) {
                elementwise::fused(ops, operands, out);
            }
            fn cast<D: Number>(x: View<'_, $T>, out: &mut [D]) {
                elementwise::cast(x, out);
            }
            fn copy(x: View<'_, $T>, out: &mut [$T]) {
                elementwise::copy(x, out);
            }
            fn reduce(kind: Reduce, axes: Axes, x: View<'_, $T>, out: &mut [$T]) {
                reduce::reduce(kind, axes, x, out);
            }
            fn arg_reduce(kind: ArgReduce, axis: usize, x: View<'_, $T>, out: &mut [i32]) {
                reduce::arg_reduce(kind, axis, x, out);
            }
            fn cumsum(axis: usize, reverse: bool, x: View<'_, $T>, out: &mut [$T]) {
                scan::cumsum(axis, reverse, x, out);
            }
            fn argsort(descending: bool, x: View<'_, $T>, out: &mut [i32]) {
                scan::argsort(descending, x, out);
            }
            fn matmul(a: View<'_, $T>, b: View<'_, $T>, out: &mut [$T], accumulate: bool) {
                matmul::matmul(a, b, out, accumulate);
            }
            fn conv(window: &Window, groups: usize, x: View<'_, $T>, w: View<'_, $T>, shape: &Shape, out: &mut [$T]) {
                conv::conv(window, groups, x, w, shape, out);
            }
            fn conv_input_grad(
                window: &Window,
                groups: usize,
                y: View<'_, $T>,
                w: View<'_, $T>,
                shape: &Shape,
                out: &mut [$T],
            ) {
                conv::conv_input_grad(window, groups, y, w, shape, out);
            }
            fn conv_weight_grad(
                window: &Window,
                groups: usize,
                x: View<'_, $T>,
                y: View<'_, $T>,
                shape: &Shape,
                out: &mut [$T],
            ) {
                conv::conv_weight_grad(window, groups, x, y, shape, out);
            }
            fn window_sum(window: &Window, x: View<'_, $T>, shape: &Shape, out: &mut [$T]) {
                window::window_sum(window, x, shape, out);
            }
            fn window_spread(window: &Window, y: View<'_, $T>, shape: &Shape, out: &mut [$T]) {
                window::window_spread(window, y, shape, out);
            }
            fn window_arg_max(window: &Window, x: View<'_, $T>, shape: &Shape, out: &mut [i32]) {
                window::window_arg_max(window, x, shape, out);
            }
            fn gather(axis: usize, x: View<'_, $T>, index: View<'_, i32>, out: &mut [$T]) -> Result<(), IndexError> {
                gather::gather(axis, x, index, out)
            }
            fn scatter_add(
                axis: usize,
                index: View<'_, i32>,
                updates: View<'_, $T>,
                shape: &Shape,
                out: &mut [$T],
            ) -> Result<(), IndexError> {
                gather::scatter_add(axis, index, updates, shape, out)
            }
            fn random_bits(key: [i32; 2], bits: u8, out: &mut [i32]) {
                random::random_bits(key, bits, out);
            }
            fn cross_entropy(
                logits: View<'_, $T>,
                labels: View<'_, i32>,
                out: &mut [$T],
            ) -> Result<(), IndexError> {
                rows::cross_entropy(logits, labels, out)
            }
            fn composite(composite: &Composite, inputs: &[View<'_, $T>], out: &mut [$T]) {
                rows::composite(composite, inputs, out);
            }
        })*
    };
}

kernels! { f32 f64 f16 bf16 }
