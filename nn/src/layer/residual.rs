//! A connection around a layer.

use core::ops::Add;

use autodiff_core::Backend;

use crate::{Context, Layer, Module};

/// `y = x + f(x)`
///
/// (He, Zhang, Ren and Sun, *Deep residual learning for image recognition*, CVPR 2016, equation 1.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Context, Layer, ReLU, Residual};
/// let x = Tensor::<Cpu<f32>>::new(&[-1.0, 2.0], [2]);
/// assert_eq!(Residual(ReLU).forward(&x, &mut Context::evaluation()).to_vec(), [-1.0, 4.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Module)]
pub struct Residual<L>(
    /// `f`, which answers what it takes.
    pub L,
);

impl<B: Backend, X, L: Layer<B, X, Output = X>> Layer<B, X> for Residual<L>
where
    for<'x> &'x X: Add<X, Output = X>,
{
    type Output = X;
    fn forward(&self, x: &X, ctx: &mut Context<B>) -> X {
        x + self.0.forward(x, ctx)
    }
}
