//! Attention, for operands whose leading axes broadcast.

use crate::{Backend, Composite, Primitive, Scalar, Shape, SpecError, Tensor};

const NAME: &str = "scaled_dot_product_attention";

impl<B: Backend> Tensor<B> {
    /// `softmax(scale q k^T + mask) v`: for each query, the mean of the values, weighted by how well their keys fit it.
    ///
    /// ```text
    /// q [.., L, E]   k [.., S, E]   v [.., S, V]   mask [.., L, S]      y [.., L, V]
    /// ```
    ///
    /// Leading axes broadcast, the mask as a whole. `scale` is `1 / sqrt(E)` unless given. The mask is added: -inf keeps a
    /// query from a key; [`additive_mask`](Self::additive_mask) makes one of a condition. With `is_causal` row `i` sees the
    /// columns `j <= i` alone, whatever the mask says beside. A row that sees nothing is NaN. Gradients keep none of the
    /// weights in memory: they are computed again. (Vaswani et al., *Attention is all you need*, 2017, section 3.2.1.)
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = |values: &[f64]| Tensor::<Cpu<f64>>::new(values, [2, 1]);
    /// let (q, k, v) = (x(&[0.0, 0.0]), x(&[5.0, 7.0]), x(&[1.0, 3.0]));
    /// assert_eq!(q.scaled_dot_product_attention(&k, &v, None, false, None).to_vec(), [2.0, 2.0]);
    /// assert_eq!(q.scaled_dot_product_attention(&k, &v, None, true, None).to_vec(), [1.0, 2.0]);
    /// let second = Tensor::new(&[0.0, 1.0], [2]).additive_mask();
    /// assert_eq!(q.scaled_dot_product_attention(&k, &v, Some(&second), false, None).to_vec(), [3.0, 3.0]);
    /// ```
    ///
    /// # Panics
    /// When an operand is no matrix, widths or numbers of keys and values differ, or leading axes or the mask do not
    /// broadcast.
    #[must_use]
    #[track_caller]
    pub fn scaled_dot_product_attention(
        &self,
        key: &Self,
        value: &Self,
        mask: Option<&Self>,
        is_causal: bool,
        scale: Option<f64>,
    ) -> Self {
        let operands = [self, key, value];
        let mut leading = Shape::SCALAR;
        for operand in operands {
            let spec = operand.spec();
            assert!(spec.shape.rank() > 1, "{}", SpecError::shape(NAME, "an operand is no matrix", &spec));
            leading = joined(&leading, &spec.shape.batch(), self, operand);
        }
        let scores = [self, key].map(|operand| operand.shape().matrix()[0]);
        let op = Primitive::Call(Composite::Attention { causal: is_causal, scale: scale.map(Scalar::new) });
        let Some(mask) = mask else {
            let [q, k, v] = operands.map(|operand| operand.with_leading(&leading));
            return Self::apply(&op, [&q, &k, &v]);
        };
        let shape = joined(&leading.with_matrix(scores), &mask.shape(), self, mask);
        assert!(shape.extents().ends_with(&scores), "{}", no_broadcast(self, mask));
        leading = shape.batch();
        let [q, k, v] = operands.map(|operand| operand.with_leading(&leading));
        Self::apply(&op, [&q, &k, &v, &mask.broadcast_to(shape)])
    }

    /// 0 where this condition is not 0, -inf elsewhere: what attention adds so that the rest is not seen; no gradient.
    #[must_use]
    #[track_caller]
    pub fn additive_mask(&self) -> Self {
        self.select(&self.zeros_like(), &self.new_full(self.shape(), f64::NEG_INFINITY))
    }

    /// The matrices stretched over leading axes.
    #[track_caller]
    fn with_leading(&self, leading: &Shape) -> Self {
        self.broadcast_to(leading.with_matrix(self.shape().matrix()))
    }
}

#[track_caller]
fn joined<B: Backend>(shape: &Shape, other: &Shape, query: &Tensor<B>, operand: &Tensor<B>) -> Shape {
    match shape.broadcast_with(other) {
        Some(shape) => shape,
        None => panic!("{}", no_broadcast(query, operand)),
    }
}

fn no_broadcast<B: Backend>(query: &Tensor<B>, operand: &Tensor<B>) -> SpecError {
    SpecError::shapes(NAME, "an operand cannot be broadcast to the queries", &query.spec(), &operand.spec())
}
