//! [`Composite`]: named functions made of primitives, with gradients of their own.
//!
//! A composite reaches a backend as [`Primitive::Call`](crate::Primitive::Call). Its default is its body, written with
//! tensor operations; a backend may compute it by one fused kernel. Differentiation uses the declared gradient, so a
//! fused kernel never costs one. Each has a file here with its formula, shape rule, body and gradient.

mod addmm;
mod attention;
mod cross_entropy;
#[cfg(feature = "alloc")]
mod gelu;
mod normalize;
mod softmax;
#[cfg(feature = "alloc")]
mod softplus;

use core::fmt;

use crate::spec::{self, Spec, SpecError};
use crate::{Axes, Scalar};

/// A named function made of primitives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
pub enum Composite {
    /// `y_i = e^(x_i) / sum_j e^(x_j)` along an axis.
    Softmax {
        /// The axis.
        axis: u8,
    },
    /// `y_i = x_i - log sum_j e^(x_j)` along an axis.
    LogSoftmax {
        /// The axis.
        axis: u8,
    },
    /// `y = log sum_j e^(x_j)` along an axis, which stays with extent 1.
    #[cfg_attr(feature = "serde", serde(rename = "logsumexp"))]
    LogSumExp {
        /// The axis.
        axis: u8,
    },
    /// `(x: [.., C], label: index[..]) -> [..]`: `y = -log softmax(x)[label]`, one loss per row.
    CrossEntropy,
    /// `(c: [.., m, n], a: [.., m, k], b: [.., k, n]) -> [.., m, n]`: `y = c + a b`
    AddMatMul,
    /// `y = log(1 + e^x)`
    Softplus,
    /// `y = x Phi(x)` with the normal distribution function `Phi(x) = erfc(-x / sqrt 2) / 2`.
    Gelu,
    /// `y = (x - mean) / sqrt(variance + eps)` with the mean and the biased variance along axes.
    Standardize {
        /// The axes.
        axes: Axes,
        /// What is added to the variance.
        eps: Scalar,
    },
    /// `(x: [.., D], weight: [D], bias: [D]) -> [.., D]`, where `D` may be several axes:
    /// `y = (x - mean) / sqrt(variance + eps) weight + bias` with the mean and the biased variance along them.
    LayerNorm {
        /// What is added to the variance.
        eps: Scalar,
    },
    /// `y = x / sqrt(mean(x x) + eps)` along axes.
    RmsNorm {
        /// The axes.
        axes: Axes,
        /// What is added to the mean of the squares.
        eps: Scalar,
    },
    /// `(q: [.., L, E], k: [.., S, E], v: [.., S, V], mask: [.., L, S]) -> [.., L, V]`, the mask optional:
    /// `y = softmax(scale q k^T + mask) v`, rows of the softmax along `S`.
    Attention {
        /// Whether row `i` sees the columns `j <= i` alone.
        causal: bool,
        /// What the products are multiplied by; `1 / sqrt(E)` unless given.
        scale: Option<Scalar>,
    },
}

impl Composite {
    /// The name that a Wengert list prints.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Softmax { .. } => "softmax",
            Self::LogSoftmax { .. } => "log_softmax",
            Self::LogSumExp { .. } => "logsumexp",
            Self::CrossEntropy => "cross_entropy",
            Self::AddMatMul => "addmm",
            Self::Softplus => "softplus",
            Self::Gelu => "gelu",
            Self::Standardize { .. } => "standardize",
            Self::LayerNorm { .. } => "layer_norm",
            Self::RmsNorm { .. } => "rms_norm",
            Self::Attention { .. } => "attention",
        }
    }

    pub(crate) fn infer(&self, inputs: &[Spec]) -> Result<Spec, SpecError> {
        match *self {
            Self::Softmax { axis } | Self::LogSoftmax { axis } => softmax::infer(self.name(), inputs, axis.into()),
            Self::LogSumExp { axis } => softmax::infer_logsumexp(inputs, axis.into()),
            Self::CrossEntropy => cross_entropy::infer(inputs),
            Self::AddMatMul => addmm::infer(inputs),
            Self::Softplus | Self::Gelu => of_elements(self.name(), inputs),
            Self::Standardize { axes, .. } | Self::RmsNorm { axes, .. } => normalize::infer(self.name(), inputs, axes),
            Self::LayerNorm { .. } => normalize::infer_layer_norm(inputs),
            Self::Attention { causal, .. } => attention::infer(inputs, causal),
        }
    }
}

/// The shape rule of a function of each element.
fn of_elements(op: &'static str, inputs: &[Spec]) -> Result<Spec, SpecError> {
    let [x] = spec::arity(op, inputs)?;
    spec::float(op, 0, x)?;
    Ok(*x)
}

impl fmt::Display for Composite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Softmax { axis } | Self::LogSoftmax { axis } | Self::LogSumExp { axis } => write!(f, ", axis={axis}"),
            Self::Standardize { axes, eps } | Self::RmsNorm { axes, eps } => write!(f, ", axes={axes:?}, eps={eps:?}"),
            Self::LayerNorm { eps } => write!(f, ", eps={eps:?}"),
            Self::Attention { causal, scale: None } => write!(f, ", causal={causal}"),
            Self::Attention { causal, scale: Some(scale) } => write!(f, ", causal={causal}, scale={scale:?}"),
            Self::CrossEntropy | Self::AddMatMul | Self::Softplus | Self::Gelu => Ok(()),
        }
    }
}

#[cfg(feature = "alloc")]
mod rule {
    use alloc::vec::Vec;

    use super::{Composite, addmm, attention, cross_entropy, gelu, normalize, softmax, softplus};
    use crate::op::each_needed;
    use crate::{Backend, Needs, Node, Saves, Scalar, Tensor};

    impl Composite {
        /// The result by the body, for backends without a kernel of their own.
        #[track_caller]
        #[must_use]
        pub fn call<B: Backend>(&self, inputs: &[&B::Tensor]) -> B::Tensor {
            let inputs: Vec<Tensor<B>> = inputs.iter().map(|&tensor| Tensor::from_raw(tensor.clone())).collect();
            self.body(&inputs).into_raw()
        }

        /// The function written with tensor operations: what it means.
        ///
        /// # Panics
        /// Where the inputs are not valid, or a label is out of range.
        #[track_caller]
        #[must_use]
        pub fn body<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B> {
            match *self {
                Self::Softmax { axis } => softmax::softmax(&inputs[0], axis.into()),
                Self::LogSoftmax { axis } => softmax::log_softmax(&inputs[0], axis.into()),
                Self::LogSumExp { axis } => softmax::logsumexp(&inputs[0], axis.into()),
                Self::CrossEntropy => cross_entropy::body(&inputs[0], &inputs[1].to_index()),
                Self::AddMatMul => addmm::body(inputs),
                Self::Softplus => softplus::body(&inputs[0]),
                Self::Gelu => gelu::body(&inputs[0]),
                Self::Standardize { axes, eps } => normalize::standardize(&inputs[0], axes, eps.get()),
                Self::RmsNorm { axes, eps } => normalize::rms_norm(&inputs[0], axes, eps.get()),
                Self::LayerNorm { eps } => normalize::layer_norm(inputs, eps),
                Self::Attention { causal, scale } => attention::body(inputs, causal, scale.map(Scalar::get)),
            }
        }

        pub(crate) const fn differentiable(self, arg: usize) -> bool {
            !matches!((self, arg), (Self::CrossEntropy, 1))
        }

        pub(crate) const fn saves(self, needs: Needs) -> Saves {
            match self {
                Self::Softmax { .. } | Self::LogSoftmax { .. } => Saves::NONE.and_output(),
                Self::LogSumExp { .. } => Saves::NONE.and_input(0).and_output(),
                Self::CrossEntropy => Saves::NONE.and_input(0).and_input(1),
                Self::AddMatMul => addmm::saves(needs),
                Self::Softplus | Self::Gelu | Self::Standardize { .. } | Self::RmsNorm { .. } => {
                    Saves::NONE.and_input(0)
                }
                Self::LayerNorm { .. } => normalize::layer_norm_saves(needs),
                Self::Attention { .. } => attention::saves(needs),
            }
        }

        pub(crate) fn backward<B: Backend>(self, arg: usize, at: &Node<'_, B>) -> Tensor<B> {
            match (self, arg) {
                (Self::Softmax { axis }, _) => softmax::softmax_grad(axis.into(), at),
                (Self::LogSoftmax { axis }, _) => softmax::log_softmax_grad(axis.into(), at),
                (Self::LogSumExp { .. }, _) => softmax::logsumexp_grad(at),
                (Self::CrossEntropy, 0) => cross_entropy::grad(at),
                (Self::CrossEntropy, _) => unreachable!("labels are declared to have no gradient"),
                (Self::AddMatMul, _) => addmm::grad(arg, at),
                (Self::Softplus, _) => softplus::grad(at),
                (Self::Gelu, _) => gelu::grad(at),
                (Self::Standardize { axes, eps }, _) => normalize::standardize_grad(axes, eps.get(), at),
                (Self::RmsNorm { axes, eps }, _) => normalize::rms_norm_grad(axes, eps.get(), at),
                (Self::LayerNorm { eps }, _) => normalize::layer_norm_grad(eps, arg, at),
                (Self::Attention { causal, scale }, _) => {
                    attention::Backward::new(causal, scale.map(Scalar::get), at).of(arg, at)
                }
            }
        }

        /// The gradients of all arguments that need one; those of an attention share its probabilities.
        pub(crate) fn backward_all<B: Backend>(self, at: &Node<'_, B>, sink: &mut dyn FnMut(usize, Tensor<B>)) {
            if let Self::Attention { causal, scale } = self {
                let shared = attention::Backward::new(causal, scale.map(Scalar::get), at);
                return each_needed(at, sink, |arg| shared.of(arg, at));
            }
            each_needed(at, sink, |arg| self.backward(arg, at));
        }
    }
}
