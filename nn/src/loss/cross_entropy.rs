//! Cross-entropy of logits against labels, and against distributions.

use alloc::vec::Vec;

use autodiff_core::{Axes, Backend, DType, Index, Shape, Tensor};

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

/// How [`cross_entropy_with`] weighs classes and labels; PyTorch's defaults.
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
    let smoothing = options.label_smoothing;
    assert!((0.0..=1.0).contains(&smoothing), "cross_entropy: label smoothing is from 0 to 1, {smoothing} given");
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
/// When the labels are not one per row, the weights not one per class, or a label that counts names no class.
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
                let (classes, given) = (shape[axis], weight.shape());
                assert!(
                    given == [classes],
                    "{op}: one weight for each of {classes} classes expected, their shape is {given}"
                );
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
fn check_labels(op: &str, shape: &Shape, found: &Shape, axis: usize) {
    assert!(
        shape.without(Axes::one(axis)) == *found,
        "{op}: one label for each row of logits expected, classes on axis {axis}: logits {shape} and labels {found}"
    );
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
