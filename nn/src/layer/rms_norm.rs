//! Normalisation by the root of the mean square.

use autodiff_core::{Backend, Element, FloatCore, Shape, Tensor};

use crate::{Context, Layer, Module, Param, init};

/// `y = x / sqrt(mean(x x) + eps) weight`, over the last axes of each example.
///
/// ```text
/// x [.., S..]    weight [S..]    ->    y [.., S..]        with S the normalised shape
/// ```
///
/// (Zhang and Sennrich, *Root mean square layer normalization*, NeurIPS 2019, equation 4.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::RMSNorm;
/// let norm = RMSNorm::<Cpu<f64>>::new([2], &Default::default());
/// let y = norm.forward(&Tensor::new(&[1.0, 7.0], [1, 2])).to_vec();
/// assert!((y[0] - 0.2).abs() < 1e-12 && (y[1] - 1.4).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, Module)]
pub struct RMSNorm<B: Backend> {
    /// The factors, of the normalised shape; 1 at the start. `None` for `elementwise_affine=False`.
    pub weight: Option<Param<B>>,
    /// The extents of the last axes.
    pub normalized_shape: Shape,
    /// What is added to the mean square; the element's rounding unit, as in PyTorch.
    pub eps: f64,
}

impl<B: Backend> RMSNorm<B> {
    /// A layer with PyTorch's defaults.
    #[must_use]
    #[track_caller]
    pub fn new(normalized_shape: impl Into<Shape>, device: &B::Device) -> Self {
        let normalized_shape = normalized_shape.into();
        let weight = Some(Param::new(init::ones(normalized_shape, device)));
        Self { weight, normalized_shape, eps: B::Elem::epsilon().into_f64() }
    }

    /// The normalised input.
    ///
    /// # Panics
    /// When the last axes have other extents.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor<B>) -> Tensor<B> {
        x.rms_norm(self.normalized_shape, self.weight.as_deref(), self.eps)
    }
}

impl<B: Backend> Layer<B> for RMSNorm<B> {
    type Output = Tensor<B>;
    fn forward(&self, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
        self.forward(x)
    }
}
