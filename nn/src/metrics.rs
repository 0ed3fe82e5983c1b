//! How good predictions are, in numbers for people: nothing here has a gradient.
//!
//! [`accuracy`] and [`top_k_accuracy`] are functions of tensors, which trace like a loss. [`ConfusionMatrix`] and [`Mean`]
//! gather on the host, over all batches of an epoch.
//!
//! ```
//! use autodiff_core::{Index, Tensor};
//! use backend_cpu::Cpu;
//! use nn::metrics::{Average, ConfusionMatrix, Mean, perplexity};
//! use nn::{Reduction, cross_entropy};
//!
//! let (mut losses, mut matrix) = (Mean::default(), ConfusionMatrix::new(2));
//! for labels in [[0, 1], [1, 1]] {
//!     let scores = Tensor::<Cpu<f64>>::new(&[0.0, -1.0, 0.0, 1.0], [2, 2]);
//!     let labels = Index::new(&labels, [2]);
//!     losses.add(cross_entropy(&scores, &labels, Reduction::Mean).item(), 2.0);
//!     matrix.add(&scores.argmax(1), &labels);
//! }
//! assert_eq!((matrix.accuracy(), matrix.scores(0).precision), (0.75, 0.5));
//! assert_eq!(matrix.average(Average::Macro).recall, (1.0 + 2.0 / 3.0) / 2.0);
//! assert!((perplexity(losses.mean()) - losses.mean().exp()).abs() < 1e-15);
//! ```

mod accuracy;
mod confusion;
mod mean;

pub use accuracy::{accuracy, top_k_accuracy};
pub use confusion::{Average, ConfusionMatrix, Scores};
pub use mean::{Mean, perplexity};
