//! Models of words.

use autodiff_core::{Backend, Tensor};

use super::{dense, named};
use crate::golden::call::{Call, Outputs, Unsupported};
use crate::golden::ops::attention::{join_heads, split_heads};
use crate::golden::ops::elementwise::gelu_of;
use crate::golden::ops::recurrent;
use crate::golden::ops::shape::embedding;

/// Embedding, LSTM, linear head; the mean cross-entropy over all positions.
pub(super) fn lstm<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let x = embedding(c.tensor("embed.weight")?, &c.index("tokens")?);
    let x = recurrent::lstm(c, &x, c.option("layers")?.unwrap_or(1))?;
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

/// Blocks of causal attention and of two affine maps around a gelu, each behind a layer norm and added to what it reads
/// (Radford et al. 2019, section 2.3).
pub(super) fn transformer<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let (heads, gelu) = (c.attribute("heads")?, gelu_of(c, "gelu")?);
    let (tokens, table) = (c.index("tokens")?, c.tensor("wte")?);
    let time = tokens.shape()[1];
    let mut x = embedding(table, &tokens) + c.tensor("wpe")?.slice(0, ..time);
    for block in 0..c.attribute::<usize>("layers")? {
        let part = |name: &str| format!("h{block}.{name}");
        let qkv = dense(c, &part("qkv"), &layer_norm(c, &part("ln1"), &x)?)?;
        x = &x + dense(c, &part("proj"), &self_attention(&qkv, heads))?;
        let hidden = gelu(&dense(c, &part("fc"), &layer_norm(c, &part("ln2"), &x)?)?);
        x = &x + dense(c, &part("fc_out"), &hidden)?;
    }
    let head = if c.option("tied_head")?.unwrap_or(false) { table } else { c.tensor("head.weight")? };
    let logits = layer_norm(c, "ln_f", &x)?.matmul(&head.t());
    let loss = logits.cross_entropy(&c.index("targets")?).mean();
    Ok(named([("logits", logits), ("loss", loss)]))
}

fn layer_norm<B: Backend>(c: &Call<'_, B>, layer: &str, x: &Tensor<B>) -> Result<Tensor<B>, Unsupported> {
    let [weight, bias] = ["weight", "bias"].map(|name| c.tensor(&format!("{layer}.{name}")));
    let eps = c.option("eps")?.unwrap_or(1e-5);
    Ok(x.layer_norm([x.shape()[2]], Some(weight?), Some(bias?), eps))
}

/// Causal attention of queries, keys and values that lie side by side.
fn self_attention<B: Backend>(qkv: &Tensor<B>, heads: usize) -> Tensor<B> {
    let width = qkv.shape()[2] / 3;
    let [q, k, v] = [0, 1, 2].map(|part| split_heads(&qkv.slice(2, part * width..(part + 1) * width), heads));
    join_heads(&q.scaled_dot_product_attention(&k, &v, None, true, None))
}
