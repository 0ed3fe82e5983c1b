//! The half of a transformer that writes, beside what was read.

use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use super::{TransformerActivation, TransformerOptions, beside, perceptron};
use crate::{AttentionMask, Context, Dropout, Keys, LayerNorm, Linear, Module, MultiheadAttention};

/// Attention of a sequence to itself, attention to what an encoder answered, and a perceptron.
///
/// ```text
/// tgt [T, N, E]    memory [S, N, E]    ->    [T, N, E]        (or examples first with batch_first)
///
/// x = norm1(tgt + dropout(self_attn(tgt)))
/// y = norm2(x + dropout(multihead_attn(x, memory, memory)))
/// z = norm3(y + dropout(mlp(y)))                                    norm_first: each as in the encoder's layer
/// ```
///
/// (Vaswani et al. 2017, section 3.1.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{AttentionMask, Context, Keys, TransformerDecoderLayer, TransformerOptions};
/// let mut keys = Keys::<Cpu<f32>>::new(0, &Default::default());
/// let options = TransformerOptions { dim_feedforward: 16, ..Default::default() };
/// let layer = TransformerDecoderLayer::with(8, 2, options, &mut keys);
/// let [tgt, memory] = [4, 5].map(|length| Tensor::ones([length, 3, 8], keys.device()));
/// let (causal, all) = (AttentionMask::causal(), AttentionMask::default());
/// assert_eq!(layer.forward(&tgt, &memory, &causal, &all, &mut Context::evaluation()).shape(), [4, 3, 8]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct TransformerDecoderLayer<B: Backend> {
    /// Attention to the sequence itself.
    pub self_attn: MultiheadAttention<B>,
    /// Attention to the encoder's answer.
    pub multihead_attn: MultiheadAttention<B>,
    /// The perceptron's first map.
    pub linear1: Linear<B>,
    /// The perceptron's second map.
    pub linear2: Linear<B>,
    /// The norm of the attention to itself.
    pub norm1: LayerNorm<B>,
    /// The norm of the attention to the encoder's answer.
    pub norm2: LayerNorm<B>,
    /// The norm of the perceptron.
    pub norm3: LayerNorm<B>,
    /// What is left out in training.
    pub dropout: Dropout,
    /// What stands in the middle of the perceptron.
    pub activation: TransformerActivation,
    /// Whether each part is normalised before it.
    pub norm_first: bool,
}

impl<B: Backend> TransformerDecoderLayer<B> {
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
            multihead_attn: options.attention(d_model, nhead, keys),
            linear1: Linear::new(d_model, options.dim_feedforward, keys),
            linear2: Linear::new(options.dim_feedforward, d_model, keys),
            norm1: options.norm(d_model, keys),
            norm2: options.norm(d_model, keys),
            norm3: options.norm(d_model, keys),
            dropout: Dropout { p: options.dropout },
            activation: options.activation,
            norm_first: options.norm_first,
        }
    }

    /// The sequence behind both attentions and the perceptron.
    ///
    /// # Panics
    /// As [`MultiheadAttention::forward`] does.
    #[must_use]
    #[track_caller]
    pub fn forward(
        &self,
        tgt: &Tensor<B>,
        memory: &Tensor<B>,
        tgt_mask: &AttentionMask<B>,
        memory_mask: &AttentionMask<B>,
        ctx: &mut Context<B>,
    ) -> Tensor<B> {
        self.self_attn.check([tgt; 3], tgt_mask);
        self.multihead_attn.check([tgt, memory, memory], memory_mask);
        let (first, dropout) = (self.norm_first, self.dropout);
        let x = beside(tgt, &self.norm1, first, dropout, ctx, |x, ctx| self.self_attn.forward_self(x, tgt_mask, ctx));
        let x = beside(&x, &self.norm2, first, dropout, ctx, |x, ctx| {
            self.multihead_attn.forward(x, memory, memory, memory_mask, ctx)
        });
        let maps = [&self.linear1, &self.linear2];
        beside(&x, &self.norm3, first, dropout, ctx, |x, ctx| perceptron(x, maps, self.activation, dropout, ctx))
    }
}

/// Several [`TransformerDecoderLayer`]s one behind another, and a norm behind the last where there is one.
#[derive(Clone, Debug, Module)]
pub struct TransformerDecoder<B: Backend> {
    /// The layers.
    pub layers: Vec<TransformerDecoderLayer<B>>,
    /// The norm behind the last.
    pub norm: Option<LayerNorm<B>>,
}

impl<B: Backend> TransformerDecoder<B> {
    /// The sequence behind all layers, each under the same masks and beside the same encoder's answer.
    ///
    /// # Panics
    /// As [`MultiheadAttention::forward`] does.
    #[must_use]
    #[track_caller]
    pub fn forward(
        &self,
        tgt: &Tensor<B>,
        memory: &Tensor<B>,
        tgt_mask: &AttentionMask<B>,
        memory_mask: &AttentionMask<B>,
        ctx: &mut Context<B>,
    ) -> Tensor<B> {
        let mut x = tgt.clone();
        for layer in &self.layers {
            x = layer.forward(&x, memory, tgt_mask, memory_mask, ctx);
        }
        self.norm.as_ref().map_or_else(|| x.clone(), |norm| norm.forward(&x))
    }
}
