//! Generative adversarial networks: a generator `G`, and a discriminator or a critic `D`.

use autodiff_core::{Autodiff, Backend, Tensor};

use super::{dense, named};
use crate::golden::call::{Call, Outputs, Unsupported};

/// `G(z) = g2(tanh(g1 z))`
fn generate<B: Backend>(c: &Call<'_, B>) -> Result<Tensor<B>, Unsupported> {
    dense(c, "g2", &dense(c, "g1", c.tensor("z")?)?.tanh())
}

/// `D(x) = d2(leaky_relu(d1 x))`
fn discriminate<B: Backend>(c: &Call<'_, B>, x: &Tensor<B>) -> Result<Tensor<B>, Unsupported> {
    let slope = c.option::<f64>("negative_slope")?.unwrap_or(0.01);
    dense(c, "d2", &dense(c, "d1", x)?.leaky_relu(slope))
}

/// What the discriminator minimises: the mean of `-log s(D(real))` and that of `-log(1 - s(D(fake)))`, added.
pub(super) fn discriminator<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let real = discriminate(c, c.tensor("real")?)?;
    let fake = discriminate(c, &generate(c)?.detach())?;
    Ok(named([("loss", (-real).softplus().mean() + fake.softplus().mean())]))
}

/// What the generator minimises: the mean of `-log s(D(fake))` (Goodfellow et al. 2014, section 3).
pub(super) fn generator<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    c.tensor("real")?;
    let fake = discriminate(c, &generate(c)?)?;
    Ok(named([("loss", (-fake).softplus().mean())]))
}

/// The same from the game as it stands in theory: the mean of `log(1 - s(D(fake)))`.
pub(super) fn generator_saturating<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    c.tensor("real")?;
    let fake = discriminate(c, &generate(c)?)?;
    Ok(named([("loss", -fake.softplus().mean())]))
}

/// What a critic minimises whose gradient is kept near length 1 between real and made (Gulrajani et al. 2017, algorithm 1):
/// a gradient inside the loss.
pub(super) fn critic<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let params = Critic::new(c)?;
    let (real, fake, alpha) = (c.tensor("real")?, generate(c)?.detach(), c.tensor("alpha")?);
    let between = Tensor::<Autodiff<B>>::variable(alpha * real + (1.0 - alpha) * &fake);
    let slopes = params.lift().judge(&between).sum().grad(&[&between]).remove(0);
    let slopes = slopes.unwrap_or_else(|| fake.zeros_like());
    let length = slopes.square().sum_axes(&[1]).sqrt();
    let penalty = (length - 1.0).square().mean();
    let loss = params.judge(&fake).mean() - params.judge(real).mean() + &penalty * c.attribute::<f64>("lambda")?;
    Ok(named([("loss", loss), ("penalty", penalty)]))
}

/// `D(x) = d2(tanh(d1 x))`
struct Critic<B: Backend>([Tensor<B>; 4]);

impl<B: Backend> Critic<B> {
    fn new(c: &Call<'_, B>) -> Result<Self, Unsupported> {
        let [w1, b1, w2, b2] = ["d1.weight", "d1.bias", "d2.weight", "d2.bias"].map(|name| c.tensor(name));
        Ok(Self([w1?, b1?, w2?, b2?].map(Clone::clone)))
    }

    /// The same where the derivative by `x` is taken: there the parameters are constants.
    fn lift(&self) -> Critic<Autodiff<B>> {
        Critic(self.0.each_ref().map(|param| Tensor::constant_of(param.clone())))
    }

    fn judge(&self, x: &Tensor<B>) -> Tensor<B> {
        let [w1, b1, w2, b2] = &self.0;
        (x.matmul(&w1.t()) + b1).tanh().matmul(&w2.t()) + b2
    }
}
