//! Reductions: over everything, along axes, and along axes that stay with extent 1.

use crate::{ArgReduce, Axes, Backend, Index, Primitive, Reduce, Tensor};

use super::{resolve, stored_axis};

macro_rules! reductions {
    ($($kind:ident, $name:ident, $along:ident, $keep:ident, $what:literal, $grad:literal;)*) => {
        impl<B: Backend> Tensor<B> {
            $(#[doc = concat!($what, " of all elements, as a scalar; gradient ", $grad, ".")]
            ///
            /// # Panics
            /// Where nothing has no such value: `max` and `min` of an empty tensor.
            #[must_use]
            #[track_caller]
            pub fn $name(&self) -> Self {
                let axes = Axes::all(self.rank());
                self.reduce(Reduce::$kind, axes).without(axes)
            }

            #[doc = concat!($what, " along some axes, which go away; negative ones count from the end.")]
            ///
            /// # Panics
            /// When the tensor has no such axis.
            #[must_use]
            #[track_caller]
            pub fn $along(&self, axes: &[isize]) -> Self {
                let axes = self.axes(stringify!($name), axes);
                self.reduce(Reduce::$kind, axes).without(axes)
            }

            #[doc = concat!($what, " along some axes, which stay with extent 1.")]
            ///
            /// # Panics
            /// When the tensor has no such axis.
            #[must_use]
            #[track_caller]
            pub fn $keep(&self, axes: &[isize]) -> Self {
                let axes = self.axes(stringify!($name), axes);
                self.reduce(Reduce::$kind, axes)
            })*
        }
    };
}

reductions! {
    Sum, sum, sum_axes, sum_keepdim, "The sum", "`broadcast(g)`";
    Mean, mean, mean_axes, mean_keepdim, "The mean", "`broadcast(g / n)`";
    Max, max, max_axes, max_keepdim, "The largest", "`g / count` where `x = y`";
    Min, min, min_axes, min_keepdim, "The smallest", "`g / count` where `x = y`";
    Prod, prod, prod_axes, prod_keepdim, "The product", "`g` times the product of the others";
}

impl<B: Backend> Tensor<B> {
    /// A reduction along a set of axes, which stay with extent 1.
    ///
    /// # Panics
    /// When the tensor has no such axis.
    #[must_use]
    #[track_caller]
    pub fn reduce(&self, kind: Reduce, axes: Axes) -> Self {
        // Of indices a mean must be refused, along whatever axes.
        if axes.is_empty() && self.dtype().is_float() {
            return self.clone();
        }
        Self::apply(&Primitive::Reduce { kind, axes }, [self])
    }

    /// The position of the largest element along an axis, which goes away; the first on a tie.
    ///
    /// # Panics
    /// When the tensor has no such axis, or it is empty.
    #[must_use]
    #[track_caller]
    pub fn argmax(&self, axis: isize) -> Index<B> {
        self.arg_reduce(ArgReduce::Max, axis)
    }

    /// The position of the smallest element along an axis, which goes away; the first on a tie.
    ///
    /// # Panics
    /// When the tensor has no such axis, or it is empty.
    #[must_use]
    #[track_caller]
    pub fn argmin(&self, axis: isize) -> Index<B> {
        self.arg_reduce(ArgReduce::Min, axis)
    }

    /// The position of the largest of all elements in row-major order, as a scalar; the first on a tie.
    ///
    /// # Panics
    /// When the tensor is empty.
    #[must_use]
    #[track_caller]
    pub fn argmax_all(&self) -> Index<B> {
        self.reshape([self.shape().elements()]).argmax(0)
    }

    /// The position of the smallest of all elements in row-major order, as a scalar; the first on a tie.
    ///
    /// # Panics
    /// When the tensor is empty.
    #[must_use]
    #[track_caller]
    pub fn argmin_all(&self) -> Index<B> {
        self.reshape([self.shape().elements()]).argmin(0)
    }

    #[track_caller]
    fn arg_reduce(&self, kind: ArgReduce, axis: isize) -> Index<B> {
        let axis = resolve(kind.name(), axis, &self.shape());
        let kept = Self::apply(&Primitive::ArgReduce { kind, axis: stored_axis(axis) }, [self]);
        kept.without(Axes::one(axis)).to_index()
    }

    /// Drops axes of extent 1.
    #[track_caller]
    pub(super) fn without(&self, axes: Axes) -> Self {
        self.reshape(self.shape().without(axes))
    }

    /// The set of axes that a user names.
    #[track_caller]
    pub(super) fn axes(&self, op: &'static str, axes: &[isize]) -> Axes {
        let shape = self.shape();
        let mut set = Axes::NONE;
        for &axis in axes {
            let axis = resolve(op, axis, &shape);
            assert!(!set.contains(axis), "{op}: axis {axis} is named twice in {axes:?}");
            set = set.with(axis);
        }
        set
    }
}
