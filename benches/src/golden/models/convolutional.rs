//! Convolutional networks.

use autodiff_core::{Backend, Conv, Pool, Tensor};

use super::{dense, named};
use crate::golden::call::{Call, Outputs, Unsupported};
use crate::golden::ops::elementwise::Activation;

/// Two convolutions, each with an activation and a pooling behind it, and three layers (LeCun et al. 1998, section II.B).
pub(super) fn lenet5<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let activation: Activation<B> = match c.option::<String>("activation")?.as_deref() {
        None | Some("tanh") => Tensor::tanh,
        Some("relu") => Tensor::relu,
        Some("sigmoid") => Tensor::sigmoid,
        Some(_) => return c.unknown("activation"),
    };
    let pool: fn(&Tensor<B>, Pool<2>) -> Tensor<B> = match c.option::<String>("pool")?.as_deref() {
        None | Some("avg") => Tensor::avg_pool2d,
        Some("max") => Tensor::max_pool2d,
        Some(_) => return c.unknown("pool"),
    };
    let block = |layer: &str, x: &Tensor<B>, padding: usize| {
        let [weight, bias] = ["weight", "bias"].map(|name| c.tensor(&format!("{layer}.{name}")));
        let y = x.conv2d(weight?, Some(bias?), Conv { padding: [padding; 2], ..Conv::default() });
        Ok(pool(&activation(&y), Pool::new([2, 2])))
    };
    let x = block("conv1", c.tensor("x")?, c.option("pad1")?.unwrap_or(0))?;
    let x = block("conv2", &x, 0)?.flatten(1);
    let x = activation(&dense(c, "fc2", &activation(&dense(c, "fc1", &x)?))?);
    let logits = dense(c, "fc3", &x)?;
    let loss = logits.cross_entropy(&c.index("target")?).mean();
    Ok(named([("logits", logits), ("loss", loss)]))
}

/// A convolution, batch normalisation in training, silu, the mean of each channel, and one layer to the classes.
pub(super) fn batch_normalised<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let padded = Conv { padding: [1, 1], ..Conv::default() };
    let x = c.tensor("x")?.conv2d(c.tensor("conv.weight")?, None, padded);
    let eps = c.option("eps")?.unwrap_or(1e-5);
    let (x, ..) = x.batch_norm_train(Some(c.tensor("bn.weight")?), Some(c.tensor("bn.bias")?), eps);
    let logits = dense(c, "fc", &x.silu().mean_axes(&[2, 3]))?;
    Ok(named([("loss", logits.cross_entropy(&c.index("target")?).mean())]))
}
