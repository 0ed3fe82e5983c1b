//! Losses.

use autodiff_core::{Backend, Index, Tensor};
use nn::{BinaryCrossEntropy, CrossEntropy, Ctc, GaussianNll, MultiMargin, Nll, PoissonNll, Reduction, TripletMargin};

use crate::golden::call::{Call, Function, Outputs, Unsupported, one};

/// By PyTorch's name, with and without `_loss`.
pub(super) fn find<B: Backend>(op: &str) -> Option<Function<B>> {
    let function: Function<B> = match op.strip_suffix("_loss").unwrap_or(op) {
        "cross_entropy" => cross_entropy,
        "cross_entropy_soft" => cross_entropy_soft,
        "nll" => nll,
        "binary_cross_entropy" => binary_cross_entropy,
        "binary_cross_entropy_with_logits" => binary_cross_entropy_with_logits,
        "mse" => |c| distance(c, nn::mse_loss),
        "l1" => |c| distance(c, nn::l1_loss),
        "huber" => huber,
        "smooth_l1" => smooth_l1,
        "kl_div" => kl_div,
        "cosine_embedding" => |c| pair(c, 0.0, nn::cosine_embedding_loss),
        "margin_ranking" => |c| pair(c, 0.0, nn::margin_ranking_loss),
        "hinge_embedding" => hinge_embedding,
        "triplet_margin" => triplet_margin,
        "multi_margin" => multi_margin,
        "soft_margin" => |c| distance(c, nn::soft_margin_loss),
        "multilabel_soft_margin" => multilabel_soft_margin,
        "gaussian_nll" => gaussian_nll,
        "poisson_nll" => poisson_nll,
        "ctc" => ctc,
        "negative_sampling" => negative_sampling,
        _ => return None,
    };
    Some(function)
}

/// The mean, where nothing else is asked for.
pub(in crate::golden) fn reduction<B: Backend>(c: &Call<'_, B>) -> Result<Reduction, Unsupported> {
    match c.option::<String>("reduction")?.as_deref() {
        None | Some("mean") => Ok(Reduction::Mean),
        Some("none") => Ok(Reduction::None),
        Some("sum") => Ok(Reduction::Sum),
        Some("batchmean") => Ok(Reduction::BatchMean),
        Some(_) => c.unknown("reduction"),
    }
}

/// The label of what does not count; -100 is PyTorch's.
fn ignore_index<B: Backend>(c: &Call<'_, B>) -> Result<i32, Unsupported> {
    let index: isize = c.option("ignore_index")?.unwrap_or(-100);
    index.try_into().or_else(|_| c.unknown("ignore_index"))
}

/// What both cross-entropies take.
fn weighing<'a, B: Backend>(c: &Call<'a, B>) -> Result<CrossEntropy<'a, B>, Unsupported> {
    Ok(CrossEntropy {
        weight: c.given("weight"),
        ignore_index: ignore_index(c)?,
        label_smoothing: c.option("label_smoothing")?.unwrap_or(0.0),
        reduction: reduction(c)?,
    })
}

fn cross_entropy<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    Ok(one(nn::cross_entropy_with(c.tensor("logits")?, &c.index("target")?, &weighing(c)?)))
}

fn cross_entropy_soft<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    Ok(one(nn::cross_entropy_soft_with(c.tensor("logits")?, c.tensor("target")?, &weighing(c)?)))
}

fn nll<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let options = Nll { weight: c.given("weight"), ignore_index: ignore_index(c)?, reduction: reduction(c)? };
    Ok(one(nn::nll_loss(c.tensor("logp")?, &c.index("target")?, &options)))
}

fn binary_cross_entropy<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    distance(c, |input, target, reduction| nn::binary_cross_entropy(input, target, c.given("weight"), reduction))
}

fn binary_cross_entropy_with_logits<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let options =
        BinaryCrossEntropy { weight: c.given("weight"), pos_weight: c.given("pos_weight"), reduction: reduction(c)? };
    Ok(one(nn::binary_cross_entropy_with_logits(c.tensor("logits")?, c.tensor("target")?, &options)))
}

/// A loss of `input` against `target` without further attributes.
fn distance<B: Backend>(
    c: &Call<'_, B>,
    f: impl Fn(&Tensor<B>, &Tensor<B>, Reduction) -> Tensor<B>,
) -> Result<Outputs<B>, Unsupported> {
    Ok(one(f(c.tensor("input")?, &numbers(c, "target")?, reduction(c)?)))
}

/// An input that may be stored as indices, such as targets 1 and -1.
fn numbers<B: Backend>(c: &Call<'_, B>, name: &str) -> Result<Tensor<B>, Unsupported> {
    c.tensor(name).cloned().or_else(|_| c.index(name).map(|index| index.to_elem()))
}

fn huber<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let delta = c.option("delta")?.unwrap_or(1.0);
    distance(c, |input, target, reduction| nn::huber_loss(input, target, delta, reduction))
}

fn smooth_l1<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let beta = c.option("beta")?.unwrap_or(1.0);
    distance(c, |input, target, reduction| nn::smooth_l1_loss(input, target, beta, reduction))
}

fn kl_div<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let log_target = c.option("log_target")?.unwrap_or(false);
    distance(c, |input, target, reduction| nn::kl_div(input, target, log_target, reduction))
}

/// A loss of two inputs against a target, with a margin.
fn pair<B: Backend>(
    c: &Call<'_, B>,
    margin: f64,
    f: impl Fn(&Tensor<B>, &Tensor<B>, &Tensor<B>, f64, Reduction) -> Tensor<B>,
) -> Result<Outputs<B>, Unsupported> {
    let margin = c.option("margin")?.unwrap_or(margin);
    Ok(one(f(c.tensor("input1")?, c.tensor("input2")?, &numbers(c, "target")?, margin, reduction(c)?)))
}

fn hinge_embedding<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let margin = c.option("margin")?.unwrap_or(1.0);
    distance(c, |input, target, reduction| nn::hinge_embedding_loss(input, target, margin, reduction))
}

fn triplet_margin<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let options = TripletMargin {
        margin: c.option("margin")?.unwrap_or(1.0),
        p: c.option("p")?.unwrap_or(2.0),
        eps: c.option("eps")?.unwrap_or(1e-6),
        swap: c.option("swap")?.unwrap_or(false),
        reduction: reduction(c)?,
    };
    Ok(one(nn::triplet_margin_loss(c.tensor("anchor")?, c.tensor("positive")?, c.tensor("negative")?, &options)))
}

fn multi_margin<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let p: usize = c.option("p")?.unwrap_or(1);
    let options = MultiMargin {
        p: p.try_into().or_else(|_| c.unknown("p"))?,
        margin: c.option("margin")?.unwrap_or(1.0),
        weight: c.given("weight"),
        reduction: reduction(c)?,
    };
    Ok(one(nn::multi_margin_loss(c.tensor("input")?, &c.index("target")?, &options)))
}

fn multilabel_soft_margin<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    distance(c, |input, target, reduction| nn::multilabel_soft_margin_loss(input, target, c.given("weight"), reduction))
}

fn gaussian_nll<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let options = GaussianNll {
        full: c.option("full")?.unwrap_or(false),
        eps: c.option("eps")?.unwrap_or(1e-6),
        reduction: reduction(c)?,
    };
    Ok(one(nn::gaussian_nll_loss(c.tensor("input")?, c.tensor("target")?, c.tensor("var")?, &options)))
}

fn poisson_nll<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let options = PoissonNll {
        log_input: c.option("log_input")?.unwrap_or(true),
        full: c.option("full")?.unwrap_or(false),
        eps: c.option("eps")?.unwrap_or(1e-8),
        reduction: reduction(c)?,
    };
    Ok(one(nn::poisson_nll_loss(c.tensor("input")?, &numbers(c, "target")?, &options)))
}

fn ctc<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let options = Ctc {
        blank: c.option("blank")?.unwrap_or(0),
        zero_infinity: c.option("zero_infinity")?.unwrap_or(false),
        reduction: reduction(c)?,
    };
    let (log_probs, targets) = (c.tensor("log_probs")?, c.index("targets")?);
    let [inputs, labels] = [lengths(c, "input_lengths")?, lengths(c, "target_lengths")?];
    Ok(one(nn::ctc_loss(log_probs, &targets, &inputs, &labels, &options)))
}

/// An input, or a list among the attributes.
fn lengths<B: Backend>(c: &Call<'_, B>, name: &str) -> Result<Index<B>, Unsupported> {
    let Some(lengths) = c.option::<Vec<isize>>(name)? else { return c.index(name) };
    let narrow = |length| i32::try_from(length).or_else(|_| c.unknown(name));
    let lengths = lengths.into_iter().map(narrow).collect::<Result<Vec<_>, _>>()?;
    Ok(Index::from_slice(&lengths, [lengths.len()], c.tensor("log_probs")?.device()))
}

fn negative_sampling<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let (center, context, negative) = (c.tensor("center")?, c.tensor("context")?, c.tensor("negative")?);
    Ok(one(nn::negative_sampling_loss(center, context, negative, reduction(c)?)))
}
