//! One rise and one fall, to far below the start.

use super::{Schedule, along_cosine, check_not_zero};

/// One cycle: up to `max_lr` and down to almost nothing.
///
/// ```text
/// initial = max_lr / div_factor,   min = initial / final_div_factor
/// initial -> max_lr               until step pct_start total_steps - 1
/// max_lr  -> min                  until step total_steps - 1
/// ```
///
/// and with `three_phase` back from `max_lr` to `initial` in as many steps as it took to rise, and then to `min`. It begins with
/// `initial` and not with the optimizer's rate, which it does not read. After the last step it stays where it is. A phase of no
/// length is passed over. PyTorch's also moves the momentum; here that is a setting.
///
/// (L. Smith and N. Topin, *Super-convergence: very fast training of neural networks using large learning rates*, 2018.)
///
/// ```
/// use optim::schedule::{AnnealStrategy, OneCycleLr, Schedule};
/// let schedule = OneCycleLr { anneal_strategy: AnnealStrategy::Linear, ..OneCycleLr::new(0.5, 10) };
/// let near = |step, lr: f64| (schedule.at(0.1, step) - lr).abs() < 1e-5;
/// assert!(near(0, 0.02) && near(1, 0.26) && near(2, 0.5) && near(9, 0.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneCycleLr {
    /// The largest rate.
    pub max_lr: f64,
    /// The number of steps of the cycle.
    pub total_steps: u32,
    /// Which part of it the rate rises; 0.3 by default.
    pub pct_start: f64,
    /// Along what; a cosine by default.
    pub anneal_strategy: AnnealStrategy,
    /// How many times larger `max_lr` is than the first rate; 25 by default.
    pub div_factor: f64,
    /// How many times larger the first rate is than the last; 1e4 by default.
    pub final_div_factor: f64,
    /// Whether it comes back to the first rate before it goes to the last; off by default.
    pub three_phase: bool,
}

/// Along what the rate goes in a phase of [`OneCycleLr`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnnealStrategy {
    /// Half a cosine.
    #[default]
    Cos,
    /// A straight line.
    Linear,
}

impl OneCycleLr {
    /// Up to this rate, in so many steps in all.
    #[must_use]
    pub const fn new(max_lr: f64, total_steps: u32) -> Self {
        Self {
            max_lr,
            total_steps,
            pct_start: 0.3,
            anneal_strategy: AnnealStrategy::Cos,
            div_factor: 25.0,
            final_div_factor: 1e4,
            three_phase: false,
        }
    }

    /// The last step of each phase, and the rate there.
    fn phases(&self) -> ([(f64, f64); 3], usize) {
        let initial = self.max_lr / self.div_factor;
        let rise = self.pct_start * f64::from(self.total_steps);
        let last = (f64::from(self.total_steps) - 1.0, initial / self.final_div_factor);
        let top = (rise - 1.0, self.max_lr);
        if self.three_phase { ([top, (2.0 * rise - 2.0, initial), last], 3) } else { ([top, last, last], 2) }
    }

    #[track_caller]
    fn check(&self) {
        check_not_zero("one_cycle_lr", "total_steps", self.total_steps);
        let share = self.pct_start;
        assert!((0.0..=1.0).contains(&share), "one_cycle_lr: pct_start must be from 0 to 1, found {share}");
        for (name, factor) in [("div_factor", self.div_factor), ("final_div_factor", self.final_div_factor)] {
            assert!(factor > 0.0, "one_cycle_lr: {name} must be above 0, found {factor}");
        }
    }
}

impl Schedule for OneCycleLr {
    fn at(&self, _lr: f64, step: u32) -> f64 {
        self.check();
        let (step, (phases, count)) = (f64::from(step), self.phases());
        let (mut start, mut rate) = (0.0, self.max_lr / self.div_factor);
        for (end, next) in &phases[..count - 1] {
            if step <= *end {
                return self.between((start, rate), (*end, *next), step);
            }
            (start, rate) = (*end, *next);
        }
        self.between((start, rate), phases[count - 1], step)
    }
}

impl OneCycleLr {
    fn between(&self, (start, from): (f64, f64), (end, to): (f64, f64), step: f64) -> f64 {
        let progress = if step < end { (step - start) / (end - start) } else { 1.0 };
        match self.anneal_strategy {
            AnnealStrategy::Cos => along_cosine(from, to, progress),
            AnnealStrategy::Linear => from + (to - from) * progress,
        }
    }
}
