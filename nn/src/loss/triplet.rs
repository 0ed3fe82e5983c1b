//! The loss of triplets: an anchor is to be nearer to what it is like than to what it is not.

use autodiff_core::{Backend, Tensor};

use crate::Reduction;

/// How [`triplet_margin_loss`] measures; PyTorch's defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TripletMargin {
    /// By how much the negative is to be farther away than the positive: 1.
    pub margin: f64,
    /// The norm that the distance is: 2.
    pub p: f64,
    /// What is added to each difference: 1e-6.
    pub eps: f64,
    /// Whether the positive counts as an anchor too: no.
    pub swap: bool,
    /// What becomes of the losses of all triplets.
    pub reduction: Reduction,
}

impl Default for TripletMargin {
    fn default() -> Self {
        Self { margin: 1.0, p: 2.0, eps: 1e-6, swap: false, reduction: Reduction::Mean }
    }
}

/// `max(0, d(a, p) - d(a, n) + margin)` for anchor, positive and negative.
///
/// ```text
/// a, p, n [.., D]   loss [..]          d(x, y) = |x - y + eps|_p
/// ```
///
/// With `swap` the distance to the negative is the smaller of `d(a, n)` and `d(p, n)`. At the margin no gradient passes; that of
/// a distance 0 is 0.
/// (Balntas, Riba, Ponsa and Mikolajczyk, *Learning local feature descriptors with triplets and shallow convolutional neural
/// networks*, BMVC 2016, section 3.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{TripletMargin, triplet_margin_loss};
/// let [a, p, n] = [[0.0, 0.0], [3.0, 4.0], [0.0, 2.0]].map(|values| Tensor::<Cpu<f64>>::new(&values, [2]));
/// let options = TripletMargin { eps: 0.0, ..Default::default() };
/// assert_eq!(triplet_margin_loss(&a, &p, &n, &options).item(), 5.0 - 2.0 + 1.0);
/// ```
///
/// # Panics
/// When the shapes differ or have no axis, or the margin is not positive.
#[must_use]
#[track_caller]
pub fn triplet_margin_loss<B: Backend>(
    anchor: &Tensor<B>,
    positive: &Tensor<B>,
    negative: &Tensor<B>,
    options: &TripletMargin,
) -> Tensor<B> {
    let &TripletMargin { margin, p, eps, swap, reduction } = options;
    let [a, b, c] = [anchor, positive, negative].map(Tensor::shape);
    assert!(a == b && b == c, "triplet_margin_loss: the inputs must have one shape: {a}, {b} and {c}");
    assert!(a.rank() > 0, "triplet_margin_loss: vectors expected, their shape is {a}");
    assert!(margin > 0.0, "triplet_margin_loss: the margin must be positive, found {margin}");
    let distance = |x: &Tensor<B>, y: &Tensor<B>| (x - y + eps).vector_norm(p, &[-1]);
    let near = distance(anchor, positive);
    let mut far = distance(anchor, negative);
    if swap {
        far = far.minimum(&distance(positive, negative));
    }
    reduction.apply((near - far + margin).relu())
}
