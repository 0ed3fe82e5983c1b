//! The gradient of a product: for each element the product of all others, by a tree of products.
//!
//! Never `y / x`, which zeros spoil. The pairs are multiplied level by level up to one product; going down again, what
//! stands beside a pair, times the one, is what stands beside the other:
//!
//! ```text
//! up    p = a b                    down    r_a = r_p b,  r_b = r_p a          with r = 1 at the top
//! ```
//!
//! Of `n` elements that is `O(log n)` operations on `O(n)` numbers in all, and a polynomial of the elements: right at any
//! number of zeros, and to every order. Halves beside a wider element are multiplied in that, as the product itself is.

use alloc::vec::Vec;

use crate::{Axes, Backend, Order, Shape, Tensor};

/// `g` times the product of the others, where `g` has the shape of `x` with extent 1 on `axes`.
pub(super) fn grad<B: Backend>(x: &Tensor<B>, axes: Axes, g: &Tensor<B>) -> Tensor<B> {
    let order = reduced_last(&x.shape(), axes);
    let apart = x.permute_by(&order);
    let (shape, rows) = (apart.shape(), g.shape().elements());
    let count = axes.iter().map(|axis| x.shape()[axis]).product();
    let others = others(&apart.reshape([rows, count]).widened());
    let flat = g.permute_by(&order).reshape([rows, 1]).widened() * others;
    flat.reshape(shape).permute_by(&order.inverse()).cast(x.dtype())
}

/// The axes that are kept, and then those along which is reduced.
fn reduced_last(shape: &Shape, axes: Axes) -> Order {
    let kept = (0..shape.rank()).filter(|&axis| !axes.contains(axis));
    let order: Vec<usize> = kept.chain(axes.iter()).collect();
    match Order::try_new(&order) {
        Some(order) => order,
        None => unreachable!("each axis is either kept or not"),
    }
}

/// For each element of a row, the product of the others in it.
fn others<B: Backend>(x: &Tensor<B>) -> Tensor<B> {
    let [rows, count] = x.dims();
    if count == 0 {
        return x.ones_like();
    }
    let mut levels = Vec::new();
    let mut level = x.clone();
    while level.shape()[1] > 1 {
        let extent = level.shape()[1];
        let pairs = in_pairs(&level);
        level = (pairs.slice(2, ..1) * pairs.slice(2, 1..)).squeeze(2);
        levels.push((pairs, extent));
    }
    let top = x.new_full([rows, 1], 1.0);
    levels.into_iter().rev().fold(top, |others, (pairs, extent)| {
        let below = others.unsqueeze(2) * pairs.flip(&[2]);
        below.flatten(1).slice(1, ..extent)
    })
}

/// `[rows, n] -> [rows, n / 2, 2]`, after a 1 at the end of rows of an odd length.
fn in_pairs<B: Backend>(level: &Tensor<B>) -> Tensor<B> {
    let [rows, extent] = level.dims();
    let even = match extent % 2 {
        0 => level.clone(),
        _ => Tensor::concat(&[level.clone(), level.new_full([rows, 1], 1.0)], 1),
    };
    even.reshape([rows, extent.div_ceil(2), 2])
}
