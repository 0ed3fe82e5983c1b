//! Learning rates that change from step to step: functions of the rate at the start and the number of the step.
//!
//! They compute on the host; a training step is given their number before it runs, and a compiled one stays compiled:
//! `step.set_lr(schedule.at(0.1, step.steps()))`. Names, defaults and numbers are PyTorch's, of `torch.optim.lr_scheduler`.

mod cosine;
mod cyclic;
mod linear;
mod one_cycle;
mod plateau;
mod polynomial;
mod sequential;
mod steps;

use core::fmt::Debug;

use alloc::boxed::Box;

pub use cosine::{CosineAnnealingLr, CosineAnnealingWarmRestarts};
pub use cyclic::{CyclicLr, CyclicMode};
pub use linear::{ConstantLr, LinearLr, WarmupLinearDecay};
pub use one_cycle::{AnnealStrategy, OneCycleLr};
pub use plateau::{Plateau, PlateauMode, ReduceLrOnPlateau, ThresholdMode};
pub use polynomial::PolynomialLr;
pub use sequential::SequentialLr;
pub use steps::{ExponentialLr, MultiStepLr, StepLr};

/// A learning rate as a function of the rate at the start and the step.
///
/// A tuple of two is both, one after the other: the second is given the first's rate, as PyTorch's `ChainedScheduler` does with
/// schedules that multiply the rate by something.
///
/// ```
/// use optim::schedule::{ConstantLr, ExponentialLr, Schedule};
/// let warm = ConstantLr { factor: 0.1, total_iters: 20 };
/// let schedule = (warm, ExponentialLr::new(0.9));
/// assert!((schedule.at(0.05, 1) - 0.0045).abs() < 1e-15);
/// assert!((schedule.at(0.05, 20) - 0.05 * 0.9_f64.powi(20)).abs() < 1e-15);
///
/// /// As one's own formula.
/// #[derive(Debug)]
/// struct InverseRoot;
/// impl Schedule for InverseRoot {
///     fn at(&self, lr: f64, step: u32) -> f64 {
///         lr / f64::from(step + 1).sqrt()
///     }
/// }
/// assert_eq!(InverseRoot.at(0.1, 3), 0.05);
/// ```
pub trait Schedule: Debug {
    /// The learning rate of a step, counted from 0, where that at the start was `lr`.
    ///
    /// # Panics
    /// When a setting is out of its limits.
    #[must_use]
    #[track_caller]
    fn at(&self, lr: f64, step: u32) -> f64;
}

impl<S: Schedule + ?Sized> Schedule for &S {
    fn at(&self, lr: f64, step: u32) -> f64 {
        (**self).at(lr, step)
    }
}

impl<S: Schedule + ?Sized> Schedule for Box<S> {
    fn at(&self, lr: f64, step: u32) -> f64 {
        (**self).at(lr, step)
    }
}

impl<A: Schedule, B: Schedule> Schedule for (A, B) {
    fn at(&self, lr: f64, step: u32) -> f64 {
        self.1.at(self.0.at(lr, step), step)
    }
}

/// # Panics
/// When a number of steps is 0.
#[track_caller]
fn check_not_zero(schedule: &str, name: &str, steps: u32) {
    assert!(steps > 0, "{schedule}: {name} must be above 0, found 0");
}

/// How much of so many steps is over, from 0 to 1.
fn progress(step: u32, steps: u32) -> f64 {
    f64::from(step.min(steps)) / f64::from(steps)
}

/// From `start` to `end` as `progress` goes from 0 to 1, along half a cosine.
fn along_cosine(start: f64, end: f64, progress: f64) -> f64 {
    end + (start - end) * (1.0 + libm::cos(core::f64::consts::PI * progress)) / 2.0
}
