//! Rates along a cosine: once, and with restarts.

use super::{Schedule, along_cosine, check_not_zero};

/// From `lr` to `eta_min` in `t_max` steps, and back in as many, for ever.
///
/// ```text
/// eta_min + (lr - eta_min) (1 + cos(pi step / t_max)) / 2
/// ```
///
/// (I. Loshchilov and F. Hutter, *SGDR: stochastic gradient descent with warm restarts*, ICLR 2017, equation 5 without
/// restarts. PyTorch's two forms of it agree but for rounding.)
///
/// ```
/// use optim::schedule::{CosineAnnealingLr, Schedule};
/// let schedule = CosineAnnealingLr::new(10);
/// let near = |step, lr: f64| (schedule.at(0.1, step) - lr).abs() < 1e-15;
/// assert!(near(0, 0.1) && near(5, 0.05) && near(10, 0.0) && near(20, 0.1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CosineAnnealingLr {
    /// In how many steps the rate falls.
    pub t_max: u32,
    /// The least rate; 0 by default.
    pub eta_min: f64,
}

impl CosineAnnealingLr {
    /// To 0 in so many steps.
    #[must_use]
    pub const fn new(t_max: u32) -> Self {
        Self { t_max, eta_min: 0.0 }
    }
}

impl Schedule for CosineAnnealingLr {
    fn at(&self, lr: f64, step: u32) -> f64 {
        check_not_zero("cosine_annealing_lr", "t_max", self.t_max);
        // The cosine is even and periodic: its argument stays small, however many steps there are.
        let within = u64::from(step) % (2 * u64::from(self.t_max));
        along_cosine(lr, self.eta_min, whole(within) / f64::from(self.t_max))
    }
}

/// From `lr` to `eta_min` along half a cosine, again and again, in `t_0` steps, then `t_0 t_mult`, then `t_0 t_mult^2`.
///
/// ```text
/// eta_min + (lr - eta_min) (1 + cos(pi t / T)) / 2      in the t-th step of a period of T steps
/// ```
///
/// (I. Loshchilov and F. Hutter, *SGDR: stochastic gradient descent with warm restarts*, ICLR 2017, equation 5.)
///
/// ```
/// use optim::schedule::{CosineAnnealingWarmRestarts, Schedule};
/// let schedule = CosineAnnealingWarmRestarts { t_mult: 2, ..CosineAnnealingWarmRestarts::new(2) };
/// let near = |step, lr: f64| (schedule.at(0.1, step) - lr).abs() < 1e-15;
/// assert!(near(0, 0.1) && near(1, 0.05) && near(2, 0.1) && near(4, 0.05) && near(6, 0.1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CosineAnnealingWarmRestarts {
    /// The length of the first period.
    pub t_0: u32,
    /// How many times as long the next period is; 1 by default.
    pub t_mult: u32,
    /// The least rate; 0 by default.
    pub eta_min: f64,
}

impl CosineAnnealingWarmRestarts {
    /// Periods of so many steps, down to 0.
    #[must_use]
    pub const fn new(t_0: u32) -> Self {
        Self { t_0, t_mult: 1, eta_min: 0.0 }
    }

    /// The step within its period, and the period's length.
    #[track_caller]
    fn place(&self, step: u32) -> (u64, u64) {
        check_not_zero("cosine_annealing_warm_restarts", "t_0", self.t_0);
        check_not_zero("cosine_annealing_warm_restarts", "t_mult", self.t_mult);
        let (mut step, mut period) = (u64::from(step), u64::from(self.t_0));
        if self.t_mult == 1 {
            return (step % period, period);
        }
        while step >= period {
            step -= period;
            period *= u64::from(self.t_mult);
        }
        (step, period)
    }
}

impl Schedule for CosineAnnealingWarmRestarts {
    fn at(&self, lr: f64, step: u32) -> f64 {
        let (step, period) = self.place(step);
        along_cosine(lr, self.eta_min, whole(step) / whole(period))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a number of steps is far below 2^53")]
const fn whole(steps: u64) -> f64 {
    steps as f64
}
