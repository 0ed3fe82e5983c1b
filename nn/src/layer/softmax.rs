//! Softmax, its logarithm and softmin along an axis, as layers.

use autodiff_core::{Backend, Tensor};

use crate::{Context, Layer, Module};

/// `y_i = e^(x_i) / sum_j e^(x_j)` along the axis `dim`; the shape stays.
///
/// For a loss take the logits instead, as [`cross_entropy`](crate::cross_entropy) does.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::Softmax;
/// let x = Tensor::<Cpu<f32>>::new(&[1000.0, 1000.0, -1000.0, 0.0], [2, 2]);
/// assert_eq!(Softmax { dim: -1 }.forward(&x).to_vec(), [0.5, 0.5, 0.0, 1.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Module)]
pub struct Softmax {
    /// The axis; negative counts from the end.
    pub dim: isize,
}

/// `y_i = x_i - log sum_j e^(x_j)` along the axis `dim`; the shape stays.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::LogSoftmax;
/// let x = Tensor::<Cpu<f64>>::new(&[1000.0, 1000.0, -1000.0, 0.0], [2, 2]);
/// let y = LogSoftmax { dim: -1 }.forward(&x).to_vec();
/// assert_eq!(y, [-(2.0_f64.ln()), -(2.0_f64.ln()), -1000.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Module)]
pub struct LogSoftmax {
    /// The axis; negative counts from the end.
    pub dim: isize,
}

/// `y_i = e^(-x_i) / sum_j e^(-x_j)` along the axis `dim`; the shape stays.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::Softmin;
/// let x = Tensor::<Cpu<f32>>::new(&[-1000.0, 0.0], [2]);
/// assert_eq!(Softmin { dim: -1 }.forward(&x).to_vec(), [1.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Module)]
pub struct Softmin {
    /// The axis; negative counts from the end.
    pub dim: isize,
}

macro_rules! along {
    ($Name:ident, $f:ident) => {
        impl $Name {
            /// The function along the axis.
            ///
            /// # Panics
            /// When the tensor has no such axis.
            #[must_use]
            #[track_caller]
            pub fn forward<B: Backend>(&self, x: &Tensor<B>) -> Tensor<B> {
                x.$f(self.dim)
            }
        }

        impl<B: Backend> Layer<B> for $Name {
            type Output = Tensor<B>;
            fn forward(&self, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
                x.$f(self.dim)
            }
        }
    };
}

along!(Softmax, softmax);
along!(LogSoftmax, log_softmax);
along!(Softmin, softmin);
