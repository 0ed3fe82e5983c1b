//! [`Layer`], a function with parameters; sequences of layers are layers.

mod activation;
mod activation_with;
mod attention;
mod batch_norm;
mod bilinear;
mod conv;
mod conv_transpose;
mod dropout;
mod embedding;
mod embedding_bag;
mod flatten;
mod group_norm;
mod instance_norm;
mod layer_norm;
mod linear;
mod pool;
mod position;
mod prelu;
mod recurrent;
mod residual;
mod rms_norm;
mod rrelu;
mod softmax;
mod transformer;

use alloc::boxed::Box;
use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::Context;

pub use activation::{
    GELU, GELUTanh, Hardsigmoid, Hardswish, Identity, LogSigmoid, Mish, ReLU, ReLU6, SELU, SiLU, Sigmoid, Softsign,
    Tanh, Tanhshrink,
};
pub use activation_with::{CELU, ELU, GLU, Hardshrink, Hardtanh, LeakyReLU, Softplus, Softshrink, Threshold};
pub use attention::{AttentionMask, AttentionOptions, MultiheadAttention};
pub use batch_norm::{BatchNorm, BatchNorm1d, BatchNorm2d, BatchNorm3d};
pub use bilinear::Bilinear;
pub use conv::{Conv1d, Conv2d, Conv3d, ConvNd, ConvOptions, Padding};
pub use conv_transpose::{ConvTranspose1d, ConvTranspose2d, ConvTransposeNd, ConvTransposeOptions};
pub use dropout::{ChannelDropout, Dropout};
pub use embedding::Embedding;
pub use embedding_bag::{BagMode, EmbeddingBag};
pub use flatten::Flatten;
pub use group_norm::GroupNorm;
pub use instance_norm::{InstanceNorm, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d};
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use pool::{
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool1d, AdaptiveMaxPool2d, AvgPool1d, AvgPool2d, MaxPool1d,
    MaxPool2d,
};
pub use position::{RotaryPositions, SinusoidalPositions};
pub use prelu::PReLU;
pub use recurrent::{
    Elman, GRU, GRUCell, GatedRecurrentUnit, LSTM, LSTMCell, LongShortTermMemory, RNN, RNNCell, Recurrence, Recurrent,
    RecurrentCell, RecurrentOptions, RecurrentWeights, State,
};
pub use residual::Residual;
pub use rms_norm::RMSNorm;
pub use rrelu::RReLU;
pub use softmax::{LogSoftmax, Softmax, Softmin};
pub use transformer::{
    TransformerActivation, TransformerDecoder, TransformerDecoderLayer, TransformerEncoder, TransformerEncoderLayer,
    TransformerOptions,
};

/// A function of an input, with parameters of its own.
///
/// A tuple of layers is the sequence of them, PyTorch's `Sequential`, and so are a `Vec` and an array of layers that answer what they take; `None`
/// answers its input.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Context, Keys, Layer, Linear, Module, ReLU};
/// let mut keys = Keys::<Cpu<f32>>::new(0, &Default::default());
/// let mlp = (Linear::new(4, 8, &mut keys), ReLU, Linear::new(8, 3, &mut keys));
/// let y = mlp.forward(&Tensor::ones([2, 4], keys.device()), &mut Context::evaluation());
/// assert_eq!(y.shape(), [2, 3]);
/// assert_eq!(mlp.named_parameters()[2].0, "2.weight");
/// ```
#[doc(alias = "Sequential")]
#[diagnostic::on_unimplemented(message = "`{Self}` is not a layer that takes a `{X}` on the backend `{B}`")]
pub trait Layer<B: Backend, X = Tensor<B>> {
    /// What it answers.
    type Output;

    /// The function's value. Layers that use no context have a method of the same name that takes none.
    ///
    /// # Panics
    /// When the input's shape is not one that the layer takes.
    #[track_caller]
    fn forward(&self, x: &X, ctx: &mut Context<B>) -> Self::Output;
}

impl<B: Backend, X, L: Layer<B, X>> Layer<B, X> for Box<L> {
    type Output = L::Output;
    fn forward(&self, x: &X, ctx: &mut Context<B>) -> L::Output {
        (**self).forward(x, ctx)
    }
}

impl<B: Backend, X: Clone, L: Layer<B, X, Output = X>> Layer<B, X> for Option<L> {
    type Output = X;
    fn forward(&self, x: &X, ctx: &mut Context<B>) -> X {
        match self {
            Some(layer) => layer.forward(x, ctx),
            None => x.clone(),
        }
    }
}

impl<B: Backend, X: Clone, L: Layer<B, X, Output = X>> Layer<B, X> for [L] {
    type Output = X;
    fn forward(&self, x: &X, ctx: &mut Context<B>) -> X {
        let mut x = x.clone();
        for layer in self {
            x = layer.forward(&x, ctx);
        }
        x
    }
}

impl<B: Backend, X: Clone, L: Layer<B, X, Output = X>> Layer<B, X> for Vec<L> {
    type Output = X;
    fn forward(&self, x: &X, ctx: &mut Context<B>) -> X {
        self[..].forward(x, ctx)
    }
}

impl<B: Backend, X: Clone, L: Layer<B, X, Output = X>, const N: usize> Layer<B, X> for [L; N] {
    type Output = X;
    fn forward(&self, x: &X, ctx: &mut Context<B>) -> X {
        self[..].forward(x, ctx)
    }
}

macro_rules! sequence {
    ($Last:ident; $first:ident $(, $L:ident $number:tt $Before:ident)*) => {
        impl<B: Backend, X, $first: Layer<B, X>, $($L: Layer<B, $Before::Output>),*> Layer<B, X> for ($first, $($L,)*) {
            type Output = $Last::Output;
            fn forward(&self, x: &X, ctx: &mut Context<B>) -> Self::Output {
                let x = self.0.forward(x, ctx);
                $(let x = self.$number.forward(&x, ctx);)*
                x
            }
        }
    };
}

sequence!(L0; L0);
sequence!(L1; L0, L1 1 L0);
sequence!(L2; L0, L1 1 L0, L2 2 L1);
sequence!(L3; L0, L1 1 L0, L2 2 L1, L3 3 L2);
sequence!(L4; L0, L1 1 L0, L2 2 L1, L3 3 L2, L4 4 L3);
sequence!(L5; L0, L1 1 L0, L2 2 L1, L3 3 L2, L4 4 L3, L5 5 L4);
sequence!(L6; L0, L1 1 L0, L2 2 L1, L3 3 L2, L4 4 L3, L5 5 L4, L6 6 L5);
sequence!(L7; L0, L1 1 L0, L2 2 L1, L3 3 L2, L4 4 L3, L5 5 L4, L6 6 L5, L7 7 L6);
sequence!(L8; L0, L1 1 L0, L2 2 L1, L3 3 L2, L4 4 L3, L5 5 L4, L6 6 L5, L7 7 L6, L8 8 L7);
sequence!(L9; L0, L1 1 L0, L2 2 L1, L3 3 L2, L4 4 L3, L5 5 L4, L6 6 L5, L7 7 L6, L8 8 L7, L9 9 L8);
sequence!(
    L10; L0, L1 1 L0, L2 2 L1, L3 3 L2, L4 4 L3, L5 5 L4, L6 6 L5, L7 7 L6, L8 8 L7, L9 9 L8, L10 10 L9
);
sequence!(
    L11; L0, L1 1 L0, L2 2 L1, L3 3 L2, L4 4 L3, L5 5 L4, L6 6 L5, L7 7 L6, L8 8 L7, L9 9 L8, L10 10 L9, L11 11 L10
);
