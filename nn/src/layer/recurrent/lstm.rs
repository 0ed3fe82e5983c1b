//! Long short-term memory.

use autodiff_core::{Backend, Tensor};

use super::cell::split;
use super::{Recurrence, Recurrent, RecurrentCell};

/// A memory `c` beside the output `h`, and three gates that say what is written to it, kept, and shown.
///
/// ```text
/// i, f, g, o = the four parts of  W_ih x + b_ih + W_hh h + b_hh
/// c' = sigmoid(f) c + sigmoid(i) tanh(g)
/// h' = sigmoid(o) tanh(c')
/// ```
///
/// (Hochreiter and Schmidhuber, *Long short-term memory*, Neural Computation 9, 1997; the gate `f` from Gers, Schmidhuber
/// and Cummins, *Learning to forget*, 2000.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LongShortTermMemory;

/// A network of [`LongShortTermMemory`] along a sequence; its state is `(h, c)`, see [`Recurrent`] for shapes.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Context, Keys, LSTM, Module, RecurrentOptions};
/// let mut keys = Keys::<Cpu<f32>>::new(0, &Default::default());
/// let options = RecurrentOptions { num_layers: 2, bidirectional: true, ..Default::default() };
/// let lstm = LSTM::with(3, 5, options, &mut keys);
/// let (y, (h, c)) = lstm.forward(&Tensor::ones([7, 2, 3], keys.device()), None, &mut Context::evaluation());
/// assert_eq!((y.dims(), h.dims(), c.dims()), ([7, 2, 10], [4, 2, 5], [4, 2, 5]));
/// assert_eq!(lstm.named_parameters()[4].0, "weight_ih_l0_reverse");
/// ```
pub type LSTM<B> = Recurrent<B, LongShortTermMemory>;

/// One step of [`LongShortTermMemory`]; its state is `(h, c)`, see [`RecurrentCell`] for shapes.
pub type LSTMCell<B> = RecurrentCell<B, LongShortTermMemory>;

impl Recurrence for LongShortTermMemory {
    const GATES: usize = 4;
    type State<B: Backend> = (Tensor<B>, Tensor<B>);

    fn step<B: Backend>(&self, x: &Tensor<B>, h: &Tensor<B>, (_, c): &Self::State<B>) -> Self::State<B> {
        let [i, f, g, o] = split(&(x + h));
        let c = f.sigmoid() * c + i.sigmoid() * g.tanh();
        (o.sigmoid() * c.tanh(), c)
    }
}
