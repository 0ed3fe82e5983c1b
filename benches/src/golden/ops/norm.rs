//! Normalisation.

use autodiff_core::Backend;

use crate::golden::call::{Call, Function, Outputs, Unsupported, one};

pub(super) fn find<B: Backend>(op: &str) -> Option<Function<B>> {
    let function: Function<B> = match op {
        "batch_norm" => batch_norm,
        "layer_norm" => layer_norm,
        "rms_norm" => rms_norm,
        "group_norm" => group_norm,
        _ => return None,
    };
    Some(function)
}

/// PyTorch's, where none is given.
fn eps<B: Backend>(c: &Call<'_, B>) -> Result<f64, Unsupported> {
    Ok(c.option("eps")?.unwrap_or(1e-5))
}

/// With the batch's statistics in training, which the running ones take in by the momentum; else with the running ones.
fn batch_norm<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let (weight, bias, eps) = (c.given("weight"), c.given("bias"), eps(c)?);
    let (x, [mean, var]) = (c.tensor("x")?, ["running_mean", "running_var"].map(|name| c.given(name)));
    let momentum: f64 = c.option("momentum")?.unwrap_or(0.1);
    if !c.option("training")?.unwrap_or(false) {
        let [mean, var] = [mean.ok_or("running_mean"), var.ok_or("running_var")]
            .map(|statistic| statistic.map_err(|name| Unsupported::Input(name.into())));
        let (mean, var) = (mean?, var?);
        let y = x.batch_norm(mean, var, weight, bias, eps);
        let running = [("new_running_mean", mean), ("new_running_var", var)];
        return Ok(running.into_iter().map(|(name, same)| (name.into(), same.clone())).chain(one(y)).collect());
    }
    let (y, batch_mean, batch_var) = x.batch_norm_train(weight, bias, eps);
    let running = [("new_running_mean", mean, batch_mean), ("new_running_var", var, batch_var)];
    let updated = running
        .into_iter()
        .filter_map(|(name, running, batch)| Some((name.into(), running? * (1.0 - momentum) + batch * momentum)));
    Ok(updated.chain(one(y)).collect())
}

fn layer_norm<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let shape: Vec<usize> = c.attribute("normalized_shape")?;
    Ok(one(c.tensor("x")?.layer_norm(&shape[..], c.given("weight"), c.given("bias"), eps(c)?)))
}

fn rms_norm<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let shape: Vec<usize> = c.attribute("normalized_shape")?;
    Ok(one(c.tensor("x")?.rms_norm(&shape[..], c.given("weight"), c.attribute("eps")?)))
}

fn group_norm<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    Ok(one(c.tensor("x")?.group_norm(c.attribute("num_groups")?, c.given("weight"), c.given("bias"), eps(c)?)))
}
