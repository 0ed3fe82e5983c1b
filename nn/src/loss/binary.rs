//! Binary cross-entropy: of logits, which is exact everywhere, and of probabilities.

use autodiff_core::{Backend, Tensor};

use super::check_same;
use crate::Reduction;

/// How [`binary_cross_entropy_with_logits`] weighs its losses; PyTorch's defaults.
#[derive(Debug)]
pub struct BinaryCrossEntropy<'a, B: Backend> {
    /// What each loss is multiplied by; broadcasts. 1 unless given.
    pub weight: Option<&'a Tensor<B>>,
    /// What the loss of a positive target is multiplied by; broadcasts. 1 unless given.
    pub pos_weight: Option<&'a Tensor<B>>,
    /// What becomes of the losses of all elements.
    pub reduction: Reduction,
}

impl<B: Backend> Default for BinaryCrossEntropy<'_, B> {
    fn default() -> Self {
        Self { weight: None, pos_weight: None, reduction: Reduction::Mean }
    }
}

/// `-(t log p + (1 - t) log(1 - p))` with `p = sigmoid(x)`: the loss of logits against targets from 0 to 1.
///
/// ```text
/// w ((1 - t) x + (1 + (c - 1) t) softplus(-x)),   w = weight,  c = pos_weight      gradient of x  g w (p - t) for c = 1
/// ```
///
/// Finite for logits of any finite size. The mean is over all elements, whatever their weights.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::binary_cross_entropy_with_logits;
/// let [x, t] = [[1000.0, 0.0], [1.0, 1.0]].map(|values| Tensor::<Cpu<f64>>::new(&values, [2]));
/// let loss = binary_cross_entropy_with_logits(&x, &t, &Default::default());
/// assert_eq!(loss.item(), 2.0_f64.ln() / 2.0);
/// ```
///
/// # Panics
/// When the shapes differ, or a weight does not broadcast to them.
#[must_use]
#[track_caller]
pub fn binary_cross_entropy_with_logits<B: Backend>(
    logits: &Tensor<B>,
    target: &Tensor<B>,
    options: &BinaryCrossEntropy<'_, B>,
) -> Tensor<B> {
    check_same("binary_cross_entropy_with_logits", logits, target);
    let mut surprise = (-logits).softplus();
    if let Some(weight) = options.pos_weight {
        surprise = surprise * (target * (weight.broadcast_to(target.shape()) - 1.0) + 1.0);
    }
    let mut losses = (1.0 - target) * logits + surprise;
    if let Some(weight) = options.weight {
        losses = losses * weight.broadcast_to(target.shape());
    }
    options.reduction.apply(losses)
}

/// `-w (t log p + (1 - t) log(1 - p))`: the loss of probabilities against targets from 0 to 1, logarithms not below -100.
///
/// Where a logarithm is cut off, no gradient passes: a prediction that is wrong and certain does not recover, where
/// [`binary_cross_entropy_with_logits`] does. What is no probability, below 0 or above 1, makes the loss NaN: inputs are not read,
/// since in a trace they have no values, and PyTorch's error has no place.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Reduction, binary_cross_entropy};
/// let [p, t] = [[0.5, 0.0], [1.0, 1.0]].map(|values| Tensor::<Cpu<f64>>::new(&values, [2]));
/// assert_eq!(binary_cross_entropy(&p, &t, None, Reduction::None).to_vec(), [2.0_f64.ln(), 100.0]);
/// ```
///
/// # Panics
/// When the shapes differ, or the weight does not broadcast to them.
#[must_use]
#[track_caller]
pub fn binary_cross_entropy<B: Backend>(
    input: &Tensor<B>,
    target: &Tensor<B>,
    weight: Option<&Tensor<B>>,
    reduction: Reduction,
) -> Tensor<B> {
    check_same("binary_cross_entropy", input, target);
    let one = input.ones_like();
    // At the ends the slope of the logarithm is infinite; they take the limit by a choice that passes nothing.
    let (impossible, certain) = (input.eq(&input.zeros_like()), input.eq(&one));
    let least = input.new_full(input.shape(), -100.0);
    let yes = impossible.select(&least, &impossible.select(&one, input).log().clamp(Some(-100.0), None));
    let no = certain.select(&least, &(-certain.select(&input.zeros_like(), input)).log1p().clamp(Some(-100.0), None));
    let mut losses = -(target * yes + (1.0 - target) * no);
    if let Some(weight) = weight {
        losses = losses * weight.broadcast_to(target.shape());
    }
    reduction.apply(losses)
}
