//! Attention of several heads.

use autodiff_core::{Backend, Tensor};

use super::linear::affine;
use crate::{Context, Dropout, Keys, Linear, Module, Param, init};

const OP: &str = "multihead_attention";

/// What a query may not see.
///
/// ```text
/// attn_mask [L, S], or what broadcasts to [N, heads, L, S]: added, -inf hides    key_padding_mask [N, S]: 1 hides a key
/// ```
#[derive(Clone, Debug)]
pub struct AttentionMask<B: Backend> {
    /// What is added to the products of queries and keys; [`Tensor::additive_mask`] makes one of a condition.
    pub attn_mask: Option<Tensor<B>>,
    /// 1 for each key that is padding, 0 for the others.
    pub key_padding_mask: Option<Tensor<B>>,
    /// Whether query `i` sees the keys `j <= i` only.
    pub is_causal: bool,
}

impl<B: Backend> Default for AttentionMask<B> {
    /// Everything is seen.
    fn default() -> Self {
        Self { attn_mask: None, key_padding_mask: None, is_causal: false }
    }
}

impl<B: Backend> AttentionMask<B> {
    /// No query sees a key behind it.
    #[must_use]
    pub fn causal() -> Self {
        Self { is_causal: true, ..Self::default() }
    }

    /// The masks must be those of so many examples, heads, queries and keys.
    #[track_caller]
    fn check(&self, [examples, heads, queries, keys]: [usize; 4]) {
        if let Some(padding) = &self.key_padding_mask {
            let found = padding.shape();
            assert!(
                found == [examples, keys],
                "{OP}: a padding mask of shape [{examples}, {keys}] expected, one number for each key, found {found}"
            );
        }
        if let Some(mask) = &self.attn_mask {
            let (found, whole) = (mask.shape(), [examples, heads, queries, keys]);
            let fits = |(found, whole): (&usize, &usize)| *found == 1 || found == whole;
            assert!(
                found.rank() <= 4 && found.extents().iter().rev().zip(whole.iter().rev()).all(fits),
                "{OP}: a mask expected that broadcasts to {whole:?}, found {found}"
            );
        }
    }

    /// Both masks as one that is added.
    #[track_caller]
    fn additive(&self) -> Option<Tensor<B>> {
        let Some(padding) = &self.key_padding_mask else { return self.attn_mask.clone() };
        let [examples, keys] = padding.dims();
        let hidden = (1.0 - padding).additive_mask().reshape([examples, 1, 1, keys]);
        Some(match &self.attn_mask {
            Some(mask) => hidden + mask,
            None => hidden,
        })
    }
}

/// How an attention layer is built; the defaults are PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttentionOptions {
    /// The probability with which, in training, a weight of the mean is left out; 0.
    pub dropout: f64,
    /// Whether there are biases; yes.
    pub bias: bool,
    /// The features of a key; those of a query unless given.
    pub kdim: Option<usize>,
    /// The features of a value; those of a query unless given.
    pub vdim: Option<usize>,
    /// Whether examples come before positions, `[N, L, E]` instead of `[L, N, E]`; no.
    pub batch_first: bool,
}

impl Default for AttentionOptions {
    fn default() -> Self {
        Self { dropout: 0.0, bias: true, kdim: None, vdim: None, batch_first: false }
    }
}

/// For each query the mean of values, weighted by how well their keys fit it, in several subspaces at once.
///
/// ```text
/// query [L, N, E]    key [S, N, kdim]    value [S, N, vdim]    ->    y [L, N, E]        (or [N, L, E] with batch_first)
///
/// head_i = softmax(q_i k_i^T / sqrt(E / heads) + mask) v_i    with q = W_q query + b_q, ... cut into heads
/// y      = W_o [head_1 .. head_h] + b_o
/// ```
///
/// Parameters are called as in PyTorch. Those of the three maps lie in one `in_proj_weight` where their inputs have the same
/// number of features. They begin uniformly distributed after Xavier, biases as zeros, `out_proj.weight` as that of a
/// [`Linear`]. A query that sees nothing is NaN.
///
/// (Vaswani et al., *Attention is all you need*, 2017, section 3.2.2.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{AttentionMask, Context, Keys, MultiheadAttention};
/// let mut keys = Keys::<Cpu<f32>>::new(0, &Default::default());
/// let layer = MultiheadAttention::new(8, 2, &mut keys);
/// let x = Tensor::ones([5, 3, 8], keys.device());
/// let y = layer.forward(&x, &x, &x, &AttentionMask::causal(), &mut Context::evaluation());
/// assert_eq!(y.shape(), [5, 3, 8]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct MultiheadAttention<B: Backend> {
    /// `W_q`, `W_k`, `W_v` one below another, `[3 E, E]`.
    pub in_proj_weight: Option<Param<B>>,
    /// `W_q`, `[E, E]`, where keys or values have other features.
    pub q_proj_weight: Option<Param<B>>,
    /// `W_k`, `[E, kdim]`
    pub k_proj_weight: Option<Param<B>>,
    /// `W_v`, `[E, vdim]`
    pub v_proj_weight: Option<Param<B>>,
    /// `b_q`, `b_k`, `b_v` one behind another, `[3 E]`.
    pub in_proj_bias: Option<Param<B>>,
    /// `W_o` and `b_o`.
    pub out_proj: Linear<B>,
    /// How many subspaces there are.
    pub num_heads: usize,
    /// The probability with which, in training, a weight of the mean is left out.
    pub dropout: f64,
    /// Whether examples come before positions.
    pub batch_first: bool,
}

impl<B: Backend> MultiheadAttention<B> {
    /// A layer with PyTorch's defaults.
    ///
    /// # Panics
    /// When the heads do not divide the features, or the extents are too large for a tensor.
    #[must_use]
    #[track_caller]
    pub fn new(embed_dim: usize, num_heads: usize, keys: &mut Keys<B>) -> Self {
        Self::with(embed_dim, num_heads, AttentionOptions::default(), keys)
    }

    /// A layer with these options.
    ///
    /// # Panics
    /// When the heads do not divide the features, or the extents are too large for a tensor.
    #[must_use]
    #[track_caller]
    pub fn with(embed_dim: usize, num_heads: usize, options: AttentionOptions, keys: &mut Keys<B>) -> Self {
        assert!(
            num_heads > 0 && embed_dim.is_multiple_of(num_heads),
            "{OP}: {num_heads} heads do not divide {embed_dim} features"
        );
        let AttentionOptions { dropout, bias, kdim, vdim, batch_first } = options;
        let (kdim, vdim) = (kdim.unwrap_or(embed_dim), vdim.unwrap_or(embed_dim));
        let joint = kdim == embed_dim && vdim == embed_dim;
        let mut weight = |wanted: bool, shape: [usize; 2]| {
            wanted.then(|| Param::new(init::xavier_uniform(&keys.next_key(), shape, 1.0)))
        };
        let in_proj_weight = weight(joint, [3 * embed_dim, embed_dim]);
        let [q_proj_weight, k_proj_weight, v_proj_weight] =
            [embed_dim, kdim, vdim].map(|features| weight(!joint, [embed_dim, features]));
        let zeros = |length: usize| bias.then(|| Param::new(init::zeros([length], keys.device())));
        let (in_proj_bias, out_bias) = (zeros(3 * embed_dim), zeros(embed_dim));
        let out_proj = Linear { bias: out_bias, ..Linear::without_bias(embed_dim, embed_dim, keys) };
        Self {
            in_proj_weight,
            q_proj_weight,
            k_proj_weight,
            v_proj_weight,
            in_proj_bias,
            out_proj,
            num_heads,
            dropout,
            batch_first,
        }
    }

    /// The attention of queries to keys and values.
    ///
    /// # Panics
    /// When an operand has not rank 3 or not the layer's features, when numbers of examples, or of keys and values, differ, and
    /// when a mask is not of the shape that [`AttentionMask`] says.
    #[must_use]
    #[track_caller]
    pub fn forward(
        &self,
        query: &Tensor<B>,
        key: &Tensor<B>,
        value: &Tensor<B>,
        mask: &AttentionMask<B>,
        ctx: &mut Context<B>,
    ) -> Tensor<B> {
        self.check([query, key, value], mask);
        let (weights, width) = (self.weights(), self.out_proj.weight.shape()[0]);
        let parts = [0, 1, 2].map(|part| {
            let bias = self.in_proj_bias.as_ref().map(|bias| bias.slice(0, part * width..(part + 1) * width));
            self.heads(&affine(OP, [query, key, value][part], &weights[part], bias.as_ref()))
        });
        self.attended(&parts, mask, ctx)
    }

    /// The attention of a sequence to itself: [`forward`](Self::forward) of `x` three times, by one product instead of three.
    ///
    /// # Panics
    /// As [`forward`](Self::forward) does.
    #[must_use]
    #[track_caller]
    pub fn forward_self(&self, x: &Tensor<B>, mask: &AttentionMask<B>, ctx: &mut Context<B>) -> Tensor<B> {
        let Some(weight) = &self.in_proj_weight else { return self.forward(x, x, x, mask, ctx) };
        self.check([x; 3], mask);
        let all = affine(OP, x, weight, self.in_proj_bias.as_deref());
        let width = weight.shape()[1];
        let parts = [0, 1, 2].map(|part| self.heads(&all.slice(-1, part * width..(part + 1) * width)));
        self.attended(&parts, mask, ctx)
    }

    /// `W_q`, `W_k`, `W_v`
    #[track_caller]
    fn weights(&self) -> [Tensor<B>; 3] {
        match (&self.in_proj_weight, &self.q_proj_weight, &self.k_proj_weight, &self.v_proj_weight) {
            (Some(joint), ..) => {
                let width = joint.shape()[1];
                [0, 1, 2].map(|part| joint.slice(0, part * width..(part + 1) * width))
            }
            (None, Some(q), Some(k), Some(v)) => [q, k, v].map(|weight| weight.value().clone()),
            _ => panic!("{OP}: either `in_proj_weight` or three weights expected"),
        }
    }

    /// Operands and mask must be the layer's, and fit each other.
    #[track_caller]
    pub(super) fn check(&self, operands: [&Tensor<B>; 3], mask: &AttentionMask<B>) {
        let shapes = operands.map(Tensor::shape);
        for (shape, (name, features)) in shapes.iter().zip(["query", "key", "value"].into_iter().zip(self.features())) {
            assert!(
                shape.rank() == 3 && shape[2] == features,
                "{OP}: a {name} of three axes with {features} features expected, its shape is {shape}"
            );
        }
        let [query, key, value] = shapes;
        let (example, position) = if self.batch_first { (0, 1) } else { (1, 0) };
        assert!(
            query[example] == key[example] && key.extents()[..2] == value.extents()[..2],
            "{OP}: the same examples, and as many keys as values, expected: query {query}, key {key}, value {value}"
        );
        mask.check([query[example], self.num_heads, query[position], key[position]]);
    }

    /// How many features a query, a key and a value have.
    #[track_caller]
    fn features(&self) -> [usize; 3] {
        match (&self.in_proj_weight, &self.q_proj_weight, &self.k_proj_weight, &self.v_proj_weight) {
            (Some(joint), ..) => [joint.shape()[1]; 3],
            (None, Some(q), Some(k), Some(v)) => [q, k, v].map(|weight| weight.shape()[1]),
            _ => panic!("{OP}: either `in_proj_weight` or three weights expected"),
        }
    }

    /// `[L, N, E]`, or `[N, L, E]`, as `[N, heads, L, E / heads]`.
    #[track_caller]
    fn heads(&self, x: &Tensor<B>) -> Tensor<B> {
        let [first, second, features] = x.dims();
        let order = if self.batch_first { [0, 2, 1, 3] } else { [1, 2, 0, 3] };
        x.reshape([first, second, self.num_heads, features / self.num_heads]).permute(&order)
    }

    /// From heads of queries, keys and values to the output.
    #[track_caller]
    fn attended(&self, [q, k, v]: &[Tensor<B>; 3], mask: &AttentionMask<B>, ctx: &mut Context<B>) -> Tensor<B> {
        let additive = mask.additive().map(|mask| mask.cast(q.dtype()));
        let y = if ctx.is_training() && self.dropout > 0.0 {
            let weights = weights(q, k, additive.as_ref(), mask.is_causal);
            Dropout { p: self.dropout }.forward(&weights, ctx).matmul(v)
        } else {
            q.scaled_dot_product_attention(k, v, additive.as_ref(), mask.is_causal, None)
        };
        let [examples, heads, length, width] = y.dims();
        let (order, lead) =
            if self.batch_first { ([0, 2, 1, 3], [examples, length]) } else { ([2, 0, 1, 3], [length, examples]) };
        self.out_proj.forward(&y.permute(&order).reshape([lead[0], lead[1], heads * width]))
    }
}

/// `softmax(q k^T / sqrt(E) + mask)`, which dropout has to see.
#[track_caller]
fn weights<B: Backend>(q: &Tensor<B>, k: &Tensor<B>, mask: Option<&Tensor<B>>, is_causal: bool) -> Tensor<B> {
    let ([.., length, width], keys) = (q.dims::<4>(), k.shape()[2]);
    let mut scores = (q / libm::sqrt(init::count(width))).matmul(&k.transpose(-2, -1));
    if is_causal {
        let seen = Tensor::tri(length, keys, 0, q.device());
        scores = scores + seen.additive_mask().cast(q.dtype());
    }
    if let Some(mask) = mask {
        scores = scores + mask;
    }
    scores.softmax(-1)
}
