//! Windows by their definition: every product of a weight and a result, where a cell ties them together.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{MAX_RANK, Primitive, Shape, Slide, Spec, Window};

use super::{Exact, Place, count, offset, places};
use crate::host::Host;

/// `cell = window stride + tap dilation - lo`, where it lies within the axis.
fn cell(slide: &Slide, window: usize, tap: usize, size: usize) -> Option<usize> {
    let padded = window * slide.stride as usize + tap * slide.dilation as usize;
    (0..size).find(|cell| cell + slide.lo as usize == padded)
}

/// The cells in place `taps` of the windows `at`, for the axes from `lead` on.
fn cells(window: &Window, lead: usize, shape: &Shape, at: &Place, taps: &Place) -> Option<Place> {
    let mut found = [0; MAX_RANK];
    for (axis, slide) in (lead..).zip(window.slides()) {
        found[axis] = cell(slide, at[axis], taps[axis], shape[axis])?;
    }
    Some(found)
}

/// A sum of products with its scale: the number of summands times the sum of their magnitudes.
struct Sums {
    exact: Exact,
    terms: Vec<usize>,
}

impl Sums {
    fn new(out: &Spec) -> Self {
        let zeros = vec![0.0; out.shape.elements()];
        Self { exact: Exact { values: zeros.clone(), scale: zeros }, terms: vec![0; out.shape.elements()] }
    }

    fn add(&mut self, to: usize, term: f64) {
        self.exact.values[to] += term;
        self.exact.scale[to] += term.abs();
        self.terms[to] += 1;
    }

    fn finish(mut self) -> Exact {
        for (scale, terms) in self.exact.scale.iter_mut().zip(self.terms) {
            *scale *= count(terms + 1)[terms];
        }
        self.exact
    }
}

/// A convolution, or a gradient of one.
pub(super) fn convolve(op: &Primitive, inputs: &[&Host], out: &Spec) -> Exact {
    // Which of x, w and y the two inputs and the result are.
    let (window, groups, roles) = match op {
        Primitive::Conv { window, groups } => (window, groups, [0, 1, 2]),
        Primitive::ConvInputGrad { window, groups, .. } => (window, groups, [2, 1, 0]),
        Primitive::ConvWeightGrad { window, groups } => (window, groups, [0, 2, 1]),
        _ => unreachable!("{} is no convolution", op.name()),
    };
    let mut shapes = [Shape::SCALAR; 3];
    for (role, shape) in roles.into_iter().zip([inputs[0].spec.shape, inputs[1].spec.shape, out.shape]) {
        shapes[role] = shape;
    }
    let [x, w, y] = shapes;
    let mut sums = Sums::new(out);
    for at_w in places(&w) {
        let first = at_w[0] / (w[0] / *groups as usize) * w[1];
        for at_y in places(&y).filter(|at_y| at_y[1] == at_w[0]) {
            let Some(mut at_x) = cells(window, 2, &x, &at_y, &at_w) else { continue };
            (at_x[0], at_x[1]) = (at_y[0], first + at_w[1]);
            let at = [offset(&x, &at_x), offset(&w, &at_w), offset(&y, &at_y)];
            sums.add(at[roles[2]], inputs[0].values[at[roles[0]]] * inputs[1].values[at[roles[1]]]);
        }
    }
    sums.finish()
}

/// Every window and every cell of it: their places, window by window in row-major order.
fn held(window: &Window, x: &Shape, y: &Shape) -> Vec<(Place, Place)> {
    let lead = x.rank() - window.rank();
    let mut kernel = Shape::new(&[1; MAX_RANK][..x.rank()]);
    for (axis, slide) in (lead..).zip(window.slides()) {
        kernel = kernel.with(axis, slide.kernel as usize);
    }
    let mut held = Vec::new();
    for at_y in places(y) {
        for taps in places(&kernel) {
            let Some(mut at_x) = cells(window, lead, x, &at_y, &taps) else { continue };
            at_x[..lead].copy_from_slice(&at_y[..lead]);
            held.push((at_x, at_y));
        }
    }
    held
}

/// The sums of windows over tensors of shape `x`, or of cells over windows.
pub(super) fn sum(window: &Window, x: &Shape, input: &Host, out: &Spec, spread: bool) -> Exact {
    let y = if spread { input.spec.shape } else { out.shape };
    let mut sums = Sums::new(out);
    for (at_x, at_y) in held(window, x, &y) {
        let (at_x, at_y) = (offset(x, &at_x), offset(&y, &at_y));
        let [from, to] = if spread { [at_y, at_x] } else { [at_x, at_y] };
        sums.add(to, input.values[from]);
    }
    sums.finish()
}

/// The first of the largest cells, or of the cells that are NaN, over the axes that windows slide over.
pub(super) fn arg_max(window: &Window, x: &Host, out: &Spec) -> Vec<f64> {
    let shape = &x.spec.shape;
    let plane: usize = shape.extents()[shape.rank() - window.rank()..].iter().product();
    let mut cells = vec![Vec::new(); out.shape.elements()];
    for (at_x, at_y) in held(window, shape, &out.shape) {
        cells[offset(&out.shape, &at_y)].push(offset(shape, &at_x));
    }
    let found = |cells: &Vec<usize>| {
        let largest = cells.iter().fold(f64::NEG_INFINITY, |most, &at| most.max(x.values[at]));
        let nan = cells.iter().find(|&&at| x.values[at].is_nan());
        nan.or_else(|| cells.iter().find(|&&at| x.values[at] == largest)).map(|at| count(at % plane + 1)[at % plane])
    };
    cells.iter().filter_map(found).collect()
}
