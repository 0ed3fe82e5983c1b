//! The bilinear layer, `y = x1^T A x2 + b`.

use autodiff_core::{Backend, Tensor};

use super::linear::fan_bound;
use crate::{Context, Keys, Layer, Module, Param, init};

/// `y_o = x1^T A_o x2 + b_o`, along the last axes of two inputs.
///
/// ```text
/// x1 [.., I]    x2 [.., J]    A [O, I, J]    b [O]    ->    y [.., O]
/// ```
///
/// As a [`Layer`] it takes the pair of inputs. Weight and bias begin uniformly distributed within `1 / sqrt(I)`, as
/// PyTorch's do.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Bilinear, Param};
/// let layer = Bilinear { weight: Param::new(Tensor::<Cpu<f32>>::new(&[1.0, 2.0, 3.0, 4.0], [1, 2, 2])), bias: None };
/// let y = layer.forward(&Tensor::new(&[1.0, 10.0], [1, 2]), &Tensor::new(&[1.0, -1.0], [1, 2]));
/// assert_eq!(y.to_vec(), [-11.0]); // 1 - 2 + 30 - 40
/// ```
#[derive(Clone, Debug, Module)]
pub struct Bilinear<B: Backend> {
    /// `A`, of shape `[out, in1, in2]`.
    pub weight: Param<B>,
    /// `b`, of shape `[out]`.
    pub bias: Option<Param<B>>,
}

impl<B: Backend> Bilinear<B> {
    /// A layer with bias, initialised from two keys.
    ///
    /// # Panics
    /// When the extents are too large for a tensor.
    #[must_use]
    #[track_caller]
    pub fn new(in1_features: usize, in2_features: usize, out_features: usize, keys: &mut Keys<B>) -> Self {
        let bound = fan_bound(in1_features);
        let shape = [out_features, in1_features, in2_features];
        let weight = init::uniform(&keys.next_key(), shape, -bound, bound);
        let bias = init::uniform(&keys.next_key(), [out_features], -bound, bound);
        Self { weight: Param::new(weight), bias: Some(Param::new(bias)) }
    }

    /// `x1^T A x2 + b`
    ///
    /// # Panics
    /// When the last axes have not the extents that the layer takes, or the leading axes differ.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x1: &Tensor<B>, x2: &Tensor<B>) -> Tensor<B> {
        let ([shape1, shape2], weight) = ([x1.shape(), x2.shape()], self.weight.shape());
        let fits = match (shape1.extents(), shape2.extents()) {
            ([lead1 @ .., i], [lead2 @ .., j]) => lead1 == lead2 && [*i, *j] == weight.extents()[1..],
            _ => false,
        };
        assert!(
            fits,
            "bilinear: inputs [.., I] and [.., J] expected for a weight [O, I, J]: {shape1}, {shape2} and {weight}"
        );
        // Every A_o x2 as one product, then a dot product with x1 for each.
        let [outputs, i, j] = self.weight.dims();
        let rows = shape1.extents()[..shape1.rank() - 1].iter().product();
        let ax = x2.reshape([rows, j]).matmul(&self.weight.reshape([outputs * i, j]).t()).reshape([rows, outputs, i]);
        let y = ax.matmul(&x1.reshape([rows, i, 1])).reshape(shape1.with(shape1.rank() - 1, outputs));
        match &self.bias {
            Some(bias) => y + bias.value(),
            None => y,
        }
    }
}

impl<B: Backend> Layer<B, (Tensor<B>, Tensor<B>)> for Bilinear<B> {
    type Output = Tensor<B>;
    fn forward(&self, (x1, x2): &(Tensor<B>, Tensor<B>), _: &mut Context<B>) -> Tensor<B> {
        self.forward(x1, x2)
    }
}
