//! Variances and standard deviations: over everything, along axes, and along axes that stay with extent 1.

use crate::{Axes, Backend, Reduce, Tensor};

/// ```text
/// var = sum (x - mean x)^2 / max(n - correction, 0)
/// ```
///
/// The mean is taken first, then the squares; and of what is left the mean once more, so that neither cancels nor keeps
/// the rounding of a large offset. A correction of `n` or more divides by 0, which gives NaN or infinity as in PyTorch.
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
        self.moments(axes, correction).0.without(axes)
    }

    /// The variance along some axes, which stay with extent 1.
    ///
    /// # Panics
    /// When the tensor has no such axis.
    #[must_use]
    #[track_caller]
    pub fn var_keepdim(&self, axes: &[isize], correction: usize) -> Self {
        self.moments(self.axes("var", axes), correction).0
    }

    /// The standard deviation of all elements, the square root of their variance; gradient 0 where it is 0.
    #[must_use]
    #[track_caller]
    pub fn std(&self, correction: usize) -> Self {
        self.var(correction).root()
    }

    /// The standard deviation along some axes, which go away; negative ones count from the end.
    ///
    /// # Panics
    /// When the tensor has no such axis.
    #[must_use]
    #[track_caller]
    pub fn std_axes(&self, axes: &[isize], correction: usize) -> Self {
        let axes = self.axes("std", axes);
        self.moments(axes, correction).0.without(axes).root()
    }

    /// The standard deviation along some axes, which stay with extent 1.
    ///
    /// # Panics
    /// When the tensor has no such axis.
    #[must_use]
    #[track_caller]
    pub fn std_keepdim(&self, axes: &[isize], correction: usize) -> Self {
        self.moments(self.axes("std", axes), correction).0.root()
    }

    /// Variance and mean of all elements, by one pass for both.
    #[must_use]
    #[track_caller]
    pub fn var_mean(&self, correction: usize) -> (Self, Self) {
        let axes = Axes::all(self.rank());
        let (var, mean) = self.moments(axes, correction);
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
        let (var, mean) = self.moments(axes, correction);
        (var.without(axes), mean.without(axes))
    }

    /// Variance and mean along some axes, which stay with extent 1.
    ///
    /// # Panics
    /// When the tensor has no such axis.
    #[must_use]
    #[track_caller]
    pub fn var_mean_keepdim(&self, axes: &[isize], correction: usize) -> (Self, Self) {
        self.moments(self.axes("var_mean", axes), correction)
    }

    #[track_caller]
    fn moments(&self, axes: Axes, correction: usize) -> (Self, Self) {
        let mean = self.reduce(Reduce::Mean, axes);
        let rough = self - &mean;
        let squares = (&rough - rough.reduce(Reduce::Mean, axes)).square().reduce(Reduce::Mean, axes);
        (if correction == 0 { squares } else { squares * corrected(self, axes, correction) }, mean)
    }

    /// The square root, of slope 0 at 0.
    #[track_caller]
    fn root(&self) -> Self {
        let vanishes = self.eq(&self.zeros_like());
        // The root is taken of 1 there, so that its derivatives stay finite.
        vanishes.select(&self.zeros_like(), &vanishes.select(&self.ones_like(), self).sqrt())
    }
}

/// `n / max(n - correction, 0)`
fn corrected<B: Backend>(x: &Tensor<B>, axes: Axes, correction: usize) -> f64 {
    let shape = x.shape();
    let count: usize = axes.iter().map(|axis| shape[axis]).product();
    #[expect(clippy::cast_precision_loss, reason = "a count beyond 2^53 elements fits no memory")]
    let [count, left] = [count, count.saturating_sub(correction)].map(|count| count as f64);
    count / left
}
