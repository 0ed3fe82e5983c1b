//! Losses.

use autodiff_core::{Backend, Tensor};
use nn::{BinaryCrossEntropy, CrossEntropy, Nll, Reduction};

use crate::golden::call::{Call, Function, Outputs, Unsupported, one};

pub(super) fn find<B: Backend>(op: &str) -> Option<Function<B>> {
    let function: Function<B> = match op {
        "cross_entropy" => cross_entropy,
        "cross_entropy_soft" => cross_entropy_soft,
        "nll" => nll,
        "binary_cross_entropy_with_logits" => binary_cross_entropy_with_logits,
        "mse" => |c| distance(c, nn::mse_loss),
        "l1" => |c| distance(c, nn::l1_loss),
        "huber" => huber,
        "smooth_l1" => smooth_l1,
        "kl_div" => kl_div,
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

fn cross_entropy<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let options = CrossEntropy {
        weight: c.given("weight"),
        ignore_index: ignore_index(c)?,
        label_smoothing: c.option("label_smoothing")?.unwrap_or(0.0),
        reduction: reduction(c)?,
    };
    Ok(one(nn::cross_entropy_with(c.tensor("logits")?, &c.index("target")?, &options)))
}

fn cross_entropy_soft<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    Ok(one(nn::cross_entropy_soft(c.tensor("logits")?, c.tensor("target")?, reduction(c)?)))
}

fn nll<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let options = Nll { weight: c.given("weight"), ignore_index: ignore_index(c)?, reduction: reduction(c)? };
    Ok(one(nn::nll_loss(c.tensor("logp")?, &c.index("target")?, &options)))
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
    Ok(one(f(c.tensor("input")?, c.tensor("target")?, reduction(c)?)))
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
