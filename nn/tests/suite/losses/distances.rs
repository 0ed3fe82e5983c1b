//! Distances and divergences.

use super::*;

#[test]
fn mse_by_hand() {
    let (input, target) = (x(&[1.0, 2.0, 3.0], &[3]), x(&[1.0, 0.0, 6.0], &[3]));
    assert_eq!(mse_loss(&input, &target, Reduction::None).to_vec(), [0.0, 4.0, 9.0]);
    assert_eq!(mse_loss(&input, &target, Reduction::Sum).item(), 13.0);
    check_close(&mse_loss(&input, &target, Reduction::Mean), &[13.0 / 3.0]);
}

#[test]
fn distances_by_hand() {
    let (input, target) = (x(&[0.5, -3.0, 4.0, 2.0], &[4]), x(&[0.0, 0.0, 2.0, 2.0], &[4]));
    let none = Reduction::None;
    check_close(&l1_loss(&input, &target, none), &[0.5, 3.0, 2.0, 0.0]);
    check_close(&huber_loss(&input, &target, 2.0, none), &[0.125, 4.0, 2.0, 0.0]);
    check_close(&smooth_l1_loss(&input, &target, 2.0, none), &[0.0625, 2.0, 1.0, 0.0]);
    check_close(&smooth_l1_loss(&input, &target, 0.0, none), &[0.5, 3.0, 2.0, 0.0]);
    let far = Tensor::<Autodiff<F64>>::variable(x(&[f64::INFINITY, -1e300, 0.0], &[3]));
    let loss = huber_loss(&far, &Tensor::constant_of(x(&[0.0; 3], &[3])), 2.0, Reduction::Sum);
    assert_eq!(loss.grad(&[&far])[0].clone().unwrap().to_vec(), [2.0, -2.0, 0.0]);
}

#[test]
fn divergences_by_hand() {
    let (t, logp) = (x(&[0.25, 0.75, 0.0, 1.0], &[2, 2]), x(&[-1.0, -2.0, -3.0, -4.0], &[2, 2]));
    let want = [0.25 * (0.25_f64.ln() + 1.0), 0.75 * (0.75_f64.ln() + 2.0), 0.0, 4.0];
    check_close(&kl_div(&logp, &t, false, Reduction::None), &want);
    check_close(&kl_div(&logp, &t, false, Reduction::BatchMean), &[want.iter().sum::<f64>() / 2.0]);
    let row = t.slice(0, ..1);
    check_close(&kl_div(&logp.slice(0, ..1), &row.log(), true, Reduction::None), &want[..2]);
}

/// What has no probability counts nothing, however unlikely it was held; what has some does.
#[test]
fn divergences_of_what_never_happens() {
    let inf = f64::INFINITY;
    let (t, x) = ([0.0, 0.0, 0.5], [-inf, -3.0, -inf]);
    for (target, is_log) in [(t, false), (t.map(f64::ln), true)] {
        let [x, target] = [x, target].map(|values| Tensor::<Autodiff<F64>>::variable(Tensor::new(&values, [3])));
        let loss = kl_div(&x, &target, is_log, Reduction::None);
        assert_eq!(loss.value().to_vec(), [0.0, 0.0, inf], "log_target = {is_log}");
        let gradients: Vec<_> = loss.sum().grad(&[&x, &target]).into_iter().map(|g| g.unwrap().to_vec()).collect();
        assert_eq!(gradients, [vec![0.0, 0.0, -0.5], vec![0.0, 0.0, inf]], "log_target = {is_log}");
    }
}
