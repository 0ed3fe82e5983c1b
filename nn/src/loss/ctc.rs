//! Connectionist temporal classification: labels of a sequence whose places in it are not known.

use autodiff_core::{Backend, DType, Index, Tensor};

use crate::Reduction;
use crate::init::count;

/// How [`ctc_loss`] reads and counts; PyTorch's defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ctc {
    /// The class that means no label: 0.
    pub blank: usize,
    /// Whether a sequence with which no path agrees counts 0 instead of infinity: no.
    pub zero_infinity: bool,
    /// What becomes of the losses of all sequences; the mean divides each by its number of labels first.
    pub reduction: Reduction,
}

impl Default for Ctc {
    fn default() -> Self {
        Self { blank: 0, zero_infinity: false, reduction: Reduction::Mean }
    }
}

/// `-log p(labels)`, where the probability is the sum over all paths that the labels come from: a path names a class in each
/// frame, and becomes labels when repetitions are merged and blanks dropped after that.
///
/// ```text
/// log_probs [T, N, C]   targets [N, S]   input_lengths, target_lengths [N]   loss [N]
/// log_probs [T, C]      targets [S]      input_lengths, target_lengths []    loss []
///
/// l' = blank, l_1, blank, .., l_S, blank
/// a_t(s) = y_t(l'_s) (a_(t-1)(s) + a_(t-1)(s-1) + a_(t-1)(s-2), the last if l'_s is no blank and not l'_(s-2))
/// p = a_T(2 S) + a_T(2 S + 1)          where all this is computed in logarithms
/// ```
///
/// Frames and labels beyond a sequence's lengths are not looked at: targets may be padded with any number. `log_probs` are
/// logarithms of probabilities, as `log_softmax` gives them, `-inf` too. The mean is that of `loss / max(1, S)`.
///
/// Input lengths are not read, since in a trace they have no values: one above `T` counts as `T`, one below 0 as 0, where PyTorch
/// refuses both.
///
/// Where no path agrees the loss is infinite and has no gradient, where PyTorch's is NaN. The gradient is that of the formula;
/// PyTorch's is the same behind a `log_softmax`, which it presumes.
/// (Graves, Fernández, Gomez and Schmidhuber, *Connectionist temporal classification*, ICML 2006, section 4.1.)
///
/// ```
/// use autodiff_core::{Index, Tensor};
/// use backend_cpu::Cpu;
/// use nn::{Ctc, ctc_loss};
/// // Two frames of two equally likely classes: of four paths "1-", "-1" and "11" are the label 1.
/// let log_probs = Tensor::<Cpu<f64>>::zeros([2, 1, 2], &Default::default()).log_softmax(-1);
/// let one = Index::new(&[1], [1]);
/// let loss = ctc_loss(&log_probs, &Index::new(&[1], [1, 1]), &Index::new(&[2], [1]), &one, &Ctc::default());
/// assert!((loss.item() + 0.75_f64.ln()).abs() < 1e-15);
/// ```
///
/// # Panics
/// When the shapes are not those above, there is no class `blank`, a label names no class, or a sequence has more labels than
/// there is room for: the last two are told by the `gather` that reads them.
#[must_use]
#[track_caller]
pub fn ctc_loss<B: Backend>(
    log_probs: &Tensor<B>,
    targets: &Index<B>,
    input_lengths: &Index<B>,
    target_lengths: &Index<B>,
    options: &Ctc,
) -> Tensor<B> {
    check_shapes(log_probs, targets, [input_lengths, target_lengths], options.blank);
    let batched = log_probs.rank() == 3;
    let [frames, targets, input_lengths, target_lengths] = if batched {
        [log_probs, targets.tensor(), input_lengths.tensor(), target_lengths.tensor()].map(Tensor::clone)
    } else {
        let [targets, inputs, lengths] = [targets, input_lengths, target_lengths].map(|own| own.tensor().unsqueeze(0));
        [log_probs.unsqueeze(1), targets, inputs, lengths]
    };
    let lengths = target_lengths.to_index();
    let paths = Paths::new(&targets.to_index(), &lengths, options.blank);
    let mut losses = paths.surprise(&frames, &input_lengths.to_index(), &lengths);
    if options.zero_infinity {
        losses = is(&losses, f64::INFINITY).select(&losses.zeros_like(), &losses);
    }
    if options.reduction == Reduction::Mean {
        losses = &losses / lengths.to_elem().cast(losses.dtype()).clamp(Some(1.0), None);
    }
    options.reduction.apply(if batched { losses } else { losses.squeeze(0) })
}

#[track_caller]
fn check_shapes<B: Backend>(log_probs: &Tensor<B>, targets: &Index<B>, lengths: [&Index<B>; 2], blank: usize) {
    let (shape, labels, [inputs, outputs]) = (log_probs.shape(), targets.shape(), lengths.map(Index::shape));
    let (fits, classes) = match *shape.extents() {
        [_, n, classes] => (labels.rank() == 2 && labels[0] == n && inputs == [n] && outputs == [n], classes),
        [_, classes] => (labels.rank() == 1 && inputs.rank() == 0 && outputs.rank() == 0, classes),
        _ => (false, 0),
    };
    assert!(
        fits,
        "ctc_loss: [T, N, C], [N, S], [N] and [N], or [T, C], [S], [] and [] expected, found {shape}, {labels}, {inputs} and \
         {outputs}"
    );
    assert!(blank < classes, "ctc_loss: the blank is class {blank} of {classes}");
}

/// The states that the paths of each sequence lead through: its labels, with blanks around them.
struct Paths<B: Backend> {
    /// The class of each state, `[N, 2 S + 1]`: `l'`, and blanks where a sequence has no more labels.
    classes: Index<B>,
    /// 1 for a state that may follow the one before the last, `[N, 2 S + 1]`.
    leaps: Tensor<B>,
}

impl<B: Backend> Paths<B> {
    #[track_caller]
    fn new(targets: &Index<B>, lengths: &Index<B>, blank: usize) -> Self {
        let [sequences, room] = targets.dims();
        let blank = Index::from_tensor(targets.tensor().new_full([], count(blank)));
        let within = Index::iota(room, targets.device()).lt(&lengths.unsqueeze(1)).cast(DType::Index).to_index();
        // As distances from the blank, so that what is padded with zeros is one.
        let labels = &(targets - &blank) * &within;
        let blanks = Index::from_tensor(labels.tensor().zeros_like());
        let states = Index::stack(&[blanks, labels], 2).reshape([sequences, 2 * room]).pad(1, 0, 1);
        // The first label may follow what was before all frames, which is a blank here.
        let before_last = states.pad(1, 2, 0).slice(1, ..=2 * room);
        Self { leaps: 1.0 - states.eq(&before_last), classes: &states + &blank }
    }

    /// `-log p` for each sequence, from log-probabilities `[T, N, C]`.
    #[track_caller]
    fn surprise(&self, log_probs: &Tensor<B>, input_lengths: &Index<B>, lengths: &Index<B>) -> Tensor<B> {
        let [steps, sequences, _] = log_probs.dims();
        let [_, states] = self.classes.dims();
        let frames = log_probs.gather(2, &self.classes.unsqueeze(0).broadcast_to([steps, sequences, states]));
        let impossible = |states| log_probs.new_full([sequences, states], f64::NEG_INFINITY);
        // Two states more in front: what all paths come from stands where it is one step from a blank, and a leap from a label.
        let mut a = Tensor::concat(&[impossible(1), log_probs.new_zeros([sequences, 1]), impossible(states)], 1);
        for (t, frame) in frames.unbind(0).iter().enumerate() {
            let leaps = self.leaps.select(&a.slice(1, ..states), &impossible(states));
            let arriving = log_sum(&[a.slice(1, 2..), a.slice(1, 1..=states), leaps]);
            let next = Tensor::concat(&[impossible(2), arriving + frame], 1);
            let now = Index::from_tensor(input_lengths.tensor().new_full([], count(t)));
            a = now.lt(&input_lengths.unsqueeze(1)).select(&next, &a);
        }
        let last = &(lengths * 2).unsqueeze(1) + 1;
        let (label, blank) = (a.gather(1, &last), a.gather(1, &(&last + 1)));
        -log_sum(&[label, blank]).squeeze(1)
    }
}

/// `log sum e^x` of several; `-inf` without a gradient where all are that.
#[track_caller]
fn log_sum<B: Backend>(terms: &[Tensor<B>]) -> Tensor<B> {
    let terms = Tensor::stack(terms, -1);
    let none = is(&terms.max_axes(&[-1]), f64::NEG_INFINITY);
    // What is not counted is computed of harmless numbers: the difference of two infinities would come back from it.
    let sum = none.unsqueeze(-1).select(&terms.zeros_like(), &terms).logsumexp(-1);
    none.select(&sum.new_full(sum.shape(), f64::NEG_INFINITY), &sum)
}

/// 1 where `x` is this number.
#[track_caller]
fn is<B: Backend>(x: &Tensor<B>, number: f64) -> Tensor<B> {
    x.eq(&x.new_full(x.shape(), number))
}
