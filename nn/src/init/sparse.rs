//! Weights most of which are 0.

use autodiff_core::{Backend, Index, Shape, Tensor};

use super::{count, normal};

/// Normally distributed with mean 0 and this standard deviation, but for `ceil(sparsity rows)` elements of each column, drawn at
/// random, which are 0. PyTorch's default for `std` is 0.01.
///
/// (Martens, *Deep learning via Hessian-free optimization*, ICML 2010, section 5.)
///
/// ```
/// use autodiff_core::Index;
/// use backend_cpu::Cpu;
/// use nn::init;
/// let w = init::sparse(&Index::<Cpu<f32>>::key(0, &Default::default()), [10, 4], 0.25, 0.01);
/// assert_eq!(w.to_vec().iter().filter(|&&w| w == 0.0).count(), 3 * 4);
/// ```
///
/// # Panics
/// When the shape has not two axes, the sparsity is not from 0 to 1, or `key` is no key of shape `[2]`.
#[must_use]
#[track_caller]
pub fn sparse<B: Backend>(key: &Index<B>, shape: impl Into<Shape>, sparsity: f64, std: f64) -> Tensor<B> {
    let shape = shape.into();
    let &[rows, columns] = shape.extents() else {
        panic!("sparse: a shape of two axes expected, found {shape}");
    };
    assert!((0.0..=1.0).contains(&sparsity), "sparse: the sparsity is from 0 to 1, {sparsity} given");
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and from 0 to rows")]
    let zeros = libm::ceil(sparsity * count(rows)) as usize;
    let order = key.fold_in(0).random_bits(31, shape).argsort(0, false);
    let weight = normal(&key.fold_in(1), shape, 0.0, std);
    weight.scatter(0, &order.slice(0, ..zeros), &weight.new_zeros([zeros, columns]))
}
