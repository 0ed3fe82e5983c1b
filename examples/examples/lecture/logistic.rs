//! Section 2: vectorised logistic regression on minibatches.

use core::error::Error;

use autodiff_core::{Autodiff, Backend, Element, Index, Tensor};

use super::{Double, Flags, ROUNDING, count, gradients, numbers, show_equal};
use examples::compare::agree;
use examples::say;

const FEATURES: usize = 6;
const BATCH: usize = 32;
const LEARNING_RATE: f64 = 0.05;

/// The mean over the rows of `-(y log p + (1 - y) log(1 - p))` with `p = sigmoid(X w)`; the logarithms are taken of the
/// sigmoid as a whole, so that none is taken of a probability that was rounded to 0.
fn loss<B: Backend>(x: &Tensor<B>, y: &Tensor<B>, w: &Tensor<B>) -> Tensor<B> {
    let z = x.matmul(w);
    -(y * z.log_sigmoid() + (1.0 - y) * (-z).log_sigmoid()).mean()
}

/// `X^T (p - y) / n`
fn gradient_by_hand<B: Backend>(x: &Tensor<B>, y: &Tensor<B>, w: &Tensor<B>) -> Tensor<B> {
    let [n, _] = x.dims();
    let p = x.matmul(w).sigmoid();
    x.t().matmul(&(p - y)) / count(n)
}

fn gradient_by_machine<D: Double>(x: &Tensor<D>, y: &Tensor<D>, w: &Tensor<D>) -> Result<Tensor<D>, Box<dyn Error>> {
    let [x, y] = [x, y].map(|data| Tensor::<Autodiff<D>>::constant_of(data.clone()));
    let w = Tensor::variable(w.clone());
    let mut gradients = gradients(&loss(&x, &y, &w), &[&w])?;
    Ok(gradients.remove(0))
}

pub(super) fn show<D: Double>(flags: &Flags) -> Result<(), Box<dyn Error>> {
    show_sign::<D>()?;
    let (rows, epochs) = if flags.quick { (320, 2) } else { (3200, 10) };
    let (x, y) = data::<D>(flags.seed, rows);
    let mut w = Tensor::zeros([FEATURES, 1], &Default::default());
    say!("{rows} rows of {FEATURES} features; in minibatches, all rows of one at once:");
    say!("X [{BATCH}, {FEATURES}], w [{FEATURES}, 1], y [{BATCH}, 1], p = sigmoid(X w).");
    say!("The loss is -mean(y log p + (1 - y) log(1 - p)); its gradient on the first batch, at w = 0:\n");
    let (batch_x, batch_y) = (x.slice(0, ..BATCH), y.slice(0, ..BATCH));
    let (hand, machine) = (gradient_by_hand(&batch_x, &batch_y, &w), gradient_by_machine(&batch_x, &batch_y, &w)?);
    say!("  X^T (p - y)/n by hand  {}", numbers(&hand));
    say!("  by autodiff            {}", numbers(&machine));
    show_equal("dL/dw", &hand, &machine, ROUNDING)?;
    say!("\nTraining with SGD, rate {LEARNING_RATE}; both gradients are computed and compared in every step:\n");
    let mut largest = 0.0_f64;
    for epoch in 1..=epochs {
        for start in (0..rows).step_by(BATCH) {
            let (x, y) = (x.slice(0, start..start + BATCH), y.slice(0, start..start + BATCH));
            let gradient = gradient_by_machine(&x, &y, &w)?;
            largest = largest.max(agree("dL/dw", &gradient_by_hand(&x, &y, &w), &gradient, ROUNDING)?);
            w = w - gradient * LEARNING_RATE;
        }
        let (loss, accuracy) = (loss(&x, &y, &w).item(), 100.0 * accuracy(&x, &y, &w));
        say!("  epoch {epoch:>2}   loss {loss:.5}   accuracy {accuracy:.1}%");
    }
    say!("\n  largest difference in all {} steps: {largest:.1e}", epochs * rows / BATCH);
    Ok(())
}

/// Rows whose label is 1 with the probability that a hidden `w` gives them: no line separates them perfectly.
fn data<D: Double>(seed: u64, rows: usize) -> (Tensor<D>, Tensor<D>) {
    let key = Index::key(seed, &Default::default());
    let x = Tensor::normal(&key.fold_in(0), [rows, FEATURES]);
    let hidden = Tensor::normal(&key.fold_in(1), [FEATURES, 1]) * 1.5;
    let p = x.matmul(&hidden).sigmoid();
    let y = Tensor::uniform(&key.fold_in(2), [rows, 1]).lt(&p);
    (x, y)
}

fn accuracy<D: Double>(x: &Tensor<D>, y: &Tensor<D>, w: &Tensor<D>) -> f64 {
    let answer = x.matmul(w).gt(&y.zeros_like());
    answer.eq(y).mean().item().into_f64()
}

/// The slip in the lecture's sigmoid, with a number.
fn show_sign<D: Double>() -> Result<(), Box<dyn Error>> {
    let z = Tensor::<D>::new(&[2.0], [1]);
    let (meant, printed) = (1.0 / (1.0 + (-&z).exp()), 1.0 / (1.0 + z.exp()));
    let [right, wrong] = [meant.item(), printed.item()];
    say!("A slip in the lecture: its sigmoid is printed once as 1/(1 + e^(x.w)), where the sign is lost.");
    say!("It is 1/(1 + e^(-x.w)): at x.w = 2 that is {right:.4}; as printed it would be {wrong:.4}, 1 minus that.\n");
    agree("sigmoid(2)", &meant, &z.sigmoid(), ROUNDING)?;
    agree("the printed formula", &printed, &(1.0 - meant), ROUNDING)?;
    Ok(())
}
