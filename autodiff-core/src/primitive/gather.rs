//! Reading and adding at computed positions, each other's gradients.

use crate::spec::{self, Spec, SpecError};

pub(super) fn infer_gather(inputs: &[Spec], axis: usize) -> Result<Spec, SpecError> {
    let [x, index] = spec::arity("gather", inputs)?;
    positions("gather", x, index, axis)?;
    Ok(x.reshaped(index.shape))
}

pub(super) fn infer_scatter_add(inputs: &[Spec], axis: usize) -> Result<Spec, SpecError> {
    let [x, index, updates] = spec::arity("scatter_add", inputs)?;
    positions("scatter_add", x, index, axis)?;
    if updates.dtype != x.dtype {
        return Err(SpecError::shapes("scatter_add", "the number formats differ", x, updates));
    }
    if updates.shape != index.shape {
        return Err(SpecError::shapes("scatter_add", "each update needs one index", updates, index));
    }
    Ok(*x)
}

/// The index agrees with `x` on every axis but `axis`.
fn positions(op: &'static str, x: &Spec, index: &Spec, axis: usize) -> Result<(), SpecError> {
    spec::index(op, 1, index)?;
    spec::has_axis(op, axis, &x.shape)?;
    if index.shape.rank() != x.shape.rank() || index.shape.with(axis, x.shape[axis]) != x.shape {
        return Err(SpecError::shapes(op, "tensor and index may differ on the indexed axis only", x, index));
    }
    Ok(())
}

#[cfg(feature = "alloc")]
pub(super) mod rule {
    use crate::{Backend, Node, Saves, Tensor};

    /// The index; the gradient of `x` in a `scatter_add` needs not even that.
    pub(in crate::primitive) const fn saves(reads_index: bool) -> Saves {
        Saves::NONE.and_input_if(1, reads_index)
    }

    /// ```text
    /// x  scatter_add(0, i, g)      i  none
    /// ```
    pub(in crate::primitive) fn gather<B: Backend>(axis: usize, at: &Node<'_, B>) -> Tensor<B> {
        at.grad().new_zeros(at.shape(0)).scatter_add_along(axis, &at.index(1), at.grad())
    }

    /// ```text
    /// x  g      i  none      u  gather(g, i)
    /// ```
    pub(in crate::primitive) fn scatter_add<B: Backend>(axis: usize, arg: usize, at: &Node<'_, B>) -> Tensor<B> {
        match arg {
            0 => at.grad().clone(),
            _ => at.grad().gather_along(axis, &at.index(1)),
        }
    }
}
