//! [`apply`]: from a primitive to the kernel that computes it; the one place that knows both.
//!
//! Eager operations and the planned executor come through here, so that both have the same bits. The format that a
//! tensor is stored in decides for which element a kernel is taken.

use autodiff_core::{Binary, Composite, DType, DataMut, Element, Primitive, Spec, Unary, bf16, f16};

use crate::kernels::{IndexError, KernelSet, Kernels, Side, scalar};
use crate::layout::Layout;
use crate::math::{Number, Scalar};
use crate::view::{AnyView, View};

/// The inputs of a primitive, in order.
pub trait Operands<T> {
    /// How many there are.
    fn count(&self) -> usize;
    /// One of them.
    fn get(&self, arg: usize) -> AnyView<'_, T>;
}

impl<T> Operands<T> for [AnyView<'_, T>] {
    fn count(&self) -> usize {
        self.len()
    }
    fn get(&self, arg: usize) -> AnyView<'_, T> {
        self[arg]
    }
}

/// Whether a composite has a kernel here. All others are computed by their bodies.
#[must_use]
pub const fn claims(composite: &Composite) -> bool {
    matches!(composite, Composite::CrossEntropy)
}

/// Computes a primitive, whose result has the spec `spec`, into `out`.
///
/// ```
/// use autodiff_core::{Binary, Data, DataMut, Primitive, Shape, Spec};
/// use backend_cpu::{AnyView, Layout, ScalarKernels, dispatch};
/// let layout = Layout::contiguous(Shape::from([2]));
/// let (x, mut y) = ([1.0, 2.0], [0.0; 2]);
/// let operand = AnyView::new(Data::Elem(&x), &layout);
/// let add = Primitive::Binary(Binary::Add);
/// let operands = [operand, operand];
/// dispatch::apply::<f64, ScalarKernels, _>(&add, &operands[..], &Spec::elem([2]), DataMut::Elem(&mut y)).unwrap();
/// assert_eq!(y, [2.0, 4.0]);
/// ```
///
/// # Errors
/// When an index found in the data is out of range.
///
/// # Panics
/// When the inputs are not what [`Primitive::infer`] accepts, or for a composite that is not [claimed](claims).
pub fn apply<T, K, O>(primitive: &Primitive, inputs: &O, spec: &Spec, out: DataMut<'_, T>) -> Result<(), IndexError>
where
    T: Scalar,
    K: KernelSet<T>,
    O: Operands<T> + ?Sized,
{
    match out {
        DataMut::Elem(out) => match *primitive {
            Primitive::Compare(f) => {
                match (inputs.get(0), inputs.get(1)) {
                    (AnyView::Elem(a), AnyView::Elem(b)) => <K as Kernels<T>>::compare(f, a, b, out),
                    (AnyView::F16(a), AnyView::F16(b)) => <K as Kernels<f16>>::compare(f, a, b, out),
                    (AnyView::Bf16(a), AnyView::Bf16(b)) => <K as Kernels<bf16>>::compare(f, a, b, out),
                    (AnyView::Index(a), AnyView::Index(b)) => scalar::compare(f, a, b, out),
                    (a, b) => mismatch(primitive, a.dtype(), b.dtype()),
                }
                Ok(())
            }
            _ => float::<AsElem, T, K, O>(primitive, inputs, spec, out),
        },
        DataMut::F16(out) => float::<AsF16, T, K, O>(primitive, inputs, spec, out),
        DataMut::Bf16(out) => float::<AsBf16, T, K, O>(primitive, inputs, spec, out),
        DataMut::Index(out) => index::<T, K, O>(primitive, inputs, spec, out),
    }
}

/// Computes `x = f(x)`.
///
/// # Panics
/// When `x` holds indices.
pub fn unary_in_place<T: Scalar, K: KernelSet<T>>(f: Unary, x: DataMut<'_, T>) {
    match x {
        DataMut::Elem(x) => <K as Kernels<T>>::unary_in_place(f, x),
        DataMut::F16(x) => <K as Kernels<f16>>::unary_in_place(f, x),
        DataMut::Bf16(x) => <K as Kernels<bf16>>::unary_in_place(f, x),
        DataMut::Index(_) => mismatch(&Primitive::Unary(f), DType::Index, DType::Index),
    }
}

/// Computes `x = f(x, other)`, or `x = f(other, x)` when `x` is the right side.
///
/// # Panics
/// When the formats differ.
pub fn binary_in_place<T: Scalar, K: KernelSet<T>>(f: Binary, side: Side, x: DataMut<'_, T>, other: AnyView<'_, T>) {
    match (x, other) {
        (DataMut::Elem(x), AnyView::Elem(other)) => <K as Kernels<T>>::binary_in_place(f, side, x, other),
        (DataMut::F16(x), AnyView::F16(other)) => <K as Kernels<f16>>::binary_in_place(f, side, x, other),
        (DataMut::Bf16(x), AnyView::Bf16(other)) => <K as Kernels<bf16>>::binary_in_place(f, side, x, other),
        (DataMut::Index(x), AnyView::Index(other)) => scalar::binary_index_in_place(f, side, x, other),
        (x, other) => mismatch(&Primitive::Binary(f), x.dtype(), other.dtype()),
    }
}

/// Adds the updates of a `scatter_add` to its first input, which `out` holds already. `inputs` are all three.
///
/// # Errors
/// When an index is out of range.
///
/// # Panics
/// When the formats differ.
pub fn scatter_in_place<T, K, O>(axis: u8, inputs: &O, spec: &Spec, out: DataMut<'_, T>) -> Result<(), IndexError>
where
    T: Scalar,
    K: KernelSet<T>,
    O: Operands<T> + ?Sized,
{
    let (axis, shape, at) = (axis.into(), &spec.shape, indices(inputs.get(1)));
    match (out, inputs.get(2)) {
        (DataMut::Elem(out), AnyView::Elem(u)) => <K as Kernels<T>>::scatter_add(axis, at, u, shape, out),
        (DataMut::F16(out), AnyView::F16(u)) => <K as Kernels<f16>>::scatter_add(axis, at, u, shape, out),
        (DataMut::Bf16(out), AnyView::Bf16(u)) => <K as Kernels<bf16>>::scatter_add(axis, at, u, shape, out),
        (DataMut::Index(out), AnyView::Index(u)) => scalar::scatter_index(axis, at, u, shape, out),
        (out, u) => mismatch(&Primitive::ScatterAdd { axis: 0 }, out.dtype(), u.dtype()),
    }
}

/// One of the float formats that a tensor can be stored in, beside a backend whose element is `T`.
trait Format<T> {
    type Number: Scalar;

    /// The view, which holds this format because validation said so.
    fn of<'v>(view: AnyView<'v, T>) -> View<'v, Self::Number>;
}

struct AsElem;
struct AsF16;
struct AsBf16;

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

fn indices<'v, T>(view: AnyView<'v, T>) -> View<'v, i32> {
    match view {
        AnyView::Index(view) => view,
        other => unexpected(DType::Index, other.dtype()),
    }
}

/// A primitive whose result is of a float format.
fn float<F, T, K, O>(primitive: &Primitive, inputs: &O, spec: &Spec, out: &mut [F::Number]) -> Result<(), IndexError>
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
        Primitive::MatMul => <K as Kernels<F::Number>>::matmul(arg(0), arg(1), out, false),
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
        Primitive::Iota { .. }
        | Primitive::RandomBits { .. }
        | Primitive::Compare(_)
        | Primitive::ArgReduce { .. }
        | Primitive::Call(_) => mismatch(primitive, spec.dtype, spec.dtype),
    }
    Ok(())
}

/// A primitive whose result is of indices.
fn index<T, K, O>(primitive: &Primitive, inputs: &O, spec: &Spec, out: &mut [i32]) -> Result<(), IndexError>
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
        Primitive::Unary(_) | Primitive::Compare(_) | Primitive::MatMul | Primitive::Call(_) => {
            mismatch(primitive, spec.dtype, spec.dtype)
        }
    }
    Ok(())
}

/// The same numbers in the format of `out`.
fn cast<D: Number, T: Scalar, K: KernelSet<T>>(x: AnyView<'_, T>, out: &mut [D]) {
    match x {
        AnyView::Elem(x) => <K as Kernels<T>>::cast(x, out),
        AnyView::F16(x) => <K as Kernels<f16>>::cast(x, out),
        AnyView::Bf16(x) => <K as Kernels<bf16>>::cast(x, out),
        AnyView::Index(x) => scalar::cast(x, out),
    }
}

fn moved(primitive: &Primitive, layout: &Layout) -> Layout {
    match layout.movement(primitive) {
        Some(layout) => layout,
        None => unreachable!("{}: only a reshape may have to move elements", primitive.name()),
    }
}

#[cold]
fn mismatch(primitive: &Primitive, first: DType, second: DType) -> ! {
    unreachable!("{}: not validated, or not claimed: {first}, {second}", primitive.name())
}

#[cold]
fn unexpected(expected: DType, found: DType) -> ! {
    unreachable!("an operand that was not validated: {found} where {expected} is due")
}
