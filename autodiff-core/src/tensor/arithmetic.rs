//! Operators: `+ - * /` between tensors and with numbers, by value and by reference, broadcasting as NumPy does.

use core::ops::{Add, Div, Mul, Neg, Sub};

use crate::primitive::not_broadcastable;
use crate::{Backend, Binary, Compare, Primitive, Tensor, Unary};

impl<B: Backend> Tensor<B> {
    /// Both operands in their common shape.
    #[track_caller]
    pub(super) fn broadcast_pair(&self, op: &'static str, other: &Self) -> (Self, Self) {
        let (left, right) = (self.spec(), other.spec());
        match left.shape.broadcast_with(&right.shape) {
            Some(shape) => (self.broadcast_to(shape), other.broadcast_to(shape)),
            None => panic!("{}", not_broadcastable(op, left, right)),
        }
    }

    #[track_caller]
    pub(super) fn elementwise(&self, op: &Primitive, other: &Self) -> Self {
        if self.spec().shape == other.spec().shape {
            return Self::apply(op, [self, other]);
        }
        let (left, right) = self.broadcast_pair(op.name(), other);
        Self::apply(op, [&left, &right])
    }

    #[track_caller]
    pub(super) fn binary(&self, f: Binary, other: &Self) -> Self {
        self.elementwise(&Primitive::Binary(f), other)
    }

    /// `self^exponent`, as IEEE 754's `pow`.
    ///
    /// # Panics
    /// When the shapes cannot be broadcast together.
    #[must_use]
    #[track_caller]
    pub fn pow(&self, exponent: &Self) -> Self {
        self.binary(Binary::Pow, exponent)
    }

    /// `self^exponent` for one number.
    #[must_use]
    #[track_caller]
    pub fn powf(&self, exponent: f64) -> Self {
        self.pow(&self.new_full(self.shape(), exponent))
    }

    /// The angle of the point `(x, self)` in radians, from `-pi` to `pi`: `y.atan2(&x)`; gradients `g x / (x x + y y)` and
    /// `-g y / (x x + y y)`, NaN at the origin, which has no angle.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let (y, x) = (Tensor::<Cpu<f64>>::new(&[1.0, -1.0], [2]), Tensor::new(&[0.0, -1.0], [2]));
    /// let angles = y.atan2(&x) / core::f64::consts::FRAC_PI_4;
    /// assert_eq!(angles.to_vec(), [2.0, -3.0]);
    /// ```
    ///
    /// # Panics
    /// When the shapes cannot be broadcast together.
    #[must_use]
    #[track_caller]
    pub fn atan2(&self, x: &Self) -> Self {
        self.binary(Binary::Atan2, x)
    }

    /// The larger of two; NaN where either is. On a tie the gradient is halved between them.
    ///
    /// # Panics
    /// When the shapes cannot be broadcast together.
    #[must_use]
    #[track_caller]
    pub fn maximum(&self, other: &Self) -> Self {
        self.binary(Binary::Max, other)
    }

    /// The smaller of two; NaN where either is. On a tie the gradient is halved between them.
    ///
    /// # Panics
    /// When the shapes cannot be broadcast together.
    #[must_use]
    #[track_caller]
    pub fn minimum(&self, other: &Self) -> Self {
        self.binary(Binary::Min, other)
    }

    #[track_caller]
    fn compare(&self, f: Compare, other: &Self) -> Self {
        self.elementwise(&Primitive::Compare(f), other)
    }

    /// 1 where `self == other`, else 0; no gradient.
    ///
    /// # Panics
    /// When the shapes cannot be broadcast together.
    #[must_use]
    #[track_caller]
    pub fn eq(&self, other: &Self) -> Self {
        self.compare(Compare::Eq, other)
    }

    /// 1 where `self < other`, else 0; no gradient.
    ///
    /// # Panics
    /// When the shapes cannot be broadcast together.
    #[must_use]
    #[track_caller]
    pub fn lt(&self, other: &Self) -> Self {
        self.compare(Compare::Lt, other)
    }

    /// 1 where `self <= other`, else 0; no gradient.
    ///
    /// # Panics
    /// When the shapes cannot be broadcast together.
    #[must_use]
    #[track_caller]
    pub fn le(&self, other: &Self) -> Self {
        self.compare(Compare::Le, other)
    }

    /// 1 where `self > other`, else 0; no gradient.
    ///
    /// # Panics
    /// When the shapes cannot be broadcast together.
    #[must_use]
    #[track_caller]
    pub fn gt(&self, other: &Self) -> Self {
        self.reversed("gt", Compare::Lt, other)
    }

    /// 1 where `self >= other`, else 0; no gradient.
    ///
    /// # Panics
    /// When the shapes cannot be broadcast together.
    #[must_use]
    #[track_caller]
    pub fn ge(&self, other: &Self) -> Self {
        self.reversed("ge", Compare::Le, other)
    }

    /// A comparison with its sides exchanged, under its own name.
    #[track_caller]
    fn reversed(&self, op: &'static str, f: Compare, other: &Self) -> Self {
        let (left, right) = self.broadcast_pair(op, other);
        Self::apply(&Primitive::Compare(f), [&right, &left])
    }

    /// `a` where this condition is not 0, `b` elsewhere; all three broadcast.
    ///
    /// # Panics
    /// When the shapes cannot be broadcast together, or the condition is not in the backend's element.
    #[must_use]
    #[track_caller]
    pub fn select(&self, a: &Self, b: &Self) -> Self {
        if self.shape() == a.shape() && a.shape() == b.shape() {
            return Self::apply(&Primitive::Select, [self, a, b]);
        }
        let (a, b) = a.broadcast_pair("select", b);
        let (condition, a) = self.broadcast_pair("select", &a);
        let b = b.broadcast_to(a.shape());
        Self::apply(&Primitive::Select, [&condition, &a, &b])
    }
}

macro_rules! operator {
    ($Trait:ident, $method:ident, $f:expr) => {
        impl<B: Backend> $Trait<&Tensor<B>> for &Tensor<B> {
            type Output = Tensor<B>;
            #[track_caller]
            fn $method(self, other: &Tensor<B>) -> Tensor<B> {
                self.binary($f, other)
            }
        }
        impl<B: Backend> $Trait<Tensor<B>> for &Tensor<B> {
            type Output = Tensor<B>;
            #[track_caller]
            fn $method(self, other: Tensor<B>) -> Tensor<B> {
                self.binary($f, &other)
            }
        }
        impl<B: Backend> $Trait<&Self> for Tensor<B> {
            type Output = Self;
            #[track_caller]
            fn $method(self, other: &Self) -> Self {
                self.binary($f, other)
            }
        }
        impl<B: Backend> $Trait for Tensor<B> {
            type Output = Self;
            #[track_caller]
            fn $method(self, other: Self) -> Self {
                self.binary($f, &other)
            }
        }
        impl<B: Backend> $Trait<f64> for &Tensor<B> {
            type Output = Tensor<B>;
            #[track_caller]
            fn $method(self, other: f64) -> Tensor<B> {
                self.binary($f, &self.new_full(self.shape(), other))
            }
        }
        impl<B: Backend> $Trait<f64> for Tensor<B> {
            type Output = Self;
            #[track_caller]
            fn $method(self, other: f64) -> Self {
                (&self).$method(other)
            }
        }
        impl<B: Backend> $Trait<&Tensor<B>> for f64 {
            type Output = Tensor<B>;
            #[track_caller]
            fn $method(self, other: &Tensor<B>) -> Tensor<B> {
                other.new_full(other.shape(), self).binary($f, other)
            }
        }
        impl<B: Backend> $Trait<Tensor<B>> for f64 {
            type Output = Tensor<B>;
            #[track_caller]
            fn $method(self, other: Tensor<B>) -> Tensor<B> {
                self.$method(&other)
            }
        }
    };
}

operator!(Add, add, Binary::Add);
operator!(Sub, sub, Binary::Sub);
operator!(Mul, mul, Binary::Mul);
operator!(Div, div, Binary::Div);

impl<B: Backend> Neg for &Tensor<B> {
    type Output = Tensor<B>;
    #[track_caller]
    fn neg(self) -> Tensor<B> {
        self.unary(Unary::Neg)
    }
}

impl<B: Backend> Neg for Tensor<B> {
    type Output = Self;
    #[track_caller]
    fn neg(self) -> Self {
        self.unary(Unary::Neg)
    }
}
