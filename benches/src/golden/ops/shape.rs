//! Matrix products, changes of shape and order, and indexing.

use autodiff_core::{Backend, Index, Shape, Tensor};

use super::{binary, unary};
use crate::golden::call::{Call, Function, Outputs, Unsupported, one};

pub(super) fn find<B: Backend>(op: &str) -> Option<Function<B>> {
    let function: Function<B> = match op {
        "matmul" => |c| binary(c, "@", Tensor::matmul),
        "transpose" => transpose,
        "reshape" => reshape,
        "broadcast" => broadcast,
        "slice" => slice,
        "concat" => |c| join(c, Tensor::concat),
        "stack" => |c| join(c, Tensor::stack),
        "pad" => pad,
        "index_select" => |c| Ok(one(c.tensor("x")?.index_select(c.attribute("axis")?, &c.index("index")?))),
        "gather" => gather,
        "scatter_add" => scatter_add,
        "index_add" => index_add,
        "embedding" => |c| Ok(one(embedding(c.tensor("weight")?, &c.index("indices")?))),
        "one_hot" => |c| Ok(one(c.index("indices")?.one_hot(c.attribute("num_classes")?))),
        _ => return None,
    };
    Some(function)
}

fn transpose<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let order: Vec<isize> = c.attribute("perm")?;
    unary(c, |x| x.permute(&order))
}

/// To the extents given, one of which may be -1: what is left.
fn reshape<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let extents: Vec<isize> = c.attribute("shape")?;
    let given: usize = extents.iter().filter(|&&extent| extent >= 0).map(|extent| extent.unsigned_abs()).product();
    unary(c, |x| {
        let left = x.shape().elements().checked_div(given).unwrap_or(0);
        let extents = extents.iter().map(|&extent| usize::try_from(extent).unwrap_or(left));
        x.reshape(&extents.collect::<Vec<_>>()[..])
    })
}

fn broadcast<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let extents: Vec<usize> = c.attribute("shape")?;
    unary(c, |x| x.broadcast_to(&extents[..]))
}

/// One start, end and step for each axis.
fn slice<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let [starts, ends] = [c.attribute::<Vec<usize>>("starts")?, c.attribute("ends")?];
    let steps = c.option("steps")?.unwrap_or_else(|| vec![1; starts.len()]);
    let ranges = || (0..).zip(starts.iter().zip(&ends).zip(&steps));
    unary(c, |x| ranges().fold(x.clone(), |x, (axis, ((&start, &end), &step))| x.slice_step(axis, start..end, step)))
}

fn join<B: Backend>(c: &Call<'_, B>, f: impl Fn(&[Tensor<B>], isize) -> Tensor<B>) -> Result<Outputs<B>, Unsupported> {
    Ok(one(f(&c.tensors(), c.attribute("axis")?)))
}

/// `pads` before and after, one pair for each axis.
fn pad<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let pads: Vec<[usize; 2]> = c.attribute("pads")?;
    let padded = |x: &Tensor<B>| (0..).zip(&pads).fold(x.clone(), |x, (axis, &[lo, hi])| x.pad(axis, lo, hi));
    let value = c.option("value")?.unwrap_or(0.0);
    unary(c, |x| padded(&x.ones_like()).select(&padded(x), &x.new_full([], value)))
}

fn gather<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let (axis, index) = (c.attribute("axis")?, c.index("index")?);
    unary(c, |x| x.gather(axis, &index))
}

fn scatter_add<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let (axis, index, updates) = (c.attribute("axis")?, c.index("index")?, c.tensor("src")?);
    unary(c, |x| x.scatter_add(axis, &index, updates))
}

/// Whole slices added where a vector of indices says.
fn index_add<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let (axis, index, updates) = (c.attribute::<isize>("axis")?, c.index("index")?, c.tensor("src")?);
    let place = if axis < 0 { axis + updates.rank().cast_signed() } else { axis }.unsigned_abs();
    let column = Shape::new(&[1; 8][..updates.rank()]).with(place, index.shape().elements());
    let index = index.reshape(column).broadcast_to(updates.shape());
    unary(c, |x| x.scatter_add(axis, &index, updates))
}

/// A row of the table for each index.
pub(in crate::golden) fn embedding<B: Backend>(table: &Tensor<B>, indices: &Index<B>) -> Tensor<B> {
    let shape = indices.shape();
    let rows = table.index_select(0, &indices.flatten(0));
    rows.reshape(shape.inserted(shape.rank(), table.shape()[1]))
}
