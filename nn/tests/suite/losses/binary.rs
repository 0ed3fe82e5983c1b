//! Cross-entropy of two classes.

use super::*;

#[test]
fn binary_losses() {
    let (logits, target) = (x(&[-2.0, 0.5, 1e3, -1e3], &[4]), x(&[0.0, 0.25, 1.0, 1.0], &[4]));
    let (sigmoid, exact) = (|x: f64| 1.0 / (1.0 + (-x).exp()), Reduction::None);
    let by_formula = |x: f64, t: f64| -(t * sigmoid(x).ln() + (1.0 - t) * sigmoid(-x).ln());
    let losses = [by_formula(-2.0, 0.0), by_formula(0.5, 0.25), 0.0, 1e3];
    let options = BinaryCrossEntropy { reduction: exact, ..Default::default() };
    check_close(&binary_cross_entropy_with_logits(&logits, &target, &options), &losses);
    let pair = x(&[3.0], &[1]);
    let weighed = BinaryCrossEntropy { pos_weight: Some(&pair), weight: Some(&pair), reduction: exact };
    let second = -3.0 * (0.75 * sigmoid(0.5).ln() + 0.75 * sigmoid(-0.5).ln());
    let found = binary_cross_entropy_with_logits(&logits, &target, &weighed);
    check_close(&found, &[3.0 * losses[0], second, 0.0, 9e3]);
    let p = logits.sigmoid();
    check_close(&binary_cross_entropy(&p, &target, None, exact), &[losses[0], losses[1], 0.0, 100.0]);
    check_close(&binary_cross_entropy(&p, &(1.0 - &target), Some(&pair), exact).slice(0, 2..), &[300.0, 0.0]);
    let p = Tensor::<Autodiff<F64>>::variable(x(&[0.0, 1.0, 0.0, 1.0], &[4]));
    let loss = binary_cross_entropy(&p, &Tensor::constant_of(x(&[0.0, 0.0, 1.0, 1.0], &[4])), None, Reduction::Sum);
    assert_eq!(loss.grad(&[&p])[0].clone().unwrap().to_vec(), [1.0, 0.0, 0.0, -1.0]);
}

#[test]
fn what_is_no_probability_has_no_loss() {
    for (p, t) in [(2.0, 1.0), (2.0, 0.0), (-1.0, 1.0), (-1.0, 0.0)] {
        assert!(binary_cross_entropy(&x(&[p], &[1]), &x(&[t], &[1]), None, Reduction::Mean).item().is_nan());
    }
}
