//! The simple recurrence of Elman.

use autodiff_core::{Backend, Tensor};

use super::{Recurrence, Recurrent, RecurrentCell};

/// `h' = tanh(W_ih x + b_ih + W_hh h + b_hh)`, or `max(0, ..)`.
///
/// (Elman, *Finding structure in time*, Cognitive Science 14, 1990.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Elman {
    /// The hyperbolic tangent.
    #[default]
    Tanh,
    /// The rectifier.
    ReLU,
}

/// A network of [`Elman`]'s recurrence along a sequence; see [`Recurrent`] for shapes.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Context, Keys, RNN};
/// let mut keys = Keys::<Cpu<f32>>::new(0, &Default::default());
/// let rnn = RNN::new(3, 5, &mut keys);
/// let (y, h) = rnn.forward(&Tensor::ones([7, 2, 3], keys.device()), None, &mut Context::evaluation());
/// assert_eq!((y.dims(), h.dims()), ([7, 2, 5], [1, 2, 5]));
/// assert_eq!(y.slice(0, 6..).to_vec(), h.to_vec());
/// ```
pub type RNN<B> = Recurrent<B, Elman>;

/// One step of [`Elman`]'s recurrence; see [`RecurrentCell`] for shapes.
pub type RNNCell<B> = RecurrentCell<B, Elman>;

impl Recurrence for Elman {
    const GATES: usize = 1;
    type State<B: Backend> = Tensor<B>;

    fn step<B: Backend>(&self, x: &Tensor<B>, h: &Tensor<B>, _: &Tensor<B>) -> Tensor<B> {
        match self {
            Self::Tanh => (x + h).tanh(),
            Self::ReLU => (x + h).relu(),
        }
    }
}
