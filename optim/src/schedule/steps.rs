//! Rates that fall by a factor: in every step, every so many steps, at certain steps.

use alloc::vec::Vec;

use super::{Schedule, check_not_zero};

/// `lr gamma^floor(step / step_size)`
///
/// ```
/// use optim::schedule::{Schedule, StepLr};
/// let schedule = StepLr { gamma: 0.5, ..StepLr::new(30) };
/// assert_eq!([29, 30, 60].map(|step| schedule.at(0.4, step)), [0.4, 0.2, 0.1]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepLr {
    /// After how many steps the rate falls.
    pub step_size: u32,
    /// The factor; 0.1 by default.
    pub gamma: f64,
}

impl StepLr {
    /// A tenth every so many steps.
    #[must_use]
    pub const fn new(step_size: u32) -> Self {
        Self { step_size, gamma: 0.1 }
    }
}

impl Schedule for StepLr {
    fn at(&self, lr: f64, step: u32) -> f64 {
        check_not_zero("step_lr", "step_size", self.step_size);
        lr * power(self.gamma, step / self.step_size)
    }
}

/// `lr gamma^n`, where `n` milestones are not above the step.
///
/// ```
/// use optim::schedule::{MultiStepLr, Schedule};
/// let schedule = MultiStepLr { gamma: 0.5, ..MultiStepLr::new([30, 80]) };
/// assert_eq!([29, 30, 80].map(|step| schedule.at(0.4, step)), [0.4, 0.2, 0.1]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MultiStepLr {
    /// At which steps the rate falls, in any order; at one that occurs twice it falls twice.
    pub milestones: Vec<u32>,
    /// The factor; 0.1 by default.
    pub gamma: f64,
}

impl MultiStepLr {
    /// A tenth at each of these steps.
    #[must_use]
    pub fn new(milestones: impl Into<Vec<u32>>) -> Self {
        Self { milestones: milestones.into(), gamma: 0.1 }
    }
}

impl Schedule for MultiStepLr {
    fn at(&self, lr: f64, step: u32) -> f64 {
        let passed = self.milestones.iter().filter(|milestone| **milestone <= step);
        passed.fold(lr, |lr, _| lr * self.gamma)
    }
}

/// `lr gamma^step`
///
/// ```
/// use optim::schedule::{ExponentialLr, Schedule};
/// assert_eq!(ExponentialLr::new(0.5).at(0.4, 2), 0.1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExponentialLr {
    /// The factor.
    pub gamma: f64,
}

impl ExponentialLr {
    /// This factor in every step.
    #[must_use]
    pub const fn new(gamma: f64) -> Self {
        Self { gamma }
    }
}

impl Schedule for ExponentialLr {
    fn at(&self, lr: f64, step: u32) -> f64 {
        lr * power(self.gamma, step)
    }
}

fn power(gamma: f64, exponent: u32) -> f64 {
    libm::pow(gamma, f64::from(exponent))
}
