//! Section 4: backpropagation in matrix form.
//!
//! The four equations of Nielsen, *Neural Networks and Deep Learning*, chapter 2 (BP1 to BP4), for a batch at once: here the
//! rows of a matrix are the examples, so his column vectors lie down and his products turn around.

use core::error::Error;

use autodiff_core::{Autodiff, Backend, Index, Tensor};

use super::{Double, Flags, ROUNDING, count, gradients, show_equal};
use examples::say;

const SIZES: [usize; 4] = [6, 5, 4, 3];
const ROWS: usize = 7;

/// Weights `[in, out]` and biases `[out]` of one layer.
struct Layer<B: Backend> {
    w: Tensor<B>,
    b: Tensor<B>,
}

/// `z = a W + b` of every layer, and `a = sigmoid(z)` with the input in front.
struct Forward<B: Backend> {
    z: Vec<Tensor<B>>,
    a: Vec<Tensor<B>>,
}

fn forward<B: Backend>(layers: &[Layer<B>], x: &Tensor<B>) -> Forward<B> {
    let (mut z, mut a) = (Vec::new(), vec![x.clone()]);
    for (place, layer) in layers.iter().enumerate() {
        z.push(a[place].matmul(&layer.w) + &layer.b);
        a.push(z[place].sigmoid());
    }
    Forward { z, a }
}

/// The sum over the outputs of half the squared error, in the mean over the rows.
fn cost<B: Backend>(output: &Tensor<B>, y: &Tensor<B>) -> Tensor<B> {
    (output - y).square().sum() / (2.0 * count(ROWS))
}

/// `sigma'(z) = sigma(z) (1 - sigma(z))`
fn slope<D: Double>(z: &Tensor<D>) -> Tensor<D> {
    z.sigmoid() * (1.0 - z.sigmoid())
}

/// delta of every layer, the last one first computed.
fn deltas<D: Double>(layers: &[Layer<D>], at: &Forward<D>, y: &Tensor<D>) -> Vec<Tensor<D>> {
    let last = layers.len() - 1;
    let mut deltas = vec![(&at.a[last + 1] - y) / count(ROWS) * slope(&at.z[last])];
    for l in (0..last).rev() {
        let above = &deltas[deltas.len() - 1];
        deltas.push(above.matmul(&layers[l + 1].w.t()) * slope(&at.z[l]));
    }
    deltas.reverse();
    deltas
}

pub(super) fn show<D: Double>(flags: &Flags) -> Result<(), Box<dyn Error>> {
    let key = Index::key(flags.seed, &Default::default());
    let [x, y] = [(0, SIZES[0]), (1, SIZES[3])].map(|(n, width)| Tensor::<D>::normal(&key.fold_in(n), [ROWS, width]));
    let layers: Vec<_> =
        (2..).zip(SIZES.windows(2)).map(|(n, sizes)| layer(&key.fold_in(n), sizes[0], sizes[1])).collect();
    say!("Layers of {SIZES:?} units, z = a' W + b with a' from below, a = sigmoid(z); {ROWS} examples as rows,");
    say!("C = sum (a - y)^2 / 2n. By hand:\n");
    say!("  delta^L = (a^L - y)/n * sigma'(z^L)                       (BP1; * is elementwise)");
    say!("  delta^l = delta^(l+1) (W^(l+1))^T * sigma'(z^l)           (BP2)");
    say!("  dC/db^l = the sum of the rows of delta^l                  (BP3)");
    say!("  dC/dW^l = (a^(l-1))^T delta^l                             (BP4)\n");
    let at = forward(&layers, &x);
    let deltas = deltas(&layers, &at, &y);

    let variable = |tensor: &Tensor<D>| Tensor::<Autodiff<D>>::variable(tensor.clone());
    let recorded: Vec<_> = layers.iter().map(|layer| Layer { w: variable(&layer.w), b: variable(&layer.b) }).collect();
    let machine = forward(&recorded, &Tensor::constant_of(x));
    let cost = cost(&machine.a[layers.len()], &Tensor::constant_of(y));
    say!("C = {:.6}. Each beside autodiff's, where delta^l is the gradient for the value z^l:\n", cost.item());
    for (l, layer) in recorded.iter().enumerate().rev() {
        let found = gradients(&cost, &[&machine.z[l], &layer.b, &layer.w])?;
        let by_hand = [deltas[l].clone(), deltas[l].sum_axes(&[0]), at.a[l].t().matmul(&deltas[l])];
        let names = ["delta^", "dC/db^", "dC/dW^"].map(|name| format!("{name}{}", l + 2));
        for ((name, hand), machine) in names.iter().zip(&by_hand).zip(&found) {
            show_equal(name, hand, machine, ROUNDING)?;
        }
    }
    Ok(())
}

fn layer<D: Double>(key: &Index<D>, from: usize, to: usize) -> Layer<D> {
    Layer { w: Tensor::normal(&key.fold_in(0), [from, to]), b: Tensor::normal(&key.fold_in(1), [to]) }
}
