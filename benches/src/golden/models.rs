//! Whole models, written from tensor operations as one would read them in a book.

mod classifier;
mod convolutional;
mod gan;
mod language;
mod trajectory;
mod vae;

use autodiff_core::{Backend, Tensor};

use super::call::{Call, Function, Outputs, Unsupported};

pub(super) fn find<B: Backend>(op: &str) -> Option<Function<B>> {
    let function: Function<B> = match op {
        "model/lecture_net" => classifier::lecture_net,
        "model/lecture_net_tied" => classifier::lecture_net_tied,
        "model/softmax_regression" => classifier::softmax_regression,
        "model/logistic_regression" => classifier::logistic_regression,
        "model/nielsen" => classifier::nielsen,
        "model/lenet5" => convolutional::lenet5,
        "model/conv_bn" => convolutional::batch_normalised,
        "model/lstm_lm" => language::lstm,
        "model/transformer" => language::transformer,
        "model/word2vec_sgns" => language::word2vec,
        "model/vae" => vae::vae,
        "model/gan_discriminator" => gan::discriminator,
        "model/gan_generator" => gan::generator,
        "model/gan_generator_saturating" => gan::generator_saturating,
        "model/wgan_gp_critic" => gan::critic,
        "model/scalar_program" => scalar_program,
        "trajectory/softmax_regression" => trajectory::softmax_regression,
        "trajectory/logistic_regression" => trajectory::logistic_regression,
        "trajectory/nielsen" => trajectory::nielsen,
        _ => return None,
    };
    Some(function)
}

/// `x W^T + b` with the weight and the bias of a layer.
fn dense<B: Backend>(c: &Call<'_, B>, layer: &str, x: &Tensor<B>) -> Result<Tensor<B>, Unsupported> {
    let weight = c.tensor(&format!("{layer}.weight"))?;
    Ok(x.matmul(&weight.t()) + c.tensor(&format!("{layer}.bias"))?)
}

/// Results with their names.
fn named<B: Backend, const N: usize>(results: [(&str, Tensor<B>); N]) -> Outputs<B> {
    results.into_iter().map(|(name, result)| (name.into(), result)).collect()
}

/// A program with a loop and a branch: `y` starts as `a` and is `sin(y b) + a/(1 + y^2)` after an even turn, `y^2 - b/2`
/// after an odd one.
fn scalar_program<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let x = c.tensor("x")?;
    let [a, b] = [0, 1].map(|at| x.slice(0, at..=at).reshape([]));
    let mut y = a.clone();
    for turn in 0..c.attribute("iterations")? {
        y = if turn % 2 == 0_usize { (&y * &b).sin() + &a / (1.0 + y.square()) } else { y.square() - &b * 0.5 };
    }
    Ok(named([("loss", y)]))
}
