//! Dropout: in training, elements are left out at random.

use autodiff_core::{Backend, Tensor};

use crate::{Context, Layer, Module};

/// In training each element is 0 with probability `p`, and divided by `1 - p` otherwise; in evaluation nothing happens.
///
/// ```text
/// y = x keep / (1 - p)    with keep 0 or 1, drawn for each element
/// ```
///
/// The random key comes from the [`Context`], so a replayed training step draws anew.
///
/// (Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, *Dropout*, JMLR 15, 2014; scaled in training, as PyTorch does.)
///
/// ```
/// use autodiff_core::{Index, Tensor};
/// use backend_cpu::Cpu;
/// use nn::{Context, Dropout, Layer};
/// let x = Tensor::<Cpu<f32>>::ones([10_000], &Default::default());
/// let y = Dropout { p: 0.2 }.forward(&x, &mut Context::training(Index::key(0, x.device())));
/// assert!((y.mean().item() - 1.0).abs() < 0.02);
/// assert!(y.to_vec().into_iter().all(|y| y == 0.0 || y == 1.25));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Module)]
pub struct Dropout {
    /// The probability that an element is left out; 0.5 by default.
    pub p: f64,
}

impl Default for Dropout {
    fn default() -> Self {
        Self { p: 0.5 }
    }
}

impl<B: Backend> Layer<B> for Dropout {
    type Output = Tensor<B>;
    fn forward(&self, x: &Tensor<B>, ctx: &mut Context<B>) -> Tensor<B> {
        assert!((0.0..=1.0).contains(&self.p), "dropout: a probability lies between 0 and 1, found {}", self.p);
        if !ctx.is_training() || self.p == 0.0 {
            return x.clone();
        }
        let drawn = Tensor::uniform(&ctx.next_key(), x.shape());
        let keep = drawn.ge(&drawn.new_full([], self.p));
        // Where everything is left out there is nothing to be scaled.
        let scale = if self.p < 1.0 { 1.0 / (1.0 - self.p) } else { 0.0 };
        x * (keep * scale)
    }
}
