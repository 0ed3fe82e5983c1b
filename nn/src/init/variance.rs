//! Spreads that keep the variance of what passes through a layer (Glorot and Bengio 2010; He et al. 2015).

use autodiff_core::{Backend, Index, Shape, Tensor};

use super::{check_size, count, normal, uniform};

/// Uniformly distributed in `[-a, a)` with `a = gain sqrt(6 / (fan_in + fan_out))`.
///
/// (Glorot and Bengio, *Understanding the difficulty of training deep feedforward neural networks*, AISTATS 2010,
/// equation 16.)
///
/// # Panics
/// When the shape has less than two axes or is too large for a tensor, or `key` is no key of shape `[2]`.
#[must_use]
#[track_caller]
pub fn xavier_uniform<B: Backend>(key: &Index<B>, shape: impl Into<Shape>, gain: f64) -> Tensor<B> {
    let shape = shape.into();
    let (fan_in, fan_out) = fans("xavier_uniform", &shape);
    let bound = gain * libm::sqrt(6.0 / (fan_in + fan_out));
    uniform(key, shape, -bound, bound)
}

/// Normally distributed with standard deviation `gain sqrt(2 / (fan_in + fan_out))`.
///
/// (Glorot and Bengio 2010, equation 12.)
///
/// # Panics
/// When the shape has less than two axes or is too large for a tensor, or `key` is no key of shape `[2]`.
#[must_use]
#[track_caller]
pub fn xavier_normal<B: Backend>(key: &Index<B>, shape: impl Into<Shape>, gain: f64) -> Tensor<B> {
    let shape = shape.into();
    let (fan_in, fan_out) = fans("xavier_normal", &shape);
    normal(key, shape, 0.0, gain * libm::sqrt(2.0 / (fan_in + fan_out)))
}

/// Uniformly distributed in `[-a, a)` with `a = gain sqrt(3 / fan)`.
///
/// (He, Zhang, Ren and Sun, *Delving deep into rectifiers*, ICCV 2015, equations 10 and 14.)
///
/// # Panics
/// When the shape has less than two axes or is too large for a tensor, or `key` is no key of shape `[2]`.
#[must_use]
#[track_caller]
pub fn kaiming_uniform<B: Backend>(
    key: &Index<B>,
    shape: impl Into<Shape>,
    fan: Fan,
    nonlinearity: Nonlinearity,
) -> Tensor<B> {
    let shape = shape.into();
    let bound = nonlinearity.gain() * libm::sqrt(3.0 / fan.of("kaiming_uniform", &shape));
    uniform(key, shape, -bound, bound)
}

/// Normally distributed with standard deviation `gain / sqrt(fan)`.
///
/// (He, Zhang, Ren and Sun 2015, equations 10 and 14.)
///
/// # Panics
/// When the shape has less than two axes or is too large for a tensor, or `key` is no key of shape `[2]`.
#[must_use]
#[track_caller]
pub fn kaiming_normal<B: Backend>(
    key: &Index<B>,
    shape: impl Into<Shape>,
    fan: Fan,
    nonlinearity: Nonlinearity,
) -> Tensor<B> {
    let shape = shape.into();
    let std = nonlinearity.gain() / libm::sqrt(fan.of("kaiming_normal", &shape));
    normal(key, shape, 0.0, std)
}

/// Whether the variance is to stay the same on the way forward or backward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fan {
    /// Forward: divided by the number of inputs.
    #[default]
    In,
    /// Backward: divided by the number of outputs.
    Out,
}

impl Fan {
    #[track_caller]
    fn of(self, op: &str, shape: &Shape) -> f64 {
        let (fan_in, fan_out) = fans(op, shape);
        match self {
            Self::In => fan_in,
            Self::Out => fan_out,
        }
    }
}

/// What follows the weights, for the factor by which it shrinks the variance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Nonlinearity {
    /// Nothing: the next layer, linear or a convolution, follows at once.
    Linear,
    /// The logistic function.
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// The rectifier.
    ReLU,
    /// The rectifier with this slope below 0.
    LeakyReLU(f64),
    /// The self-normalising unit.
    SELU,
}

impl Nonlinearity {
    /// The factor that makes up for it, PyTorch's `calculate_gain`.
    ///
    /// ```
    /// use nn::init::Nonlinearity;
    /// assert_eq!(Nonlinearity::Tanh.gain(), 5.0 / 3.0);
    /// assert_eq!(Nonlinearity::LeakyReLU(0.0).gain(), Nonlinearity::ReLU.gain());
    /// ```
    #[must_use]
    pub fn gain(self) -> f64 {
        match self {
            Self::Linear | Self::Sigmoid => 1.0,
            Self::Tanh => 5.0 / 3.0,
            Self::ReLU => core::f64::consts::SQRT_2,
            Self::LeakyReLU(slope) => libm::sqrt(2.0 / (1.0 + slope * slope)),
            Self::SELU => 0.75,
        }
    }
}

/// The numbers of inputs and outputs that meet in one unit.
#[track_caller]
fn fans(op: &str, shape: &Shape) -> (f64, f64) {
    let [out, inputs, field @ ..] = shape.extents() else {
        panic!("{op}: a weight of two axes or more expected, its shape is {shape}");
    };
    check_size(op, shape);
    let field = field.iter().product::<usize>();
    (count(inputs * field), count(out * field))
}
