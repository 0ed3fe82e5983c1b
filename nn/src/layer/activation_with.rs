//! Activations that have settings, as layers without parameters.

use autodiff_core::{Backend, Tensor};

use crate::{Context, Layer, Module};

macro_rules! activations {
    ($($(#[$doc:meta])* $Name:ident { $($(#[$of_field:meta])* $field:ident: $Type:ty = $default:expr),+ }, $f:expr;)*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Module)]
        pub struct $Name {
            $($(#[$of_field])* pub $field: $Type,)+
        }

        impl Default for $Name {
            fn default() -> Self {
                Self { $($field: $default),+ }
            }
        }

        impl $Name {
            /// The function of each element.
            ///
            /// # Panics
            /// When the tensor has no such axis, where the layer has one, or limits are out of order.
            #[must_use]
            #[track_caller]
            pub fn forward<B: Backend>(&self, x: &Tensor<B>) -> Tensor<B> {
                let Self { $($field),+ } = *self;
                $f(x, $($field),+)
            }
        }

        impl<B: Backend> Layer<B> for $Name {
            type Output = Tensor<B>;
            fn forward(&self, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
                self.forward(x)
            }
        })*
    };
}

activations! {
    /// `x` above 0, `negative_slope x` below, and there at 0.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[-100.0, 0.0, 2.0], [3]);
    /// assert_eq!(nn::LeakyReLU::default().forward(&x).to_vec(), [-1.0, 0.0, 2.0]);
    /// ```
    LeakyReLU {
        /// The slope below 0; 0.01.
        negative_slope: f64 = 0.01
    }, Tensor::leaky_relu;

    /// `x` above 0, `alpha (e^x - 1)` below (Clevert, Unterthiner and Hochreiter, *Exponential linear units*, 2016).
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[-1000.0, 0.0, 2.0], [3]);
    /// assert_eq!(nn::ELU::default().forward(&x).to_vec(), [-1.0, 0.0, 2.0]);
    /// ```
    ELU {
        /// Minus what is approached far below 0; 1.
        alpha: f64 = 1.0
    }, Tensor::elu;

    /// `x` above 0, `alpha (e^(x / alpha) - 1)` below, whose slope is continuous (Barron 2017).
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[-1000.0, 0.0, 2.0], [3]);
    /// assert_eq!(nn::CELU { alpha: 2.0 }.forward(&x).to_vec(), [-2.0, 0.0, 2.0]);
    /// ```
    CELU {
        /// Minus what is approached far below 0; 1.
        alpha: f64 = 1.0
    }, Tensor::celu;

    /// The nearest number to `x` from `min_val` to `max_val`; no gradient at the limits and beyond.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[-3.0, 0.5, 2.0], [3]);
    /// assert_eq!(nn::Hardtanh::default().forward(&x).to_vec(), [-1.0, 0.5, 1.0]);
    /// ```
    Hardtanh {
        /// The lower limit; -1.
        min_val: f64 = -1.0,
        /// The upper limit; 1.
        max_val: f64 = 1.0
    }, hardtanh;

    /// `log(1 + e^(beta x)) / beta`, the smooth rectifier; gradient `g sigmoid(beta x)`.
    ///
    /// It is finite wherever the result is, and so needs no threshold above which it would be replaced by `x`.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f64>>::new(&[-1000.0, 0.0, 1000.0], [3]);
    /// assert_eq!(nn::Softplus::default().forward(&x).to_vec(), [0.0, 2.0_f64.ln(), 1000.0]);
    /// ```
    Softplus {
        /// How sharp the bend is; 1.
        beta: f64 = 1.0
    }, |x: &Tensor<B>, beta: f64| if beta == 1.0 { x.softplus() } else { x.softplus_beta(beta) };

    /// `x` where `|x| > lambda`, else 0.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[-3.0, 0.5, 2.0], [3]);
    /// assert_eq!(nn::Hardshrink::default().forward(&x).to_vec(), [-3.0, 0.0, 2.0]);
    /// ```
    Hardshrink {
        /// How far 0 reaches; 0.5.
        lambda: f64 = 0.5
    }, |x: &Tensor<B>, lambda| x.abs().gt(&x.new_full([], lambda)).select(x, &x.zeros_like());

    /// `x` drawn towards 0 by `lambda`, and 0 where it would pass it: `x - clamp(x, -lambda, lambda)`.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[-3.0, 0.25, 2.0], [3]);
    /// assert_eq!(nn::Softshrink::default().forward(&x).to_vec(), [-2.5, 0.0, 1.5]);
    /// ```
    Softshrink {
        /// How far; 0.5.
        lambda: f64 = 0.5
    }, softshrink;

    /// `x` where it exceeds `threshold`, else `value`.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[-3.0, 0.25, 2.0], [3]);
    /// assert_eq!(nn::Threshold { threshold: 0.5, value: 20.0 }.forward(&x).to_vec(), [20.0, 20.0, 2.0]);
    /// ```
    Threshold {
        /// What has to be exceeded; 0, where PyTorch has no default.
        threshold: f64 = 0.0,
        /// What stands in place of the rest; 0, where PyTorch has no default.
        value: f64 = 0.0
    }, |x: &Tensor<B>, threshold, value| {
        x.gt(&x.new_full([], threshold)).select(x, &x.new_full(x.shape(), value))
    };

    /// `a sigmoid(b)` of the two halves `a`, `b` along an axis, which becomes half as long (Dauphin, Fan, Auli and Grangier,
    /// *Language modeling with gated convolutional networks*, ICML 2017, equation 1).
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[3.0, 0.0], [1, 2]);
    /// assert_eq!(nn::GLU::default().forward(&x).to_vec(), [1.5]);
    /// ```
    GLU {
        /// The axis; negative counts from the end; -1.
        dim: isize = -1
    }, Tensor::glu;
}

// Functions, since a closure would take the place of the caller that a panic points to.

#[track_caller]
fn hardtanh<B: Backend>(x: &Tensor<B>, min: f64, max: f64) -> Tensor<B> {
    assert!(min <= max, "hardtanh: limits in order expected, found {min} and {max}");
    x.hardtanh(min, max)
}

#[track_caller]
fn softshrink<B: Backend>(x: &Tensor<B>, lambda: f64) -> Tensor<B> {
    assert!(lambda >= 0.0, "softshrink: lambda must not be negative, found {lambda}");
    x - x.clamp(Some(-lambda), Some(lambda))
}
