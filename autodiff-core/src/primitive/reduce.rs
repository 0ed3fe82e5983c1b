//! Reductions along axes, and the positions of extreme values.

use crate::Axes;
use crate::spec::{self, Spec, SpecError};

/// What a reduction computes along its axes. Indices have no `Mean`; their sums and products wrap around on overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Reduce {
    /// The sum; 0 of nothing.
    Sum,
    /// The sum divided by the number of elements; NaN of nothing.
    Mean,
    /// The largest; NaN where any is.
    Max,
    /// The smallest; NaN where any is.
    Min,
    /// The product; 1 of nothing.
    Prod,
}

impl Reduce {
    /// All of them, for tests that go through the set.
    pub const ALL: [Self; 5] = [Self::Sum, Self::Mean, Self::Max, Self::Min, Self::Prod];

    /// The name that a Wengert list prints.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Max => "max",
            Self::Min => "min",
            Self::Prod => "prod",
        }
    }

    pub(super) fn infer(self, inputs: &[Spec], axes: Axes) -> Result<Spec, SpecError> {
        let [x] = spec::arity(self.name(), inputs)?;
        for axis in axes.iter() {
            spec::has_axis(self.name(), axis, &x.shape)?;
            if x.shape[axis] == 0 && matches!(self, Self::Max | Self::Min) {
                return Err(SpecError::shape(self.name(), "an empty axis has no extreme value", x));
            }
        }
        if self == Self::Mean {
            spec::float(self.name(), 0, x)?;
        }
        Ok(x.reshaped(x.shape.reduced(axes)))
    }
}

/// Which extreme value's position is sought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum ArgReduce {
    /// The largest.
    Max,
    /// The smallest.
    Min,
}

impl ArgReduce {
    /// The name that a Wengert list prints.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Max => "argmax",
            Self::Min => "argmin",
        }
    }

    pub(super) fn infer(self, inputs: &[Spec], axis: usize) -> Result<Spec, SpecError> {
        let [x] = spec::arity(self.name(), inputs)?;
        spec::float(self.name(), 0, x)?;
        spec::has_axis(self.name(), axis, &x.shape)?;
        if x.shape[axis] == 0 {
            return Err(SpecError::shape(self.name(), "an empty axis has no extreme value", x));
        }
        if i32::try_from(x.shape[axis]).is_err() {
            return Err(SpecError::shape(self.name(), "an index holds 31 bits", x));
        }
        Ok(Spec::index(x.shape.reduced(Axes::one(axis))))
    }
}

#[cfg(feature = "alloc")]
mod rule {
    use super::Reduce;
    use crate::primitive::product;
    use crate::{Axes, Backend, Node, Saves, Tensor};

    impl Reduce {
        /// What the gradient reads.
        pub(in crate::primitive) const fn saves(self) -> Saves {
            match self {
                Self::Sum | Self::Mean => Saves::NONE,
                Self::Max | Self::Min => Saves::NONE.and_input(0).and_output(),
                Self::Prod => Saves::NONE.and_input(0),
            }
        }

        /// ```text
        /// sum  broadcast(g)    mean  broadcast(g (1 / n))    max, min  0 where another is more extreme, else g / count
        /// prod  g times the product of the others
        /// ```
        ///
        /// Where NaN is the most extreme, nothing is more so: all share.
        pub(in crate::primitive) fn backward<B: Backend>(self, axes: Axes, at: &Node<'_, B>) -> Tensor<B> {
            let (g, shape) = (at.grad(), at.shape(0));
            match self {
                Self::Sum => g.broadcast_to(shape),
                Self::Mean => {
                    let count: usize = axes.iter().map(|axis| shape[axis]).product();
                    #[expect(clippy::cast_precision_loss, reason = "a count beyond 2^53 elements fits no memory")]
                    let count = count as f64;
                    // The count itself may be beyond the format: 65,504 is all that f16 holds.
                    (g * (1.0 / count)).broadcast_to(shape)
                }
                Self::Max | Self::Min => {
                    let (x, y) = (at.input(0), at.output().broadcast_to(shape));
                    // Where y is NaN nothing is less, so that the gradient does not end there.
                    let less = if matches!(self, Self::Max) { x.lt(&y) } else { y.lt(x) };
                    let count = (1.0 - &less).cast(g.dtype()).reduce(Self::Sum, axes);
                    let share = (g / count).broadcast_to(shape);
                    less.select(&share.zeros_like(), &share)
                }
                Self::Prod => product::grad(at.input(0), axes, g),
            }
        }
    }
}
