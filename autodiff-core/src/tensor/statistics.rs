//! Variances and standard deviations: over everything, along axes, and along axes that stay with extent 1.

use super::pool::to_f64;
use crate::{Axes, Backend, Reduce, Shape, Tensor};

/// ```text
/// var = sum (x - mean x)^2 / max(n - correction, 0)
/// ```
///
/// The mean is taken first, then the squares; and of what is left the mean once more, so that neither cancels nor keeps
/// the rounding of a large offset. A correction of `n` or more divides by 0, which gives NaN or infinity as in PyTorch.
/// Halves beside a wider element are computed in that, and rounded once; otherwise the squares must be finite.
/// Gradients come by the formula: `2 g (x - mean) / (n - correction)`, to every order.
impl<B: Backend> Tensor<B> {
    /// The variance of all elements: the sum of squared distances from the mean divided by `n - correction`. With
    /// correction 1 it is unbiased, which is PyTorch's default.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f64>>::new(&[1e8 + 1.0, 1e8 + 2.0, 1e8 + 6.0], [3]);
    /// assert_eq!((x.var(1).item(), x.var(2).item()), (7.0, 14.0));
    /// assert_eq!(x.var(3).item(), f64::INFINITY);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn var(&self, correction: usize) -> Self {
        self.var_mean(correction).0
    }

    /// The variance along some axes, which go away; negative ones count from the end.
    ///
    /// # Panics
    /// When the tensor has no such axis.
    #[must_use]
    #[track_caller]
    pub fn var_axes(&self, axes: &[isize], correction: usize) -> Self {
        let axes = self.axes("var", axes);
        self.rounded_moments(axes, correction).0.without(axes)
    }

    /// The variance along some axes, which stay with extent 1.
    ///
    /// # Panics
    /// When the tensor has no such axis.
    #[must_use]
    #[track_caller]
    pub fn var_keepdim(&self, axes: &[isize], correction: usize) -> Self {
        self.rounded_moments(self.axes("var", axes), correction).0
    }

    /// The standard deviation of all elements, the square root of their variance; gradient 0 where it is 0.
    #[must_use]
    #[track_caller]
    pub fn std(&self, correction: usize) -> Self {
        let axes = Axes::all(self.rank());
        self.deviation(axes, correction).without(axes)
    }

    /// The standard deviation along some axes, which go away; negative ones count from the end.
    ///
    /// # Panics
    /// When the tensor has no such axis.
    #[must_use]
    #[track_caller]
    pub fn std_axes(&self, axes: &[isize], correction: usize) -> Self {
        let axes = self.axes("std", axes);
        self.deviation(axes, correction).without(axes)
    }

    /// The standard deviation along some axes, which stay with extent 1.
    ///
    /// # Panics
    /// When the tensor has no such axis.
    #[must_use]
    #[track_caller]
    pub fn std_keepdim(&self, axes: &[isize], correction: usize) -> Self {
        self.deviation(self.axes("std", axes), correction)
    }

    /// Variance and mean of all elements, by one pass for both.
    #[must_use]
    #[track_caller]
    pub fn var_mean(&self, correction: usize) -> (Self, Self) {
        let axes = Axes::all(self.rank());
        let (var, mean) = self.rounded_moments(axes, correction);
        (var.without(axes), mean.without(axes))
    }

    /// Variance and mean along some axes, which go away; negative ones count from the end.
    ///
    /// # Panics
    /// When the tensor has no such axis.
    #[must_use]
    #[track_caller]
    pub fn var_mean_axes(&self, axes: &[isize], correction: usize) -> (Self, Self) {
        let axes = self.axes("var_mean", axes);
        let (var, mean) = self.rounded_moments(axes, correction);
        (var.without(axes), mean.without(axes))
    }

    /// Variance and mean along some axes, which stay with extent 1.
    ///
    /// # Panics
    /// When the tensor has no such axis.
    #[must_use]
    #[track_caller]
    pub fn var_mean_keepdim(&self, axes: &[isize], correction: usize) -> (Self, Self) {
        self.rounded_moments(self.axes("var_mean", axes), correction)
    }

    /// Variance and mean in the format of the tensor.
    #[track_caller]
    fn rounded_moments(&self, axes: Axes, correction: usize) -> (Self, Self) {
        let (var, mean) = self.widened().moments(axes, correction);
        (var.cast(self.dtype()), mean.cast(self.dtype()))
    }

    /// The root of the variance, of slope 0 at 0; the variance itself may be beyond the format.
    #[track_caller]
    fn deviation(&self, axes: Axes, correction: usize) -> Self {
        self.widened().moments(axes, correction).0.off_zero(Self::sqrt).cast(self.dtype())
    }

    #[track_caller]
    fn moments(&self, axes: Axes, correction: usize) -> (Self, Self) {
        let mean = self.reduce(Reduce::Mean, axes);
        let rough = self - &mean;
        let squares = (&rough - rough.reduce(Reduce::Mean, axes)).square().reduce(Reduce::Mean, axes);
        (if correction == 0 { squares } else { squares * corrected(&self.shape(), axes, correction) }, mean)
    }
}

/// `n / max(n - correction, 0)`, which makes of the mean of squares a variance.
pub(super) fn corrected(shape: &Shape, axes: Axes, correction: usize) -> f64 {
    let count: usize = axes.iter().map(|axis| shape[axis]).product();
    to_f64(count) / to_f64(count.saturating_sub(correction))
}
