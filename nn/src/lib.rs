#![no_std]
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

extern crate alloc;
// So that `#[derive(Module)]`, which writes `::nn`, works in this crate too.
extern crate self as nn;

mod context;
pub mod init;
mod layer;
mod loss;
mod module;
mod train;

pub use autodiff_core::Backend;
pub use nn_derive::Module;

pub use context::{Context, Keys};
pub use layer::*;
pub use loss::{
    BinaryCrossEntropy, CrossEntropy, Nll, Reduction, binary_cross_entropy, binary_cross_entropy_with_logits,
    cross_entropy, cross_entropy_soft, cross_entropy_with, huber_loss, kl_div, l1_loss, mse_loss, nll_loss,
    smooth_l1_loss,
};
pub use module::{Buffer, Kind, Leaf, Module, Param, ParamId, Path, Walk, gradients};
pub use train::{StepError, TrainStep};
