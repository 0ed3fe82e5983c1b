//! The gated recurrent unit.

use autodiff_core::{Backend, Tensor};

use super::cell::split;
use super::{Recurrence, Recurrent, RecurrentCell};

/// An output that is partly kept, and a gate that says how much of it counts for what is new.
///
/// ```text
/// r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)
/// z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
/// n = tanh(W_in x + b_in + r (W_hn h + b_hn))
/// h' = (1 - z) n + z h
/// ```
///
/// (Cho et al., *Learning phrase representations using RNN encoder-decoder*, 2014, section 2.3; `r` behind the product, as
/// in PyTorch.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GatedRecurrentUnit;

/// A network of [`GatedRecurrentUnit`] along a sequence; see [`Recurrent`] for shapes.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Context, GRU, Keys, RecurrentOptions};
/// let mut keys = Keys::<Cpu<f32>>::new(0, &Default::default());
/// let gru = GRU::with(3, 5, RecurrentOptions { batch_first: true, ..Default::default() }, &mut keys);
/// let (y, h) = gru.forward(&Tensor::ones([2, 7, 3], keys.device()), None, &mut Context::evaluation());
/// assert_eq!((y.dims(), h.dims()), ([2, 7, 5], [1, 2, 5]));
/// ```
pub type GRU<B> = Recurrent<B, GatedRecurrentUnit>;

/// One step of [`GatedRecurrentUnit`]; see [`RecurrentCell`] for shapes.
pub type GRUCell<B> = RecurrentCell<B, GatedRecurrentUnit>;

impl Recurrence for GatedRecurrentUnit {
    const GATES: usize = 3;
    type State<B: Backend> = Tensor<B>;

    fn step<B: Backend>(&self, x: &Tensor<B>, h: &Tensor<B>, state: &Tensor<B>) -> Tensor<B> {
        let [ir, iz, in_] = split(x);
        let [hr, hz, hn] = split(h);
        let r = (ir + hr).sigmoid();
        let z = (iz + hz).sigmoid();
        let n = (in_ + r * hn).tanh();
        (1.0 - &z) * n + z * state
    }
}
