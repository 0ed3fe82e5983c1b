//! A matrix product added to what is there: `c + a b`.

use crate::spec::{self, Spec, SpecError};

/// `[c, a, b]`, where `c` is like the product.
pub(super) fn infer(inputs: &[Spec]) -> Result<Spec, SpecError> {
    let [c, a, b] = spec::arity("addmm", inputs)?;
    let product = crate::Primitive::MatMul.infer(&[*a, *b])?;
    if *c == product {
        Ok(product)
    } else {
        Err(SpecError::shapes("addmm", "the sum is not like the product", c, &product))
    }
}

#[cfg(feature = "alloc")]
pub(super) use rule::*;

#[cfg(feature = "alloc")]
mod rule {
    use crate::{Backend, Needs, Node, Saves, Tensor};

    #[track_caller]
    pub(in crate::composite) fn body<B: Backend>(inputs: &[Tensor<B>]) -> Tensor<B> {
        &inputs[0] + inputs[1].matmul(&inputs[2])
    }

    pub(in crate::composite) const fn saves(needs: Needs) -> Saves {
        Saves::NONE.and_input_if(1, needs.contains(2)).and_input_if(2, needs.contains(1))
    }

    /// ```text
    /// c  g      a  g b^T      b  a^T g
    /// ```
    pub(in crate::composite) fn grad<B: Backend>(arg: usize, at: &Node<'_, B>) -> Tensor<B> {
        match arg {
            0 => at.grad().clone(),
            1 => at.grad().matmul(&at.input(2).transpose(-1, -2)),
            _ => at.input(1).transpose(-1, -2).matmul(at.grad()),
        }
    }
}
