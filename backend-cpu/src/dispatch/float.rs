//! Primitives whose result is floating-point, whatever the format that it is stored in.

use autodiff_core::{Composite, DType, Element, Primitive, Spec, bf16, f16};

use super::{Operands, cast, indices, mismatch, moved, unexpected};
use crate::kernels::{IndexError, KernelSet, Kernels};
use crate::math::Scalar;
use crate::view::{AnyView, View};

/// A primitive whose result is of a float format.
pub(super) fn float<F, T, K, O>(
    primitive: &Primitive,
    inputs: &O,
    spec: &Spec,
    out: &mut [F::Number],
) -> Result<(), IndexError>
where
    F: Format<T>,
    T: Scalar,
    K: KernelSet<T> + Kernels<F::Number>,
    O: Operands<T> + ?Sized,
{
    let arg = |arg| F::of(inputs.get(arg));
    match *primitive {
        Primitive::Constant { value, .. } => out.fill(F::Number::from_f64(value.get())),
        Primitive::Cast { .. } => cast::<F::Number, T, K>(inputs.get(0), out),
        Primitive::Unary(f) => <K as Kernels<F::Number>>::unary(f, arg(0), out),
        Primitive::Binary(f) => <K as Kernels<F::Number>>::binary(f, arg(0), arg(1), out),
        Primitive::Select => <K as Kernels<F::Number>>::select(AsElem::of(inputs.get(0)), arg(1), arg(2), out),
        Primitive::Reduce { kind, axes } => <K as Kernels<F::Number>>::reduce(kind, axes, arg(0), out),
        Primitive::CumSum { axis, reverse } => {
            <K as Kernels<F::Number>>::cumsum(axis.into(), reverse, arg(0), out);
        }
        Primitive::MatMul => <K as Kernels<F::Number>>::matmul(arg(0), arg(1), out, false),
        Primitive::Conv { ref window, groups } => {
            <K as Kernels<F::Number>>::conv(window, groups as usize, arg(0), arg(1), &spec.shape, out);
        }
        Primitive::ConvInputGrad { ref window, groups, .. } => {
            <K as Kernels<F::Number>>::conv_input_grad(window, groups as usize, arg(0), arg(1), &spec.shape, out);
        }
        Primitive::ConvWeightGrad { ref window, groups } => {
            <K as Kernels<F::Number>>::conv_weight_grad(window, groups as usize, arg(0), arg(1), &spec.shape, out);
        }
        Primitive::WindowSum { ref window } => {
            <K as Kernels<F::Number>>::window_sum(window, arg(0), &spec.shape, out);
        }
        Primitive::WindowSpread { ref window, .. } => {
            <K as Kernels<F::Number>>::window_spread(window, arg(0), &spec.shape, out);
        }
        Primitive::Reshape { .. } | Primitive::Barrier => <K as Kernels<F::Number>>::copy(arg(0), out),
        Primitive::Permute { .. } | Primitive::Flip { .. } | Primitive::Broadcast { .. } | Primitive::Slice { .. } => {
            let x = arg(0);
            <K as Kernels<F::Number>>::copy(x.with_layout(&moved(primitive, x.layout())), out);
        }
        Primitive::Pad { axis, lo, interior, .. } => {
            <K as Kernels<F::Number>>::pad(axis.into(), lo, interior, arg(0), &spec.shape, out);
        }
        Primitive::Concat { axis } => {
            let mut start = 0;
            for x in (0..inputs.count()).map(arg) {
                <K as Kernels<F::Number>>::join(axis.into(), start, x, &spec.shape, out);
                start += x.shape()[usize::from(axis)];
            }
        }
        Primitive::Gather { axis } => {
            return <K as Kernels<F::Number>>::gather(axis.into(), arg(0), indices(inputs.get(1)), out);
        }
        Primitive::ScatterAdd { axis } => {
            <K as Kernels<F::Number>>::copy(arg(0), out);
            let at = indices(inputs.get(1));
            return <K as Kernels<F::Number>>::scatter_add(axis.into(), at, arg(2), &spec.shape, out);
        }
        Primitive::Call(Composite::CrossEntropy) => {
            return <K as Kernels<F::Number>>::cross_entropy(arg(0), indices(inputs.get(1)), out);
        }
        Primitive::Call(Composite::AddMatMul) => {
            <K as Kernels<F::Number>>::copy(arg(0), out);
            <K as Kernels<F::Number>>::matmul(arg(1), arg(2), out, true);
        }
        Primitive::Call(ref composite) if (1..=3).contains(&inputs.count()) => {
            let all = [0, 1, 2].map(|number| arg(number.min(inputs.count() - 1)));
            <K as Kernels<F::Number>>::composite(composite, &all[..inputs.count()], out);
        }
        Primitive::Iota { .. }
        | Primitive::RandomBits { .. }
        | Primitive::Compare(_)
        | Primitive::ArgReduce { .. }
        | Primitive::ArgSort { .. }
        | Primitive::WindowArgMax { .. }
        | Primitive::Call(_) => mismatch(primitive, spec.dtype, spec.dtype),
    }
    Ok(())
}

/// One of the float formats that a tensor can be stored in, beside a backend whose element is `T`.
pub(super) trait Format<T> {
    type Number: Scalar;

    /// The view, which holds this format because validation said so.
    fn of<'v>(view: AnyView<'v, T>) -> View<'v, Self::Number>;
}

pub(super) struct AsElem;
pub(super) struct AsF16;
pub(super) struct AsBf16;

impl<T: Scalar> Format<T> for AsElem {
    type Number = T;
    fn of<'v>(view: AnyView<'v, T>) -> View<'v, T> {
        match view {
            AnyView::Elem(view) => view,
            other => unexpected(DType::Elem, other.dtype()),
        }
    }
}

impl<T> Format<T> for AsF16 {
    type Number = f16;
    fn of<'v>(view: AnyView<'v, T>) -> View<'v, f16> {
        match view {
            AnyView::F16(view) => view,
            other => unexpected(DType::F16, other.dtype()),
        }
    }
}

impl<T> Format<T> for AsBf16 {
    type Number = bf16;
    fn of<'v>(view: AnyView<'v, T>) -> View<'v, bf16> {
        match view {
            AnyView::Bf16(view) => view,
            other => unexpected(DType::Bf16, other.dtype()),
        }
    }
}
