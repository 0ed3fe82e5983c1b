//! A line search until the strong Wolfe conditions hold.

use autodiff_core::{Backend, Tensor};

use super::objective::Point;
use super::{dot, largest};

/// How much of what the slope promises the loss must fall by.
const C1: f64 = 1e-4;
/// How much of the slope may be left.
const C2: f64 = 0.9;

/// The point of a line at `t`, and the slope along the line there.
#[derive(Clone, Debug)]
struct Trial<B: Backend> {
    t: f64,
    slope: f64,
    point: Point<B>,
}

impl<B: Backend> Trial<B> {
    /// What is not finite is worse than anything that is.
    const fn loss(&self) -> f64 {
        if self.point.loss.is_finite() && self.slope.is_finite() { self.point.loss } else { f64::INFINITY }
    }
}

/// A point on the line from `here` at which the strong Wolfe conditions hold, and its `t`:
///
/// ```text
/// f(x + t d) <= f(x) + C1 t g d      |g(x + t d) d| <= C2 |g d|
/// ```
///
/// Without one, after so many trials or in a bracket below the tolerance, the lowest point of the bracket.
///
/// (Nocedal and Wright, algorithm 3.5.)
#[track_caller]
pub(super) fn strong_wolfe<B: Backend>(
    here: &Point<B>,
    direction: &Tensor<B>,
    (t, slope): (f64, f64),
    trials: usize,
    tolerance: f64,
    mut f: impl FnMut(Tensor<B>) -> Point<B>,
) -> (Point<B>, f64) {
    let start = Trial { t: 0.0, slope, point: here.clone() };
    let mut at = |t: f64| {
        let point = f(&here.x + direction * t);
        Trial { t, slope: dot(&point.grad, direction), point }
    };
    let (mut before, mut trial) = (start.clone(), at(t));
    let wolfe = Wolfe { loss: here.loss, slope };
    let narrow = tolerance / largest(direction);
    let found = 'found: {
        for count in 0..trials {
            if wolfe.is_high(&trial) || (count > 1 && trial.loss() >= before.loss()) {
                break 'found zoom((before, trial), wolfe, trials - count, narrow, at);
            }
            if wolfe.is_flat(&trial) {
                break 'found trial;
            }
            if trial.slope >= 0.0 {
                break 'found zoom((before, trial), wolfe, trials - count, narrow, at);
            }
            let beyond = trial.t + 0.01 * (trial.t - before.t);
            let t = minimum_of_cubic(&before, &trial, (beyond, trial.t * 10.0));
            before = trial;
            trial = at(t);
        }
        if trial.loss() < start.loss() { trial } else { start }
    };
    (found.point, found.t)
}

/// The loss and the slope at the start, which the conditions are relative to.
#[derive(Clone, Copy, Debug)]
struct Wolfe {
    loss: f64,
    slope: f64,
}

impl Wolfe {
    /// Whether the loss has not fallen enough.
    fn is_high<B: Backend>(self, trial: &Trial<B>) -> bool {
        trial.loss() > self.loss + C1 * trial.t * self.slope
    }

    /// Whether little of the slope is left.
    fn is_flat<B: Backend>(self, trial: &Trial<B>) -> bool {
        trial.slope.abs() <= -C2 * self.slope
    }
}

/// A point within a bracket at which the conditions hold (Nocedal and Wright, algorithm 3.6).
#[track_caller]
fn zoom<B: Backend>(
    (mut low, mut high): (Trial<B>, Trial<B>),
    wolfe: Wolfe,
    trials: usize,
    narrow: f64,
    mut at: impl FnMut(f64) -> Trial<B>,
) -> Trial<B> {
    let mut was_near = false;
    for _ in 0..trials {
        if high.loss() < low.loss() {
            (low, high) = (high, low);
        }
        if (high.t - low.t).abs() < narrow {
            break;
        }
        let (t, near) = inside(&low, &high, was_near);
        was_near = near;
        let trial = at(t);
        if wolfe.is_high(&trial) || trial.loss() >= low.loss() {
            high = trial;
            continue;
        }
        if wolfe.is_flat(&trial) {
            return trial;
        }
        if trial.slope * (high.t - low.t) >= 0.0 {
            high = low;
        }
        low = trial;
    }
    if high.loss() < low.loss() { high } else { low }
}

/// Where to look in a bracket, and whether that is close to an end of it.
///
/// Close to an end for the second time, or at it, the search goes a tenth of the bracket away from that end.
fn inside<B: Backend>(low: &Trial<B>, high: &Trial<B>, was_near: bool) -> (f64, bool) {
    let (first, last) = (low.t.min(high.t), low.t.max(high.t));
    let t = minimum_of_cubic(low, high, (first, last));
    let margin = 0.1 * (last - first);
    if (last - t).min(t - first) >= margin {
        (t, false)
    } else if !was_near && first < t && t < last {
        (t, true)
    } else if last - t < t - first {
        (last - margin, false)
    } else {
        (first + margin, false)
    }
}

/// Where the cubic through two points with these slopes has its minimum, within bounds; their middle where it has none.
///
/// (Nocedal and Wright, equation 3.59.)
fn minimum_of_cubic<B: Backend>(a: &Trial<B>, b: &Trial<B>, (first, last): (f64, f64)) -> f64 {
    let (a, b) = if a.t <= b.t { (a, b) } else { (b, a) };
    let d1 = a.slope + b.slope - 3.0 * (a.loss() - b.loss()) / (a.t - b.t);
    let d2 = libm::sqrt(d1 * d1 - a.slope * b.slope);
    let t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2));
    // No real root, or an end where the function is not finite.
    if t.is_nan() { 0.5 * (first + last) } else { t.max(first).min(last) }
}
