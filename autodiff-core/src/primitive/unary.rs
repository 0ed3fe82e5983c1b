//! Functions of one number.

use crate::spec::{self, Spec, SpecError};

/// A function applied to each element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Unary {
    /// `-x`
    Neg,
    /// `e^x`
    Exp,
    /// `e^x - 1`, exact near 0.
    Expm1,
    /// The natural logarithm.
    Log,
    /// `log(1 + x)`, exact near 0.
    Log1p,
    /// Sine of an angle in radians.
    Sin,
    /// Cosine of an angle in radians.
    Cos,
    /// The square root.
    Sqrt,
    /// The hyperbolic tangent.
    Tanh,
    /// `1 / (1 + e^-x)`
    Sigmoid,
    /// `2/sqrt(pi) * integral of e^(-t^2) from 0 to x`
    Erf,
    /// `1 - erf(x)`, exact where `erf(x)` is near 1.
    Erfc,
    /// `|x|`
    Abs,
    /// `max(x, 0)`; NaN stays NaN.
    Relu,
    /// The largest whole number that is not above `x`.
    Floor,
    /// The nearest whole number, ties to even.
    Round,
}

impl Unary {
    /// All of them, for tests that go through the set.
    pub const ALL: [Self; 16] = [
        Self::Neg,
        Self::Exp,
        Self::Expm1,
        Self::Log,
        Self::Log1p,
        Self::Sin,
        Self::Cos,
        Self::Sqrt,
        Self::Tanh,
        Self::Sigmoid,
        Self::Erf,
        Self::Erfc,
        Self::Abs,
        Self::Relu,
        Self::Floor,
        Self::Round,
    ];

    /// The name that a Wengert list prints.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Neg => "neg",
            Self::Exp => "exp",
            Self::Expm1 => "expm1",
            Self::Log => "log",
            Self::Log1p => "log1p",
            Self::Sin => "sin",
            Self::Cos => "cos",
            Self::Sqrt => "sqrt",
            Self::Tanh => "tanh",
            Self::Sigmoid => "sigmoid",
            Self::Erf => "erf",
            Self::Erfc => "erfc",
            Self::Abs => "abs",
            Self::Relu => "relu",
            Self::Floor => "floor",
            Self::Round => "round",
        }
    }

    /// False for the step functions, whose derivative is zero wherever there is one: they pass no gradient on.
    #[must_use]
    pub const fn differentiable(self) -> bool {
        !matches!(self, Self::Floor | Self::Round)
    }

    pub(super) fn infer(self, inputs: &[Spec]) -> Result<Spec, SpecError> {
        let [x] = spec::arity(self.name(), inputs)?;
        spec::float(self.name(), 0, x)?;
        Ok(*x)
    }
}

#[cfg(feature = "alloc")]
mod rule {
    use super::Unary;
    use crate::{Backend, Node, Saves, Tensor};

    impl Unary {
        /// Which of `x` and `y` the gradient reads.
        pub(in crate::primitive) const fn saves(self) -> Saves {
            match self {
                Self::Neg | Self::Floor | Self::Round => Saves::NONE,
                // The output of `relu` is what a next layer keeps anyway, so that the input need not be.
                Self::Exp | Self::Expm1 | Self::Sqrt | Self::Tanh | Self::Sigmoid | Self::Relu => {
                    Saves::NONE.and_output()
                }
                Self::Log | Self::Log1p | Self::Sin | Self::Cos | Self::Erf | Self::Erfc | Self::Abs => {
                    Saves::NONE.and_input(0)
                }
            }
        }

        /// ```text
        /// neg   -g         exp    g y          expm1   g y + g        log   g / x      log1p  g / (1 + x)
        /// sin   g cos x    cos   -g sin x      sqrt    g / (y + y)    tanh  g - g y y
        /// sigmoid  g y - g y y     erf  g 2/sqrt(pi) e^(-x x)         erfc  the negative of that
        /// abs   -g where x < 0, 0 where x = 0, g elsewhere            relu  0 where y <= 0, g elsewhere
        /// ```
        pub(in crate::primitive) fn backward<B: Backend>(self, at: &Node<'_, B>) -> Tensor<B> {
            let g = at.grad();
            match self {
                Self::Neg => -g,
                Self::Exp => g * at.output(),
                Self::Expm1 => g * at.output() + g,
                Self::Log => g / at.input(0),
                Self::Log1p => g / (at.input(0) + 1.0),
                Self::Sin => g * at.input(0).cos(),
                Self::Cos => -(g * at.input(0).sin()),
                Self::Sqrt => g / (at.output() + at.output()),
                Self::Tanh => g - g * at.output() * at.output(),
                Self::Sigmoid => {
                    let gy = g * at.output();
                    &gy - &gy * at.output()
                }
                Self::Erf => g * bell(at.input(0)),
                Self::Erfc => -(g * bell(at.input(0))),
                Self::Abs => {
                    let x = at.input(0);
                    let zero = x.zeros_like();
                    x.lt(&zero).select(&-g, &x.eq(&zero).select(&zero, g))
                }
                Self::Relu => {
                    let zero = at.output().zeros_like();
                    at.output().le(&zero).select(&zero, g)
                }
                Self::Floor | Self::Round => unreachable!("{} is declared to have no gradient", self.name()),
            }
        }
    }

    /// The derivative of erf: `2/sqrt(pi) e^(-x x)`.
    fn bell<B: Backend>(x: &Tensor<B>) -> Tensor<B> {
        (-(x * x)).exp() * core::f64::consts::FRAC_2_SQRT_PI
    }
}
