//! Cross-entropy of logits against labels, and against distributions.

use alloc::vec::Vec;

use autodiff_core::{Axes, Backend, Index, Shape, Tensor};

use crate::Reduction;

/// `-log softmax(x)[label]`: the loss of logits against the right classes.
///
/// ```text
/// x [N, C]       label [N]          loss [N]
/// x [N, C, ..]   label [N, ..]      loss [N, ..]
/// x [C]          label []           loss []
/// ```
///
/// Gradient `g (softmax(x) - onehot(label))`. Finite for logits of any finite size. Classes are on axis 1, as in PyTorch.
///
/// ```
/// use autodiff_core::{Index, Tensor};
/// use backend_cpu::Cpu;
/// use nn::{Reduction, cross_entropy};
/// let x = Tensor::<Cpu<f64>>::new(&[0.0, 0.0, 1000.0, -1000.0], [2, 2]);
/// let loss = cross_entropy(&x, &Index::new(&[1, 0], [2]), Reduction::Mean);
/// assert!((loss.item() - 2.0_f64.ln() / 2.0).abs() < 1e-15);
/// ```
///
/// # Panics
/// When the labels are not one per row of logits, or one names no class.
#[must_use]
#[track_caller]
pub fn cross_entropy<B: Backend>(logits: &Tensor<B>, labels: &Index<B>, reduction: Reduction) -> Tensor<B> {
    let (shape, found) = (logits.shape(), labels.shape());
    let axis = class_axis("cross_entropy", &shape);
    assert!(
        shape.without(Axes::one(axis)) == found,
        "cross_entropy: one label for each row of logits expected, classes on axis {axis}: logits {shape} and labels {found}"
    );
    reduction.apply(classes_last(logits, axis).cross_entropy(labels))
}

/// `-sum_c p_c log softmax(x)_c`: the loss of logits against distributions `p` over the classes.
///
/// ```text
/// x [N, C, ..]   p [N, C, ..]   loss [N, ..]
/// x [C]          p [C]          loss []
/// ```
///
/// The mean is over the rows. Classes are on axis 1, as in PyTorch.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Reduction, cross_entropy_soft};
/// let x = Tensor::<Cpu<f64>>::new(&[1.0, 1.0], [1, 2]);
/// let loss = cross_entropy_soft(&x, &Tensor::new(&[0.25, 0.75], [1, 2]), Reduction::Mean);
/// assert!((loss.item() - 2.0_f64.ln()).abs() < 1e-15);
/// ```
///
/// # Panics
/// When the shapes differ, or there is no axis of classes.
#[must_use]
#[track_caller]
pub fn cross_entropy_soft<B: Backend>(logits: &Tensor<B>, targets: &Tensor<B>, reduction: Reduction) -> Tensor<B> {
    let (shape, found) = (logits.shape(), targets.shape());
    let axis = class_axis("cross_entropy_soft", &shape).cast_signed();
    assert!(shape == found, "cross_entropy_soft: logits and targets must have one shape: {shape} and {found}");
    reduction.apply(-(targets * logits.log_softmax(axis)).sum_axes(&[axis]))
}

#[track_caller]
fn class_axis(op: &str, shape: &Shape) -> usize {
    assert!(shape.rank() > 0, "{op}: the logits need an axis of classes, their shape is {shape}");
    usize::from(shape.rank() > 1)
}

#[track_caller]
fn classes_last<B: Backend>(logits: &Tensor<B>, axis: usize) -> Tensor<B> {
    let rank = logits.rank();
    if axis + 1 == rank {
        return logits.clone();
    }
    let order: Vec<isize> = (0..rank).filter(|&own| own != axis).chain([axis]).map(usize::cast_signed).collect();
    logits.permute(&order)
}
