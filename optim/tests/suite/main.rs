//! Rules against PyTorch's numbers, traced against eager, derivatives, clipping, schedules, L-BFGS, and what is refused.

mod decorators;
mod grad_scaler;
mod gradients;
mod lbfgs;
mod panics;
mod rules;
mod schedules;
mod traced;
