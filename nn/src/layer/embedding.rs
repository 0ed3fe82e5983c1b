//! Embedding: rows of a table, looked up by number.

use autodiff_core::{Backend, Index, Shape, Tensor};

use crate::{Context, Keys, Layer, Module, Param, init};

/// `y[..] = weight[tokens[..]]`: a row of the table for each token.
///
/// ```text
/// tokens [..]    weight [num_embeddings, embedding_dim]    ->    y [.., embedding_dim]
/// ```
///
/// Gradient: that of each row is the sum of what arrives where its number stands. The rows begin normally distributed. A
/// token that stands for padding, `padding_idx`, begins as zeros and gets no gradient.
///
/// (Bengio, Ducharme, Vincent and Jauvin, *A neural probabilistic language model*, JMLR 3, 2003, section 2.)
///
/// ```
/// use autodiff_core::{Index, Tensor};
/// use backend_cpu::Cpu;
/// use nn::{Embedding, Param};
/// let table = Embedding::from_weight(Tensor::<Cpu<f32>>::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [3, 2]));
/// let y = table.forward(&Index::new(&[2, 0, 2], [3, 1]));
/// assert_eq!((y.dims(), y.to_vec()), ([3, 1, 2], vec![5.0, 6.0, 1.0, 2.0, 5.0, 6.0]));
/// ```
#[derive(Clone, Debug, Module)]
pub struct Embedding<B: Backend> {
    /// The table, of shape `[num_embeddings, embedding_dim]`.
    pub weight: Param<B>,
    /// The token that stands for padding.
    pub padding_idx: Option<usize>,
}

impl<B: Backend> Embedding<B> {
    /// A table without padding, initialised from one key.
    ///
    /// # Panics
    /// When the extents are too large for a tensor.
    #[must_use]
    #[track_caller]
    pub fn new(num_embeddings: usize, embedding_dim: usize, keys: &mut Keys<B>) -> Self {
        Self::from_weight(init::normal(&keys.next_key(), [num_embeddings, embedding_dim], 0.0, 1.0))
    }

    /// A table that is given, PyTorch's `from_pretrained` with `freeze=False`: it is trained as any parameter is.
    ///
    /// # Panics
    /// When it is no matrix.
    #[must_use]
    #[track_caller]
    pub fn from_weight(weight: Tensor<B>) -> Self {
        check_table("embedding", &weight.shape());
        Self { weight: Param::new(weight), padding_idx: None }
    }

    /// The same table with a token for padding, whose row becomes 0.
    ///
    /// # Panics
    /// When the table has no such row.
    #[must_use]
    #[track_caller]
    pub fn with_padding_idx(self, padding_idx: usize) -> Self {
        let shape = self.weight.shape();
        assert!(padding_idx < shape[0], "embedding: the padding {padding_idx} is no row of a table {shape}");
        let at = |range| self.weight.slice(0, range);
        let row = at(padding_idx..padding_idx + 1).zeros_like();
        let weight = Tensor::concat(&[at(0..padding_idx), row, at(padding_idx + 1..shape[0])], 0);
        Self { weight: self.weight.with_value(weight), padding_idx: Some(padding_idx) }
    }

    /// The rows that the tokens name.
    ///
    /// # Panics
    /// When the table is no matrix, or a token names no row: the `gather` that reads it says so.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, tokens: &Index<B>) -> Tensor<B> {
        let rows = lookup("embedding", &self.weight, tokens);
        match self.padding_idx {
            None => rows,
            Some(padding) => {
                is_token(tokens, padding).unsqueeze(-1).broadcast_to(rows.shape()).select(&rows.detach(), &rows)
            }
        }
    }
}

impl<B: Backend> Layer<B, Index<B>> for Embedding<B> {
    type Output = Tensor<B>;
    fn forward(&self, tokens: &Index<B>, _: &mut Context<B>) -> Tensor<B> {
        self.forward(tokens)
    }
}

/// `[..] -> [.., width]`: rows of a table.
#[track_caller]
pub(super) fn lookup<B: Backend>(op: &str, table: &Tensor<B>, tokens: &Index<B>) -> Tensor<B> {
    check_table(op, &table.shape());
    let shape = tokens.shape();
    let rows = table.index_select(0, &tokens.reshape([shape.elements()]));
    rows.reshape(&[shape.extents(), &[table.shape()[1]]].concat()[..])
}

#[track_caller]
fn check_table(op: &str, shape: &Shape) {
    assert!(shape.rank() == 2, "{op}: a table of rank 2 expected, its shape is {shape}");
}

/// 1 where this token stands, 0 elsewhere.
#[track_caller]
pub(super) fn is_token<B: Backend>(tokens: &Index<B>, token: usize) -> Tensor<B> {
    // No index exceeds i32: a token beyond is nowhere.
    let token = i32::try_from(token).unwrap_or(-1);
    tokens.eq(&Index::from_slice(&[token], [], tokens.device()))
}
