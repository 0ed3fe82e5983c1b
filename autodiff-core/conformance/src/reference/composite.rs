//! Composites, by formulas that overflow nowhere.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Composite, Scalar, Spec};

use super::{Exact, attention, normalize, offset, places, with};
use crate::host::Host;

pub(super) fn apply(composite: &Composite, inputs: &[&Host], out: &Spec) -> Exact {
    match *composite {
        Composite::Softmax { axis } => softmax(inputs[0], axis.into()),
        Composite::LogSoftmax { axis } => log_softmax(inputs[0], axis.into()),
        Composite::LogSumExp { axis } => logsumexp(inputs[0], axis.into(), out),
        Composite::CrossEntropy => cross_entropy(inputs[0], inputs[1]),
        Composite::AddMatMul => add_matmul(inputs, out),
        Composite::Softplus => Exact::new(inputs[0].values.iter().map(|&x| softplus(x)).collect()),
        Composite::Gelu => gelu(inputs[0]),
        Composite::Standardize { axes, eps } => normalize::standardize(inputs[0], axes, eps.get()),
        Composite::RmsNorm { axes, eps } => normalize::rms_norm(inputs[0], axes, eps.get()),
        Composite::LayerNorm { eps } => normalize::layer_norm(inputs, eps.get()),
        Composite::Attention { causal, scale } => attention::attention(inputs, causal, scale.map(Scalar::get), out),
    }
}

fn add_matmul(inputs: &[&Host], out: &Spec) -> Exact {
    let mut exact = super::matmul(inputs[1], inputs[2], out);
    for ((value, scale), c) in exact.values.iter_mut().zip(&mut exact.scale).zip(&inputs[0].values) {
        *scale += value.abs() + c.abs();
        *value += c;
    }
    exact
}

fn softplus(x: f64) -> f64 {
    // With `max` and `abs` alone, NaN would be lost.
    if x.is_nan() { x } else { x.max(0.0) + libm::log1p(libm::exp(-x.abs())) }
}

/// In the left tail the rounding of `x / sqrt 2` counts as often as the square of `x` is large.
fn gelu(x: &Host) -> Exact {
    let value = |&x: &f64| {
        let y = x * (libm::erfc(-x * core::f64::consts::FRAC_1_SQRT_2) / 2.0);
        (y, if x < 0.0 { y.abs() * (1.0 + x * x) } else { y.abs() })
    };
    let (values, scale) = x.values.iter().map(value).unzip();
    Exact { values, scale }
}

/// A line along an axis: where its elements stand, the largest, and the sum of `e^(x - m)`.
struct Line {
    offsets: Vec<usize>,
    largest: f64,
    sum: f64,
}

impl Line {
    fn len(&self) -> f64 {
        super::count(self.offsets.len() + 1)[self.offsets.len()]
    }
}

/// All lines of `x` along an axis, in row-major order.
fn lines(x: &Host, axis: usize) -> Vec<Line> {
    let shape = x.spec.shape;
    let line = |start| {
        let offsets: Vec<_> = (0..shape[axis]).map(|k| offset(&shape, &with(start, axis, k))).collect();
        let mut largest = f64::NEG_INFINITY;
        for &at in &offsets {
            // `max` alone would drop a NaN.
            largest = if largest.is_nan() || x.values[at].is_nan() { f64::NAN } else { x.values[at].max(largest) };
        }
        let sum = offsets.iter().map(|&at| libm::exp(x.values[at] - largest)).sum();
        Line { offsets, largest, sum }
    };
    places(&shape.with(axis, 1)).map(line).collect()
}

/// Each element by its line. Both results of `f` are the element's: value and scale.
fn by_line(x: &Host, axis: usize, f: impl Fn(&Line, f64) -> (f64, f64)) -> Exact {
    let zeros = vec![0.0; x.values.len()];
    let mut exact = Exact { values: zeros.clone(), scale: zeros };
    if x.values.is_empty() {
        return exact;
    }
    for line in lines(x, axis) {
        for &at in &line.offsets {
            (exact.values[at], exact.scale[at]) = f(&line, x.values[at]);
        }
    }
    exact
}

/// The rounding of `x - m` counts as often as that is large, the sum as often as it has terms.
fn softmax(x: &Host, axis: usize) -> Exact {
    by_line(x, axis, |line, x| {
        let (shifted, y) = (x - line.largest, libm::exp(x - line.largest) / line.sum);
        (y, if y > 0.0 { y * (shifted.abs() + line.len()) } else { 0.0 })
    })
}

fn log_softmax(x: &Host, axis: usize) -> Exact {
    by_line(x, axis, |line, x| {
        let (shifted, norm) = (x - line.largest, libm::log(line.sum));
        (shifted - norm, shifted.abs() + norm.abs() + line.len())
    })
}

fn logsumexp(x: &Host, axis: usize, out: &Spec) -> Exact {
    if x.values.is_empty() {
        return Exact::new(vec![f64::NEG_INFINITY; out.shape.elements()]);
    }
    let value = |line: &Line| match line.largest {
        largest if largest.is_infinite() => (largest, 0.0),
        largest => {
            let norm = libm::log(line.sum);
            (largest + norm, largest.abs() + norm.abs() + line.len())
        }
    };
    let (values, scale) = lines(x, axis).iter().map(value).unzip();
    Exact { values, scale }
}

fn cross_entropy(x: &Host, labels: &Host) -> Exact {
    let last = x.spec.shape.rank() - 1;
    let logs = log_softmax(x, last);
    let column = Host { spec: labels.spec.reshaped(x.spec.shape.with(last, 1)), values: labels.values.clone() };
    let pick = |values: Vec<f64>| super::movement::gather(last, &Host { spec: x.spec, values }, &column);
    Exact { values: pick(logs.values.iter().map(|y| -y).collect()), scale: pick(logs.scale) }
}
