//! Reductions, and what runs along an axis.

use autodiff_core::{Backend, Index, Tensor};

use super::unary;
use crate::golden::call::{Call, Function, Outputs, Unsupported, one};

pub(super) fn find<B: Backend>(op: &str) -> Option<Function<B>> {
    let function: Function<B> = match op {
        "sum" => |c| reduce(c, Tensor::sum_axes),
        "mean" => |c| reduce(c, Tensor::mean_axes),
        "max" => |c| reduce(c, Tensor::max_axes),
        "min" => |c| reduce(c, Tensor::min_axes),
        "prod" => |c| reduce(c, Tensor::prod_axes),
        "logsumexp" => |c| reduce(c, Tensor::logsumexp_axes),
        "var" => var,
        "argmax" => |c| position(c, Tensor::argmax),
        "argmin" => |c| position(c, Tensor::argmin),
        "cumsum" => |c| along(c, Tensor::cumsum),
        "softmax" => |c| along(c, Tensor::softmax),
        "log_softmax" => |c| along(c, Tensor::log_softmax),
        _ => return None,
    };
    Some(function)
}

/// A reduction along `axes`, all of them where none are given; they stay with extent 1 where `keepdims`.
fn reduce<B: Backend>(
    c: &Call<'_, B>,
    f: impl Fn(&Tensor<B>, &[isize]) -> Tensor<B>,
) -> Result<Outputs<B>, Unsupported> {
    let x = c.tensor("x")?;
    let all = || (0..x.rank()).map(usize::cast_signed).collect();
    let axes: Vec<isize> = c.option("axes")?.unwrap_or_else(all);
    let y = f(x, &axes);
    if !c.option("keepdims")?.unwrap_or(false) {
        return Ok(one(y));
    }
    let rank = x.rank().cast_signed();
    let mut kept = x.shape();
    for axis in axes {
        kept = kept.with(if axis < 0 { axis + rank } else { axis }.unsigned_abs(), 1);
    }
    Ok(one(y.reshape(kept)))
}

/// The position of an element along `axis`, or in the flattened tensor where none is given.
fn position<B: Backend>(c: &Call<'_, B>, f: impl Fn(&Tensor<B>, isize) -> Index<B>) -> Result<Outputs<B>, Unsupported> {
    let x = c.tensor("x")?;
    let keep = c.option("keepdims")?.unwrap_or(false);
    let y = match c.option::<isize>("axis")? {
        Some(axis) if keep => f(x, axis).unsqueeze(axis),
        Some(axis) => f(x, axis),
        None if keep => f(&x.flatten(0), 0).reshape(&[1; 8][..x.rank()]),
        None => f(&x.flatten(0), 0),
    };
    Ok(one(y.tensor().clone()))
}

/// A function along `axis`, which stays.
fn along<B: Backend>(c: &Call<'_, B>, f: impl Fn(&Tensor<B>, isize) -> Tensor<B>) -> Result<Outputs<B>, Unsupported> {
    let axis = c.attribute("axis")?;
    unary(c, |x| f(x, axis))
}

fn var<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let correction = c.option("correction")?.unwrap_or(1);
    reduce(c, |x, axes| x.var_axes(axes, correction))
}
