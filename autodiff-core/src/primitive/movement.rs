//! Changes of shape and order, which dense storage serves as views.

use crate::spec::{self, Fault, Spec, SpecError};
use crate::{Axes, Order, Shape};

pub(super) fn infer_reshape(inputs: &[Spec], shape: Shape) -> Result<Spec, SpecError> {
    let [x] = spec::arity("reshape", inputs)?;
    let out = x.reshaped(shape);
    if shape.checked_elements() != Some(x.shape.elements()) {
        return Err(SpecError::shapes("reshape", "the numbers of elements differ", x, &out));
    }
    Ok(out)
}

pub(super) fn infer_permute(inputs: &[Spec], order: &Order) -> Result<Spec, SpecError> {
    let [x] = spec::arity("permute", inputs)?;
    if order.rank() != x.shape.rank() {
        return Err(SpecError::shape("permute", "the order must name every axis once", x));
    }
    Ok(x.reshaped(x.shape.permuted(order)))
}

pub(super) fn infer_flip(inputs: &[Spec], axes: Axes) -> Result<Spec, SpecError> {
    let [x] = spec::arity("flip", inputs)?;
    for axis in axes.iter() {
        spec::has_axis("flip", axis, &x.shape)?;
    }
    Ok(*x)
}

pub(super) fn infer_broadcast(inputs: &[Spec], shape: Shape) -> Result<Spec, SpecError> {
    let [x] = spec::arity("broadcast", inputs)?;
    let out = x.reshaped(shape);
    if x.shape.broadcast_with(&shape) != Some(shape) {
        let fault = Fault::Shapes { why: "the shape cannot be stretched", left: *x, right: out };
        return Err(SpecError { op: "broadcast", fault });
    }
    Ok(out)
}

#[cfg(feature = "alloc")]
pub(super) mod rule {
    use crate::primitive::Reduce;
    use crate::{Axes, Backend, Node, Order, Shape, Tensor};

    /// ```text
    /// reshape  reshape(g)
    /// ```
    pub(in crate::primitive) fn reshape<B: Backend>(at: &Node<'_, B>) -> Tensor<B> {
        at.grad().reshape(at.shape(0))
    }

    /// ```text
    /// permute  permute(g) by the inverse order
    /// ```
    pub(in crate::primitive) fn permute<B: Backend>(order: &Order, at: &Node<'_, B>) -> Tensor<B> {
        at.grad().permute_by(&order.inverse())
    }

    /// ```text
    /// broadcast  the sum of g along the stretched axes
    /// ```
    pub(in crate::primitive) fn broadcast<B: Backend>(at: &Node<'_, B>) -> Tensor<B> {
        let axes = stretched(&at.shape(0), &at.grad().shape());
        at.grad().reduce(Reduce::Sum, axes).reshape(at.shape(0))
    }

    /// The axes of `to` along which `from` was stretched or that it lacked.
    fn stretched(from: &Shape, to: &Shape) -> Axes {
        let lead = to.rank() - from.rank();
        (0..to.rank()).filter(|&axis| axis < lead || from[axis - lead] != to[axis]).collect()
    }
}
