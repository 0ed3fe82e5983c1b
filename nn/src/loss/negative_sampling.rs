//! The loss of word vectors that are told from noise.

use autodiff_core::{Backend, Tensor};

use crate::Reduction;

/// `-log s(u v) - sum_k log s(-u_k v)`, `s = sigmoid`: a word vector `v` against the word `u` that stood beside it, and against
/// words `u_k` that were drawn at random.
///
/// ```text
/// center v [N, D]   context u [N, D]   negative u_k [N, K, D]   loss [N]
/// ```
///
/// Finite for products of any finite size. The mean is over the rows.
/// (Mikolov, Sutskever, Chen, Corrado and Dean, *Distributed representations of words and phrases and their
/// compositionality*, 2013, equation 4, with its sign turned.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Reduction, negative_sampling_loss};
/// let v = Tensor::<Cpu<f64>>::new(&[1.0, 0.0], [1, 2]);
/// let (u, noise) = (Tensor::new(&[0.0, 5.0], [1, 2]), Tensor::new(&[0.0, 1.0, -1000.0, 0.0], [1, 2, 2]));
/// let loss = negative_sampling_loss(&v, &u, &noise, Reduction::Mean);
/// assert_eq!(loss.item(), 2.0 * 2.0_f64.ln());
/// ```
///
/// # Panics
/// When the shapes are not those above.
#[must_use]
#[track_caller]
pub fn negative_sampling_loss<B: Backend>(
    center: &Tensor<B>,
    context: &Tensor<B>,
    negative: &Tensor<B>,
    reduction: Reduction,
) -> Tensor<B> {
    let [v, u, noise] = [center, context, negative].map(Tensor::shape);
    let fits =
        matches!((v.extents(), noise.extents()), (&[n, d], &[rows, _, width]) if [n, d] == [rows, width]) && u == v;
    assert!(fits, "negative_sampling_loss: [N, D], [N, D] and [N, K, D] expected, found {v}, {u} and {noise}");
    let beside = (center * context).sum_axes(&[-1]);
    let drawn = (center.unsqueeze(1) * negative).sum_axes(&[-1]);
    reduction.apply((-beside).softplus() + drawn.softplus().sum_axes(&[1]))
}
