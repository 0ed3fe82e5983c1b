//! Interpolation of the last axes to another size, axis by axis: a few taps with weights for each result.

use alloc::vec::Vec;

use super::pool::to_f64;
use crate::{Backend, Element, FloatCore, Index, MAX_RANK, Shape, SpecError, Tensor};

/// How the numbers between two cells are found; the names are those of PyTorch's `interpolate`.
///
/// With `s` cells for `t` results, result `j` lies at `(j + 1/2) s/t - 1/2`, where cell `i` lies at `i`; with
/// `align_corners` at `j (s - 1)/(t - 1)`, so that the first and the last coincide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interpolation {
    /// Cell `floor(j s/t)`.
    Nearest,
    /// Between the two cells nearby, by distance: linear over one axis, bilinear over two, trilinear over three. Before the
    /// first cell and behind the last stand these.
    Linear {
        /// Whether the first and the last result are the first and the last cell.
        align_corners: bool,
    },
    /// By the four cells nearby and cubic convolution with `a = -3/4`, over two axes. Cells that are missing are as the
    /// outermost. (Keys, *Cubic convolution interpolation for digital image processing*, 1981, section 2.)
    Cubic {
        /// Whether the first and the last result are the first and the last cell.
        align_corners: bool,
    },
}

impl<B: Backend> Tensor<B> {
    /// The last `D` axes at another size; `[n, c, s..]` as PyTorch has it, or any axes in front.
    ///
    /// ```text
    /// y[.., j] = sum over taps  weight[tap, j] x[.., cell[tap, j]]      along one axis after the other
    /// ```
    ///
    /// The gradient adds up `weight g` where the taps read. Sizes that shrink skip cells, as PyTorch does without
    /// antialiasing.
    ///
    /// ```
    /// use autodiff_core::{Interpolation, Tensor};
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[1.0, 3.0], [1, 1, 2]);
    /// assert_eq!(x.interpolate([4], Interpolation::Nearest).to_vec(), [1.0, 1.0, 3.0, 3.0]);
    /// let linear = Interpolation::Linear { align_corners: false };
    /// assert_eq!(x.interpolate([4], linear).to_vec(), [1.0, 1.5, 2.5, 3.0]);
    /// ```
    ///
    /// # Panics
    /// When there are fewer axes, one of them is empty, a size is 0, and when `D` is not 1 to 3, or not 2 for
    /// [`Interpolation::Cubic`].
    #[must_use]
    #[track_caller]
    pub fn interpolate<const D: usize>(&self, size: [usize; D], mode: Interpolation) -> Self {
        let shape = self.shape();
        assert!((1..=3).contains(&D), "interpolate: {D} axes asked for, 1 to 3 can be");
        assert!(D == 2 || !matches!(mode, Interpolation::Cubic { .. }), "interpolate: cubic is over 2 axes, not {D}");
        let Some(lead) = shape.rank().checked_sub(D) else {
            let why = "there are fewer axes than sizes";
            panic!("{}", SpecError::shape("interpolate", why, &self.spec()));
        };
        let mut y = self.clone();
        for (axis, &size) in (lead..).zip(&size) {
            let cells = shape[axis];
            let some = cells > 0 && size > 0;
            assert!(some, "interpolate: size {size} cannot be made of axis {axis} of shape {shape}");
            // Every result lies on a cell then.
            if size != cells {
                y = y.resampled(axis, &Taps::new(mode, cells, size));
            }
        }
        y
    }

    /// [`interpolate`](Self::interpolate) to the size times a factor, rounded down; what lies where goes by the sizes, as
    /// with PyTorch's `recompute_scale_factor`.
    ///
    /// # Panics
    /// As it does, and when a factor is negative, infinite or NaN.
    #[must_use]
    #[track_caller]
    pub fn interpolate_by<const D: usize>(&self, scale_factor: [f64; D], mode: Interpolation) -> Self {
        let shape = self.shape();
        let mut size = [0; D];
        for axis in 0..D {
            let factor = scale_factor[axis];
            assert!(factor.is_finite() && factor >= 0.0, "interpolate: {factor} is no factor of a size");
            let cells = (shape.rank() + axis).checked_sub(D).map_or(0, |axis| shape[axis]);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cut off, and at least 0")]
            let whole = (to_f64(cells) * factor) as usize;
            size[axis] = whole;
        }
        self.interpolate(size, mode)
    }

    /// The weighted sum of the cells that the taps name.
    #[track_caller]
    fn resampled(&self, axis: usize, taps: &Taps) -> Self {
        let weigh = |weights: &Vec<f64>| {
            let column = Shape::new(&[1; MAX_RANK][..self.rank()]).with(axis, weights.len());
            let weights: Vec<B::Elem> = weights.iter().map(|&weight| B::Elem::from_f64(weight)).collect();
            Self::from_slice(&weights, column, self.device()).cast(self.dtype())
        };
        match &taps.weights[..] {
            [] => self.cells(axis, &taps.cells[0]),
            [first, rest @ ..] => {
                let mut sum = self.cells(axis, &taps.cells[0]) * weigh(first);
                for (cells, weights) in taps.cells[1..].iter().zip(rest) {
                    sum = sum + self.cells(axis, cells) * weigh(weights);
                }
                sum
            }
        }
    }

    /// What stands in these places of an axis.
    #[track_caller]
    fn cells(&self, axis: usize, cells: &[usize]) -> Self {
        let index = Index::positions("interpolate", cells.iter().copied(), self.device());
        self.index_select(axis.cast_signed(), &index)
    }
}

/// What each result along an axis reads: for each tap a cell, and a weight unless that is 1.
struct Taps {
    cells: Vec<Vec<usize>>,
    weights: Vec<Vec<f64>>,
}

/// How many cells behind the last one before a result a tap reads, and its weight by how far the result lies behind that.
type Tap = (isize, fn(f64) -> f64);

impl Taps {
    /// The taps of `size` results among as many `cells`.
    fn new(mode: Interpolation, cells: usize, size: usize) -> Self {
        match mode {
            Interpolation::Nearest => {
                // Exact, where PyTorch rounds the ratio of the sizes first. No position exceeds the number of cells.
                let cell = |place| usize::try_from(place * cells as u64 / size as u64).unwrap_or(usize::MAX);
                Self { cells: Vec::from([(0..size as u64).map(cell).collect()]), weights: Vec::new() }
            }
            Interpolation::Linear { align_corners } => {
                let place = |place| source(place, cells, size, align_corners).max(0.0);
                Self::weighted(
                    cells,
                    &(0..size).map(place).collect::<Vec<_>>(),
                    [(0, |part| 1.0 - part), (1, |part| part)],
                )
            }
            Interpolation::Cubic { align_corners } => {
                let places: Vec<f64> = (0..size).map(|place| source(place, cells, size, align_corners)).collect();
                let [before, behind]: [fn(f64) -> f64; 2] = [|part| far(1.0 + part), |part| far(2.0 - part)];
                Self::weighted(cells, &places, [(-1, before), (0, near), (1, |part| near(1.0 - part)), (2, behind)])
            }
        }
    }

    /// These taps of results in these places.
    fn weighted<const N: usize>(cells: usize, places: &[f64], taps: [Tap; N]) -> Self {
        let beside = |place: f64, steps: isize| {
            #[expect(clippy::cast_possible_truncation, reason = "a whole number")]
            let cell = FloatCore::floor(place) as isize;
            usize::try_from(cell + steps).unwrap_or(0).min(cells - 1)
        };
        Self {
            cells: taps.iter().map(|&(steps, _)| places.iter().map(|&place| beside(place, steps)).collect()).collect(),
            weights: taps
                .iter()
                .map(|(_, weight)| places.iter().map(|&place| weight(place - FloatCore::floor(place))).collect())
                .collect(),
        }
    }
}

/// Where a result lies among the cells.
fn source(place: usize, cells: usize, size: usize, align_corners: bool) -> f64 {
    let (place, cells, size) = (to_f64(place), to_f64(cells), to_f64(size));
    match align_corners {
        true if size > 1.0 => place * (cells - 1.0) / (size - 1.0),
        true => 0.0,
        false => (place + 0.5) * cells / size - 0.5,
    }
}

/// The parameter of cubic convolution: its slope at distance 1.
const A: f64 = -0.75;

/// The weight of a cell at a distance up to 1.
fn near(x: f64) -> f64 {
    ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
}

/// The weight of a cell at a distance from 1 to 2.
fn far(x: f64) -> f64 {
    ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A
}
