//! Functions of each element, and the composites along one axis.

use crate::{Backend, Composite, DType, Element, Index, Primitive, Tensor, Unary, f16};

use super::{resolve, stored_axis};

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident $f:ident;)*) => {
        impl<B: Backend> Tensor<B> {
            $($(#[$doc])*
            #[must_use]
            #[track_caller]
            pub fn $name(&self) -> Self {
                self.unary(Unary::$f)
            })*
        }
    };
}

functions! {
    /// `e^x`; gradient `g y`.
    exp Exp;
    /// `e^x - 1`, exact near 0; gradient `g (y + 1)`.
    expm1 Expm1;
    /// The natural logarithm; gradient `g / x`.
    log Log;
    /// `log(1 + x)`, exact near 0; gradient `g / (1 + x)`.
    log1p Log1p;
    /// Sine of radians; gradient `g cos x`.
    sin Sin;
    /// Cosine of radians; gradient `-g sin x`.
    cos Cos;
    /// The square root; gradient `g / 2y`.
    sqrt Sqrt;
    /// The hyperbolic tangent; gradient `g (1 - y y)`.
    tanh Tanh;
    /// `1 / (1 + e^-x)`; gradient `g y (1 - y)`.
    sigmoid Sigmoid;
    /// The error function; gradient `g 2/sqrt(pi) e^(-x x)`.
    erf Erf;
    /// `1 - erf(x)`, exact where `erf(x)` is near 1; gradient `-g 2/sqrt(pi) e^(-x x)`.
    erfc Erfc;
    /// `|x|`; gradient `g sign(x)`, 0 at 0.
    abs Abs;
    /// `max(x, 0)`; gradient `g` where `x > 0`, 0 at 0.
    relu Relu;
    /// The largest whole number not above `x`; no gradient.
    floor Floor;
    /// The nearest whole number, ties to even; no gradient.
    round Round;
}

impl<B: Backend> Tensor<B> {
    #[track_caller]
    pub(super) fn unary(&self, f: Unary) -> Self {
        Self::apply(&Primitive::Unary(f), [self])
    }

    /// `x x`; gradient `2 g x`.
    #[must_use]
    #[track_caller]
    pub fn square(&self) -> Self {
        self * self
    }

    /// `1 / x`; gradient `-g y / x`.
    #[must_use]
    #[track_caller]
    pub fn recip(&self) -> Self {
        1.0 / self
    }

    /// `e^(x_i) / sum_j e^(x_j)` along an axis; gradient `y (g - sum g y)`.
    ///
    /// # Panics
    /// When the tensor has no such axis.
    #[must_use]
    #[track_caller]
    pub fn softmax(&self, axis: isize) -> Self {
        self.composite(Composite::Softmax { axis: stored_axis(resolve("softmax", axis, &self.shape())) })
    }

    /// `x_i - log sum_j e^(x_j)` along an axis; gradient `g - e^y sum g`.
    ///
    /// # Panics
    /// When the tensor has no such axis.
    #[must_use]
    #[track_caller]
    pub fn log_softmax(&self, axis: isize) -> Self {
        self.composite(Composite::LogSoftmax { axis: stored_axis(resolve("log_softmax", axis, &self.shape())) })
    }

    /// `log sum_j e^(x_j)` along an axis, which goes away; gradient `g softmax(x)`.
    ///
    /// # Panics
    /// When the tensor has no such axis.
    #[must_use]
    #[track_caller]
    pub fn logsumexp(&self, axis: isize) -> Self {
        let axis = resolve("logsumexp", axis, &self.shape());
        self.composite(Composite::LogSumExp { axis: stored_axis(axis) }).squeeze(axis.cast_signed())
    }

    /// The loss `-log softmax(x)[label]` of each row: logits along the last axis, one label for every row; gradient
    /// `g (softmax(x) - onehot(label))`.
    ///
    /// ```
    /// use autodiff_core::{Index, Tensor};
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f64>>::new(&[1000.0, 0.0, 0.0, 0.0], [2, 2]);
    /// let losses = x.cross_entropy(&Index::new(&[0, 1], [2])).to_vec();
    /// assert_eq!(losses[0], 0.0);
    /// assert!((losses[1] - 2.0_f64.ln()).abs() < 1e-15);
    /// ```
    ///
    /// # Panics
    /// When the labels are not one per row, or one is out of range.
    #[must_use]
    #[track_caller]
    pub fn cross_entropy(&self, labels: &Index<B>) -> Self {
        Self::apply(&Primitive::Call(Composite::CrossEntropy), [self, labels.tensor()])
    }

    #[track_caller]
    pub(crate) fn composite(&self, composite: Composite) -> Self {
        Self::apply(&Primitive::Call(composite), [self])
    }

    /// The same numbers in another format; gradient: cast back.
    #[must_use]
    #[track_caller]
    pub fn cast(&self, dtype: DType) -> Self {
        if self.dtype() == dtype {
            return self.clone();
        }
        Self::apply(&Primitive::Cast { to: dtype }, [self])
    }

    /// In the backend's element where a half is stored beside a wider one, else as it is: the format of statistics.
    #[track_caller]
    pub(crate) fn widened(&self) -> Self {
        let half = matches!(self.dtype(), DType::F16 | DType::Bf16);
        if half && B::Elem::MANTISSA_DIGITS > f16::MANTISSA_DIGITS { self.cast(DType::Elem) } else { self.clone() }
    }

    /// The same value, not merged with equal ones that have another `token`; gradient `g`.
    #[must_use]
    #[track_caller]
    pub fn barrier(&self, token: &Self) -> Self {
        Self::apply(&Primitive::Barrier, [self, token])
    }
}
