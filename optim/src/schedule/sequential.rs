//! One schedule after the other.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Schedule;

/// Each schedule from its milestone on, where its own steps begin with 0; the first from the start.
///
/// Warm-up, then a cosine:
///
/// ```
/// use optim::schedule::{CosineAnnealingLr, LinearLr, Schedule, SequentialLr};
/// let schedule = SequentialLr::new(LinearLr::default()).then(5, CosineAnnealingLr::new(95));
/// assert!((schedule.at(0.3, 0) - 0.1).abs() < 1e-15);
/// assert_eq!(schedule.at(0.3, 5), 0.3);
/// assert!(schedule.at(0.3, 100).abs() < 1e-15);
/// ```
#[derive(Debug)]
pub struct SequentialLr {
    first: Box<dyn Schedule>,
    later: Vec<(u32, Box<dyn Schedule>)>,
}

impl SequentialLr {
    /// A schedule that is not followed by anything yet.
    #[must_use]
    pub fn new(first: impl Schedule + 'static) -> Self {
        Self { first: Box::new(first), later: Vec::new() }
    }

    /// The same, followed by another schedule from this step on.
    ///
    /// # Panics
    /// When the milestone is not above the one before it.
    #[must_use]
    #[track_caller]
    pub fn then(mut self, milestone: u32, next: impl Schedule + 'static) -> Self {
        let last = self.later.last().map_or(0, |(last, _)| *last);
        assert!(last < milestone, "sequential_lr: milestones must rise, found {milestone} after {last}");
        self.later.push((milestone, Box::new(next)));
        self
    }
}

impl Schedule for SequentialLr {
    fn at(&self, lr: f64, step: u32) -> f64 {
        match self.later.iter().rfind(|(milestone, _)| *milestone <= step) {
            Some((milestone, schedule)) => schedule.at(lr, step - milestone),
            None => self.first.at(lr, step),
        }
    }
}
