//! The part of the examples whose class is found.

use autodiff_core::{Backend, Index, Tensor};

use crate::classes::{check_labels, class_axis, classes_last};

/// The part of the rows whose label has the largest score, the first of equal ones; NaN of none.
///
/// ```text
/// scores [N, C]       labels [N]         accuracy []
/// scores [N, C, ..]   labels [N, ..]     accuracy []
/// scores [C]          labels []          accuracy []
/// ```
///
/// A label that names no class is not found. NaN counts as the largest.
///
/// ```
/// use autodiff_core::{Index, Tensor};
/// use backend_cpu::Cpu;
/// use nn::metrics::accuracy;
/// let scores = Tensor::<Cpu<f32>>::new(&[1.0, 2.0, 3.0, 1.0], [2, 2]);
/// assert_eq!(accuracy(&scores, &Index::new(&[1, 1], [2])).item(), 0.5);
/// ```
///
/// # Panics
/// When the labels are not one per row, or there are no classes.
#[must_use]
#[track_caller]
pub fn accuracy<B: Backend>(scores: &Tensor<B>, labels: &Index<B>) -> Tensor<B> {
    let (shape, found) = (scores.shape(), labels.shape());
    let axis = class_axis("accuracy", &shape);
    check_labels("accuracy", &shape, &found, axis);
    scores.argmax(axis.cast_signed()).eq(labels).mean()
}

/// The part of the rows whose label has one of the `k` largest scores, the first of equal ones; NaN of none.
///
/// Shapes are those of [`accuracy`], which this is for `k = 1`.
///
/// ```
/// use autodiff_core::{Index, Tensor};
/// use backend_cpu::Cpu;
/// use nn::metrics::top_k_accuracy;
/// let scores = Tensor::<Cpu<f32>>::new(&[3.0, 2.0, 1.0, 3.0, 2.0, 1.0], [2, 3]);
/// let labels = Index::new(&[1, 2], [2]);
/// assert_eq!([1, 2, 3].map(|k| top_k_accuracy(&scores, &labels, k).item()), [0.0, 0.5, 1.0]);
/// ```
///
/// # Panics
/// When the labels are not one per row, or there are fewer than `k` classes.
#[must_use]
#[track_caller]
pub fn top_k_accuracy<B: Backend>(scores: &Tensor<B>, labels: &Index<B>, k: usize) -> Tensor<B> {
    const OP: &str = "top_k_accuracy";
    let (shape, found) = (scores.shape(), labels.shape());
    let axis = class_axis(OP, &shape);
    check_labels(OP, &shape, &found, axis);
    assert!(k <= shape[axis], "{OP}: {k} of {} classes asked for", shape[axis]);
    let (_, best) = classes_last(scores, axis).topk(k, -1);
    best.eq(&labels.unsqueeze(-1)).sum_axes(&[-1]).mean()
}
