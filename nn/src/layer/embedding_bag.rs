//! Bags of embeddings: the rows that several tokens name, made into one.

use autodiff_core::{Backend, Index, Tensor};

use super::embedding::{is_token, lookup};
use crate::{Context, Keys, Layer, Module, Param, init};

/// What becomes of the rows of a bag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Module)]
pub enum BagMode {
    /// Their sum.
    Sum,
    /// Their mean.
    #[default]
    Mean,
    /// The largest number of each column.
    Max,
}

/// The sum, mean or maximum of the table's rows that the tokens of a bag name.
///
/// ```text
/// tokens [B, N]    weight [num_embeddings, embedding_dim]    ->    y [B, embedding_dim]
/// y[b] = sum over n  weight[tokens[b, n]]          the same divided by N          the maximum over n
/// ```
///
/// Bags of different lengths are written one behind the other, with the place where each begins:
/// [`forward_offsets`](Self::forward_offsets). A token that stands for padding, `padding_idx`, takes no part; a bag
/// without tokens is 0. As in PyTorch the mode is `Mean` unless another one is set.
///
/// (Joulin, Grave, Bojanowski and Mikolov, *Bag of tricks for efficient text classification*, 2016, section 2.)
///
/// ```
/// use autodiff_core::{Index, Tensor};
/// use backend_cpu::Cpu;
/// use nn::{BagMode, EmbeddingBag, Param};
/// let weight = Param::new(Tensor::<Cpu<f32>>::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [3, 2]));
/// let bag = EmbeddingBag { weight, mode: BagMode::Sum, padding_idx: None };
/// assert_eq!(bag.forward(&Index::new(&[0, 2], [1, 2])).to_vec(), [6.0, 8.0]);
/// let y = bag.forward_offsets(&Index::new(&[0, 2, 1], [3]), &Index::new(&[0, 2, 3], [3]));
/// assert_eq!(y.to_vec(), [6.0, 8.0, 3.0, 4.0, 0.0, 0.0]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct EmbeddingBag<B: Backend> {
    /// The table, of shape `[num_embeddings, embedding_dim]`.
    pub weight: Param<B>,
    /// What becomes of the rows of a bag.
    pub mode: BagMode,
    /// The token that stands for padding.
    pub padding_idx: Option<usize>,
}

impl<B: Backend> EmbeddingBag<B> {
    /// A table whose rows are averaged, without padding, normally distributed from one key.
    ///
    /// # Panics
    /// When the extents are too large for a tensor.
    #[must_use]
    #[track_caller]
    pub fn new(num_embeddings: usize, embedding_dim: usize, keys: &mut Keys<B>) -> Self {
        let weight = init::normal(&keys.next_key(), [num_embeddings, embedding_dim], 0.0, 1.0);
        Self { weight: Param::new(weight), mode: BagMode::Mean, padding_idx: None }
    }

    /// One row for each row of tokens.
    ///
    /// # Panics
    /// When the tokens or the table are no matrix, or a token names no row: the `gather` that reads it says so.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, tokens: &Index<B>) -> Tensor<B> {
        let shape = tokens.shape();
        assert!(shape.rank() == 2, "embedding_bag: tokens of shape [B, N] expected, found {shape}");
        self.reduce(&lookup("embedding_bag", &self.weight, tokens), &self.present(tokens))
    }

    /// One row for each bag of a vector of tokens: bag `b` goes from `offsets[b]` to before the next, the last to the end.
    ///
    /// This holds for any offsets. They are not read, since in a trace they have no values: tokens before the first one are in no
    /// bag, and a bag that begins behind the end, or not before the next one, is empty. PyTorch refuses a first offset other than
    /// 0, and one behind the end.
    ///
    /// It takes time and memory for all tokens times all bags.
    ///
    /// # Panics
    /// When tokens or offsets are no vectors, the table is no matrix, or a token names no row: the `gather` that reads it says so.
    #[must_use]
    #[track_caller]
    pub fn forward_offsets(&self, tokens: &Index<B>, offsets: &Index<B>) -> Tensor<B> {
        let [found, bounds] = [tokens.shape(), offsets.shape()];
        assert!(
            found.rank() == 1 && bounds.rank() == 1,
            "embedding_bag: vectors of tokens and offsets expected, found {found} and {bounds}"
        );
        let (count, bags) = (found[0], bounds[0]);
        let place = Index::iota(count, tokens.device()).unsqueeze(0);
        let begun = offsets.unsqueeze(-1).le(&place);
        // Of the bags that have begun, the last one holds the token.
        let next = begun.slice(0, 1.min(bags)..);
        let next = Tensor::concat(&[next, begun.new_zeros([1.min(bags), count])], 0);
        let present = begun * (1.0 - next) * self.present(tokens);
        let rows = lookup("embedding_bag", &self.weight, tokens);
        let width = rows.shape()[1];
        self.reduce(&rows.unsqueeze(0).broadcast_to([bags, count, width]), &present)
    }

    /// 1 for a token that counts, 0 for padding.
    #[track_caller]
    fn present(&self, tokens: &Index<B>) -> Tensor<B> {
        match self.padding_idx {
            Some(padding) => 1.0 - is_token(tokens, padding),
            None => Tensor::ones(tokens.shape(), tokens.device()),
        }
    }

    /// `[B, N, E] -> [B, E]` of the rows that are present, `[B, N]`.
    #[track_caller]
    fn reduce(&self, rows: &Tensor<B>, present: &Tensor<B>) -> Tensor<B> {
        let chosen = present.unsqueeze(-1).broadcast_to(rows.shape());
        let count = || present.sum_axes(&[1]).unsqueeze(-1).cast(rows.dtype());
        let sum = || chosen.select(rows, &rows.zeros_like()).sum_axes(&[1]);
        match self.mode {
            BagMode::Sum => sum(),
            BagMode::Mean => {
                let count = count();
                sum() / count.maximum(&count.ones_like())
            }
            BagMode::Max if rows.shape()[1] == 0 => sum(),
            BagMode::Max => {
                let lowest = rows.new_full(rows.shape(), f64::NEG_INFINITY);
                let max = chosen.select(rows, &lowest).max_axes(&[1]);
                let some = count().broadcast_to(max.shape());
                some.select(&max, &max.zeros_like())
            }
        }
    }
}

impl<B: Backend> Layer<B, Index<B>> for EmbeddingBag<B> {
    type Output = Tensor<B>;
    fn forward(&self, tokens: &Index<B>, _: &mut Context<B>) -> Tensor<B> {
        self.forward(tokens)
    }
}
