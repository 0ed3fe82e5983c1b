//! Rates that fall where a loss has stopped to fall.

/// The settings of a rate that falls by a factor where a metric has not improved for more than `patience` reports.
///
/// ```text
/// better:  metric < best (1 - threshold)   or  best - threshold     where it is to fall
///          metric > best (1 + threshold)   or  best + threshold     where it is to grow
/// lr <- max(lr factor, min_lr)   when `patience` is exceeded, unless that changes it by eps at most
/// ```
///
/// After that `cooldown` reports are not counted. A NaN is not better.
///
/// ```
/// use optim::schedule::ReduceLrOnPlateau;
/// let mut plateau = ReduceLrOnPlateau { patience: 1, factor: 0.5, ..ReduceLrOnPlateau::default() }.start(0.4);
/// let rates = [1.0, 0.9, 0.9, 0.9, 0.8].map(|loss| plateau.report(loss));
/// assert_eq!(rates, [0.4, 0.4, 0.4, 0.2, 0.2]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReduceLrOnPlateau {
    /// Whether the metric is to fall or to grow; to fall by default.
    pub mode: PlateauMode,
    /// The factor; 0.1 by default.
    pub factor: f64,
    /// How many reports without improvement are borne; 10 by default.
    pub patience: u32,
    /// How much counts as improvement; 1e-4 by default.
    pub threshold: f64,
    /// Relative to what; to the best metric by default.
    pub threshold_mode: ThresholdMode,
    /// How many reports after a change are not counted; 0 by default.
    pub cooldown: u32,
    /// The least rate; 0 by default.
    pub min_lr: f64,
    /// A change that is not larger is not made; 1e-8 by default.
    pub eps: f64,
}

/// Which metrics are better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlateauMode {
    /// Smaller ones, as of a loss.
    #[default]
    Min,
    /// Larger ones, as of an accuracy.
    Max,
}

/// Relative to what an improvement is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThresholdMode {
    /// To the best metric.
    #[default]
    Rel,
    /// To 1.
    Abs,
}

impl Default for ReduceLrOnPlateau {
    fn default() -> Self {
        Self {
            mode: PlateauMode::Min,
            factor: 0.1,
            patience: 10,
            threshold: 1e-4,
            threshold_mode: ThresholdMode::Rel,
            cooldown: 0,
            min_lr: 0.0,
            eps: 1e-8,
        }
    }
}

impl ReduceLrOnPlateau {
    /// A rate that begins with this.
    ///
    /// # Panics
    /// When the factor is not below 1.
    #[must_use]
    #[track_caller]
    pub fn start(self, lr: f64) -> Plateau {
        assert!(self.factor < 1.0, "reduce_lr_on_plateau: factor must be below 1, found {}", self.factor);
        let worst = if self.mode == PlateauMode::Min { f64::INFINITY } else { f64::NEG_INFINITY };
        Plateau { settings: self, lr, best: worst, bad: 0, cooling: 0 }
    }

    /// Whether a metric improves on the best.
    fn is_better(&self, metric: f64, best: f64) -> bool {
        match (self.mode, self.threshold_mode) {
            (PlateauMode::Min, ThresholdMode::Rel) => metric < best * (1.0 - self.threshold),
            (PlateauMode::Min, ThresholdMode::Abs) => metric < best - self.threshold,
            (PlateauMode::Max, ThresholdMode::Rel) => metric > best * (1.0 + self.threshold),
            (PlateauMode::Max, ThresholdMode::Abs) => metric > best + self.threshold,
        }
    }
}

/// A rate that [`ReduceLrOnPlateau`] began.
#[derive(Clone, Debug, PartialEq)]
pub struct Plateau {
    settings: ReduceLrOnPlateau,
    lr: f64,
    best: f64,
    /// How many reports did not improve on the best.
    bad: u32,
    /// How many reports are not counted yet.
    cooling: u32,
}

impl Plateau {
    /// The rate now.
    #[must_use]
    pub const fn lr(&self) -> f64 {
        self.lr
    }

    /// Takes a metric, and answers the rate from now on.
    pub fn report(&mut self, metric: f64) -> f64 {
        let better = self.settings.is_better(metric, self.best);
        if better {
            self.best = metric;
        }
        self.bad = if better { 0 } else { self.bad + 1 };
        if self.cooling > 0 {
            self.cooling -= 1;
            self.bad = 0;
        }
        if self.bad > self.settings.patience {
            self.reduce();
            self.cooling = self.settings.cooldown;
            self.bad = 0;
        }
        self.lr
    }

    fn reduce(&mut self) {
        let lr = (self.lr * self.settings.factor).max(self.settings.min_lr);
        if self.lr - lr > self.settings.eps {
            self.lr = lr;
        }
    }
}
