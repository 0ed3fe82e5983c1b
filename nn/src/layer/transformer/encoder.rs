//! The half of a transformer that reads.

use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use super::{TransformerActivation, TransformerOptions, beside, perceptron};
use crate::{AttentionMask, Context, Dropout, Keys, Layer, LayerNorm, Linear, Module, MultiheadAttention};

/// Attention of a sequence to itself, and a perceptron.
///
/// ```text
/// src [S, N, E]    ->    [S, N, E]        (or [N, S, E] with batch_first)
///
/// x = norm1(src + dropout(self_attn(src)))             norm_first:  x = src + dropout(self_attn(norm1(src)))
/// y = norm2(x + dropout(mlp(x)))                                    y = x + dropout(mlp(norm2(x)))
/// mlp(x) = linear2(dropout(activation(linear1(x))))
/// ```
///
/// (Vaswani et al., *Attention is all you need*, 2017, section 3.1; normalised first: Xiong et al., *On layer normalization
/// in the transformer architecture*, ICML 2020, table 1.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{AttentionMask, Context, Keys, TransformerEncoderLayer, TransformerOptions};
/// let mut keys = Keys::<Cpu<f32>>::new(0, &Default::default());
/// let options = TransformerOptions { dim_feedforward: 16, ..Default::default() };
/// let layer = TransformerEncoderLayer::with(8, 2, options, &mut keys);
/// let src = Tensor::ones([5, 3, 8], keys.device());
/// assert_eq!(layer.forward(&src, &AttentionMask::default(), &mut Context::evaluation()).shape(), [5, 3, 8]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct TransformerEncoderLayer<B: Backend> {
    /// Attention to the sequence itself.
    pub self_attn: MultiheadAttention<B>,
    /// The perceptron's first map.
    pub linear1: Linear<B>,
    /// The perceptron's second map.
    pub linear2: Linear<B>,
    /// The norm of the attention.
    pub norm1: LayerNorm<B>,
    /// The norm of the perceptron.
    pub norm2: LayerNorm<B>,
    /// What is left out in training.
    pub dropout: Dropout,
    /// What stands in the middle of the perceptron.
    pub activation: TransformerActivation,
    /// Whether each part is normalised before it.
    pub norm_first: bool,
}

impl<B: Backend> TransformerEncoderLayer<B> {
    /// A layer with PyTorch's defaults.
    ///
    /// # Panics
    /// When the heads do not divide the features.
    #[must_use]
    #[track_caller]
    pub fn new(d_model: usize, nhead: usize, keys: &mut Keys<B>) -> Self {
        Self::with(d_model, nhead, TransformerOptions::default(), keys)
    }

    /// A layer with these options.
    ///
    /// # Panics
    /// When the heads do not divide the features.
    #[must_use]
    #[track_caller]
    pub fn with(d_model: usize, nhead: usize, options: TransformerOptions, keys: &mut Keys<B>) -> Self {
        Self {
            self_attn: options.attention(d_model, nhead, keys),
            linear1: Linear::new(d_model, options.dim_feedforward, keys),
            linear2: Linear::new(options.dim_feedforward, d_model, keys),
            norm1: options.norm(d_model, keys),
            norm2: options.norm(d_model, keys),
            dropout: Dropout { p: options.dropout },
            activation: options.activation,
            norm_first: options.norm_first,
        }
    }

    /// The sequence behind attention and perceptron.
    ///
    /// # Panics
    /// As [`MultiheadAttention::forward`] does.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, src: &Tensor<B>, mask: &AttentionMask<B>, ctx: &mut Context<B>) -> Tensor<B> {
        self.self_attn.check([src; 3], mask);
        let (first, dropout) = (self.norm_first, self.dropout);
        let x = beside(src, &self.norm1, first, dropout, ctx, |x, ctx| self.self_attn.forward_self(x, mask, ctx));
        let maps = [&self.linear1, &self.linear2];
        beside(&x, &self.norm2, first, dropout, ctx, |x, ctx| perceptron(x, maps, self.activation, dropout, ctx))
    }
}

/// Nothing is hidden.
impl<B: Backend> Layer<B> for TransformerEncoderLayer<B> {
    type Output = Tensor<B>;
    fn forward(&self, src: &Tensor<B>, ctx: &mut Context<B>) -> Tensor<B> {
        self.forward(src, &AttentionMask::default(), ctx)
    }
}

/// Several [`TransformerEncoderLayer`]s one behind another, and a norm behind the last where there is one.
#[derive(Clone, Debug, Module)]
pub struct TransformerEncoder<B: Backend> {
    /// The layers.
    pub layers: Vec<TransformerEncoderLayer<B>>,
    /// The norm behind the last.
    pub norm: Option<LayerNorm<B>>,
}

impl<B: Backend> TransformerEncoder<B> {
    /// The sequence behind all layers, each under the same mask.
    ///
    /// # Panics
    /// As [`MultiheadAttention::forward`] does.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, src: &Tensor<B>, mask: &AttentionMask<B>, ctx: &mut Context<B>) -> Tensor<B> {
        let mut x = src.clone();
        for layer in &self.layers {
            x = layer.forward(&x, mask, ctx);
        }
        self.norm.as_ref().map_or_else(|| x.clone(), |norm| norm.forward(&x))
    }
}

/// Nothing is hidden.
impl<B: Backend> Layer<B> for TransformerEncoder<B> {
    type Output = Tensor<B>;
    fn forward(&self, src: &Tensor<B>, ctx: &mut Context<B>) -> Tensor<B> {
        self.forward(src, &AttentionMask::default(), ctx)
    }
}
