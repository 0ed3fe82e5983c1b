//! Losses: how far predictions are from what they should be.

mod cross_entropy;
mod mse;

use autodiff_core::{Backend, Tensor};

pub use cross_entropy::{cross_entropy, cross_entropy_soft};
pub use mse::mse_loss;

/// What becomes of the losses of all examples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduction {
    /// They stay as they are.
    None,
    /// Their mean; NaN of none.
    #[default]
    Mean,
    /// Their sum.
    Sum,
}

impl Reduction {
    /// The losses, reduced.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// use nn::Reduction;
    /// let losses = Tensor::<Cpu<f32>>::new(&[1.0, 3.0], [2]);
    /// assert_eq!(Reduction::Mean.apply(losses.clone()).item(), 2.0);
    /// assert_eq!(Reduction::Sum.apply(losses.clone()).item(), 4.0);
    /// assert_eq!(Reduction::None.apply(losses).shape(), [2]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn apply<B: Backend>(self, losses: Tensor<B>) -> Tensor<B> {
        match self {
            Self::None => losses,
            Self::Mean => losses.mean(),
            Self::Sum => losses.sum(),
        }
    }
}
