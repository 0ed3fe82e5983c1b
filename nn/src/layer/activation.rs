//! Activations: functions of each element, as layers without parameters.

use autodiff_core::{Backend, Tensor};

use crate::{Context, Layer, Module};

macro_rules! activations {
    ($($(#[$doc:meta])* $Name:ident, $f:expr;)*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Module)]
        pub struct $Name;

        impl $Name {
            /// The function of each element; the shape stays.
            #[must_use]
            #[track_caller]
            pub fn forward<B: Backend>(self, x: &Tensor<B>) -> Tensor<B> {
                $f(x)
            }
        }

        impl<B: Backend> Layer<B> for $Name {
            type Output = Tensor<B>;
            fn forward(&self, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
                $f(x)
            }
        })*
    };
}

activations! {
    /// `max(x, 0)`; gradient `g` where `x > 0`, 0 at 0.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[-1.0, 0.0, 2.0], [3]);
    /// assert_eq!(nn::ReLU.forward(&x).to_vec(), [0.0, 0.0, 2.0]);
    /// ```
    ReLU, Tensor::relu;

    /// The hyperbolic tangent; gradient `g (1 - y y)`.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[-100.0, 0.0, 100.0], [3]);
    /// assert_eq!(nn::Tanh.forward(&x).to_vec(), [-1.0, 0.0, 1.0]);
    /// ```
    Tanh, Tensor::tanh;

    /// `1 / (1 + e^-x)`; gradient `g y (1 - y)`.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[-1000.0, 0.0, 1000.0], [3]);
    /// assert_eq!(nn::Sigmoid.forward(&x).to_vec(), [0.0, 0.5, 1.0]);
    /// ```
    Sigmoid, Tensor::sigmoid;

    /// `log sigmoid(x) = -log(1 + e^-x)`; gradient `g sigmoid(-x)`.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[-1000.0, 1000.0], [2]);
    /// assert_eq!(nn::LogSigmoid.forward(&x).to_vec(), [-1000.0, 0.0]);
    /// ```
    LogSigmoid, Tensor::log_sigmoid;

    /// `x Phi(x)` with the normal distribution function `Phi` (Hendrycks and Gimpel, *Gaussian error linear units*, 2016).
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f64>>::new(&[-1000.0, 0.0, 1.0, 1000.0], [4]);
    /// let y = nn::GELU.forward(&x).to_vec();
    /// assert!((y[2] - 0.841_344_746_068_542_9).abs() < 1e-15);
    /// assert_eq!((y[0], y[1], y[3]), (0.0, 0.0, 1000.0));
    /// ```
    GELU, Tensor::gelu;

    /// [`GELU`] with `Phi` approximated: `x sigmoid(sqrt(8 / pi) (x + 0.044715 x^3))`, PyTorch's `approximate="tanh"`.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f64>>::new(&[-1000.0, 0.0, 1.0, 1000.0], [4]);
    /// let y = nn::GELUTanh.forward(&x).to_vec();
    /// assert!((y[2] - 0.841_191_990_608_3).abs() < 1e-12);
    /// assert_eq!((y[0], y[1], y[3]), (0.0, 0.0, 1000.0));
    /// ```
    GELUTanh, Tensor::gelu_tanh;

    /// `x - tanh(x)`
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[-100.0, 0.0, 100.0], [3]);
    /// assert_eq!(nn::Tanhshrink.forward(&x).to_vec(), [-99.0, 0.0, 99.0]);
    /// ```
    Tanhshrink, |x: &Tensor<B>| x - x.tanh();

    /// `x sigmoid(x)`, also called swish (Elfwing, Uchibe and Doya, *Sigmoid-weighted linear units*, 2017).
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[-1000.0, 0.0, 1000.0], [3]);
    /// assert_eq!(nn::SiLU.forward(&x).to_vec(), [0.0, 0.0, 1000.0]);
    /// ```
    SiLU, Tensor::silu;

    /// `x tanh(softplus(x))` (Misra, *Mish*, 2019).
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[-1000.0, 0.0, 1000.0], [3]);
    /// assert_eq!(nn::Mish.forward(&x).to_vec(), [0.0, 0.0, 1000.0]);
    /// ```
    Mish, Tensor::mish;

    /// `min(max(x, 0), 6)`; no gradient at 0 and 6.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[-1.0, 2.0, 7.0], [3]);
    /// assert_eq!(nn::ReLU6.forward(&x).to_vec(), [0.0, 2.0, 6.0]);
    /// ```
    ReLU6, Tensor::relu6;

    /// The exponential unit that keeps mean 0 and variance 1 (Klambauer et al., *Self-normalizing neural networks*, 2017).
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[0.0, 1.0], [2]);
    /// assert_eq!(nn::SELU.forward(&x).to_vec(), [0.0, 1.050_701]);
    /// ```
    SELU, Tensor::selu;

    /// `x / (1 + |x|)`
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[-1.0, 0.0, 3.0], [3]);
    /// assert_eq!(nn::Softsign.forward(&x).to_vec(), [-0.5, 0.0, 0.75]);
    /// ```
    Softsign, Tensor::softsign;

    /// `min(max(x + 3, 0), 6) / 6`; no gradient at -3 and 3.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[-4.0, 0.0, 4.0], [3]);
    /// assert_eq!(nn::Hardsigmoid.forward(&x).to_vec(), [0.0, 0.5, 1.0]);
    /// ```
    Hardsigmoid, Tensor::hardsigmoid;

    /// `x hardsigmoid(x)` (Howard et al., *Searching for MobileNetV3*, 2019).
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[-4.0, 0.0, 4.0], [3]);
    /// assert_eq!(nn::Hardswish.forward(&x).to_vec(), [0.0, 0.0, 4.0]);
    /// ```
    Hardswish, Tensor::hardswish;

    /// The input itself: a place in a model where nothing happens.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[1.0, 2.0], [2]);
    /// assert_eq!(nn::Identity.forward(&x).to_vec(), [1.0, 2.0]);
    /// ```
    Identity, Tensor::clone;
}
