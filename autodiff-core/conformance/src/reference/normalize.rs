//! Numbers brought to unit size along axes, by two passes in `f64`.

use alloc::vec::Vec;

use autodiff_core::Axes;

use super::{Exact, count, offset, places};
use crate::host::Host;

/// `(x - mean) / sqrt(variance + eps)`
pub(super) fn standardize(x: &Host, axes: Axes, eps: f64) -> Exact {
    by_group(x, axes, |group, x| {
        let n = length(group);
        let mean = group.iter().sum::<f64>() / n;
        let root = libm::sqrt(group.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n + eps);
        let y = (x - mean) / root;
        // The rounding of the mean is as large as that of the sum; it moves the numerator and the root.
        let moved = (x.abs() + group.iter().map(|x| x.abs()).sum::<f64>()) / root;
        (y, moved * (1.0 + y.abs()) + y.abs() * n)
    })
}

/// `standardize(x) weight + bias`
pub(super) fn layer_norm(inputs: &[&Host], eps: f64) -> Exact {
    let [x, weight, bias] = inputs else { unreachable!("layer_norm takes three inputs") };
    let rank = x.spec.shape.rank();
    let mut exact = standardize(x, (rank - weight.spec.shape.rank()..rank).collect(), eps);
    let size = weight.values.len();
    for (place, (y, scale)) in exact.values.iter_mut().zip(&mut exact.scale).enumerate() {
        let (weight, bias) = (weight.values[place % size], bias.values[place % size]);
        *y = *y * weight + bias;
        *scale = *scale * weight.abs() + y.abs() + bias.abs();
    }
    exact
}

/// `x / sqrt(mean(x x) + eps)`
pub(super) fn rms_norm(x: &Host, axes: Axes, eps: f64) -> Exact {
    by_group(x, axes, |group, x| {
        let n = length(group);
        let y = x / libm::sqrt(group.iter().map(|x| x * x).sum::<f64>() / n + eps);
        (y, y.abs() * n)
    })
}

fn length(group: &[f64]) -> f64 {
    count(group.len() + 1)[group.len()]
}

/// Each element by the elements that differ from it in their places on `axes` alone, itself among them: value and scale.
fn by_group(x: &Host, axes: Axes, f: impl Fn(&[f64], f64) -> (f64, f64)) -> Exact {
    let shape = x.spec.shape;
    let kept = shape.reduced(axes);
    let groups: Vec<usize> = places(&shape)
        .map(|mut place| {
            axes.iter().for_each(|axis| place[axis] = 0);
            offset(&kept, &place)
        })
        .collect();
    let element = |(group, &own): (&usize, &f64)| {
        let members: Vec<f64> = groups.iter().zip(&x.values).filter(|(g, _)| *g == group).map(|(_, &x)| x).collect();
        f(&members, own)
    };
    let (values, scale) = groups.iter().zip(&x.values).map(element).unzip();
    Exact { values, scale }
}
