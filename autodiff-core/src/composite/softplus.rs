//! softplus, the smooth rectifier: `log(1 + e^x)`.

use crate::spec::{self, Spec, SpecError};

pub(super) fn infer(inputs: &[Spec]) -> Result<Spec, SpecError> {
    let [x] = spec::arity("softplus", inputs)?;
    spec::float("softplus", 0, x)?;
    Ok(*x)
}

#[cfg(feature = "alloc")]
pub(super) use rule::*;

#[cfg(feature = "alloc")]
mod rule {
    use crate::{Backend, Node, Tensor};

    /// `max(x, 0) + log(1 + e^-|x|)`, which overflows nowhere.
    #[track_caller]
    pub(in crate::composite) fn body<B: Backend>(x: &Tensor<B>) -> Tensor<B> {
        x.relu() + (-x.abs()).exp().log1p()
    }

    /// The body's own kinks at 0 cancel, which differentiating it piece by piece would miss; hence the rule:
    /// ```text
    /// g sigmoid(x)
    /// ```
    pub(in crate::composite) fn grad<B: Backend>(at: &Node<'_, B>) -> Tensor<B> {
        at.grad() * at.input(0).sigmoid()
    }
}
