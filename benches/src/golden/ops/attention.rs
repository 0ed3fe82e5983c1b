//! Attention, with one head and with several.

use autodiff_core::{Backend, Tensor};
use nn::{AttentionMask, Context, Linear, MultiheadAttention, Param};

use crate::golden::call::{Call, Function, Outputs, Unsupported, one};

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

/// `nn::MultiheadAttention` with the case's parameters.
fn multi_head<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let param = |tensor: &Tensor<B>| Param::new(tensor.clone());
    let layer = MultiheadAttention {
        in_proj_weight: Some(param(c.tensor("in_proj_weight")?)),
        q_proj_weight: None,
        k_proj_weight: None,
        v_proj_weight: None,
        in_proj_bias: c.given("in_proj_bias").map(param),
        out_proj: Linear { weight: param(c.tensor("out_proj_weight")?), bias: c.given("out_proj_bias").map(param) },
        num_heads: c.attribute("num_heads")?,
        dropout: 0.0,
        batch_first: c.option("batch_first")?.unwrap_or(false),
    };
    let mask = AttentionMask { is_causal: c.option("is_causal")?.unwrap_or(false), ..AttentionMask::default() };
    let (query, ctx) = (c.tensor("query")?, &mut Context::evaluation());
    Ok(one(if c.option("self_attention")?.unwrap_or(false) {
        layer.forward_self(query, &mask, ctx)
    } else {
        layer.forward(query, c.tensor("key")?, c.tensor("value")?, &mask, ctx)
    }))
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
