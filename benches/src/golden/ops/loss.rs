//! Losses.

use autodiff_core::Backend;
use nn::Reduction;

use crate::golden::call::{Call, Function, Outputs, Unsupported, one};

pub(super) fn find<B: Backend>(op: &str) -> Option<Function<B>> {
    let function: Function<B> = match op {
        "cross_entropy_soft" => cross_entropy_soft,
        "mse" => mse,
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
        Some(_) => c.unknown("reduction"),
    }
}

fn cross_entropy_soft<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    Ok(one(nn::cross_entropy_soft(c.tensor("logits")?, c.tensor("target")?, reduction(c)?)))
}

fn mse<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    Ok(one(nn::mse_loss(c.tensor("input")?, c.tensor("target")?, reduction(c)?)))
}
