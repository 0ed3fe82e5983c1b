#![no_std]
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

extern crate alloc;

mod adam;
mod optimizer;
mod sgd;

pub use adam::Adam;
pub use optimizer::{Optimizer, StepInputs};
pub use sgd::Sgd;
