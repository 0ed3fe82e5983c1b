#![no_std]
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;
// So that `#[derive(Module)]`, which writes `::nn`, works in this crate too.
extern crate self as nn;

mod classes;
mod compile;
mod context;
mod inference;
pub mod init;
mod layer;
mod loss;
pub mod metrics;
mod module;
mod train;

pub use autodiff_core::Backend;
pub use nn_derive::Module;

pub use compile::{StepError, TraceReport};
pub use context::{Context, Keys};
pub use inference::Inference;
pub use layer::*;
pub use loss::{
    BinaryCrossEntropy, CrossEntropy, Ctc, GaussianNll, MultiMargin, Nll, PoissonNll, Reduction, TripletMargin,
    binary_cross_entropy, binary_cross_entropy_with_logits, cosine_embedding_loss, cross_entropy, cross_entropy_soft,
    cross_entropy_soft_with, cross_entropy_with, ctc_loss, gaussian_nll_loss, hinge_embedding_loss, huber_loss, kl_div,
    l1_loss, margin_ranking_loss, mse_loss, multi_margin_loss, multilabel_soft_margin_loss, negative_sampling_loss,
    nll_loss, poisson_nll_loss, smooth_l1_loss, soft_margin_loss, triplet_margin_loss,
};
pub use module::{Buffer, Kind, Leaf, Module, Param, ParamId, Path, Walk, gradients};
pub use train::TrainStep;
