//! Lengths of vectors, and what is measured by them; logarithms of sums along several axes.

use crate::{Axes, Backend, Reduce, Tensor};

use super::resolve;

impl<B: Backend> Tensor<B> {
    /// The Euclidean length of all elements, `sqrt(sum x x)`, as a scalar; gradient `g x / y`, 0 where the length is 0.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// assert_eq!(Tensor::<Cpu<f64>>::new(&[3.0, -4.0], [2]).norm().item(), 5.0);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn norm(&self) -> Self {
        let axes = Axes::all(self.rank());
        self.length(2.0, axes).without(axes)
    }

    /// The `p`-norm along some axes, which go away: `(sum |x|^p)^(1/p)`, for `p` infinite the largest or smallest `|x|`, for
    /// `p = 0` the number of elements that are not 0. For negative `p` it is 0 where an element is.
    ///
    /// The gradient is 0 for elements that are 0, and where the norm is. Halves beside a wider element are computed in that;
    /// otherwise the sum of powers must be finite.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f64>>::new(&[3.0, -4.0, 0.0, 0.0], [2, 2]);
    /// assert_eq!(x.vector_norm(1.0, &[1]).to_vec(), [7.0, 0.0]);
    /// assert_eq!(x.vector_norm(f64::INFINITY, &[0]).to_vec(), [3.0, 4.0]);
    /// ```
    ///
    /// # Panics
    /// When the tensor has no such axis, or for infinite `p` it is empty.
    #[must_use]
    #[track_caller]
    pub fn vector_norm(&self, p: f64, axes: &[isize]) -> Self {
        let axes = self.axes("vector_norm", axes);
        self.length(p, axes).without(axes)
    }

    /// The `p`-norm along some axes, which stay with extent 1: see [`vector_norm`](Self::vector_norm).
    ///
    /// # Panics
    /// When the tensor has no such axis, or for infinite `p` it is empty.
    #[must_use]
    #[track_caller]
    pub fn vector_norm_keepdim(&self, p: f64, axes: &[isize]) -> Self {
        self.length(p, self.axes("vector_norm", axes))
    }

    #[track_caller]
    fn length(&self, p: f64, axes: Axes) -> Self {
        let x = self.widened();
        let y = if p == f64::INFINITY {
            x.abs().reduce(Reduce::Max, axes)
        } else if p == f64::NEG_INFINITY {
            x.abs().reduce(Reduce::Min, axes)
        } else if p == 1.0 {
            x.abs().reduce(Reduce::Sum, axes)
        } else if p == 2.0 {
            (&x * &x).reduce(Reduce::Sum, axes).off_zero(Self::sqrt)
        } else if p == 0.0 {
            (1.0 - x.eq(&x.zeros_like())).cast(x.dtype()).reduce(Reduce::Sum, axes)
        } else if p < 0.0 {
            x.negative_length(p, axes)
        } else {
            let powers = x.abs().off_zero(|x| x.powf(p));
            powers.reduce(Reduce::Sum, axes).off_zero(|sum| sum.powf(1.0 / p))
        };
        y.cast(self.dtype())
    }

    /// The `p`-norm for `p < 0`: `0^p` is infinite, and so is the sum, of which the power is 0 again.
    #[track_caller]
    fn negative_length(&self, p: f64, axes: Axes) -> Self {
        let zeros = self.eq(&self.zeros_like());
        let vanishes = zeros.reduce(Reduce::Sum, axes);
        // The powers are taken of 1 there, so that their derivatives stay finite.
        let sum = zeros.select(&self.ones_like(), &self.abs()).powf(p).reduce(Reduce::Sum, axes);
        vanishes.select(&sum.zeros_like(), &sum.powf(1.0 / p))
    }

    /// `f(x)`, but 0 with a gradient of 0 where `x` is 0, whose slope may be infinite there.
    #[track_caller]
    pub(super) fn off_zero(&self, f: impl Fn(&Self) -> Self) -> Self {
        let zero = self.zeros_like();
        let at_zero = self.eq(&zero);
        at_zero.select(&zero, &f(&at_zero.select(&self.ones_like(), self)))
    }

    /// `x / max(norm, eps)` with the `p`-norm along an axis.
    ///
    /// # Panics
    /// When the tensor has no such axis.
    #[must_use]
    #[track_caller]
    pub fn normalize(&self, p: f64, axis: isize, eps: f64) -> Self {
        let x = self.widened();
        let norm = x.vector_norm_keepdim(p, &[axis]);
        let least = norm.new_full(norm.shape(), eps);
        (x / norm.maximum(&least)).cast(self.dtype())
    }

    /// `sum x y / (max(|x|, eps) max(|y|, eps))` along an axis, which goes away, with Euclidean lengths; both broadcast.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let [x, y] = [[3.0, 4.0], [4.0, 3.0]].map(|values| Tensor::<Cpu<f64>>::new(&values, [2]));
    /// assert!((x.cosine_similarity(&y, 0, 1e-8).item() - 0.96).abs() < 1e-15);
    /// ```
    ///
    /// # Panics
    /// When the shapes cannot be broadcast together, or have no such axis.
    #[must_use]
    #[track_caller]
    pub fn cosine_similarity(&self, other: &Self, axis: isize, eps: f64) -> Self {
        let (x, y) = self.broadcast_pair("cosine_similarity", other);
        resolve("cosine_similarity", axis, &x.shape());
        let (x, y) = (x.widened().normalize(2.0, axis, eps), y.widened().normalize(2.0, axis, eps));
        (x * y).sum_axes(&[axis]).cast(self.dtype())
    }

    /// `log sum e^x` along some axes, which go away; `-inf` of nothing, gradient `g e^(x - y)`.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f64>>::new(&[1000.0; 4], [2, 2]);
    /// assert_eq!(x.logsumexp_axes(&[0, 1]).item(), 1000.0 + 4.0_f64.ln());
    /// ```
    ///
    /// # Panics
    /// When the tensor has no such axis.
    #[must_use]
    #[track_caller]
    pub fn logsumexp_axes(&self, axes: &[isize]) -> Self {
        let axes = self.axes("logsumexp", axes);
        self.logsumexp_along(axes).reshape(self.shape().without(axes))
    }

    /// `log sum e^x` along some axes, which stay with extent 1.
    ///
    /// # Panics
    /// When the tensor has no such axis.
    #[must_use]
    #[track_caller]
    pub fn logsumexp_keepdim(&self, axes: &[isize]) -> Self {
        let axes = self.axes("logsumexp", axes);
        self.logsumexp_along(axes).reshape(self.shape().reduced(axes))
    }

    /// By one axis that the others are joined to.
    #[track_caller]
    fn logsumexp_along(&self, axes: Axes) -> Self {
        let kept = (0..self.rank()).filter(|&axis| !axes.contains(axis));
        let order: alloc::vec::Vec<isize> = kept.chain(axes.iter()).map(usize::cast_signed).collect();
        let shape = self.shape();
        let count: usize = axes.iter().map(|axis| shape[axis]).product();
        let rows = shape.without(axes).elements();
        self.permute(&order).reshape([rows, count]).logsumexp(1)
    }
}
