//! The choice between two values.

use crate::DType;
use crate::spec::{self, Fault, Spec, SpecError};

pub(super) fn infer(inputs: &[Spec]) -> Result<Spec, SpecError> {
    let [condition, a, b] = spec::arity("select", inputs)?;
    if condition.dtype != DType::Elem {
        let fault = Fault::DType { arg: 0, expected: "elem", found: condition.dtype };
        return Err(SpecError { op: "select", fault });
    }
    spec::equal("select", a, b)?;
    if condition.shape != a.shape {
        return Err(SpecError::shapes("select", "the shapes differ", condition, a));
    }
    Ok(*a)
}

#[cfg(feature = "alloc")]
pub(super) mod rule {
    use crate::{Backend, Node, Tensor};

    /// ```text
    /// condition  none      a  select(c, g, 0)      b  select(c, 0, g)
    /// ```
    pub(in crate::primitive) fn backward<B: Backend>(arg: usize, at: &Node<'_, B>) -> Tensor<B> {
        let (g, zero) = (at.grad(), at.grad().zeros_like());
        match arg {
            1 => at.input(0).select(g, &zero),
            2 => at.input(0).select(&zero, g),
            _ => unreachable!("the condition of select is declared to have no gradient"),
        }
    }
}
