//! Derivatives by central differences of the reference.
//!
//! ```text
//! f'(x) = (f(x - 2h) - 8 f(x - h) + 8 f(x + h) - f(x + 2h)) / 12h + O(h^4)
//! ```

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Primitive, Spec};

use super::apply;
use crate::format::power_of_two;
use crate::host::Host;

/// The steps, in units of `h`, and their weights.
const STENCIL: [(f64, f64); 4] = [(-2.0, 1.0 / 12.0), (-1.0, -8.0 / 12.0), (1.0, 8.0 / 12.0), (2.0, -1.0 / 12.0)];

/// A derivative with the sum of the magnitudes that it is made of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Derivative {
    pub(crate) value: f64,
    pub(crate) scale: f64,
}

/// For each element `x_j` of an input, the derivative of `sum_i w_i y_i`; the scale is `sum_i |w_i dy_i/dx_j|`.
pub(crate) fn gradient(op: &Primitive, inputs: &[Host], arg: usize, out: &Spec, w: &Host) -> Vec<Derivative> {
    let h = power_of_two(-10);
    let along = |place: usize| {
        let mut slope = vec![0.0; out.shape.elements()];
        for (steps, weight) in STENCIL {
            let mut moved = inputs.to_vec();
            moved[arg].values[place] += steps * h;
            add(&mut slope, weight / h, &result(op, &moved, out));
        }
        weighted(&slope, w)
    };
    (0..inputs[arg].values.len()).map(along).collect()
}

/// For each element `x_j` of an input, the derivative by it of that of `sum_i w_i y_i` along the direction `v`, which
/// moves all inputs; the scale likewise.
pub(crate) fn curvature(
    op: &Primitive,
    inputs: &[Host],
    v: &[Host],
    arg: usize,
    out: &Spec,
    w: &Host,
) -> Vec<Derivative> {
    let h = power_of_two(-7);
    let along = |place: usize| {
        let mut slope = vec![0.0; out.shape.elements()];
        for (steps, weight) in STENCIL {
            for (own_steps, own_weight) in STENCIL {
                let mut moved = inputs.to_vec();
                for (input, v) in moved.iter_mut().zip(v) {
                    add(&mut input.values, steps * h, &v.values);
                }
                moved[arg].values[place] += own_steps * h;
                add(&mut slope, weight * own_weight / (h * h), &result(op, &moved, out));
            }
        }
        weighted(&slope, w)
    };
    (0..inputs[arg].values.len()).map(along).collect()
}

fn result(op: &Primitive, inputs: &[Host], out: &Spec) -> Vec<f64> {
    apply(op, &inputs.iter().collect::<Vec<_>>(), out).values
}

/// `sum += factor * values`
fn add(sum: &mut [f64], factor: f64, values: &[f64]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += factor * value;
    }
}

fn weighted(slope: &[f64], w: &Host) -> Derivative {
    slope.iter().zip(&w.values).fold(Derivative::default(), |sum, (slope, w)| Derivative {
        value: sum.value + slope * w,
        scale: sum.scale + (slope * w).abs(),
    })
}
