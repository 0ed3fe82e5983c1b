//! Attention, row by row.

use alloc::vec::Vec;

use autodiff_core::Spec;

use super::{Exact, count, offset, places, with};
use crate::host::Host;

/// `softmax(scale q k^T + mask) v`; the scale of a result counts the errors of its scores, which move the weights.
pub(super) fn attention(inputs: &[&Host], causal: bool, scale: Option<f64>, out: &Spec) -> Exact {
    let [q, k, v] = [inputs[0], inputs[1], inputs[2]];
    let (row, column) = (out.shape.rank() - 2, out.shape.rank() - 1);
    let (keys, width) = (k.spec.shape[row], q.spec.shape[column]);
    let numbers = count(keys.max(width) + 1);
    let scale = scale.unwrap_or_else(|| 1.0 / libm::sqrt(numbers[width]));
    let read = |host: &Host, place| host.values[offset(&host.spec.shape, &place)];
    let mut exact = Exact { values: Vec::new(), scale: Vec::new() };
    for to in places(&out.shape) {
        let (mut scores, mut magnitude) = (Vec::new(), 0.0_f64);
        for key in 0..keys {
            let at = |e: usize| (read(q, with(to, column, e)), read(k, with(with(to, row, key), column, e)));
            let products = (0..width).map(|e| at(e).0 * at(e).1 * scale);
            magnitude = products.clone().fold(magnitude, |sum, x| sum + x.abs());
            let mask = inputs.get(3).map_or(0.0, |mask| read(mask, with(to, column, key)));
            let hidden = causal && key > to[row];
            scores.push(if hidden { f64::NEG_INFINITY } else { products.sum::<f64>() + mask });
            magnitude += if mask.is_finite() { mask.abs() } else { 0.0 };
        }
        let largest = scores.iter().fold(f64::NEG_INFINITY, |largest, &x| if x.is_nan() { x } else { x.max(largest) });
        let weights: Vec<f64> = scores.iter().map(|x| libm::exp(x - largest)).collect();
        let sum: f64 = weights.iter().sum();
        let terms = weights.iter().enumerate().map(|(key, w)| w / sum * read(v, with(to, row, key)));
        exact.values.push(terms.clone().sum());
        exact.scale.push(terms.map(f64::abs).sum::<f64>() * (magnitude + numbers[keys] + numbers[width]));
    }
    exact
}
