//! Models of words.

use autodiff_core::Backend;

use super::{dense, named};
use crate::golden::call::{Call, Outputs, Unsupported};
use crate::golden::ops::recurrent::lstm_layer;
use crate::golden::ops::shape::embedding;

/// Embedding, LSTM, linear head; the mean cross-entropy over all positions.
pub(super) fn lstm<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let mut x = embedding(c.tensor("embed.weight")?, &c.index("tokens")?);
    for layer in 0..c.option("layers")?.unwrap_or(1_usize) {
        x = lstm_layer(c, &x, &format!("_l{layer}"))?;
    }
    c.expect("hidden", x.shape()[2])?;
    let logits = dense(c, "head", &x)?;
    let loss = logits.cross_entropy(&c.index("targets")?).mean();
    Ok(named([("logits", logits), ("loss", loss)]))
}

/// Skip-grams with negative samples: `-log s(u . v) - sum_k log s(-u_k . v)` for each pair, `v` of the centre and `u` of its
/// context and of words that are not (Mikolov et al. 2013, equation 4).
pub(super) fn word2vec<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let (inner, outer) = (c.tensor("in_embed")?, c.tensor("out_embed")?);
    let v = embedding(inner, &c.index("center")?);
    let [u, others] = [c.index("context")?, c.index("negatives")?].map(|words| embedding(outer, &words));
    let near = (u * &v).sum_axes(&[1]).log_sigmoid();
    let far = (-(others * v.unsqueeze(1)).sum_axes(&[2])).log_sigmoid().sum_axes(&[1]);
    Ok(named([("loss", -(near + far).mean())]))
}
