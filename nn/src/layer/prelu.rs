//! The rectifier with a slope that is learnt.

use autodiff_core::{Backend, Tensor};

use crate::{Context, Layer, Module, Param, init};

/// `x` above 0, `weight x` below; at 0 the slope is `weight`.
///
/// ```text
/// x [N, C, ..]    weight [1] or [C]    ->    y [N, C, ..]
/// ```
///
/// (He, Zhang, Ren and Sun, *Delving deep into rectifiers*, ICCV 2015, equation 1.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// let prelu = nn::PReLU::<Cpu<f32>>::new(1, &Default::default());
/// assert_eq!(prelu.forward(&Tensor::new(&[-4.0, 0.0, 2.0], [3])).to_vec(), [-1.0, 0.0, 2.0]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct PReLU<B: Backend> {
    /// The slope below 0, one for all or one for each channel on axis 1; 0.25 at the start.
    pub weight: Param<B>,
}

impl<B: Backend> PReLU<B> {
    /// One slope for all, or one for each of so many channels.
    #[must_use]
    #[track_caller]
    pub fn new(num_parameters: usize, device: &B::Device) -> Self {
        Self { weight: Param::new(init::constant([num_parameters], 0.25, device)) }
    }

    /// The function of each element; the shape stays.
    ///
    /// # Panics
    /// When there are several slopes, and not one for each channel of the input.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor<B>) -> Tensor<B> {
        x.prelu(&self.weight)
    }
}

impl<B: Backend> Layer<B> for PReLU<B> {
    type Output = Tensor<B>;
    fn forward(&self, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
        self.forward(x)
    }
}
