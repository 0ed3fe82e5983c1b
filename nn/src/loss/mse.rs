//! The mean squared error.

use autodiff_core::{Backend, Tensor};

use crate::Reduction;

/// `(x - t)^2`: the squared error of each element.
///
/// ```text
/// x [..]   t [..]   loss [..]
/// ```
///
/// Gradient `2 g (x - t)`. The mean is over all elements.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Reduction, mse_loss};
/// let [x, t] = [[1.0, 2.0], [0.0, 4.0]].map(|values| Tensor::<Cpu<f32>>::new(&values, [2]));
/// assert_eq!(mse_loss(&x, &t, Reduction::Mean).item(), 2.5);
/// ```
///
/// # Panics
/// When the shapes differ: broadcasting would hide the mistake.
#[must_use]
#[track_caller]
pub fn mse_loss<B: Backend>(input: &Tensor<B>, target: &Tensor<B>, reduction: Reduction) -> Tensor<B> {
    let (shape, found) = (input.shape(), target.shape());
    assert!(shape == found, "mse_loss: input and target must have one shape: {shape} and {found}");
    reduction.apply((input - target).square())
}
