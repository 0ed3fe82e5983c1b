//! Primitives whose result is indices.

use autodiff_core::{DType, Primitive, Spec, bf16, f16};

use super::float::{AsElem, Format};
use super::{Operands, cast, indices, mismatch, moved};
use crate::kernels::{IndexError, KernelSet, Kernels, scalar};
use crate::math::{Number, Scalar};
use crate::view::AnyView;

/// A primitive whose result is of indices.
pub(super) fn index<T, K, O>(primitive: &Primitive, inputs: &O, spec: &Spec, out: &mut [i32]) -> Result<(), IndexError>
where
    T: Scalar,
    K: KernelSet<T>,
    O: Operands<T> + ?Sized,
{
    let arg = |arg| indices(inputs.get(arg));
    match *primitive {
        Primitive::Constant { value, .. } => out.fill(i32::from_wide(value.get())),
        Primitive::Iota { .. } => scalar::iota(out),
        Primitive::RandomBits { bits, .. } => {
            let mut key = [0; 2];
            scalar::copy(arg(0), &mut key);
            <K as Kernels<T>>::random_bits(key, bits, out);
        }
        Primitive::Cast { .. } => cast::<i32, T, K>(inputs.get(0), out),
        Primitive::Binary(f) => scalar::binary_index(f, arg(0), arg(1), out),
        Primitive::Select => scalar::select(AsElem::of(inputs.get(0)), arg(1), arg(2), out),
        Primitive::Reduce { kind, axes } => scalar::reduce_index(kind, axes, arg(0), out),
        Primitive::ArgReduce { kind, axis } => match inputs.get(0) {
            AnyView::Elem(x) => <K as Kernels<T>>::arg_reduce(kind, axis.into(), x, out),
            AnyView::F16(x) => <K as Kernels<f16>>::arg_reduce(kind, axis.into(), x, out),
            AnyView::Bf16(x) => <K as Kernels<bf16>>::arg_reduce(kind, axis.into(), x, out),
            AnyView::Index(_) => mismatch(primitive, DType::Index, spec.dtype),
        },
        Primitive::CumSum { axis, reverse } => scalar::cumsum_index(axis.into(), reverse, arg(0), out),
        Primitive::ArgSort { descending } => match inputs.get(0) {
            AnyView::Elem(x) => <K as Kernels<T>>::argsort(descending, x, out),
            AnyView::F16(x) => <K as Kernels<f16>>::argsort(descending, x, out),
            AnyView::Bf16(x) => <K as Kernels<bf16>>::argsort(descending, x, out),
            AnyView::Index(x) => scalar::argsort(descending, x, out),
        },
        Primitive::WindowArgMax { ref window } => match inputs.get(0) {
            AnyView::Elem(x) => <K as Kernels<T>>::window_arg_max(window, x, &spec.shape, out),
            AnyView::F16(x) => <K as Kernels<f16>>::window_arg_max(window, x, &spec.shape, out),
            AnyView::Bf16(x) => <K as Kernels<bf16>>::window_arg_max(window, x, &spec.shape, out),
            AnyView::Index(_) => mismatch(primitive, DType::Index, spec.dtype),
        },
        Primitive::Reshape { .. } | Primitive::Barrier => scalar::copy(arg(0), out),
        Primitive::Permute { .. } | Primitive::Flip { .. } | Primitive::Broadcast { .. } | Primitive::Slice { .. } => {
            let x = arg(0);
            scalar::copy(x.with_layout(&moved(primitive, x.layout())), out);
        }
        Primitive::Pad { axis, lo, interior, .. } => {
            scalar::pad(axis.into(), lo, interior, arg(0), &spec.shape, 0, out);
        }
        Primitive::Concat { axis } => {
            let mut start = 0;
            for x in (0..inputs.count()).map(arg) {
                scalar::join(axis.into(), start, x, &spec.shape, out);
                start += x.shape()[usize::from(axis)];
            }
        }
        Primitive::Gather { axis } => return scalar::gather(axis.into(), arg(0), arg(1), out),
        Primitive::ScatterAdd { axis } => {
            scalar::copy(arg(0), out);
            return scalar::scatter_index(axis.into(), arg(1), arg(2), &spec.shape, out);
        }
        Primitive::Unary(_)
        | Primitive::Compare(_)
        | Primitive::MatMul
        | Primitive::Conv { .. }
        | Primitive::ConvInputGrad { .. }
        | Primitive::ConvWeightGrad { .. }
        | Primitive::WindowSum { .. }
        | Primitive::WindowSpread { .. }
        | Primitive::Call(_) => mismatch(primitive, spec.dtype, spec.dtype),
    }
    Ok(())
}
