//! Rates along straight lines: held for a while, led to their full size, and led to 0 again.

use super::{Schedule, check_not_zero, progress};

/// `lr factor` for `total_iters` steps, `lr` afterwards.
///
/// ```
/// use optim::schedule::{ConstantLr, Schedule};
/// let schedule = ConstantLr { factor: 0.5, total_iters: 4 };
/// assert_eq!([0, 3, 4].map(|step| schedule.at(0.1, step)), [0.05, 0.05, 0.1]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConstantLr {
    /// The factor; 1/3 by default.
    pub factor: f64,
    /// For how many steps; 5 by default.
    pub total_iters: u32,
}

impl Default for ConstantLr {
    fn default() -> Self {
        Self { factor: 1.0 / 3.0, total_iters: 5 }
    }
}

impl Schedule for ConstantLr {
    fn at(&self, lr: f64, step: u32) -> f64 {
        if step < self.total_iters { lr * self.factor } else { lr }
    }
}

/// `lr` times a factor that goes from `start_factor` to `end_factor` in `total_iters` steps, and stays there.
///
/// ```
/// use optim::schedule::{LinearLr, Schedule};
/// let schedule = LinearLr { start_factor: 0.5, total_iters: 4, ..LinearLr::default() };
/// assert_eq!([0, 2, 4, 9].map(|step| schedule.at(1.0, step)), [0.5, 0.75, 1.0, 1.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearLr {
    /// The first factor; 1/3 by default.
    pub start_factor: f64,
    /// The last factor; 1 by default.
    pub end_factor: f64,
    /// The number of steps between them; 5 by default.
    pub total_iters: u32,
}

impl Default for LinearLr {
    fn default() -> Self {
        Self { start_factor: 1.0 / 3.0, end_factor: 1.0, total_iters: 5 }
    }
}

impl Schedule for LinearLr {
    fn at(&self, lr: f64, step: u32) -> f64 {
        check_not_zero("linear_lr", "total_iters", self.total_iters);
        lr * (self.start_factor + (self.end_factor - self.start_factor) * progress(step, self.total_iters))
    }
}

/// `lr step / warmup_steps` at first, then in a line from `lr` to 0 at `total_steps`, where it stays.
///
/// ```text
/// lr step / warmup_steps                                      step < warmup_steps
/// lr (total_steps - step) / (total_steps - warmup_steps)      up to total_steps
/// ```
///
/// (J. Devlin et al., *BERT: pre-training of deep bidirectional transformers for language understanding*, NAACL 2019, appendix
/// A.2. PyTorch has it as a `LambdaLR`.)
///
/// ```
/// use optim::schedule::{Schedule, WarmupLinearDecay};
/// let schedule = WarmupLinearDecay { warmup_steps: 2, total_steps: 6 };
/// assert_eq!([0, 1, 2, 4, 6, 9].map(|step| schedule.at(0.4, step)), [0.0, 0.2, 0.4, 0.2, 0.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WarmupLinearDecay {
    /// When the rate is at its full size.
    pub warmup_steps: u32,
    /// When it is 0.
    pub total_steps: u32,
}

impl Schedule for WarmupLinearDecay {
    fn at(&self, lr: f64, step: u32) -> f64 {
        let &Self { warmup_steps: warm, total_steps: total } = self;
        assert!(warm <= total, "warmup_linear_decay: {warm} steps of warm-up are more than {total} in all");
        if step < warm {
            lr * progress(step, warm)
        } else if step < total {
            lr * (1.0 - progress(step - warm, total - warm))
        } else {
            0.0
        }
    }
}
