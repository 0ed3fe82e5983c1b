//! Normalisation of each channel of each example.

use autodiff_core::{Backend, Tensor};

use crate::{Context, Layer, Module, Param, init};

/// `y = (x - mean) / sqrt(variance + eps) weight + bias`, over each channel of each example alone: [`InstanceNorm1d`],
/// [`InstanceNorm2d`], [`InstanceNorm3d`].
///
/// ```text
/// x [N, C, S..]    weight, bias [C]    ->    y [N, C, S..]        the variance biased
/// ```
///
/// As in PyTorch there are neither weight nor bias unless they are asked for; running statistics are not kept.
///
/// (Ulyanov, Vedaldi and Lempitsky, *Instance normalization*, 2016, equation 2.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::InstanceNorm1d;
/// let y = InstanceNorm1d::<Cpu<f64>>::new().forward(&Tensor::new(&[1.0, 3.0, 10.0, 30.0], [1, 2, 2])).to_vec();
/// assert!(y.iter().zip([-1.0, 1.0, -1.0, 1.0]).all(|(y, expected)| (y - expected).abs() < 1e-5));
/// ```
#[derive(Clone, Debug, Module)]
pub struct InstanceNorm<B: Backend, const D: usize> {
    /// One factor for each channel.
    pub weight: Option<Param<B>>,
    /// One summand for each channel.
    pub bias: Option<Param<B>>,
    /// What is added to the variance; 1e-5.
    pub eps: f64,
}

/// Instance normalisation of `[N, C, L]`. See [`InstanceNorm`].
pub type InstanceNorm1d<B> = InstanceNorm<B, 1>;
/// Instance normalisation of `[N, C, H, W]`. See [`InstanceNorm`].
pub type InstanceNorm2d<B> = InstanceNorm<B, 2>;
/// Instance normalisation of `[N, C, D, H, W]`. See [`InstanceNorm`].
pub type InstanceNorm3d<B> = InstanceNorm<B, 3>;

impl<B: Backend, const D: usize> Default for InstanceNorm<B, D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<B: Backend, const D: usize> InstanceNorm<B, D> {
    /// A layer with PyTorch's defaults, which has no parameters.
    #[must_use]
    pub const fn new() -> Self {
        Self { weight: None, bias: None, eps: 1e-5 }
    }

    /// A layer with a weight, 1 at the start, and a bias, 0 at the start.
    #[must_use]
    #[track_caller]
    pub fn affine(num_features: usize, device: &B::Device) -> Self {
        let (zeros, ones) = (init::zeros([num_features], device), init::ones([num_features], device));
        Self { weight: Some(Param::new(ones)), bias: Some(Param::new(zeros)), ..Self::new() }
    }

    /// The normalised input.
    ///
    /// # Panics
    /// When the input has another rank or number of channels, and when a channel of an example has a single number only, which
    /// has no variance: in evaluation too, as in PyTorch, since no running statistics stand in.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor<B>) -> Tensor<B> {
        let shape = x.shape();
        assert!(
            shape.rank() == D + 2,
            "instance_norm: an input with {D} axes behind examples and channels expected, its shape is {shape}"
        );
        assert!(
            shape.extents()[2..].iter().any(|&extent| extent != 1),
            "instance_norm: more than one number for each channel of an example expected, the shape is {shape}"
        );
        x.instance_norm(self.weight.as_deref(), self.bias.as_deref(), self.eps)
    }
}

impl<B: Backend, const D: usize> Layer<B> for InstanceNorm<B, D> {
    type Output = Tensor<B>;
    fn forward(&self, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
        self.forward(x)
    }
}
