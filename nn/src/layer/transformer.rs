//! Layers of the transformer: attention and a perceptron, each beside a connection that leaves it out.

use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::{
    AttentionMask, AttentionOptions, Context, Dropout, Keys, Layer, LayerNorm, Linear, Module, MultiheadAttention,
};

/// What stands between the two maps of a transformer's perceptron.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Module)]
pub enum TransformerActivation {
    /// The rectifier.
    #[default]
    ReLU,
    /// The Gaussian error linear unit.
    GELU,
}

/// How a layer of a transformer is built; the defaults are PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransformerOptions {
    /// The width of the perceptron's hidden layer; 2048.
    pub dim_feedforward: usize,
    /// The probability with which, in training, a number is left out; 0.1.
    pub dropout: f64,
    /// What stands in the middle of the perceptron; the rectifier.
    pub activation: TransformerActivation,
    /// What the norms add to variances; 1e-5.
    pub layer_norm_eps: f64,
    /// Whether examples come before positions; no.
    pub batch_first: bool,
    /// Whether each part is normalised before it, `x + f(norm(x))`, and not behind, `norm(x + f(x))`; behind.
    pub norm_first: bool,
}

impl Default for TransformerOptions {
    fn default() -> Self {
        Self {
            dim_feedforward: 2048,
            dropout: 0.1,
            activation: TransformerActivation::ReLU,
            layer_norm_eps: 1e-5,
            batch_first: false,
            norm_first: false,
        }
    }
}

impl TransformerOptions {
    #[track_caller]
    fn attention<B: Backend>(&self, d_model: usize, nhead: usize, keys: &mut Keys<B>) -> MultiheadAttention<B> {
        let options =
            AttentionOptions { dropout: self.dropout, batch_first: self.batch_first, ..AttentionOptions::default() };
        MultiheadAttention::with(d_model, nhead, options, keys)
    }

    #[track_caller]
    fn norm<B: Backend>(&self, d_model: usize, keys: &Keys<B>) -> LayerNorm<B> {
        LayerNorm { eps: self.layer_norm_eps, ..LayerNorm::new([d_model], keys.device()) }
    }
}

/// `x + f(x)`, normalised before or behind: how every part of a transformer is put into its layer.
#[track_caller]
fn beside<B: Backend>(
    x: &Tensor<B>,
    norm: &LayerNorm<B>,
    norm_first: bool,
    dropout: Dropout,
    ctx: &mut Context<B>,
    f: impl FnOnce(&Tensor<B>, &mut Context<B>) -> Tensor<B>,
) -> Tensor<B> {
    let y = if norm_first { f(&norm.forward(x), ctx) } else { f(x, ctx) };
    let sum = x + dropout.forward(&y, ctx);
    if norm_first { sum } else { norm.forward(&sum) }
}

/// `linear2(dropout(activation(linear1(x))))`
#[track_caller]
fn perceptron<B: Backend>(
    x: &Tensor<B>,
    [linear1, linear2]: [&Linear<B>; 2],
    activation: TransformerActivation,
    dropout: Dropout,
    ctx: &mut Context<B>,
) -> Tensor<B> {
    let wide = linear1.forward(x);
    let active = match activation {
        TransformerActivation::ReLU => wide.relu(),
        TransformerActivation::GELU => wide.gelu(),
    };
    linear2.forward(&dropout.forward(&active, ctx))
}

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
        let (first, dropout) = (self.norm_first, self.dropout);
        let x = beside(tgt, &self.norm1, first, dropout, ctx, |x, ctx| self.self_attn.forward_self(x, tgt_mask, ctx));
        let x = beside(&x, &self.norm2, first, dropout, ctx, |x, ctx| {
            self.multihead_attn.forward(x, memory, memory, memory_mask, ctx)
        });
        let maps = [&self.linear1, &self.linear2];
        beside(&x, &self.norm3, first, dropout, ctx, |x, ctx| perceptron(x, maps, self.activation, dropout, ctx))
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
