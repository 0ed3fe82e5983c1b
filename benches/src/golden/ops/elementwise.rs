//! Functions of each element.

use autodiff_core::{Backend, Tensor};

use super::{binary, unary};
use crate::golden::call::{Call, Function, Outputs, Unsupported, one};

pub(super) fn find<B: Backend>(op: &str) -> Option<Function<B>> {
    let function: Function<B> = match op {
        "neg" => |c| unary(c, |x| -x),
        "square" => |c| unary(c, Tensor::square),
        "sqrt" => |c| unary(c, Tensor::sqrt),
        "exp" => |c| unary(c, Tensor::exp),
        "log" => |c| unary(c, Tensor::log),
        "log1p" => |c| unary(c, Tensor::log1p),
        "expm1" => |c| unary(c, Tensor::expm1),
        "reciprocal" => |c| unary(c, Tensor::recip),
        "abs" => |c| unary(c, Tensor::abs),
        "tanh" => |c| unary(c, Tensor::tanh),
        "sigmoid" => |c| unary(c, Tensor::sigmoid),
        "relu" => |c| unary(c, Tensor::relu),
        "silu" => |c| unary(c, Tensor::silu),
        "sin" => |c| unary(c, Tensor::sin),
        "cos" => |c| unary(c, Tensor::cos),
        "erf" => |c| unary(c, Tensor::erf),
        "pow" => pow,
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
