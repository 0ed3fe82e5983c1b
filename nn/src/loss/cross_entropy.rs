//! Cross-entropy of logits against labels, and the negative logarithm of a probability.

use autodiff_core::{Backend, DType, Index, Tensor};

use crate::Reduction;
use crate::classes::{check_labels, check_weight, class_axis, classes_last};

/// `-log softmax(x)[label]`: the loss of logits against the right classes.
///
/// ```text
/// x [N, C]       label [N]          loss [N]
/// x [N, C, ..]   label [N, ..]      loss [N, ..]
/// x [C]          label []           loss []
/// ```
///
/// Gradient `g (softmax(x) - onehot(label))`. Finite for logits of any finite size. Classes are on axis 1, as in PyTorch.
/// Every label must name a class; [`cross_entropy_with`] leaves some out, weighs classes and smooths labels.
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
    check_labels("cross_entropy", &shape, &found, axis);
    reduction.apply(classes_last(logits, axis).cross_entropy(labels))
}

/// How [`cross_entropy_with`] and [`cross_entropy_soft_with`](crate::cross_entropy_soft_with) weigh classes and labels;
/// PyTorch's defaults.
#[derive(Debug)]
pub struct CrossEntropy<'a, B: Backend> {
    /// One weight for each class; 1 unless given.
    pub weight: Option<&'a Tensor<B>>,
    /// The label of rows that do not count: -100.
    pub ignore_index: i32,
    /// The part of a label that is spread over all classes, from 0 to 1: 0.
    pub label_smoothing: f64,
    /// What becomes of the losses of all rows.
    pub reduction: Reduction,
}

impl<B: Backend> Default for CrossEntropy<'_, B> {
    fn default() -> Self {
        Self { weight: None, ignore_index: -100, label_smoothing: 0.0, reduction: Reduction::Mean }
    }
}

impl<B: Backend> CrossEntropy<'_, B> {
    #[track_caller]
    pub(super) fn check_smoothing(&self, op: &str) -> f64 {
        let smoothing = self.label_smoothing;
        assert!((0.0..=1.0).contains(&smoothing), "{op}: label smoothing is from 0 to 1, {smoothing} given");
        smoothing
    }
}

/// [`cross_entropy`] with weights for the classes, labels that do not count, and smoothed labels.
///
/// ```text
/// (1 - e) w_label (-log p_label) + e / C sum_c w_c (-log p_c),   p = softmax(x),  e = label_smoothing;   0 where ignored
/// ```
///
/// The mean is the sum of the losses divided by the sum of their labels' weights, where an ignored label weighs 0: NaN
/// when all are ignored. (Szegedy et al., *Rethinking the inception architecture*, 2016, section 7.)
///
/// ```
/// use autodiff_core::{Index, Tensor};
/// use backend_cpu::Cpu;
/// use nn::{CrossEntropy, cross_entropy_with};
/// let x = Tensor::<Cpu<f64>>::zeros([3, 4], &Default::default());
/// let labels = Index::new(&[1, -100, 2], [3]);
/// let smooth = CrossEntropy { label_smoothing: 0.1, ..Default::default() };
/// assert!((cross_entropy_with(&x, &labels, &smooth).item() - 4.0_f64.ln()).abs() < 1e-15);
/// ```
///
/// # Panics
/// When the labels are not one per row of logits, the weights not one per class, a label that counts names no class, or the
/// smoothing is not from 0 to 1.
#[must_use]
#[track_caller]
pub fn cross_entropy_with<B: Backend>(
    logits: &Tensor<B>,
    labels: &Index<B>,
    options: &CrossEntropy<'_, B>,
) -> Tensor<B> {
    let rows = Rows::new("cross_entropy", logits, labels, options.weight, options.ignore_index);
    let mut losses = rows.counted(rows.x.cross_entropy(&rows.labels) * &rows.weight);
    let smoothing = options.check_smoothing("cross_entropy");
    if smoothing != 0.0 {
        let mut spread = -rows.x.log_softmax(-1);
        if let Some(weight) = options.weight {
            spread = spread * weight;
        }
        losses = losses * (1.0 - smoothing) + rows.counted(spread.mean_axes(&[-1])) * smoothing;
    }
    rows.reduce(losses, options.reduction)
}

/// How [`nll_loss`] weighs classes and labels; PyTorch's defaults.
#[derive(Debug)]
pub struct Nll<'a, B: Backend> {
    /// One weight for each class; 1 unless given.
    pub weight: Option<&'a Tensor<B>>,
    /// The label of rows that do not count: -100.
    pub ignore_index: i32,
    /// What becomes of the losses of all rows.
    pub reduction: Reduction,
}

impl<B: Backend> Default for Nll<'_, B> {
    fn default() -> Self {
        Self { weight: None, ignore_index: -100, reduction: Reduction::Mean }
    }
}

/// `-w_label x_label`: the loss of log-probabilities against the right classes; 0 where the label is ignored.
///
/// Shapes, weights and mean are those of [`cross_entropy_with`], which this is behind a `log_softmax`.
///
/// ```
/// use autodiff_core::{Index, Tensor};
/// use backend_cpu::Cpu;
/// use nn::nll_loss;
/// let logp = Tensor::<Cpu<f64>>::new(&[-1.0, -2.0, -3.0, -4.0], [2, 2]);
/// assert_eq!(nll_loss(&logp, &Index::new(&[1, 0], [2]), &Default::default()).item(), 2.5);
/// ```
///
/// # Panics
/// When the labels are not one per row, the weights not one per class, or a label that counts names no class: the `gather` that
/// reads it says so.
#[must_use]
#[track_caller]
pub fn nll_loss<B: Backend>(input: &Tensor<B>, labels: &Index<B>, options: &Nll<'_, B>) -> Tensor<B> {
    let rows = Rows::new("nll_loss", input, labels, options.weight, options.ignore_index);
    let chosen = rows.x.gather(-1, &rows.labels.unsqueeze(-1)).squeeze(-1);
    rows.reduce(rows.counted(-chosen * &rows.weight), options.reduction)
}

/// Rows of classes with a label and a weight each.
struct Rows<B: Backend> {
    /// Classes last.
    x: Tensor<B>,
    /// 0 where the label is ignored, so that it names a class.
    labels: Index<B>,
    ignored: Tensor<B>,
    /// That of the label's class, 0 where it is ignored.
    weight: Tensor<B>,
}

impl<B: Backend> Rows<B> {
    #[track_caller]
    fn new(op: &str, x: &Tensor<B>, labels: &Index<B>, weight: Option<&Tensor<B>>, ignore: i32) -> Self {
        let (shape, found) = (x.shape(), labels.shape());
        let axis = class_axis(op, &shape);
        check_labels(op, &shape, &found, axis);
        let x = classes_last(x, axis);
        let ignored = labels.eq(&Index::from_slice(&[ignore], [], labels.device()));
        let labels = labels * &(1.0 - &ignored).cast(DType::Index).to_index();
        let weight = match weight {
            None => x.new_full(found, 1.0),
            Some(weight) => {
                check_weight(op, weight, shape[axis]);
                weight.index_select(0, &labels.reshape([found.elements()])).reshape(found)
            }
        };
        let weight = ignored.select(&weight.zeros_like(), &weight);
        Self { x, labels, ignored, weight }
    }

    /// 0 where the label is ignored, whatever stands there.
    #[track_caller]
    fn counted(&self, losses: Tensor<B>) -> Tensor<B> {
        self.ignored.select(&losses.zeros_like(), &losses)
    }

    /// The mean by weights, which in a format of small range is the quotient of two means, not of two sums.
    #[track_caller]
    fn reduce(&self, losses: Tensor<B>, reduction: Reduction) -> Tensor<B> {
        match reduction {
            Reduction::Mean => losses.mean() / self.weight.mean(),
            other => other.apply(losses),
        }
    }
}
