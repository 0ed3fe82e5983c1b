//! Layer normalisation.

use autodiff_core::{Backend, Shape, Tensor};

use crate::{Context, Layer, Module, Param, init};

/// `y = (x - mean) / sqrt(variance + eps) weight + bias`, over the last axes of each example.
///
/// ```text
/// x [.., S..]    weight, bias [S..]    ->    y [.., S..]        with S the normalised shape, the variance biased
/// ```
///
/// (Ba, Kiros and Hinton, *Layer normalization*, 2016, equations 3 and 4.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::LayerNorm;
/// let norm = LayerNorm::<Cpu<f64>>::new([2], &Default::default());
/// let y = norm.forward(&Tensor::new(&[1.0, 3.0, 10.0, 30.0], [2, 2])).to_vec();
/// assert!(y.iter().zip([-1.0, 1.0, -1.0, 1.0]).all(|(y, expected)| (y - expected).abs() < 1e-5));
/// ```
#[derive(Clone, Debug, Module)]
pub struct LayerNorm<B: Backend> {
    /// The factors, of the normalised shape; 1 at the start. `None` for `elementwise_affine=False`.
    pub weight: Option<Param<B>>,
    /// The summands, of the normalised shape; 0 at the start.
    pub bias: Option<Param<B>>,
    /// The extents of the last axes.
    pub normalized_shape: Shape,
    /// What is added to the variance; 1e-5.
    pub eps: f64,
}

impl<B: Backend> LayerNorm<B> {
    /// A layer with PyTorch's defaults.
    #[must_use]
    #[track_caller]
    pub fn new(normalized_shape: impl Into<Shape>, device: &B::Device) -> Self {
        let normalized_shape = normalized_shape.into();
        Self {
            weight: Some(Param::new(init::ones(normalized_shape, device))),
            bias: Some(Param::new(init::zeros(normalized_shape, device))),
            normalized_shape,
            eps: 1e-5,
        }
    }

    /// The normalised input.
    ///
    /// # Panics
    /// When the last axes have other extents.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor<B>) -> Tensor<B> {
        x.layer_norm(self.normalized_shape, self.weight.as_deref(), self.bias.as_deref(), self.eps)
    }
}

impl<B: Backend> Layer<B> for LayerNorm<B> {
    type Output = Tensor<B>;
    fn forward(&self, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
        self.forward(x)
    }
}
