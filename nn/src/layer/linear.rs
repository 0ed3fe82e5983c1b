//! The affine layer, `y = x W^T + b`.

use autodiff_core::{Backend, Tensor};

use crate::{Context, Keys, Layer, Module, Param, init};

/// `y = x W^T + b`, along the last axis.
///
/// ```text
/// x [.., in]    W [out, in]    b [out]    ->    y [.., out]
/// ```
///
/// Weight and bias begin uniformly distributed between `-1/sqrt(in)` and `1/sqrt(in)`, as PyTorch's do.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Linear, Param};
/// let layer = Linear {
///     weight: Param::new(Tensor::<Cpu<f32>>::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [3, 2])),
///     bias: Some(Param::new(Tensor::new(&[0.5, 0.0, -0.5], [3]))),
/// };
/// let y = layer.forward(&Tensor::new(&[1.0, 10.0], [1, 2]));
/// assert_eq!(y.to_vec(), [21.5, 43.0, 64.5]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct Linear<B: Backend> {
    /// `W`, of shape `[out, in]`.
    pub weight: Param<B>,
    /// `b`, of shape `[out]`.
    pub bias: Option<Param<B>>,
}

impl<B: Backend> Linear<B> {
    /// A layer with bias, initialised from two keys.
    ///
    /// # Panics
    /// When the extents are too large for a tensor.
    #[must_use]
    #[track_caller]
    pub fn new(in_features: usize, out_features: usize, keys: &mut Keys<B>) -> Self {
        let Self { weight, .. } = Self::without_bias(in_features, out_features, keys);
        let bound = fan_bound(in_features);
        let bias = init::uniform(&keys.next_key(), [out_features], -bound, bound);
        Self { weight, bias: Some(Param::new(bias)) }
    }

    /// A layer without bias, initialised from one key.
    ///
    /// # Panics
    /// When the extents are too large for a tensor.
    #[must_use]
    #[track_caller]
    pub fn without_bias(in_features: usize, out_features: usize, keys: &mut Keys<B>) -> Self {
        let bound = fan_bound(in_features);
        let weight = init::uniform(&keys.next_key(), [out_features, in_features], -bound, bound);
        Self { weight: Param::new(weight), bias: None }
    }

    /// `x W^T + b`
    ///
    /// # Panics
    /// When the last axis of `x` has not the extent that the layer takes.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor<B>) -> Tensor<B> {
        affine("linear", x, &self.weight, self.bias.as_deref())
    }
}

/// `x W^T + b`, for the layer of this name.
#[track_caller]
pub(super) fn affine<B: Backend>(op: &str, x: &Tensor<B>, weight: &Tensor<B>, bias: Option<&Tensor<B>>) -> Tensor<B> {
    let (found, expected) = (x.shape(), weight.shape());
    assert!(
        found.extents().last() == expected.extents().last(),
        "{op}: the last axis of the input must be the weight's: {found} and {expected}"
    );
    let y = x.matmul(&weight.t());
    match bias {
        Some(bias) => y + bias,
        None => y,
    }
}

impl<B: Backend> Layer<B> for Linear<B> {
    type Output = Tensor<B>;
    fn forward(&self, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
        self.forward(x)
    }
}

/// `1 / sqrt(fan_in)`, within which PyTorch draws weights and biases of layers; 0 for a layer without inputs.
pub(super) fn fan_bound(fan_in: usize) -> f64 {
    if fan_in == 0 { 0.0 } else { 1.0 / libm::sqrt(init::count(fan_in)) }
}
