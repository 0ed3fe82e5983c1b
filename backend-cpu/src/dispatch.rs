//! [`apply`]: from a primitive to the kernel that computes it; the one place that knows both.
//!
//! Eager operations and the planned executor come through here, so that both have the same bits. The format that a
//! tensor is stored in decides for which element a kernel is taken.

mod float;
mod index;

use autodiff_core::{Binary, Composite, DType, DataMut, Primitive, Spec, Unary, bf16, f16};

use self::float::{AsBf16, AsElem, AsF16, float};
use self::index::index;
use crate::kernels::{FUSED_OPERANDS, FusedOp, IndexError, KernelSet, Kernels, Side, scalar};
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

/// About how many operations a primitive takes: what it reads or writes of each element, times the summands of each.
#[must_use]
pub fn cost<T, O: Operands<T> + ?Sized>(primitive: &Primitive, inputs: &O, spec: &Spec) -> usize {
    let elements = |arg: usize| inputs.get(arg).shape().elements();
    let written = spec.shape.elements();
    let summands = |arg: usize, axes: core::ops::RangeFrom<usize>| {
        inputs.get(arg).shape().extents().get(axes).map_or(1, |extents| extents.iter().product::<usize>())
    };
    match primitive {
        Primitive::Call(Composite::AddMatMul) => {
            written.saturating_mul(inputs.get(1).shape().extents().last().copied().unwrap_or(1))
        }
        Primitive::MatMul => written.saturating_mul(summands(0, spec.shape.rank() - 1..)),
        Primitive::Conv { .. } => written.saturating_mul(summands(1, 1..)),
        Primitive::ConvInputGrad { .. } => elements(0).saturating_mul(summands(1, 1..)),
        Primitive::ConvWeightGrad { .. } => elements(1).saturating_mul(spec.shape.extents()[1..].iter().product()),
        _ => (0..inputs.count()).map(elements).fold(written, usize::max),
    }
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
/// When the inputs are not what [`Primitive::infer`] accepts, or for a composite that is not [claimed](KernelSet::claims).
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

/// Computes functions of elements in the same place, one behind another. `out` holds the operand that is taken over.
///
/// # Panics
/// Where an operand or `out` is not in the format of the backend's elements.
pub fn fused<T, K, O>(ops: &[FusedOp], takes_over: Option<usize>, inputs: &O, out: DataMut<'_, T>)
where
    T: Scalar,
    K: KernelSet<T>,
    O: Operands<T> + ?Sized,
{
    let (count, mut operands) = (inputs.count(), [None; FUSED_OPERANDS]);
    for arg in (0..count).filter(|arg| takes_over != Some(*arg)) {
        operands[arg] = match inputs.get(arg) {
            AnyView::Elem(view) => Some(view),
            other => panic!("fused: an operand is {}", other.dtype()),
        };
    }
    let DataMut::Elem(out) = out else { panic!("fused: the result is {}", out.dtype()) };
    <K as Kernels<T>>::fused(ops, &operands[..count], out);
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

/// Adds the product of the second and the third input to the first, which `out` holds already.
///
/// # Panics
/// When the formats differ.
pub fn add_matmul_in_place<T, K, O>(inputs: &O, out: DataMut<'_, T>)
where
    T: Scalar,
    K: KernelSet<T>,
    O: Operands<T> + ?Sized,
{
    match (out, inputs.get(1), inputs.get(2)) {
        (DataMut::Elem(out), AnyView::Elem(a), AnyView::Elem(b)) => <K as Kernels<T>>::matmul(a, b, out, true),
        (DataMut::F16(out), AnyView::F16(a), AnyView::F16(b)) => <K as Kernels<f16>>::matmul(a, b, out, true),
        (DataMut::Bf16(out), AnyView::Bf16(a), AnyView::Bf16(b)) => <K as Kernels<bf16>>::matmul(a, b, out, true),
        (out, a, _) => mismatch(&Primitive::MatMul, out.dtype(), a.dtype()),
    }
}

fn indices<'v, T>(view: AnyView<'v, T>) -> View<'v, i32> {
    match view {
        AnyView::Index(view) => view,
        other => unexpected(DType::Index, other.dtype()),
    }
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
