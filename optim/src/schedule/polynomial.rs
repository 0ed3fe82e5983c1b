//! Rates that fall to 0 along a power.

use super::{Schedule, check_not_zero, progress};

/// `lr (1 - step / total_iters)^power`, and 0 after `total_iters` steps.
///
/// ```
/// use optim::schedule::{PolynomialLr, Schedule};
/// let schedule = PolynomialLr { total_iters: 4, power: 2.0 };
/// assert_eq!([0, 2, 4, 5].map(|step| schedule.at(0.4, step)), [0.4, 0.1, 0.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolynomialLr {
    /// When the rate is 0; 5 by default.
    pub total_iters: u32,
    /// The power; 1 by default.
    pub power: f64,
}

impl Default for PolynomialLr {
    fn default() -> Self {
        Self { total_iters: 5, power: 1.0 }
    }
}

impl Schedule for PolynomialLr {
    fn at(&self, lr: f64, step: u32) -> f64 {
        check_not_zero("polynomial_lr", "total_iters", self.total_iters);
        assert!(self.power >= 0.0, "polynomial_lr: power must not be below 0, found {}", self.power);
        lr * libm::pow(1.0 - progress(step, self.total_iters), self.power)
    }
}
