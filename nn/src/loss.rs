//! Losses: how far predictions are from what they should be.

mod binary;
mod cross_entropy;
mod ctc;
mod distance;
mod kl_div;
mod likelihood;
mod margin;
mod negative_sampling;
mod pairs;
mod soft;
mod triplet;

use autodiff_core::{Backend, Tensor};

pub use binary::{BinaryCrossEntropy, binary_cross_entropy, binary_cross_entropy_with_logits};
pub use cross_entropy::{CrossEntropy, Nll, cross_entropy, cross_entropy_with, nll_loss};
pub use ctc::{Ctc, ctc_loss};
pub use distance::{huber_loss, l1_loss, mse_loss, smooth_l1_loss};
pub use kl_div::kl_div;
pub use likelihood::{GaussianNll, PoissonNll, gaussian_nll_loss, poisson_nll_loss};
pub use margin::{MultiMargin, multi_margin_loss, multilabel_soft_margin_loss, soft_margin_loss};
pub use negative_sampling::negative_sampling_loss;
pub use pairs::{cosine_embedding_loss, hinge_embedding_loss, margin_ranking_loss};
pub use soft::{cross_entropy_soft, cross_entropy_soft_with};
pub use triplet::{TripletMargin, triplet_margin_loss};

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
    /// Their sum, divided by the extent of the first axis.
    BatchMean,
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
    /// assert_eq!(Reduction::BatchMean.apply(losses.reshape([1, 2])).item(), 4.0);
    /// assert_eq!(Reduction::None.apply(losses).shape(), [2]);
    /// ```
    ///
    /// # Panics
    /// For the mean over a batch, when there is no axis.
    #[must_use]
    #[track_caller]
    pub fn apply<B: Backend>(self, losses: Tensor<B>) -> Tensor<B> {
        match self {
            Self::None => losses,
            Self::Mean => losses.mean(),
            Self::Sum => losses.sum(),
            Self::BatchMean => {
                let shape = losses.shape();
                assert!(shape.rank() > 0, "batchmean: the losses need an axis of examples, their shape is {shape}");
                #[expect(clippy::cast_precision_loss, reason = "a count beyond 2^53 examples fits no memory")]
                let examples = shape[0] as f64;
                losses.sum() / examples
            }
        }
    }
}

/// Broadcasting would hide a mistake.
#[track_caller]
fn check_same<B: Backend>(op: &str, input: &Tensor<B>, target: &Tensor<B>) {
    let (shape, found) = (input.shape(), target.shape());
    assert!(shape == found, "{op}: input and target must have one shape: {shape} and {found}");
}
