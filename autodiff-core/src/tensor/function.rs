//! Functions of each element that are made of others; their gradients come by themselves, at every order.

use crate::{Backend, Tensor};

use core::f64::consts::{LN_2, LN_10};

impl<B: Backend> Tensor<B> {
    /// The tangent of radians, `sin x / cos x`; gradient `g (1 + y y)`.
    #[must_use]
    #[track_caller]
    pub fn tan(&self) -> Self {
        self.sin() / self.cos()
    }

    /// The angle in `[-pi/2, pi/2]` whose tangent is `x`; gradient `g / (1 + x x)`.
    #[must_use]
    #[track_caller]
    pub fn atan(&self) -> Self {
        self.atan2(&self.ones_like())
    }

    /// The angle in `[-pi/2, pi/2]` whose sine is `x`; NaN beyond -1 and 1. Gradient `g / sqrt(1 - x x)`.
    #[must_use]
    #[track_caller]
    pub fn asin(&self) -> Self {
        // The cosine by two roots: 1 - x x would cancel near 1, and one root of (1 - x)(1 + x) has no slope there.
        self.atan2(&((1.0 - self).sqrt() * (1.0 + self).sqrt()))
    }

    /// The angle in `[0, pi]` whose cosine is `x`; NaN beyond -1 and 1. Gradient `-g / sqrt(1 - x x)`.
    ///
    /// By the half angle, which does not cancel near 1 (Kahan, *Branch cuts for complex elementary functions*, 1987).
    #[must_use]
    #[track_caller]
    pub fn acos(&self) -> Self {
        (1.0 - self).sqrt().atan2(&(1.0 + self).sqrt()) * 2.0
    }

    /// The hyperbolic sine, `(e^x - e^-x) / 2`; gradient `g cosh x`. Exact near 0; overflows only where the result does.
    #[must_use]
    #[track_caller]
    pub fn sinh(&self) -> Self {
        // 2 sinh(x/2) cosh(x/2), of which neither factor overflows alone.
        let [up, down] = self.half_exponentials();
        (&up - &down) * 0.5 * (up + down + 2.0)
    }

    /// The hyperbolic cosine, `(e^x + e^-x) / 2`; gradient `g sinh x`. Overflows only where the result does.
    #[must_use]
    #[track_caller]
    pub fn cosh(&self) -> Self {
        // 1 + 2 sinh(x/2)^2, which is even and exact near 0 to every order.
        let [up, down] = self.half_exponentials();
        let twice = up - down;
        &twice * 0.5 * &twice + 1.0
    }

    /// `e^(x/2) - 1` and `e^(-x/2) - 1`
    #[track_caller]
    fn half_exponentials(&self) -> [Self; 2] {
        [0.5, -0.5].map(|half| (self * half).expm1())
    }

    /// `2^x`, exact for whole numbers; gradient `g y log 2`.
    #[must_use]
    #[track_caller]
    pub fn exp2(&self) -> Self {
        self.new_full(self.shape(), 2.0).pow(self)
    }

    /// The logarithm to base 2, `log x / log 2`; gradient `g / (x log 2)`.
    #[must_use]
    #[track_caller]
    pub fn log2(&self) -> Self {
        self.log() / LN_2
    }

    /// The logarithm to base 10, `log x / log 10`; gradient `g / (x log 10)`.
    #[must_use]
    #[track_caller]
    pub fn log10(&self) -> Self {
        self.log() / LN_10
    }

    /// `1 / sqrt(x)`; gradient `-g y / 2x`.
    #[must_use]
    #[track_caller]
    pub fn rsqrt(&self) -> Self {
        self.sqrt().recip()
    }

    /// The smallest whole number not below `x`; no gradient.
    #[must_use]
    #[track_caller]
    pub fn ceil(&self) -> Self {
        -(-self).floor()
    }

    /// The whole number next to `x` on the side of 0; no gradient.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[-1.5, 1.5], [2]);
    /// assert_eq!((x.trunc().to_vec(), x.ceil().to_vec()), (vec![-1.0, 1.0], vec![-1.0, 2.0]));
    /// assert_eq!(x.sign().to_vec(), [-1.0, 1.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn trunc(&self) -> Self {
        self.lt(&self.zeros_like()).select(&self.ceil(), &self.floor())
    }

    /// -1 where `x` is negative, 1 where it is positive, 0 at 0 of either sign, NaN at NaN; no gradient.
    #[must_use]
    #[track_caller]
    pub fn sign(&self) -> Self {
        let zero = self.zeros_like();
        let sign = (self.gt(&zero) - self.lt(&zero)).cast(self.dtype());
        // What is floored has no gradient either.
        self.eq(self).select(&sign, &self.floor())
    }
}
