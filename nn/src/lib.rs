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
pub use layer::{
    Dropout, Flatten, GELU, Identity, Layer, Linear, LogSigmoid, LogSoftmax, ReLU, SiLU, Sigmoid, Softmax, Softplus,
    Tanh,
};
pub use loss::{Reduction, cross_entropy, cross_entropy_soft, mse_loss};
pub use module::{Buffer, Kind, Leaf, Module, Param, ParamId, Path, Walk, gradients};
pub use train::{StepError, TrainStep};
