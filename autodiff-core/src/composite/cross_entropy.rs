//! The cross-entropy of logits against labels, one loss per row.

use crate::Axes;
use crate::spec::{self, Spec, SpecError};

pub(super) fn infer(inputs: &[Spec]) -> Result<Spec, SpecError> {
    let [x, labels] = spec::arity("cross_entropy", inputs)?;
    spec::float("cross_entropy", 0, x)?;
    spec::index("cross_entropy", 1, labels)?;
    let Some(last) = x.shape.rank().checked_sub(1) else {
        return Err(SpecError::shape("cross_entropy", "the logits need an axis of classes", x));
    };
    let rows = x.reshaped(x.shape.without(Axes::one(last)));
    if labels.shape != rows.shape {
        return Err(SpecError::shapes("cross_entropy", "each row of logits needs one label", x, labels));
    }
    Ok(rows)
}

#[cfg(feature = "alloc")]
pub(super) use rule::*;

#[cfg(feature = "alloc")]
mod rule {
    use crate::{Backend, Index, Node, Tensor};

    /// `-log softmax(x)[label]`
    #[track_caller]
    pub(in crate::composite) fn body<B: Backend>(x: &Tensor<B>, labels: &Index<B>) -> Tensor<B> {
        let column = labels.unsqueeze(-1);
        -x.log_softmax(-1).gather(-1, &column).squeeze(-1)
    }

    /// ```text
    /// x  g (softmax(x) - onehot(label))      label  none
    /// ```
    pub(in crate::composite) fn grad<B: Backend>(at: &Node<'_, B>) -> Tensor<B> {
        let (x, g) = (at.input(0), at.grad().unsqueeze(-1));
        let column = at.index(1).unsqueeze(-1);
        (x.softmax(-1) * &g).scatter_add(-1, &column, &-g)
    }
}
