//! The axis of classes: axis 1, or the only one, as in PyTorch.

use alloc::vec::Vec;

use autodiff_core::{Axes, Backend, Shape, Tensor};

/// Axis 1 of `[N, C, ..]`, axis 0 of `[C]`.
#[track_caller]
pub(crate) fn class_axis(op: &str, shape: &Shape) -> usize {
    assert!(shape.rank() > 0, "{op}: the logits need an axis of classes, their shape is {shape}");
    usize::from(shape.rank() > 1)
}

/// One label for each row, or a panic.
#[track_caller]
pub(crate) fn check_labels(op: &str, shape: &Shape, found: &Shape, axis: usize) {
    assert!(
        shape.without(Axes::one(axis)) == *found,
        "{op}: one label for each row of logits expected, classes on axis {axis}: logits {shape} and labels {found}"
    );
}

/// One weight for each class, or a panic.
#[track_caller]
pub(crate) fn check_weight<B: Backend>(op: &str, weight: &Tensor<B>, classes: usize) {
    let found = weight.shape();
    assert!(found == [classes], "{op}: one weight for each of {classes} classes expected, their shape is {found}");
}

/// `[N, .., C]`
#[track_caller]
pub(crate) fn classes_last<B: Backend>(logits: &Tensor<B>, axis: usize) -> Tensor<B> {
    let rank = logits.rank();
    if axis + 1 == rank {
        return logits.clone();
    }
    let order: Vec<isize> = (0..rank).filter(|&own| own != axis).chain([axis]).map(usize::cast_signed).collect();
    logits.permute(&order)
}
