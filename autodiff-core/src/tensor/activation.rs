//! Activations: formulas of primitives, each finite with its derivatives wherever the function is.
//!
//! A function in two pieces takes each piece of numbers that it is meant for alone: the choice between them passes a
//! gradient of 0 to the other, and 0 times an infinite slope would be NaN.

use crate::{Backend, Composite, MAX_RANK, Shape, SpecError, Tensor};

use super::resolve;

/// Numbers of self-normalising networks (Klambauer et al. 2017, section 2): `alpha` and `lambda`.
const SELU: [f64; 2] = [1.673_263_242_354_377_2, 1.050_700_987_355_480_5];

impl<B: Backend> Tensor<B> {
    /// `x sigmoid(x)`, also called swish.
    #[must_use]
    #[track_caller]
    pub fn silu(&self) -> Self {
        self * self.sigmoid()
    }

    /// `x Phi(x)` with the normal distribution function `Phi(x) = erfc(-x/sqrt 2) / 2`, which does not cancel in the left
    /// tail; gradient `g (Phi(x) + x phi(x))` with the density `phi` (Hendrycks and Gimpel 2016).
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// assert_eq!(Tensor::<Cpu<f64>>::new(&[0.0, 40.0], [2]).gelu().to_vec(), [0.0, 40.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn gelu(&self) -> Self {
        self.composite(Composite::Gelu)
    }

    /// `log(1 + e^x)`; gradient `g sigmoid(x)`. Finite wherever the result is.
    #[must_use]
    #[track_caller]
    pub fn softplus(&self) -> Self {
        self.composite(Composite::Softplus)
    }

    /// `log sigmoid(x) = -log(1 + e^-x)`. Finite wherever the result is.
    #[must_use]
    #[track_caller]
    pub fn log_sigmoid(&self) -> Self {
        -(-self).softplus()
    }

    /// `log(1 + e^(beta x)) / beta`: the nearer to `max(x, 0)`, the larger `beta`. There is no linear threshold.
    #[must_use]
    #[track_caller]
    pub fn softplus_beta(&self, beta: f64) -> Self {
        (self * beta).softplus() / beta
    }

    /// `x Phi(x)` with the distribution function approximated by tanh, written so that it does not cancel:
    ///
    /// ```text
    /// x (1 + tanh u) / 2 = x sigmoid(2 u),   u = sqrt(2 / pi) (x + 0.044715 x^3)
    /// ```
    ///
    /// (Hendrycks and Gimpel 2016, section 2.)
    #[must_use]
    #[track_caller]
    pub fn gelu_tanh(&self) -> Self {
        // Beyond 30 the sigmoid is 0 or 1 in every format; cubes are finite before, in f16 too.
        let x = self.clamp(Some(-30.0), Some(30.0));
        let inner = &x + &x * &x * &x * 0.044_715;
        self * (inner * (2.0 * core::f64::consts::FRAC_2_SQRT_PI * core::f64::consts::FRAC_1_SQRT_2)).sigmoid()
    }

    /// `x` where it is positive, `negative_slope x` elsewhere; gradient `g` or `g negative_slope`, the latter at 0.
    #[must_use]
    #[track_caller]
    pub fn leaky_relu(&self, negative_slope: f64) -> Self {
        let (positive, negative) = self.signs();
        positive.select(self, &(negative * negative_slope))
    }

    /// `x` where it is positive, `w x` elsewhere, with one slope `w` or one for each channel on axis 1.
    ///
    /// ```text
    /// x  g, or g w      w  sum of g x where x is not positive
    /// ```
    ///
    /// (He et al., *Delving deep into rectifiers*, 2015, section 2.1.)
    ///
    /// # Panics
    /// When `weight` is neither one number nor a vector with one for each channel.
    #[must_use]
    #[track_caller]
    pub fn prelu(&self, weight: &Self) -> Self {
        let (shape, count) = (self.shape(), weight.shape().elements());
        let column = if count == 1 {
            Shape::SCALAR
        } else {
            let why = "the slopes are neither one nor one for each channel on axis 1";
            let fits = shape.rank() > 1 && weight.shape() == [shape[1]];
            assert!(fits, "{}", SpecError::shapes("prelu", why, &weight.spec(), &self.spec()));
            Shape::new(&[1; MAX_RANK][..shape.rank() - 1]).with(0, count)
        };
        let (positive, negative) = self.signs();
        positive.select(self, &(negative * weight.reshape(column)))
    }

    /// `x` where it is positive, `alpha (e^x - 1)` elsewhere (Clevert, Unterthiner and Hochreiter 2015).
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f64>>::new(&[-1000.0, 0.0, 1000.0], [3]);
    /// assert_eq!(x.elu(2.0).to_vec(), [-2.0, 0.0, 1000.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn elu(&self, alpha: f64) -> Self {
        let (positive, negative) = self.signs();
        positive.select(self, &(negative.expm1() * alpha))
    }

    /// `lambda elu(x, alpha)` with the two numbers that keep mean 0 and variance 1 (Klambauer et al., *Self-normalizing
    /// neural networks*, 2017).
    #[must_use]
    #[track_caller]
    pub fn selu(&self) -> Self {
        self.elu(SELU[0]) * SELU[1]
    }

    /// `x` where it is positive, `alpha (e^(x / alpha) - 1)` elsewhere: smooth for every `alpha` (Barron 2017).
    #[must_use]
    #[track_caller]
    pub fn celu(&self, alpha: f64) -> Self {
        let (positive, negative) = self.signs();
        positive.select(self, &((negative / alpha).expm1() * alpha))
    }

    /// Where the numbers are positive, and the numbers that are not, 0 for the others; NaN is none.
    #[track_caller]
    fn signs(&self) -> (Self, Self) {
        let zero = self.zeros_like();
        let positive = self.gt(&zero);
        let negative = positive.select(&zero, self);
        (positive, negative)
    }

    /// `x tanh(softplus(x))` (Misra 2019).
    #[must_use]
    #[track_caller]
    pub fn mish(&self) -> Self {
        self * self.softplus().tanh()
    }

    /// `x / (1 + |x|)`
    #[must_use]
    #[track_caller]
    pub fn softsign(&self) -> Self {
        self / (self.abs() + 1.0)
    }

    /// `x` within limits: the nearer limit for what lies outside, each where it is given; NaN stays.
    ///
    /// The gradient passes whole at the limits, and not outside. Where `min > max` the result is `max`.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f64>>::new(&[-3.0, 0.5, 2.0], [3]);
    /// assert_eq!(x.clamp(Some(0.0), Some(1.0)).to_vec(), [0.0, 0.5, 1.0]);
    /// assert_eq!(x.clamp(None, Some(1.0)).to_vec(), [-3.0, 0.5, 1.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn clamp(&self, min: Option<f64>, max: Option<f64>) -> Self {
        let mut x = self.clone();
        if let Some(min) = min {
            let limit = self.new_full(self.shape(), min);
            x = x.lt(&limit).select(&limit, &x);
        }
        if let Some(max) = max {
            let limit = self.new_full(self.shape(), max);
            x = x.gt(&limit).select(&limit, &x);
        }
        x
    }

    /// `min(max(x, min), max)`, as [`clamp`](Self::clamp), but no gradient passes at the limits, as in PyTorch.
    #[must_use]
    #[track_caller]
    pub fn hardtanh(&self, min: f64, max: f64) -> Self {
        let [low, high] = [min, max].map(|limit| self.new_full(self.shape(), limit));
        let x = self.le(&low).select(&low, self);
        x.ge(&high).select(&high, &x)
    }

    /// `min(max(x, 0), 6)`; no gradient at 0 and 6.
    #[must_use]
    #[track_caller]
    pub fn relu6(&self) -> Self {
        self.hardtanh(0.0, 6.0)
    }

    /// `min(max(x + 3, 0), 6) / 6`; no gradient at -3 and 3.
    #[must_use]
    #[track_caller]
    pub fn hardsigmoid(&self) -> Self {
        (self + 3.0).relu6() / 6.0
    }

    /// `x hardsigmoid(x)` (Howard et al., *Searching for MobileNetV3*, 2019, section 5.2).
    #[must_use]
    #[track_caller]
    pub fn hardswish(&self) -> Self {
        self * self.hardsigmoid()
    }

    /// `a sigmoid(b)` with the first half `a` and the second half `b` along an axis (Dauphin et al. 2017).
    ///
    /// # Panics
    /// When the tensor has no such axis, or its extent is odd.
    #[must_use]
    #[track_caller]
    pub fn glu(&self, axis: isize) -> Self {
        let shape = self.shape();
        let extent = shape[resolve("glu", axis, &shape)];
        assert!(extent.is_multiple_of(2), "glu: axis {axis} of shape {shape} has no two halves");
        self.slice(axis, ..extent / 2) * self.slice(axis, extent / 2..).sigmoid()
    }

    /// `e^(-x_i) / sum_j e^(-x_j)` along an axis.
    ///
    /// # Panics
    /// When the tensor has no such axis.
    #[must_use]
    #[track_caller]
    pub fn softmin(&self, axis: isize) -> Self {
        (-self).softmax(axis)
    }
}
