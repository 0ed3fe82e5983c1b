//! Several axes joined into one.

use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor, spec};

use crate::{Context, Layer, Module};

/// The axes from `start_dim` to `end_dim` joined into one: by default all but the first, so that `[N, C, H, W]` becomes
/// `[N, C H W]`.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::Flatten;
/// let x = Tensor::<Cpu<f32>>::zeros([2, 3, 4, 5], &Default::default());
/// assert_eq!(Flatten::default().forward(&x).shape(), [2, 60]);
/// assert_eq!(Flatten { start_dim: 0, end_dim: -2 }.forward(&x).shape(), [24, 5]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Module)]
pub struct Flatten {
    /// The first axis to be joined; negative counts from the end.
    pub start_dim: isize,
    /// The last axis to be joined; negative counts from the end.
    pub end_dim: isize,
}

impl Default for Flatten {
    fn default() -> Self {
        Self { start_dim: 1, end_dim: -1 }
    }
}

impl Flatten {
    /// The same elements under the joined shape.
    ///
    /// # Panics
    /// When the tensor has no such axes, or the last lies before the first.
    #[must_use]
    #[track_caller]
    pub fn forward<B: Backend>(&self, x: &Tensor<B>) -> Tensor<B> {
        let shape = x.shape();
        let [start, end] =
            match (spec::axis("flatten", self.start_dim, &shape), spec::axis("flatten", self.end_dim, &shape)) {
                (Ok(start), Ok(end)) => [start, end],
                (Err(error), _) | (_, Err(error)) => panic!("{error}"),
            };
        assert!(start <= end, "flatten: axis {end} lies before axis {start}, the shape is {shape}");
        let (before, rest) = shape.extents().split_at(start);
        let (joined, after) = rest.split_at(end + 1 - start);
        let extents: Vec<usize> = [before, &[joined.iter().product()], after].concat();
        x.reshape(&extents[..])
    }
}

impl<B: Backend> Layer<B> for Flatten {
    type Output = Tensor<B>;
    fn forward(&self, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
        self.forward(x)
    }
}
