//! Initial values of parameters, as functions of a random key and a shape: PyTorch's `torch.nn.init`.
//!
//! The tensors live on the key's device. `fan_in` and `fan_out` are the numbers of inputs and outputs that meet in one
//! unit: `in` and `out` for a weight `[out, in]`, times the size of the receptive field for one `[out, in, ..]`.
//!
//! ```
//! use autodiff_core::{Index, Tensor};
//! use backend_cpu::Cpu;
//! use nn::init::{self, Fan, Nonlinearity};
//! let key = Index::<Cpu<f64>>::key(0, &Default::default());
//! let w = init::kaiming_normal(&key, [100, 50], Fan::In, Nonlinearity::ReLU);
//! assert!((w.square().mean().item() - 2.0 / 50.0).abs() < 2e-3); // gain^2 / fan_in
//! ```

mod diagonal;
mod orthogonal;
mod sparse;
mod truncated;
mod variance;

use autodiff_core::{Backend, Index, Shape, Tensor};

pub use diagonal::{dirac, eye};
pub use orthogonal::orthogonal;
pub use sparse::sparse;
pub use truncated::trunc_normal;
pub use variance::{Fan, Nonlinearity, kaiming_normal, kaiming_uniform, xavier_normal, xavier_uniform};

/// 0 everywhere.
#[must_use]
#[track_caller]
pub fn zeros<B: Backend>(shape: impl Into<Shape>, device: &B::Device) -> Tensor<B> {
    Tensor::zeros(shape, device)
}

/// 1 everywhere.
#[must_use]
#[track_caller]
pub fn ones<B: Backend>(shape: impl Into<Shape>, device: &B::Device) -> Tensor<B> {
    Tensor::ones(shape, device)
}

/// One number everywhere.
#[must_use]
#[track_caller]
pub fn constant<B: Backend>(shape: impl Into<Shape>, value: f64, device: &B::Device) -> Tensor<B> {
    Tensor::full(shape, value, device)
}

/// Uniformly distributed in `[low, high)`.
///
/// # Panics
/// When `key` is no key of shape `[2]`.
#[must_use]
#[track_caller]
pub fn uniform<B: Backend>(key: &Index<B>, shape: impl Into<Shape>, low: f64, high: f64) -> Tensor<B> {
    Tensor::uniform(key, shape) * (high - low) + low
}

/// Normally distributed with this mean and standard deviation.
///
/// # Panics
/// When `key` is no key of shape `[2]`.
#[must_use]
#[track_caller]
pub fn normal<B: Backend>(key: &Index<B>, shape: impl Into<Shape>, mean: f64, std: f64) -> Tensor<B> {
    Tensor::normal(key, shape) * std + mean
}

/// A shape that a tensor can have, or a panic: for what is computed of the extents before a tensor is made of them.
#[track_caller]
pub(crate) fn check_size(op: &str, shape: &Shape) {
    assert!(shape.checked_elements().is_some(), "{op}: a tensor of shape {shape} has too many elements");
}

/// A number of elements, exact below 2^53.
#[expect(clippy::cast_precision_loss, reason = "no tensor has 2^53 elements")]
pub(crate) const fn count(elements: usize) -> f64 {
    elements as f64
}
