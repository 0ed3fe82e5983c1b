//! The variational autoencoder.

use autodiff_core::{Backend, Tensor};

use super::{dense, named};
use crate::golden::call::{Call, Outputs, Unsupported};

/// `[sum BCE(logits, x) - sum(1 + logvar - mu^2 - e^logvar) / 2] / N`, the sample being `mu + eps e^(logvar/2)` (Kingma and
/// Welling 2014, equation 10).
pub(super) fn vae<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let x = c.tensor("x")?;
    let h = dense(c, "enc", x)?.tanh();
    let (mu, logvar) = (dense(c, "mu", &h)?, dense(c, "logvar", &h)?);
    let z = &mu + c.tensor("eps")? * (&logvar * 0.5).exp();
    let logits = dense(c, "out", &dense(c, "dec", &z)?.tanh())?;
    let mean = |losses: Tensor<B>| losses.sum_axes(&[1]).mean();
    let rec = mean(logits.softplus() - x * &logits);
    let kl = mean(1.0 + &logvar - mu.square() - logvar.exp()) * -0.5;
    Ok(named([("loss", &rec + &kl), ("rec", rec), ("kl", kl)]))
}
