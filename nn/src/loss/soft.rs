//! Cross-entropy of logits against distributions.

use autodiff_core::{Backend, MAX_RANK, Shape, Tensor};

use crate::classes::{check_weight, class_axis};
use crate::init::count;
use crate::{CrossEntropy, Reduction};

/// `-sum_c p_c log softmax(x)_c`: the loss of logits against distributions `p` over the classes.
///
/// ```text
/// x [N, C, ..]   p [N, C, ..]   loss [N, ..]
/// x [C]          p [C]          loss []
/// ```
///
/// The mean is over the rows. Classes are on axis 1, as in PyTorch; [`cross_entropy_soft_with`] weighs them.
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
    cross_entropy_soft_with(logits, targets, &CrossEntropy { reduction, ..CrossEntropy::default() })
}

/// [`cross_entropy_soft`] with weights for the classes, and smoothed distributions.
///
/// ```text
/// -sum_c w_c ((1 - e) p_c + e / C) log softmax(x)_c,   e = label_smoothing
/// ```
///
/// The mean is the sum divided by the number of rows, whatever the weights: not that of
/// [`cross_entropy_with`](crate::cross_entropy_with), which divides by the weights of its labels. As in PyTorch nothing is
/// ignored: `ignore_index` must be negative.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{CrossEntropy, cross_entropy_soft_with};
/// let x = Tensor::<Cpu<f64>>::zeros([1, 2], &Default::default());
/// let weight = Tensor::new(&[1.0, 3.0], [2]);
/// let options = CrossEntropy { weight: Some(&weight), label_smoothing: 0.5, ..Default::default() };
/// let loss = cross_entropy_soft_with(&x, &Tensor::new(&[0.0, 1.0], [1, 2]), &options);
/// assert!((loss.item() - 2.5 * 2.0_f64.ln()).abs() < 1e-15); // 1 * 0.25 + 3 * 0.75
/// ```
///
/// # Panics
/// When the shapes differ, there is no axis of classes, the weights are not one per class, the smoothing is not from 0 to 1,
/// or `ignore_index` names a class.
#[must_use]
#[track_caller]
pub fn cross_entropy_soft_with<B: Backend>(
    logits: &Tensor<B>,
    targets: &Tensor<B>,
    options: &CrossEntropy<'_, B>,
) -> Tensor<B> {
    const OP: &str = "cross_entropy_soft";
    let (shape, found) = (logits.shape(), targets.shape());
    let axis = class_axis(OP, &shape);
    assert!(shape == found, "{OP}: logits and targets must have one shape: {shape} and {found}");
    let (ignored, classes) = (options.ignore_index, shape[axis]);
    assert!(ignored < 0, "{OP}: a distribution cannot be ignored, ignore_index = {ignored} given");
    let smoothing = options.check_smoothing(OP);
    let mut terms = targets.clone();
    if smoothing != 0.0 {
        terms = terms * (1.0 - smoothing) + smoothing / count(classes);
    }
    if let Some(weight) = options.weight {
        check_weight(OP, weight, classes);
        let column = Shape::new(&[1; MAX_RANK][..shape.rank()]).with(axis, classes);
        terms = terms * weight.reshape(column);
    }
    let axis = axis.cast_signed();
    options.reduction.apply(-(terms * logits.log_softmax(axis)).sum_axes(&[axis]))
}
