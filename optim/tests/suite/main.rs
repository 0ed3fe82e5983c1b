//! Rules against PyTorch's numbers, traced against eager, derivatives, clipping, schedules, L-BFGS, and what is refused.

#![expect(clippy::unwrap_used, reason = "a test may fail by unwrapping, also in its helpers")]

mod decorators;
mod gradients;
mod lbfgs;
mod panics;
mod rules;
mod schedules;
mod traced;
