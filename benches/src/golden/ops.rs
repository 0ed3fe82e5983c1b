//! The operations of the sets, one file a family: each is a function generic over the backend.

pub(super) mod attention;
pub(super) mod elementwise;
pub(super) mod loss;
mod nn;
mod norm;
mod optimizer;
pub(super) mod recurrent;
mod reduce;
mod schedule;
pub(super) mod shape;

use autodiff_core::{Backend, Tensor};

use super::call::{Call, Function, Outputs, Unsupported, one};
use super::models;

/// A file of operations: it answers where the name is one of its own.
type Family<B> = fn(&str) -> Option<Function<B>>;

/// The operation of this name.
pub(super) fn find<B: Backend>(op: &str) -> Option<Function<B>> {
    let families: [Family<B>; 11] = [
        attention::find,
        elementwise::find,
        reduce::find,
        shape::find,
        loss::find,
        nn::find,
        norm::find,
        recurrent::find,
        optimizer::find,
        schedule::find,
        models::find,
    ];
    families.iter().find_map(|family| family(op))
}

/// A function of the input `x`.
fn unary<B: Backend>(c: &Call<'_, B>, f: impl Fn(&Tensor<B>) -> Tensor<B>) -> Result<Outputs<B>, Unsupported> {
    Ok(one(f(c.tensor("x")?)))
}

/// A function of two operands that is written with a sign between them, or of one that stands for both.
///
/// With `same_operand` the attribute `expr` says how often: `a*a*a`.
fn binary<B: Backend>(
    c: &Call<'_, B>,
    sign: &str,
    f: impl Fn(&Tensor<B>, &Tensor<B>) -> Tensor<B>,
) -> Result<Outputs<B>, Unsupported> {
    let a = c.tensor("a")?;
    if !c.option("same_operand")?.unwrap_or(false) {
        return Ok(one(f(a, c.tensor("b")?)));
    }
    let expression: Vec<String> = c.option::<String>("expr")?.map_or_else(
        || vec!["a".into(); 2],
        |expression| expression.split(sign).map(|operand| operand.trim().into()).collect(),
    );
    if expression.len() < 2 || expression.iter().any(|operand| operand != "a") {
        return c.unknown("expr");
    }
    Ok(one(expression[1..].iter().fold(a.clone(), |value, _| f(&value, a))))
}
