//! Functions of each element.

use autodiff_core::{Backend, Tensor};

use super::{binary, unary};
use crate::golden::call::{Call, Function, Outputs, Unsupported, one};

/// A function that an attribute chooses.
pub(in crate::golden) type Activation<B> = fn(&Tensor<B>) -> Tensor<B>;

pub(super) fn find<B: Backend>(op: &str) -> Option<Function<B>> {
    let function: Function<B> = match op {
        "neg" => |c| unary(c, |x| -x),
        "square" => |c| unary(c, Tensor::square),
        "sqrt" => |c| unary(c, Tensor::sqrt),
        "rsqrt" => |c| unary(c, Tensor::rsqrt),
        "exp" => |c| unary(c, Tensor::exp),
        "log" => |c| unary(c, Tensor::log),
        "log1p" => |c| unary(c, Tensor::log1p),
        "expm1" => |c| unary(c, Tensor::expm1),
        "reciprocal" => |c| unary(c, Tensor::recip),
        "abs" => |c| unary(c, Tensor::abs),
        "sign" => |c| unary(c, Tensor::sign),
        "tanh" => |c| unary(c, Tensor::tanh),
        "sigmoid" => |c| unary(c, Tensor::sigmoid),
        "relu" => |c| unary(c, Tensor::relu),
        "silu" => |c| unary(c, Tensor::silu),
        "sin" => |c| unary(c, Tensor::sin),
        "cos" => |c| unary(c, Tensor::cos),
        "erf" => |c| unary(c, Tensor::erf),
        "pow" => pow,
        "leaky_relu" => leaky_relu,
        "elu" => elu,
        "gelu" => gelu,
        "softplus" => softplus,
        "clamp" => clamp,
        "add" => |c| binary(c, "+", |a, b| a + b),
        "sub" => |c| binary(c, "-", |a, b| a - b),
        "mul" => |c| binary(c, "*", |a, b| a * b),
        "div" => |c| binary(c, "/", |a, b| a / b),
        "maximum" => |c| binary(c, ",", Tensor::maximum),
        "minimum" => |c| binary(c, ",", Tensor::minimum),
        "where" => |c| Ok(one(c.tensor("cond")?.select(c.tensor("a")?, c.tensor("b")?))),
        _ => return None,
    };
    Some(function)
}

fn pow<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let exponent = c.attribute("exponent")?;
    unary(c, |x| x.powf(exponent))
}

fn leaky_relu<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let slope = c.option("negative_slope")?.unwrap_or(0.01);
    unary(c, |x| x.leaky_relu(slope))
}

fn elu<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let alpha = c.option("alpha")?.unwrap_or(1.0);
    unary(c, |x| x.elu(alpha))
}

fn gelu<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let f = gelu_of(c, "approximate")?;
    unary(c, f)
}

/// The exact function, or its approximation where the attribute says `tanh`.
pub(in crate::golden) fn gelu_of<B: Backend>(c: &Call<'_, B>, attribute: &str) -> Result<Activation<B>, Unsupported> {
    match c.option::<String>(attribute)?.as_deref() {
        None | Some("none") => Ok(Tensor::gelu),
        Some("tanh") => Ok(Tensor::gelu_tanh),
        Some(_) => c.unknown(attribute),
    }
}

fn softplus<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let beta = c.option("beta")?.unwrap_or(1.0);
    unary(c, |x| x.softplus_beta(beta))
}

fn clamp<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let (min, max) = (c.option("min")?, c.option("max")?);
    unary(c, |x| x.clamp(min, max))
}
