//! Triangles between two rates.

use super::{Schedule, check_not_zero};

/// From the rate at the start up to `max_lr` and down again, in straight lines, again and again.
///
/// ```text
/// lr + (max_lr - lr) height scale
/// height = 0 to 1 in step_size_up steps, to 0 in step_size_down
/// scale = 1,   1 / 2^cycle (triangular2),   gamma^step (exp_range)
/// ```
///
/// with cycles counted from 0. PyTorch's also moves the momentum; here that is a setting.
///
/// (L. Smith, *Cyclical learning rates for training neural networks*, WACV 2017, section 3.)
///
/// ```
/// use optim::schedule::{CyclicLr, CyclicMode, Schedule};
/// let schedule = CyclicLr { mode: CyclicMode::Triangular2, step_size_down: 1, ..CyclicLr::new(0.5, 2) };
/// assert_eq!([0, 1, 2, 3, 5].map(|step| schedule.at(0.25, step)), [0.25, 0.375, 0.5, 0.25, 0.375]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CyclicLr {
    /// The rate at the top of the first cycle.
    pub max_lr: f64,
    /// How many steps it rises.
    pub step_size_up: u32,
    /// How many steps it falls; as many by default.
    pub step_size_down: u32,
    /// What becomes of the height; it stays by default.
    pub mode: CyclicMode,
}

/// What becomes of the height of a [`CyclicLr`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum CyclicMode {
    /// It stays.
    #[default]
    Triangular,
    /// It is halved in each cycle.
    Triangular2,
    /// It gets this factor in each step.
    ExpRange(f64),
}

impl CyclicLr {
    /// Up to this rate in so many steps, and down in as many.
    #[must_use]
    pub const fn new(max_lr: f64, step_size_up: u32) -> Self {
        Self { max_lr, step_size_up, step_size_down: step_size_up, mode: CyclicMode::Triangular }
    }
}

impl Schedule for CyclicLr {
    fn at(&self, lr: f64, step: u32) -> f64 {
        check_not_zero("cyclic_lr", "step_size_up", self.step_size_up);
        check_not_zero("cyclic_lr", "step_size_down", self.step_size_down);
        let [up, down] = [self.step_size_up, self.step_size_down].map(f64::from);
        let cycle = libm::floor(f64::from(step) / (up + down));
        let within = f64::from(step) - cycle * (up + down);
        let height = if within <= up { within / up } else { (up + down - within) / down };
        let scale = match self.mode {
            CyclicMode::Triangular => 1.0,
            CyclicMode::Triangular2 => libm::pow(0.5, cycle),
            CyclicMode::ExpRange(gamma) => libm::pow(gamma, f64::from(step)),
        };
        lr + (self.max_lr - lr) * height * scale
    }
}
