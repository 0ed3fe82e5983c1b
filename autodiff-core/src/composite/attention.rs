//! Scaled dot-product attention: averages of values, weighted by how well their keys fit a query.

use crate::spec::{self, Fault, Spec, SpecError};

const NAME: &str = "attention";

pub(super) fn infer(inputs: &[Spec], causal: bool) -> Result<Spec, SpecError> {
    let [q, k, v] = spec::arity(NAME, &inputs[..inputs.len().min(3)])?;
    if inputs.len() > 4 {
        return Err(SpecError { op: NAME, fault: Fault::Arity { expected: 4, found: inputs.len() } });
    }
    for (arg, input) in inputs.iter().enumerate() {
        spec::float(NAME, arg, input)?;
        if input.dtype != q.dtype {
            return Err(SpecError::shapes(NAME, "the number formats differ", q, input));
        }
        if input.shape.rank() < 2 || input.shape.rank() != q.shape.rank() {
            return Err(SpecError::shapes(NAME, "matrices of one rank are taken", q, input));
        }
        if q.shape.batch() != input.shape.batch() {
            return Err(SpecError::shapes(NAME, "the leading axes differ", q, input));
        }
    }
    let [[l, e], [s, own_e], [own_s, width]] = [q, k, v].map(|input| input.shape.matrix());
    if e != own_e {
        return Err(SpecError::shapes(NAME, "queries and keys have different widths", q, k));
    }
    if s != own_s {
        return Err(SpecError::shapes(NAME, "each key needs one value", k, v));
    }
    if let Some(mask) = inputs.get(3).filter(|mask| mask.shape.matrix() != [l, s]) {
        return Err(SpecError::shapes(NAME, "the mask needs a row for each query and a column for each key", mask, k));
    }
    // What the body makes on its way: a score for each query and key, and their positions.
    let scores = q.shape.batch().with_matrix([l, s]);
    if scores.checked_elements().is_none() {
        return Err(SpecError { op: NAME, fault: Fault::TooLarge { shape: scores } });
    }
    if causal && i32::try_from(l.max(s)).is_err() {
        return Err(SpecError::shapes(NAME, "an index holds 31 bits", q, k));
    }
    Ok(q.reshaped(q.shape.batch().with_matrix([l, width])))
}

#[cfg(feature = "alloc")]
pub(super) use rule::*;

#[cfg(feature = "alloc")]
mod rule {
    use crate::{Backend, Index, Needs, Node, Saves, Shape, Tensor};

    /// `softmax(scale q k^T + mask) v`
    #[track_caller]
    pub(in crate::composite) fn body<B: Backend>(inputs: &[Tensor<B>], causal: bool, scale: Option<f64>) -> Tensor<B> {
        let [q, k, v] = [0, 1, 2].map(|arg: usize| inputs[arg].widened());
        let mask = inputs.get(3).map(Tensor::widened);
        weights(&scaled(&q, scale), &k, mask.as_ref(), causal).matmul(&v).cast(inputs[0].dtype())
    }

    /// `scale x`, or `x / sqrt(E)` where `E` is the extent of the last axis.
    #[track_caller]
    fn scaled<B: Backend>(x: &Tensor<B>, scale: Option<f64>) -> Tensor<B> {
        let width = x.shape()[x.rank() - 1];
        #[expect(clippy::cast_precision_loss, reason = "a width beyond 2^53 fits no memory")]
        match scale {
            Some(scale) => x * scale,
            None => x / x.new_full(Shape::SCALAR, width as f64).sqrt(),
        }
    }

    /// How much of each value goes into each row: NaN in a row that sees none.
    #[track_caller]
    fn weights<B: Backend>(q: &Tensor<B>, k: &Tensor<B>, mask: Option<&Tensor<B>>, causal: bool) -> Tensor<B> {
        let mut scores = q.matmul(&k.t());
        if let Some(mask) = mask {
            scores = scores + mask;
        }
        if causal {
            let shape = scores.shape();
            let [rows, columns] = [2, 1].map(|end| Index::<B>::iota(shape[shape.rank() - end], scores.device()));
            let seen = columns.le(&rows.unsqueeze(-1));
            scores = seen.select(&scores, &scores.new_full(shape, f64::NEG_INFINITY));
        }
        scores.softmax(-1)
    }

    /// The weights are made of all but the values, which only the gradient of the scores reads.
    pub(in crate::composite) const fn saves(needs: Needs) -> Saves {
        let scores = needs.contains(0) || needs.contains(1) || needs.contains(3);
        Saves::NONE.and_input(0).and_input(1).and_input_if(2, scores).and_input(3)
    }

    /// What the gradients share. The weights `p` are computed again, not kept: they are the only value as large as a row
    /// per query times a column per key. (Dao et al., *FlashAttention*, 2022, section 3.1.)
    pub(in crate::composite) struct Backward<B: Backend> {
        g: Tensor<B>,
        scale: Option<f64>,
        scaled_q: Tensor<B>,
        weights: Tensor<B>,
        /// The gradient of the scores, which that for the values does not need.
        scores: Option<Tensor<B>>,
    }

    impl<B: Backend> Backward<B> {
        pub(in crate::composite) fn new(causal: bool, scale: Option<f64>, at: &Node<'_, B>) -> Self {
            let (g, scaled_q) = (at.grad().widened(), scaled(&at.input(0).widened(), scale));
            let mask = (at.arity() > 3).then(|| at.input(3).widened());
            let weights = weights(&scaled_q, &at.input(1).widened(), mask.as_ref(), causal);
            let scores = [0, 1, 3].into_iter().any(|arg| at.needs(arg)).then(|| {
                let along = &weights * g.matmul(&at.input(2).widened().t());
                &along - &weights * along.sum_keepdim(&[-1])
            });
            Self { g, scale, scaled_q, weights, scores }
        }

        /// ```text
        /// s  p (h - sum h p) with h = g v^T      q  s k scale      k  s^T q scale      v  p^T g      mask  s
        /// ```
        pub(in crate::composite) fn of(&self, arg: usize, at: &Node<'_, B>) -> Tensor<B> {
            let gradient = match (arg, &self.scores) {
                (0, Some(scores)) => scaled(&scores.matmul(&at.input(1).widened()), self.scale),
                (1, Some(scores)) => scores.t().matmul(&self.scaled_q),
                (2, _) => self.weights.t().matmul(&self.g),
                (3, Some(scores)) => scores.clone(),
                (_, Some(_)) => unreachable!("attention takes four inputs"),
                (_, None) => unreachable!("attention: gradient {arg} was asked for without need"),
            };
            gradient.cast(at.grad().dtype())
        }
    }
}
