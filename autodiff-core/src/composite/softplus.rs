//! softplus, the smooth rectifier: `log(1 + e^x)`.

use crate::{Backend, Node, Tensor};

/// `max(x, 0) + log(1 + e^-|x|)`, which overflows nowhere.
#[track_caller]
pub(super) fn body<B: Backend>(x: &Tensor<B>) -> Tensor<B> {
    x.relu() + (-x.abs()).exp().log1p()
}

/// The body's own kinks at 0 cancel, which differentiating it piece by piece would miss; hence the rule:
/// ```text
/// g sigmoid(x)
/// ```
pub(super) fn grad<B: Backend>(at: &Node<'_, B>) -> Tensor<B> {
    at.grad() * at.input(0).sigmoid()
}
