//! What every primitive means: slow, plain, in `f64`, and not rounded.
//!
//! Nothing here is shared with a backend. A result comes with a *scale*, the magnitude that the backend's rounding errors
//! are relative to, where that is not the result itself: the sum of the magnitudes for a sum.

mod attention;
mod composite;
mod difference;
mod elementwise;
mod movement;
mod normalize;
mod philox;
mod scan;
mod window;

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{ArgReduce, Axes, Binary, DType, MAX_RANK, Primitive, Reduce, Shape, Spec};

use crate::host::Host;

pub(crate) use difference::{Derivative, curvature, gradient};

/// The exact result, and the scale of the errors that are made in computing it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exact {
    pub(crate) values: Vec<f64>,
    pub(crate) scale: Vec<f64>,
}

impl Exact {
    /// A result whose errors are relative to itself.
    pub(crate) fn new(values: Vec<f64>) -> Self {
        Self { scale: values.iter().map(|x| x.abs()).collect(), values }
    }
}

/// The primitive's result on valid inputs.
pub(crate) fn apply(op: &Primitive, inputs: &[&Host], out: &Spec) -> Exact {
    let values = match *op {
        Primitive::Constant { value, dtype: DType::Index } => vec![elementwise::to_index(value.get())],
        Primitive::Constant { value, .. } => vec![value.get()],
        Primitive::Iota { .. } => count(out.shape.elements()),
        Primitive::RandomBits { bits, .. } => philox::stream(key(inputs[0]), bits, out.shape.elements()),
        Primitive::Cast { to: DType::Index } => map(inputs[0], elementwise::to_index),
        Primitive::Cast { .. } | Primitive::Reshape { .. } | Primitive::Barrier => inputs[0].values.clone(),
        Primitive::Unary(f) => map(inputs[0], |x| elementwise::unary(f, x)),
        Primitive::Binary(f) => zip(inputs, |a, b| elementwise::binary(f, out.dtype, a, b)),
        Primitive::Compare(f) => zip(inputs, |a, b| elementwise::compare(f, a, b)),
        Primitive::Select => {
            let choice = |place: usize| if inputs[0].values[place] == 0.0 { 2 } else { 1 };
            (0..out.shape.elements()).map(|place| inputs[choice(place)].values[place]).collect()
        }
        Primitive::ArgReduce { kind, axis } => arg_reduce(kind, axis.into(), inputs[0], out),
        Primitive::ArgSort { descending } => scan::argsort(descending, inputs[0], out),
        Primitive::WindowArgMax { window } => window::arg_max(&window, inputs[0], out),
        Primitive::Permute { order } => movement::permute(&order, inputs[0], out),
        Primitive::Flip { axes } => movement::flip(axes, inputs[0], out),
        Primitive::Broadcast { .. } => movement::broadcast(inputs[0], out),
        Primitive::Pad { axis, lo, interior, .. } => movement::pad(axis.into(), lo, interior + 1, inputs[0], out),
        Primitive::Slice { axis, start, step, .. } => movement::slice(axis.into(), start, step, inputs[0], out),
        Primitive::Concat { axis } => movement::concat(axis.into(), inputs, out),
        Primitive::Gather { axis } => movement::gather(axis.into(), inputs[0], inputs[1]),
        Primitive::Reduce { kind, axes } => return reduce(kind, axes, inputs[0], out),
        Primitive::CumSum { axis, reverse } => return scan::cumsum(axis.into(), reverse, inputs[0], out),
        Primitive::MatMul => return matmul(inputs[0], inputs[1], out),
        Primitive::WindowSum { window } => return window::sum(&window, &inputs[0].spec.shape, inputs[0], out, false),
        Primitive::WindowSpread { window, .. } => return window::sum(&window, &out.shape, inputs[0], out, true),
        Primitive::Conv { .. } | Primitive::ConvInputGrad { .. } | Primitive::ConvWeightGrad { .. } => {
            return window::convolve(op, inputs, out);
        }
        Primitive::ScatterAdd { axis } => return scatter_add(axis.into(), inputs, out),
        Primitive::Call(composite) => return composite::apply(&composite, inputs, out),
    };
    Exact::new(values)
}

fn map(x: &Host, f: impl Fn(f64) -> f64) -> Vec<f64> {
    x.values.iter().map(|&x| f(x)).collect()
}

fn zip(inputs: &[&Host], f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    inputs[0].values.iter().zip(&inputs[1].values).map(|(&a, &b)| f(a, b)).collect()
}

fn key(host: &Host) -> [u32; 2] {
    #[expect(clippy::cast_possible_truncation, reason = "an index is an i32")]
    [0, 1].map(|half| (host.values[half] as i32).cast_unsigned())
}

/// `0, 1, .. len - 1`
fn count(len: usize) -> Vec<f64> {
    (0_u32..).map(f64::from).take(len).collect()
}

/// Adds up or multiplies along the axes, or takes the extreme, in row-major order of the input.
fn reduce(kind: Reduce, axes: Axes, x: &Host, out: &Spec) -> Exact {
    let mut terms = vec![0.0; out.shape.elements()];
    let start = if kind == Reduce::Prod { 1.0 } else { 0.0 };
    let mut exact = Exact { values: vec![start; terms.len()], scale: terms.clone() };
    for (place, &x) in places(&x.spec.shape).zip(&x.values) {
        let mut to = place;
        axes.iter().for_each(|axis| to[axis] = 0);
        let to = offset(&out.shape, &to);
        let so_far = exact.values[to];
        exact.values[to] = match kind {
            Reduce::Max if terms[to] > 0.0 => elementwise::binary(Binary::Max, out.dtype, so_far, x),
            Reduce::Min if terms[to] > 0.0 => elementwise::binary(Binary::Min, out.dtype, so_far, x),
            Reduce::Max | Reduce::Min => x,
            Reduce::Sum | Reduce::Mean => elementwise::binary(Binary::Add, out.dtype, so_far, x),
            Reduce::Prod => elementwise::binary(Binary::Mul, out.dtype, so_far, x),
        };
        terms[to] += 1.0;
        exact.scale[to] += x.abs();
    }
    for ((value, scale), terms) in exact.values.iter_mut().zip(&mut exact.scale).zip(terms) {
        *scale *= terms;
        match kind {
            Reduce::Mean => (*value, *scale) = (*value / terms, *scale / terms),
            Reduce::Prod => *scale = value.abs() * terms,
            Reduce::Sum | Reduce::Max | Reduce::Min => {}
        }
    }
    exact
}

fn arg_reduce(kind: ArgReduce, axis: usize, x: &Host, out: &Spec) -> Vec<f64> {
    let along = |to: Place| {
        let mut line = Vec::new();
        for position in 0..x.spec.shape[axis] {
            line.push(x.values[offset(&x.spec.shape, &with(to, axis, position))]);
        }
        line
    };
    let found = |line: &[f64]| {
        let extreme = match kind {
            ArgReduce::Max => line.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            ArgReduce::Min => line.iter().copied().fold(f64::INFINITY, f64::min),
        };
        line.iter().position(|x| x.is_nan()).or_else(|| line.iter().position(|&x| x == extreme))
    };
    let positions = places(&out.shape).filter_map(|to| found(&along(to)));
    positions.filter_map(|position| u32::try_from(position).ok()).map(f64::from).collect()
}

fn matmul(a: &Host, b: &Host, out: &Spec) -> Exact {
    let rank = out.shape.rank();
    let inner = a.spec.shape[rank - 1];
    let mut exact = Exact { values: Vec::new(), scale: Vec::new() };
    for to in places(&out.shape) {
        let (mut sum, mut magnitude) = (0.0, 0.0);
        for k in 0..inner {
            let left = a.values[offset(&a.spec.shape, &with(to, rank - 1, k))];
            let right = b.values[offset(&b.spec.shape, &with(to, rank - 2, k))];
            sum += left * right;
            magnitude += (left * right).abs();
        }
        exact.values.push(sum);
        exact.scale.push(magnitude * count(inner + 1)[inner]);
    }
    exact
}

fn scatter_add(axis: usize, inputs: &[&Host], out: &Spec) -> Exact {
    let mut exact = Exact::new(inputs[0].values.clone());
    let mut terms = vec![0.0; exact.values.len()];
    for (from, &update) in places(&inputs[1].spec.shape).zip(&inputs[2].values) {
        let position = movement::position(inputs[1], &from);
        let to = offset(&out.shape, &with(from, axis, position));
        exact.values[to] = elementwise::binary(Binary::Add, out.dtype, exact.values[to], update);
        exact.scale[to] += update.abs();
        terms[to] += 1.0;
    }
    for (scale, terms) in exact.scale.iter_mut().zip(terms) {
        *scale *= terms;
    }
    exact
}

/// A position along each axis, 0 beyond the rank.
type Place = [usize; MAX_RANK];

fn with(mut place: Place, axis: usize, position: usize) -> Place {
    place[axis] = position;
    place
}

/// Where an element stands in row-major order.
fn offset(shape: &Shape, place: &Place) -> usize {
    let mut offset = 0;
    for axis in 0..shape.rank() {
        assert!(place[axis] < shape[axis], "reference: place {place:?} lies outside {shape}");
        offset = offset * shape[axis] + place[axis];
    }
    offset
}

/// All places of a shape in row-major order: an odometer.
fn places(shape: &Shape) -> impl Iterator<Item = Place> {
    let shape = *shape;
    let mut next = [0; MAX_RANK];
    (0..shape.elements()).map(move |_| {
        let place = next;
        for axis in (0..shape.rank()).rev() {
            next[axis] += 1;
            if next[axis] < shape[axis] {
                break;
            }
            next[axis] = 0;
        }
        place
    })
}
