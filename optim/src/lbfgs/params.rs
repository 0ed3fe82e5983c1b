//! What [`Lbfgs`] is told, and what it tells.

use core::fmt;

/// The settings of [`Lbfgs`](crate::Lbfgs), by default PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LbfgsParams {
    /// The length of a step in units of the proposed one, or where a line search begins; 1 by default.
    pub lr: f64,
    /// How many iterations a step may take; 20 by default.
    pub max_iter: usize,
    /// How many evaluations a step may take; by default 5/4 of `max_iter`.
    pub max_eval: Option<usize>,
    /// A step ends where no element of the gradient is larger; 1e-7 by default.
    pub tolerance_grad: f64,
    /// A step ends where neither the loss nor any element of a parameter changes by more; 1e-9 by default.
    pub tolerance_change: f64,
    /// How many changes are remembered; 100 by default.
    pub history_size: usize,
    /// How the length of a step is found; by default it is not searched for.
    pub line_search: Option<LineSearch>,
    /// Whether the objective is to grow; off by default.
    pub maximize: bool,
}

/// How the length of a step is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineSearch {
    /// By bracketing and cubic interpolation, until the strong Wolfe conditions hold.
    StrongWolfe,
}

impl Default for LbfgsParams {
    fn default() -> Self {
        Self {
            lr: 1.0,
            max_iter: 20,
            max_eval: None,
            tolerance_grad: 1e-7,
            tolerance_change: 1e-9,
            history_size: 100,
            line_search: None,
            maximize: false,
        }
    }
}

/// What a step of [`Lbfgs`](crate::Lbfgs) did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LbfgsInfo {
    /// The loss at the beginning.
    pub initial_loss: f64,
    /// The last loss that was accepted. Without a line search nothing is evaluated behind the last of `max_iter` iterations.
    pub loss: f64,
    /// How many directions were taken.
    pub iterations: usize,
    /// How often the function was evaluated.
    pub evaluations: usize,
    /// Why it ended.
    pub stop: LbfgsStop,
}

/// Why a step of [`Lbfgs`](crate::Lbfgs) ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LbfgsStop {
    /// The gradient vanishes within `tolerance_grad`.
    Gradient,
    /// The loss would not fall along the direction, or neither it nor the parameters change by `tolerance_change`.
    Change,
    /// There were `max_iter` iterations.
    Iterations,
    /// There were `max_eval` evaluations.
    Evaluations,
    /// The loss or its gradient was not finite. The parameters are the last at which both were.
    NotFinite,
}

impl fmt::Display for LbfgsStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gradient => "the gradient vanishes",
            Self::Change => "no more progress",
            Self::Iterations => "the iterations are used up",
            Self::Evaluations => "the evaluations are used up",
            Self::NotFinite => "the loss or its gradient is not finite",
        })
    }
}
