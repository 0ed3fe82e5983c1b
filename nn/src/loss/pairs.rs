//! Losses of pairs that are alike or not: by cosine, by distance, by rank.

use autodiff_core::{Backend, Element, FloatCore, Tensor};

use super::check_same;
use crate::Reduction;

/// `1 - cos(x1, x2)` where the target is 1, `max(0, cos(x1, x2) - margin)` where it is -1.
///
/// ```text
/// x1, x2 [N, D]   target [N]   loss [N]
/// x1, x2 [D]      target []    loss []
///
/// cos(x, y) = sum x y / sqrt((sum x x + e) (sum y y + e)),   e = 1e-12
/// ```
///
/// PyTorch's default for `margin` is 0. With `e` a vector of zeros has the cosine 0 and a finite gradient; in `f16`, whose
/// smallest number is larger than `e`, that number stands for it. At the margin no gradient passes.
/// Another target than 1 and -1 gives 0.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Reduction, cosine_embedding_loss};
/// let x = Tensor::<Cpu<f64>>::new(&[1.0, 0.0, 3.0, 4.0], [2, 2]);
/// let y = Tensor::new(&[0.0, 2.0, 4.0, 3.0], [2, 2]);
/// let losses = cosine_embedding_loss(&x, &y, &Tensor::new(&[1.0, -1.0], [2]), 0.5, Reduction::None).to_vec();
/// assert_eq!(losses[0], 1.0);
/// assert!((losses[1] - (24.0 / 25.0 - 0.5)).abs() < 1e-12);
/// ```
///
/// # Panics
/// When the vectors differ in shape or are not one or a batch, or the targets are not one per pair.
#[must_use]
#[track_caller]
pub fn cosine_embedding_loss<B: Backend>(
    input1: &Tensor<B>,
    input2: &Tensor<B>,
    target: &Tensor<B>,
    margin: f64,
    reduction: Reduction,
) -> Tensor<B> {
    const OP: &str = "cosine_embedding_loss";
    let (shape, other, found) = (input1.shape(), input2.shape(), target.shape());
    assert!(shape == other, "{OP}: the inputs must have one shape: {shape} and {other}");
    assert!(matches!(shape.rank(), 1 | 2), "{OP}: vectors, or a batch of them, expected, their shape is {shape}");
    let pairs = &shape.extents()[..shape.rank() - 1];
    assert!(found.extents() == pairs, "{OP}: one target for each pair expected: inputs {shape} and targets {found}");
    let cos = (unit(input1) * unit(input2)).sum_axes(&[-1]);
    reduction.apply(by_sign(target, &(1.0 - &cos), &(cos - margin).relu()))
}

/// `x / sqrt(sum x x + e)` along the last axis.
#[track_caller]
fn unit<B: Backend>(x: &Tensor<B>) -> Tensor<B> {
    // The smallest number above 0.
    let least = B::Elem::min_positive_value().into_f64() * B::Elem::epsilon().into_f64();
    x / (x.square().sum_keepdim(&[-1]) + least.max(1e-12)).sqrt()
}

/// `x` where the target is 1, `max(0, margin - x)` where it is -1: of a distance `x`.
///
/// PyTorch's default for `margin` is 1. At the margin no gradient passes. Another target than 1 and -1 gives
/// 0.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Reduction, hinge_embedding_loss};
/// let [x, t] = [[3.0, 0.25, 3.0], [1.0, -1.0, -1.0]].map(|values| Tensor::<Cpu<f32>>::new(&values, [3]));
/// assert_eq!(hinge_embedding_loss(&x, &t, 1.0, Reduction::None).to_vec(), [3.0, 0.75, 0.0]);
/// ```
///
/// # Panics
/// When the shapes differ.
#[must_use]
#[track_caller]
pub fn hinge_embedding_loss<B: Backend>(
    input: &Tensor<B>,
    target: &Tensor<B>,
    margin: f64,
    reduction: Reduction,
) -> Tensor<B> {
    check_same("hinge_embedding_loss", input, target);
    reduction.apply(by_sign(target, input, &(margin - input).relu()))
}

/// `max(0, margin - t (x1 - x2))`: `x1` is to be the larger by the margin where the target `t` is 1, `x2` where it is -1.
///
/// PyTorch's default for `margin` is 0. At the margin no gradient passes.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Reduction, margin_ranking_loss};
/// let [x, y, t] = [[3.0, 3.0], [1.0, 1.0], [1.0, -1.0]].map(|values| Tensor::<Cpu<f32>>::new(&values, [2]));
/// assert_eq!(margin_ranking_loss(&x, &y, &t, 0.5, Reduction::None).to_vec(), [0.0, 2.5]);
/// ```
///
/// # Panics
/// When the shapes differ.
#[must_use]
#[track_caller]
pub fn margin_ranking_loss<B: Backend>(
    input1: &Tensor<B>,
    input2: &Tensor<B>,
    target: &Tensor<B>,
    margin: f64,
    reduction: Reduction,
) -> Tensor<B> {
    const OP: &str = "margin_ranking_loss";
    let (shape, other) = (input1.shape(), input2.shape());
    assert!(shape == other, "{OP}: the inputs must have one shape: {shape} and {other}");
    check_same(OP, input1, target);
    reduction.apply((margin - target * (input1 - input2)).relu())
}

/// `alike` where the target is 1, `unlike` where it is -1, else 0.
#[track_caller]
fn by_sign<B: Backend>(target: &Tensor<B>, alike: &Tensor<B>, unlike: &Tensor<B>) -> Tensor<B> {
    let one = target.ones_like();
    let (is_alike, is_unlike) = (target.eq(&one), target.eq(&-one));
    is_alike.select(alike, &is_unlike.select(unlike, &unlike.zeros_like()))
}
