//! Running sums and sorted orders, each place by itself.

use alloc::vec::Vec;

use autodiff_core::{Binary, Spec};

use super::{Exact, Place, count, elementwise, offset, places, with};
use crate::host::Host;

/// The line along an axis that goes through a place.
fn line(axis: usize, x: &Host, place: Place) -> Vec<f64> {
    (0..x.spec.shape[axis]).map(|position| x.values[offset(&x.spec.shape, &with(place, axis, position))]).collect()
}

/// Every sum anew from its first term.
pub(super) fn cumsum(axis: usize, reverse: bool, x: &Host, out: &Spec) -> Exact {
    let mut exact = Exact { values: Vec::new(), scale: Vec::new() };
    for to in places(&out.shape) {
        let line = line(axis, x, to);
        let terms = if reverse { &line[to[axis]..] } else { &line[..=to[axis]] };
        exact.values.push(terms.iter().fold(0.0, |sum, &x| elementwise::binary(Binary::Add, out.dtype, sum, x)));
        exact.scale.push(terms.iter().map(|x| x.abs()).sum::<f64>() * count(terms.len() + 1)[terms.len()]);
    }
    exact
}

/// Every element's rank is the number of those that come before it; its position stands there.
pub(super) fn argsort(descending: bool, x: &Host, out: &Spec) -> Vec<f64> {
    let last = out.shape.rank() - 1;
    let mut positions = alloc::vec![0.0; out.shape.elements()];
    for place in places(&out.shape) {
        let (line, own) = (line(last, x, place), place[last]);
        let before = |&other: &usize| {
            let (a, b) = if descending { (line[own], line[other]) } else { (line[other], line[own]) };
            let less = a < b || (b.is_nan() && !a.is_nan());
            let equal = line[own] == line[other] || (line[own].is_nan() && line[other].is_nan());
            less || (equal && other < own)
        };
        let rank = (0..line.len()).filter(before).count();
        positions[offset(&out.shape, &with(place, last, rank))] = count(own + 1)[own];
    }
    positions
}
