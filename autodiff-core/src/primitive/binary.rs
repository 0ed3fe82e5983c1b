//! Functions and comparisons of two numbers.

use crate::DType;
use crate::spec::{self, Spec, SpecError};

/// A function of two elements in the same place. Indices wrap around on overflow and have no `Div`, `Pow` or `Atan2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Binary {
    /// `a + b`
    Add,
    /// `a - b`
    Sub,
    /// `a b`
    Mul,
    /// `a / b`
    Div,
    /// `a^b`, as IEEE 754's `pow`.
    Pow,
    /// The angle of the point `(b, a)` in radians, from `-pi` to `pi`.
    Atan2,
    /// The larger; NaN where either is.
    #[cfg_attr(feature = "serde", serde(rename = "maximum"))]
    Max,
    /// The smaller; NaN where either is.
    #[cfg_attr(feature = "serde", serde(rename = "minimum"))]
    Min,
}

impl Binary {
    /// All of them, for tests that go through the set.
    pub const ALL: [Self; 8] =
        [Self::Add, Self::Sub, Self::Mul, Self::Div, Self::Pow, Self::Atan2, Self::Max, Self::Min];

    /// The name that a Wengert list prints.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Sub => "sub",
            Self::Mul => "mul",
            Self::Div => "div",
            Self::Pow => "pow",
            Self::Atan2 => "atan2",
            Self::Max => "maximum",
            Self::Min => "minimum",
        }
    }

    /// Whether indices have it too.
    #[must_use]
    pub const fn on_index(self) -> bool {
        !matches!(self, Self::Div | Self::Pow | Self::Atan2)
    }

    pub(super) fn infer(self, inputs: &[Spec]) -> Result<Spec, SpecError> {
        let [a, b] = spec::arity(self.name(), inputs)?;
        if a.dtype == DType::Index && !self.on_index() {
            spec::float(self.name(), 0, a)?;
        }
        spec::equal(self.name(), a, b)?;
        Ok(*a)
    }
}

/// A comparison; false where either is NaN. `a > b` is `b < a`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Compare {
    /// `a == b`
    Eq,
    /// `a < b`
    Lt,
    /// `a <= b`
    Le,
}

impl Compare {
    /// All of them, for tests that go through the set.
    pub const ALL: [Self; 3] = [Self::Eq, Self::Lt, Self::Le];

    /// The name that a Wengert list prints.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }

    pub(super) fn infer(self, inputs: &[Spec]) -> Result<Spec, SpecError> {
        let [a, b] = spec::arity(self.name(), inputs)?;
        spec::equal(self.name(), a, b)?;
        Ok(a.cast(DType::Elem))
    }
}

/// The error for a pair of shapes that do not broadcast.
#[cfg(feature = "alloc")]
pub(crate) fn not_broadcastable(op: &'static str, left: Spec, right: Spec) -> SpecError {
    SpecError::shapes(op, "the shapes cannot be broadcast together", &left, &right)
}

#[cfg(feature = "alloc")]
mod rule {
    use super::Binary;
    use crate::{Backend, Needs, Node, Saves, Tensor};

    impl Binary {
        /// What the gradients that are needed read.
        pub(in crate::primitive) const fn saves(self, needs: Needs) -> Saves {
            let (left, right) = (needs.contains(0), needs.contains(1));
            match self {
                Self::Add | Self::Sub => Saves::NONE,
                Self::Mul => Saves::NONE.and_input_if(0, right).and_input_if(1, left),
                Self::Div => Saves::NONE.and_input(1).and_output_if(right),
                Self::Pow => Saves::NONE.and_input(0).and_input_if(1, left).and_output_if(right),
                Self::Atan2 | Self::Max | Self::Min => Saves::NONE.and_input(0).and_input(1),
            }
        }

        /// ```text
        /// add   g, g       sub  g, -g      mul  g b, g a      div  g / b, -g y / b
        /// pow   g b a^(b-1), 0 where b = 0 and a is not positive;   g y log a, 0 where a <= 0
        /// atan2   g b / (a a + b b), -g a / (a a + b b), NaN at the origin
        /// max, min   g to the winner, g/2 to each on a tie
        /// ```
        pub(in crate::primitive) fn backward<B: Backend>(self, arg: usize, at: &Node<'_, B>) -> Tensor<B> {
            let g = at.grad();
            match (self, arg) {
                (Self::Add, _) | (Self::Sub, 0) => g.clone(),
                (Self::Sub, _) => -g,
                (Self::Mul, _) => g * at.input(1 - arg),
                (Self::Div, 0) => g / at.input(1),
                (Self::Div, _) => -(g * at.output() / at.input(1)),
                (Self::Pow, 0) => pow_base(g, at.input(0), at.input(1)),
                (Self::Pow, _) => pow_exponent(g, at.input(0), at.output()),
                (Self::Atan2, 0) => turn(g, at.input(1), at.input(0)),
                (Self::Atan2, _) => -turn(g, at.input(0), at.input(1)),
                (Self::Max, _) => winner(g, at.input(1 - arg), at.input(arg)),
                (Self::Min, _) => winner(g, at.input(arg), at.input(1 - arg)),
            }
        }
    }

    /// `g b a^(b-1)`; where `b = 0` the power may be infinite, but its coefficient is 0.
    fn pow_base<B: Backend>(g: &Tensor<B>, a: &Tensor<B>, b: &Tensor<B>) -> Tensor<B> {
        let zero = a.zeros_like();
        let vanishes = zero.lt(a).select(&zero, &b.eq(&zero));
        // The power is taken of 1 there, so that its own derivative stays finite at the next order.
        let base = vanishes.select(&a.ones_like(), a);
        vanishes.select(&zero, &(g * (b * base.pow(&(b - 1.0)))))
    }

    /// `g y log a` where `a` is positive.
    fn pow_exponent<B: Backend>(g: &Tensor<B>, a: &Tensor<B>, y: &Tensor<B>) -> Tensor<B> {
        let zero = a.zeros_like();
        let undefined = a.le(&zero);
        let base = undefined.select(&a.ones_like(), a);
        undefined.select(&zero, &(g * (y * base.log())))
    }

    /// `g along / (along along + across across)` without the squares, which may be beyond the format where this is not.
    ///
    /// ```text
    /// g share / (1 + r r) / large      share = 1 where |along| >= |across|, else r;  r = small / large
    /// ```
    ///
    /// On either side that is the same function, so that it is right to every order.
    /// (Smith, *Algorithm 116: complex division*, Communications of the ACM, 1962.)
    fn turn<B: Backend>(g: &Tensor<B>, along: &Tensor<B>, across: &Tensor<B>) -> Tensor<B> {
        let leads = across.abs().le(&along.abs());
        let large = leads.select(along, across);
        let ratio = leads.select(across, along) / &large;
        let share = leads.select(&ratio.ones_like(), &ratio);
        g * share / (&ratio * &ratio + 1.0) / large
    }

    /// 0 where `large < small`, half of `g` where they are equal, `g` elsewhere: NaN must not end the gradient.
    fn winner<B: Backend>(g: &Tensor<B>, small: &Tensor<B>, large: &Tensor<B>) -> Tensor<B> {
        let tie = small.eq(large).select(&(g * 0.5), g);
        large.lt(small).select(&g.zeros_like(), &tie)
    }
}
