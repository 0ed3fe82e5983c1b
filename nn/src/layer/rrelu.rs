//! The rectifier with a random slope.

use autodiff_core::{Backend, Tensor};

use crate::{Context, Layer, Module, init};

/// `x` above 0, `a x` below, with `a` drawn for each element in training, and the mean slope in evaluation.
///
/// ```text
/// a uniformly distributed in [lower, upper)  in training      a = (lower + upper) / 2  in evaluation
/// ```
///
/// (Xu, Wang, Chen and Li, *Empirical evaluation of rectified activations in convolutional network*, 2015, section 2.4.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Context, RReLU};
/// let x = Tensor::<Cpu<f32>>::new(&[-48.0, 0.0, 2.0], [3]);
/// let y = RReLU::default().forward(&x, &mut Context::evaluation()).to_vec();
/// assert_eq!(y, [-11.0, 0.0, 2.0]); // (1/8 + 1/3) / 2 = 11/48
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Module)]
pub struct RReLU {
    /// The least slope; 1/8.
    pub lower: f64,
    /// The largest slope; 1/3.
    pub upper: f64,
}

impl Default for RReLU {
    fn default() -> Self {
        Self { lower: 1.0 / 8.0, upper: 1.0 / 3.0 }
    }
}

impl RReLU {
    /// The function of each element.
    ///
    /// # Panics
    /// In training when the context has no key.
    #[must_use]
    #[track_caller]
    pub fn forward<B: Backend>(&self, x: &Tensor<B>, ctx: &mut Context<B>) -> Tensor<B> {
        let Self { lower, upper } = *self;
        if !ctx.is_training() {
            return x.leaky_relu((lower + upper) / 2.0);
        }
        let slope = init::uniform(&ctx.next_key(), x.shape(), lower, upper).cast(x.dtype());
        x.gt(&x.zeros_like()).select(x, &(x * slope))
    }
}

impl<B: Backend> Layer<B> for RReLU {
    type Output = Tensor<B>;
    fn forward(&self, x: &Tensor<B>, ctx: &mut Context<B>) -> Tensor<B> {
        self.forward(x, ctx)
    }
}
