//! Normalisation of groups of channels.

use autodiff_core::{Backend, Tensor};

use crate::{Context, Layer, Module, Param, init};

/// `y = (x - mean) / sqrt(variance + eps) weight + bias`, over each group of channels of each example.
///
/// ```text
/// x [N, C, S..]    weight, bias [C]    ->    y [N, C, S..]        C / num_groups channels to a group, the variance biased
/// ```
///
/// (Wu and He, *Group normalization*, ECCV 2018, equations 1, 2 and 7.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::GroupNorm;
/// let norm = GroupNorm::<Cpu<f64>>::new(2, 4, &Default::default());
/// let y = norm.forward(&Tensor::new(&[1.0, 3.0, 10.0, 30.0], [1, 4])).to_vec();
/// assert!(y.iter().zip([-1.0, 1.0, -1.0, 1.0]).all(|(y, expected)| (y - expected).abs() < 1e-5));
/// ```
#[derive(Clone, Debug, Module)]
pub struct GroupNorm<B: Backend> {
    /// One factor for each channel; 1 at the start. `None` for `affine=False`.
    pub weight: Option<Param<B>>,
    /// One summand for each channel; 0 at the start.
    pub bias: Option<Param<B>>,
    /// How many groups the channels make.
    pub num_groups: usize,
    /// What is added to the variance; 1e-5.
    pub eps: f64,
}

impl<B: Backend> GroupNorm<B> {
    /// A layer with PyTorch's defaults.
    ///
    /// # Panics
    /// When the groups do not divide the channels.
    #[must_use]
    #[track_caller]
    pub fn new(num_groups: usize, num_channels: usize, device: &B::Device) -> Self {
        assert!(
            num_channels.checked_rem(num_groups) == Some(0),
            "group_norm: {num_groups} groups do not divide {num_channels} channels"
        );
        let (zeros, ones) = (init::zeros([num_channels], device), init::ones([num_channels], device));
        Self { weight: Some(Param::new(ones)), bias: Some(Param::new(zeros)), num_groups, eps: 1e-5 }
    }

    /// The normalised input.
    ///
    /// # Panics
    /// When the input has another number of channels.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor<B>) -> Tensor<B> {
        x.group_norm(self.num_groups, self.weight.as_deref(), self.bias.as_deref(), self.eps)
    }
}

impl<B: Backend> Layer<B> for GroupNorm<B> {
    type Output = Tensor<B>;
    fn forward(&self, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
        self.forward(x)
    }
}
