//! Attention, with one head and with several.

use autodiff_core::{Backend, Tensor};

use crate::golden::call::{Call, Function, Outputs, Unsupported, one};
use crate::golden::ops::nn::biased;

pub(super) fn find<B: Backend>(op: &str) -> Option<Function<B>> {
    let function: Function<B> = match op {
        "scaled_dot_product_attention" => scaled_dot_product,
        "multi_head_attention" => multi_head,
        _ => return None,
    };
    Some(function)
}

/// A mask of truth values says who may attend, one of numbers is added.
fn scaled_dot_product<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let mask =
        c.given("attn_mask").map(|mask| if c.is_mask("attn_mask") { mask.additive_mask() } else { mask.clone() });
    let is_causal = c.option("is_causal")?.unwrap_or(false);
    let (q, k, v) = (c.tensor("q")?, c.tensor("k")?, c.tensor("v")?);
    Ok(one(q.scaled_dot_product_attention(k, v, mask.as_ref(), is_causal, c.option("scale")?)))
}

/// PyTorch's `MultiheadAttention`: the rows of `in_proj_weight` are queries, keys and values, one part of them for each head.
fn multi_head<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let query = c.tensor("query")?;
    let (key, value) = if c.option("self_attention")?.unwrap_or(false) {
        (query, query)
    } else {
        (c.tensor("key")?, c.tensor("value")?)
    };
    let (heads, is_causal) = (c.attribute("num_heads")?, c.option("is_causal")?.unwrap_or(false));
    let batch_first = c.option("batch_first")?.unwrap_or(false);
    let turned = |x: &Tensor<B>| if batch_first { x.clone() } else { x.transpose(0, 1) };
    let (weight, bias) = (c.tensor("in_proj_weight")?, c.given("in_proj_bias"));
    let width = weight.shape()[1];
    let project = |x: &Tensor<B>, part: usize| {
        let rows = part * width..(part + 1) * width;
        let y = x.matmul(&weight.slice(0, rows.clone()).t());
        let bias = bias.map(|bias| bias.slice(0, rows));
        split_heads(&turned(&biased(y, bias.as_ref())), heads)
    };
    let attended =
        project(query, 0).scaled_dot_product_attention(&project(key, 1), &project(value, 2), None, is_causal, None);
    let y = turned(&join_heads(&attended)).matmul(&c.tensor("out_proj_weight")?.t());
    Ok(one(biased(y, c.given("out_proj_bias"))))
}

/// `[batch, time, width] -> [batch, head, time, width / heads]`
pub(in crate::golden) fn split_heads<B: Backend>(x: &Tensor<B>, heads: usize) -> Tensor<B> {
    let [batch, time, width] = x.dims();
    x.reshape([batch, time, heads, width / heads]).transpose(1, 2)
}

/// `[batch, head, time, part] -> [batch, time, head part]`
pub(in crate::golden) fn join_heads<B: Backend>(x: &Tensor<B>) -> Tensor<B> {
    let [batch, heads, time, part] = x.dims();
    x.transpose(1, 2).reshape([batch, time, heads * part])
}
