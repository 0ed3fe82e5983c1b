//! Whether two tensors agree, and where they differ most.

use core::fmt;

use super::manifest::Tolerance;
use super::tensors::Array;

/// A computed tensor that is wrong.
#[derive(Debug)]
pub(super) struct Wrong {
    /// What it is called in the set.
    tensor: String,
    mismatch: Mismatch,
    /// How much worse than allowed, by which the worst of several is found.
    excess: f64,
}

impl Wrong {
    /// The worse of two.
    pub(super) fn or_worse(self, other: Self) -> Self {
        if other.excess > self.excess { other } else { self }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.tensor, self.mismatch)
    }
}

/// What is wrong with it.
#[derive(Debug)]
enum Mismatch {
    /// It has other extents.
    Shape { got: Vec<usize>, want: Vec<usize> },
    /// Its worst element, by the error in proportion to what is allowed.
    Element { place: Vec<usize>, got: f64, want: f64, allowed: f64 },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape { got, want } => write!(f, "has shape {got:?}, {want:?} expected"),
            Self::Element { place, got, want, allowed } => {
                let error = (got - want).abs();
                write!(f, "at {place:?}: {got:?}, {want:?} expected, error {error:e}, allowed {allowed:e}")
            }
        }
    }
}

/// None, where every element is within the tolerance.
///
/// Where NaN or an infinity is wanted, it must be there; where a finite number is wanted, so must one be.
pub(super) fn compare(tensor: &str, got: &Array, want: &Array, tolerance: Tolerance) -> Option<Wrong> {
    let wrong = |mismatch, excess| Wrong { tensor: tensor.into(), mismatch, excess };
    if got.shape != want.shape {
        let mismatch = Mismatch::Shape { got: got.shape.clone(), want: want.shape.clone() };
        return Some(wrong(mismatch, f64::INFINITY));
    }
    let largest =
        want.values.iter().filter(|want| want.is_finite()).fold(1.0_f64, |largest, want| largest.max(want.abs()));
    let scale = if tolerance.scaled { largest } else { 1.0 };
    let mut worst: Option<(f64, usize, f64)> = None;
    for (at, (&got, &want)) in got.values.iter().zip(&want.values).enumerate() {
        let allowed = tolerance.rtol * want.abs() + tolerance.atol * scale;
        let excess = excess(got, want, allowed);
        if excess > worst.map_or(0.0, |(worst, ..)| worst) {
            worst = Some((excess, at, allowed));
        }
    }
    let (excess, at, allowed) = worst?;
    let (got, want, place) = (got.values[at], want.values[at], place(at, &want.shape));
    Some(wrong(Mismatch::Element { place, got, want, allowed }, excess))
}

/// 0 where the element is right, else by how much it exceeds what is allowed.
fn excess(got: f64, want: f64, allowed: f64) -> f64 {
    if got == want || (got.is_nan() && want.is_nan()) {
        return 0.0;
    }
    if !got.is_finite() || !want.is_finite() {
        return f64::INFINITY;
    }
    let error = (got - want).abs();
    if error <= allowed { 0.0 } else { error / allowed }
}

/// The indices, one an axis, of an element in row-major order.
fn place(mut at: usize, shape: &[usize]) -> Vec<usize> {
    let mut place: Vec<usize> = shape
        .iter()
        .rev()
        .map(|extent| {
            let index = at % extent;
            at /= extent;
            index
        })
        .collect();
    place.reverse();
    place
}
