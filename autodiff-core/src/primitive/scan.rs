//! What keeps every place along an axis: running sums, and sorted orders.

use crate::spec::{self, Spec, SpecError};

pub(super) fn infer_cumsum(inputs: &[Spec], axis: usize) -> Result<Spec, SpecError> {
    let [x] = spec::arity("cumsum", inputs)?;
    spec::has_axis("cumsum", axis, &x.shape)?;
    Ok(*x)
}

pub(super) fn infer_argsort(inputs: &[Spec]) -> Result<Spec, SpecError> {
    let [x] = spec::arity("argsort", inputs)?;
    let Some(last) = x.shape.extents().last() else {
        return Err(SpecError::shape("argsort", "a scalar has no axis to sort along", x));
    };
    if i32::try_from(*last).is_err() {
        return Err(SpecError::shape("argsort", "an index holds 31 bits", x));
    }
    Ok(Spec::index(x.shape))
}

#[cfg(feature = "alloc")]
pub(super) mod rule {
    use crate::{Backend, Node, Tensor};

    /// ```text
    /// cumsum  cumsum(g) from the other end
    /// ```
    pub(in crate::primitive) fn cumsum<B: Backend>(axis: usize, reverse: bool, at: &Node<'_, B>) -> Tensor<B> {
        at.grad().cumsum_along(axis, !reverse)
    }
}
