//! Losses of scores that are to differ by a margin: of several classes, of two, of several labels at once.

use autodiff_core::{Backend, Index, Tensor};

use super::{BinaryCrossEntropy, binary_cross_entropy_with_logits, check_same};
use crate::Reduction;
use crate::classes::{check_labels, check_weight, class_axis};

/// How [`multi_margin_loss`] measures; PyTorch's defaults.
#[derive(Debug)]
pub struct MultiMargin<'a, B: Backend> {
    /// The power of each excess, 1 or 2: 1.
    pub p: u8,
    /// By how much the right class is to be ahead: 1.
    pub margin: f64,
    /// One weight for each class; 1 unless given.
    pub weight: Option<&'a Tensor<B>>,
    /// What becomes of the losses of all rows.
    pub reduction: Reduction,
}

impl<B: Backend> Default for MultiMargin<'_, B> {
    fn default() -> Self {
        Self { p: 1, margin: 1.0, weight: None, reduction: Reduction::Mean }
    }
}

/// `1 / C sum_(c != y) w_y max(0, margin - x_y + x_c)^p`: the hinge loss of scores `x` against the right class `y`.
///
/// ```text
/// x [N, C]   label [N]   loss [N]
/// x [C]      label []    loss []
/// ```
///
/// No gradient passes at the margin. The mean is over the rows, whatever the weights.
/// (Crammer and Singer, *On the algorithmic implementation of multiclass kernel-based vector machines*, 2001, take the largest
/// excess; this is their sum: Weston and Watkins, *Support vector machines for multi-class pattern recognition*, 1999.)
///
/// ```
/// use autodiff_core::{Index, Tensor};
/// use backend_cpu::Cpu;
/// use nn::multi_margin_loss;
/// let x = Tensor::<Cpu<f64>>::new(&[0.5, 2.0, 1.0, -9.0], [4]);
/// // max(0, 1 - 2 + 0.5) + max(0, 1 - 2 + 1) + max(0, 1 - 2 - 9)
/// assert_eq!(multi_margin_loss(&x, &Index::new(&[1], []), &Default::default()).item(), 0.0);
/// // max(0, 1 - 1 + 0.5) + max(0, 1 - 1 + 2) + 0
/// assert_eq!(multi_margin_loss(&x, &Index::new(&[2], []), &Default::default()).item(), 2.5 / 4.0);
/// ```
///
/// # Panics
/// When the scores are not one row or several, the labels not one per row, the weights not one per class, a label names no
/// class, or `p` is neither 1 nor 2.
#[must_use]
#[track_caller]
pub fn multi_margin_loss<B: Backend>(input: &Tensor<B>, labels: &Index<B>, options: &MultiMargin<'_, B>) -> Tensor<B> {
    const OP: &str = "multi_margin_loss";
    let (shape, p) = (input.shape(), options.p);
    let axis = class_axis(OP, &shape);
    assert!(shape.rank() <= 2, "{OP}: one row of scores or several expected, their shape is {shape}");
    check_labels(OP, &shape, &labels.shape(), axis);
    assert!(matches!(p, 1 | 2), "{OP}: p must be 1 or 2, found {p}");
    let places = labels.unsqueeze(-1);
    let mut excess = (input - input.gather(-1, &places) + options.margin).relu();
    if p == 2 {
        excess = excess.square();
    }
    if let Some(weight) = options.weight {
        check_weight(OP, weight, shape[axis]);
        excess = excess * weight.broadcast_to(shape).gather(-1, &places);
    }
    let right = labels.one_hot(shape[axis]);
    options.reduction.apply(right.select(&excess.zeros_like(), &excess).mean_axes(&[-1]))
}

/// `log(1 + e^(-t x))`: the logistic loss of scores against targets 1 and -1; finite for scores of any finite size.
///
/// Gradient `-g t sigmoid(-t x)`. The mean is over all elements.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Reduction, soft_margin_loss};
/// let [x, t] = [[0.0, -1000.0], [1.0, 1.0]].map(|values| Tensor::<Cpu<f64>>::new(&values, [2]));
/// assert_eq!(soft_margin_loss(&x, &t, Reduction::None).to_vec(), [2.0_f64.ln(), 1000.0]);
/// ```
///
/// # Panics
/// When the shapes differ.
#[must_use]
#[track_caller]
pub fn soft_margin_loss<B: Backend>(input: &Tensor<B>, target: &Tensor<B>, reduction: Reduction) -> Tensor<B> {
    check_same("soft_margin_loss", input, target);
    reduction.apply((-(target * input)).softplus())
}

/// `-1/C sum_c w_c (t_c log s(x_c) + (1 - t_c) log s(-x_c))` with `s = sigmoid`: of logits against several labels at once.
///
/// ```text
/// x [.., C]   t [.., C], from 0 to 1   w [C]   loss [..]
/// ```
///
/// Finite for logits of any finite size. The mean is over the rows, whatever the weights.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Reduction, multilabel_soft_margin_loss};
/// let [x, t] = [[0.0, -1000.0], [0.0, 1.0]].map(|values| Tensor::<Cpu<f64>>::new(&values, [1, 2]));
/// assert_eq!(multilabel_soft_margin_loss(&x, &t, None, Reduction::None).to_vec(), [(2.0_f64.ln() + 1000.0) / 2.0]);
/// ```
///
/// # Panics
/// When the shapes differ or have no axis, or the weight does not broadcast to them.
#[must_use]
#[track_caller]
pub fn multilabel_soft_margin_loss<B: Backend>(
    input: &Tensor<B>,
    target: &Tensor<B>,
    weight: Option<&Tensor<B>>,
    reduction: Reduction,
) -> Tensor<B> {
    const OP: &str = "multilabel_soft_margin_loss";
    check_same(OP, input, target);
    let shape = input.shape();
    assert!(shape.rank() > 0, "{OP}: the logits need an axis of classes, their shape is {shape}");
    let options = BinaryCrossEntropy { weight, reduction: Reduction::None, ..Default::default() };
    reduction.apply(binary_cross_entropy_with_logits(input, target, &options).mean_axes(&[-1]))
}
