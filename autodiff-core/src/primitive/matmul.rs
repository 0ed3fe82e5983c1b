//! The matrix product.

use crate::spec::{self, Spec, SpecError};

pub(super) fn infer(inputs: &[Spec]) -> Result<Spec, SpecError> {
    let [a, b] = spec::arity("matmul", inputs)?;
    spec::float("matmul", 0, a)?;
    if a.dtype != b.dtype {
        return Err(SpecError::shapes("matmul", "the number formats differ", a, b));
    }
    let rank = a.shape.rank();
    if rank < 2 || b.shape.rank() != rank {
        return Err(SpecError::shapes("matmul", "both inputs must have the same rank, at least 2", a, b));
    }
    if a.shape.extents()[..rank - 2] != b.shape.extents()[..rank - 2] {
        return Err(SpecError::shapes("matmul", "the leading axes differ", a, b));
    }
    if a.shape[rank - 1] != b.shape[rank - 2] {
        return Err(SpecError::shapes("matmul", "the inner extents differ", a, b));
    }
    Ok(a.reshaped(a.shape.with(rank - 1, b.shape[rank - 1])))
}

#[cfg(feature = "alloc")]
pub(super) mod rule {
    use crate::{Backend, Needs, Node, Saves, Tensor};

    pub(in crate::primitive) const fn saves(needs: Needs) -> Saves {
        Saves::NONE.and_input_if(0, needs.contains(1)).and_input_if(1, needs.contains(0))
    }

    /// ```text
    /// a  g b^T      b  a^T g
    /// ```
    pub(in crate::primitive) fn backward<B: Backend>(arg: usize, at: &Node<'_, B>) -> Tensor<B> {
        match arg {
            0 => at.grad().matmul(&at.input(1).transpose(-1, -2)),
            _ => at.input(0).transpose(-1, -2).matmul(at.grad()),
        }
    }
}
