//! Section 3: softmax regression, 10,000 points of 500 features in 5 Gaussian clusters.

use core::error::Error;
use std::time::Instant;

use autodiff_core::{Autodiff, Backend, Element, Index, Tensor};

use super::{Flags, Single, count, gradients, show_equal};
use examples::compare::agree;
use examples::say;

const FEATURES: usize = 500;
const CLASSES: usize = 5;
const LEARNING_RATE: f64 = 0.1;
/// The standard deviation of the centres in each direction: clusters of variance 1 then overlap a little.
const SPREAD: f64 = 0.12;
/// For the mean of 10,000 numbers about 1, whose sum is rounded by up to 5e-4 each time that one is added.
const SUM: f64 = 1e-4;
/// For means of products that are about as often negative as positive, so that their sum stays small.
const ROUNDING: f64 = 1e-5;

/// `-mean(log softmax(X W)[label])`
fn loss<B: Backend>(x: &Tensor<B>, labels: &Index<B>, w: &Tensor<B>) -> Tensor<B> {
    x.matmul(w).cross_entropy(labels).mean()
}

pub(super) fn show<S: Single>(flags: &Flags) -> Result<(), Box<dyn Error>> {
    let (rows, steps) = if flags.quick { (1_000, 20) } else { (10_000, 100) };
    let (x, labels) = clusters(flags.seed, rows);
    say!("X [{rows}, {FEATURES}] in {CLASSES} clusters, W [{FEATURES}, {CLASSES}], softmax, cross-entropy;");
    say!(
        "{steps} steps of SGD over all rows, rate {LEARNING_RATE}. At W = 0 every class has probability 1/5: the loss is log 5.\n"
    );
    let (recorded_x, recorded_labels) = (Tensor::constant_of(x.clone()), constant(&labels));
    let mut w = Tensor::<S>::zeros([FEATURES, CLASSES], &Default::default());
    let start = Instant::now();
    for step in 0..=steps {
        let variable = Tensor::<Autodiff<S>>::variable(w.clone());
        let loss = loss(&recorded_x, &recorded_labels, &variable);
        if step % 10 == 0 {
            say!("  step {step:>3}   loss {:.4}", loss.item());
        }
        let gradient = gradients(&loss, &[&variable])?.remove(0);
        if step == 0 {
            agree("log 5", &Tensor::new(&[5.0_f64.ln()], []), loss.value(), SUM)?;
            say!(
                "             by hand, its gradient is X^T (softmax(X W) - Y)/n with Y the labels as rows of 0 and 1:"
            );
            show_equal("           dL/dW", &gradient_by_hand(&x, &labels, &w), &gradient, ROUNDING)?;
        }
        if step < steps {
            w = w - gradient * LEARNING_RATE;
        }
    }
    eprintln!("  ({:.1} s)", start.elapsed().as_secs_f64());
    let right = x.matmul(&w).argmax(-1).eq(&labels).mean().item();
    say!("\n  {:.1}% of the rows are given their own class.", 100.0 * right.into_f64());
    Ok(())
}

/// Points around 5 random centres, as many around each.
fn clusters<S: Single>(seed: u64, rows: usize) -> (Tensor<S>, Index<S>) {
    let key = Index::key(seed, &Default::default());
    let classes = i32::try_from(CLASSES).unwrap_or(i32::MAX);
    let labels: Vec<i32> = (0..classes).cycle().take(rows).collect();
    let labels = Index::new(&labels, [rows]);
    let centres = Tensor::normal(&key.fold_in(0), [CLASSES, FEATURES]) * SPREAD;
    let x = centres.index_select(0, &labels) + Tensor::normal(&key.fold_in(1), [rows, FEATURES]);
    (x, labels)
}

fn gradient_by_hand<B: Backend>(x: &Tensor<B>, labels: &Index<B>, w: &Tensor<B>) -> Tensor<B> {
    let p = x.matmul(w).softmax(-1);
    let [n, _] = x.dims();
    x.t().matmul(&(p - labels.one_hot(CLASSES))) / count(n)
}

/// Labels beside recorded values; they have no gradient anyway.
fn constant<S: Single>(labels: &Index<S>) -> Index<Autodiff<S>> {
    Tensor::constant_of(labels.tensor().clone()).to_index()
}
