//! The lecture's networks, regressions, and Nielsen's network.

use autodiff_core::{Backend, Tensor};
use nn::Reduction;

use super::named;
use crate::golden::call::{Call, Outputs, Unsupported};
use crate::golden::ops::loss::reduction;

/// `tanh` of two layers, softmax, cross-entropy against distributions.
pub(super) fn lecture_net<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let h1 = (c.tensor("X")?.matmul(c.tensor("W1")?) + c.tensor("B1")?).tanh();
    let h2 = (h1.matmul(c.tensor("W2")?) + c.tensor("B2")?).tanh();
    let loss = nn::cross_entropy_soft(&h2, c.tensor("Y")?, reduction(c)?);
    Ok(named([("loss", loss), ("probs", h2.softmax(1))]))
}

/// The same with one bias for both layers.
pub(super) fn lecture_net_tied<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let b = c.tensor("B")?;
    let h1 = (c.tensor("X")?.matmul(c.tensor("W1")?) + b).tanh();
    let h2 = (h1.matmul(c.tensor("W2")?) + b).tanh();
    Ok(named([("loss", nn::cross_entropy_soft(&h2, c.tensor("Y")?, reduction(c)?))]))
}

/// One layer, softmax, cross-entropy.
pub(super) fn softmax_regression<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let logits = c.tensor("X")?.matmul(c.tensor("W")?);
    Ok(named([("loss", nn::cross_entropy_soft(&logits, c.tensor("Y")?, reduction(c)?))]))
}

/// `-(y log p + (1 - y) log(1 - p))` of `p = sigmoid(X w + b)`.
pub(super) fn logistic_regression<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let logits = c.tensor("X")?.matmul(c.tensor("w")?) + c.tensor("b")?;
    Ok(named([("loss", logistic_loss(&logits, c.tensor("y")?, reduction(c)?))]))
}

/// `softplus(z) - y z`, which is the loss above without its cancellation.
pub(super) fn logistic_loss<B: Backend>(logits: &Tensor<B>, y: &Tensor<B>, reduction: Reduction) -> Tensor<B> {
    reduction.apply(logits.softplus() - y * logits)
}

/// Sigmoid layers and half the mean squared distance.
pub(super) fn nielsen<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let layers = (1..nielsen_sizes(c)?.len()).map(|layer| {
        let weight = c.tensor(&format!("w{layer}"))?;
        Ok((weight.clone(), c.tensor(&format!("b{layer}"))?.clone()))
    });
    let (a, loss) = nielsen_loss(c.tensor("x")?, c.tensor("y")?, &layers.collect::<Result<Vec<_>, _>>()?);
    Ok(named([("a", a), ("loss", loss)]))
}

/// How wide the layers are, beginning with the input.
pub(super) fn nielsen_sizes<B: Backend>(c: &Call<'_, B>) -> Result<Vec<usize>, Unsupported> {
    c.attribute("sizes")
}

/// What the last layer answers to a batch, and the loss.
pub(super) fn nielsen_loss<B: Backend>(
    x: &Tensor<B>,
    y: &Tensor<B>,
    layers: &[(Tensor<B>, Tensor<B>)],
) -> (Tensor<B>, Tensor<B>) {
    let a = layers.iter().fold(x.clone(), |a, (w, b)| (a.matmul(&w.t()) + b).sigmoid());
    let loss = (&a - y).square().sum_axes(&[1]).mean() * 0.5;
    (a, loss)
}
