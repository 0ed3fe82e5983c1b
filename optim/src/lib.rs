#![no_std]
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

extern crate alloc;

mod optimizer;
mod rule;

mod adadelta;
mod adafactor;
mod adagrad;
mod adam;
mod adamax;
mod adamw;
mod asgd;
mod lion;
mod nadam;
mod radam;
mod rmsprop;
mod rprop;
mod sgd;

mod accumulate;
mod clip;
mod ema;
mod grad_scaler;
mod groups;

mod lbfgs;
pub mod schedule;

pub use accumulate::Accumulate;
pub use adadelta::Adadelta;
pub use adafactor::Adafactor;
pub use adagrad::Adagrad;
pub use adam::Adam;
pub use adamax::Adamax;
pub use adamw::AdamW;
pub use asgd::Asgd;
pub use clip::{ClipGradNorm, ClipGradValue, clip_grad_norm, clip_grad_value};
pub use ema::Ema;
pub use grad_scaler::GradScaler;
pub use groups::{Group, Groups, biases_and_norms};
pub use lbfgs::{Lbfgs, LbfgsInfo, LbfgsParams, LbfgsStop, LineSearch};
pub use lion::Lion;
pub use nadam::NAdam;
pub use optimizer::{Optimizer, ParamStep, Updated};
pub use radam::RAdam;
pub use rmsprop::RmsProp;
pub use rprop::Rprop;
pub use rule::{Rule, StepInputs};
pub use sgd::Sgd;
