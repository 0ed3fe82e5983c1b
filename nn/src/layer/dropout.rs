//! Dropout: in training, elements or whole channels are left out at random.

use autodiff_core::{Backend, MAX_RANK, Shape, Tensor};

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
/// use nn::{Context, Dropout};
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

/// [`Dropout`] of whole channels: in training each channel of each example, `[N, C, ..]`, is 0 with probability `p`, and
/// divided by `1 - p` otherwise. PyTorch's `Dropout1d`, `Dropout2d` and `Dropout3d`.
///
/// (Tompson, Goroshin, Jain, LeCun and Bregler, *Efficient object localization using convolutional networks*, CVPR 2015,
/// section 3.2.)
///
/// ```
/// use autodiff_core::{Index, Tensor};
/// use backend_cpu::Cpu;
/// use nn::{ChannelDropout, Context};
/// let x = Tensor::<Cpu<f32>>::ones([1, 8, 2, 2], &Default::default());
/// let y = ChannelDropout { p: 0.5 }.forward(&x, &mut Context::training(Index::key(0, x.device()))).to_vec();
/// assert!(y.chunks(4).all(|channel| channel == [0.0; 4] || channel == [2.0; 4]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Module)]
pub struct ChannelDropout {
    /// The probability that a channel is left out; 0.5 by default.
    pub p: f64,
}

impl Dropout {
    /// What is kept of the input.
    ///
    /// # Panics
    /// When the probability is none, and in training when the context has no key.
    #[must_use]
    #[track_caller]
    pub fn forward<B: Backend>(&self, x: &Tensor<B>, ctx: &mut Context<B>) -> Tensor<B> {
        dropped(x, self.p, x.shape(), ctx)
    }
}

impl ChannelDropout {
    /// What is kept of the input.
    ///
    /// # Panics
    /// When the input has no axis of channels, the probability is none, and in training when the context has no key.
    #[must_use]
    #[track_caller]
    pub fn forward<B: Backend>(&self, x: &Tensor<B>, ctx: &mut Context<B>) -> Tensor<B> {
        let shape = x.shape();
        assert!(shape.rank() > 1, "channel_dropout: an input [N, C, ..] expected, its shape is {shape}");
        let channels = Shape::new(&[1; MAX_RANK][..shape.rank()]).with(0, shape[0]).with(1, shape[1]);
        dropped(x, self.p, channels, ctx)
    }
}

/// The input times what is kept, drawn in this shape.
#[track_caller]
fn dropped<B: Backend>(x: &Tensor<B>, p: f64, drawn: Shape, ctx: &mut Context<B>) -> Tensor<B> {
    assert!((0.0..=1.0).contains(&p), "dropout: a probability lies between 0 and 1, found {p}");
    if !ctx.is_training() || p == 0.0 {
        return x.clone();
    }
    let drawn = Tensor::uniform(&ctx.next_key(), drawn);
    let keep = drawn.ge(&drawn.new_full([], p));
    // Where everything is left out there is nothing to be scaled.
    let scale = if p < 1.0 { 1.0 / (1.0 - p) } else { 0.0 };
    x * (keep * scale).cast(x.dtype())
}

macro_rules! layer {
    ($($Name:ident)*) => {
        $(impl Default for $Name {
            fn default() -> Self {
                Self { p: 0.5 }
            }
        }

        impl<B: Backend> Layer<B> for $Name {
            type Output = Tensor<B>;
            fn forward(&self, x: &Tensor<B>, ctx: &mut Context<B>) -> Tensor<B> {
                self.forward(x, ctx)
            }
        })*
    };
}

layer!(Dropout ChannelDropout);
