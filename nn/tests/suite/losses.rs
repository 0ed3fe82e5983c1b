//! Losses: closed forms, finite differences, extreme logits, the golden values, messages and the lines they point to.

use core::panic::AssertUnwindSafe;
use std::panic;
use std::sync::{Mutex, PoisonError};

use autodiff_core::{Autodiff, Index, Tensor, check_grads};
use backend_cpu::Cpu;
use nn::{
    Backend, BinaryCrossEntropy, CrossEntropy, Nll, Reduction, binary_cross_entropy, binary_cross_entropy_with_logits,
    cross_entropy, cross_entropy_soft, cross_entropy_with, huber_loss, kl_div, l1_loss, mse_loss, nll_loss,
    smooth_l1_loss,
};

type F64 = Cpu<f64>;

fn x(values: &[f64], shape: &[usize]) -> Tensor<F64> {
    Tensor::new(values, shape)
}

#[track_caller]
fn check_close(got: &Tensor<F64>, want: &[f64]) {
    let got = got.to_vec();
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() <= 8.0 * f64::EPSILON * want.abs().max(1.0), "{got}, {want} expected");
    }
}

#[test]
fn cross_entropy_by_hand() {
    let logits = x(&[0.0, 0.0, 1.0, 3.0], &[2, 2]);
    let labels = Index::new(&[0, 0], [2]);
    let want = [2.0_f64.ln(), (1.0 + 2.0_f64.exp()).ln()];
    check_close(&cross_entropy(&logits, &labels, Reduction::None), &want);
    check_close(&cross_entropy(&logits, &labels, Reduction::Sum), &[want[0] + want[1]]);
    check_close(&cross_entropy(&logits, &labels, Reduction::Mean), &[f64::midpoint(want[0], want[1])]);
    check_close(&cross_entropy(&logits.slice(0, 1..).reshape([2]), &Index::new(&[0], []), Reduction::Mean), &want[1..]);
}

#[test]
fn classes_are_on_axis_one() {
    let logits = Tensor::<F64>::normal(&Index::key(0, &Default::default()), [2, 3, 4, 5]);
    let labels = Index::<F64>::key(1, &Default::default()).random_bits(1, [2, 4, 5]);
    let losses = cross_entropy(&logits, &labels, Reduction::None);
    assert_eq!(losses.shape(), [2, 4, 5]);
    let rows = logits.permute(&[0, 2, 3, 1]).reshape([40, 3]);
    let want = cross_entropy(&rows, &labels.reshape([40]), Reduction::None);
    assert_eq!(losses.to_vec(), want.to_vec());
    let soft = cross_entropy_soft(&logits, &labels.one_hot(3).permute(&[0, 3, 1, 2]), Reduction::None);
    check_close(&soft, &losses.to_vec());
}

#[test]
fn logits_of_a_thousand_stay_finite_and_so_do_their_gradients() {
    let logits = Tensor::<Autodiff<F64>>::variable(x(&[1e3, -1e3, 0.0, -1e3, 1e3, 1e3], &[2, 3]));
    let labels = Index::new(&[1, 0], [2]);
    let loss = cross_entropy(&logits, &labels, Reduction::Sum);
    check_close(loss.value(), &[2000.0 + 2000.0 + 2.0_f64.ln()]);
    check_close(&loss.grad(&[&logits])[0].clone().unwrap(), &[1.0, -1.0, 0.0, -1.0, 0.5, 0.5]);
    let narrow = Tensor::<Cpu<f32>>::new(&[1e30, -1e30], [1, 2]);
    assert_eq!(cross_entropy(&narrow, &Index::new(&[0], [1]), Reduction::Mean).item(), 0.0);
    let soft = cross_entropy_soft(&logits, &labels.one_hot(3), Reduction::Sum);
    check_close(soft.value(), &[4000.0 + 2.0_f64.ln()]);
}

#[test]
fn nothing_has_a_mean_that_is_no_number() {
    let none = cross_entropy(&x(&[], &[0, 3]), &Index::new(&[], [0]), Reduction::Mean);
    assert!(none.item().is_nan());
}

fn hard<B: Backend>(inputs: &[Tensor<B>]) -> Tensor<B> {
    cross_entropy(&inputs[0], &Index::new(&[2, 0, 2, 1], [4]), Reduction::None)
}

#[test]
fn gradients_to_second_order() {
    let draw = |seed| Tensor::<F64>::normal(&Index::key(seed, &Default::default()), [4, 3]);
    check_grads(hard, &[draw(0)], 1e-6).unwrap();
    check_grads(|x| cross_entropy_soft(&x[0], &x[1].softmax(1), Reduction::Mean), &[draw(1), draw(2)], 1e-6).unwrap();
    check_grads(|x| mse_loss(&x[0].tanh(), &x[1], Reduction::Mean), &[draw(3), draw(4)], 1e-6).unwrap();
}

#[test]
fn mse_by_hand() {
    let (input, target) = (x(&[1.0, 2.0, 3.0], &[3]), x(&[1.0, 0.0, 6.0], &[3]));
    assert_eq!(mse_loss(&input, &target, Reduction::None).to_vec(), [0.0, 4.0, 9.0]);
    assert_eq!(mse_loss(&input, &target, Reduction::Sum).item(), 13.0);
    check_close(&mse_loss(&input, &target, Reduction::Mean), &[13.0 / 3.0]);
}

/// Three rows of two classes, the second of them to be ignored, in a place that names no class.
fn rows() -> (Tensor<F64>, Index<F64>, Tensor<F64>) {
    (x(&[0.0, 1.0, 5.0, -7.0, 2.0, -1.0], &[3, 2]), Index::new(&[1, -100, 0], [3]), x(&[0.25, 4.0], &[2]))
}

#[test]
fn weights_smoothing_and_ignored_labels_by_hand() {
    let (logits, labels, weight) = rows();
    let logp = logits.log_softmax(1);
    let p = logp.to_vec();
    let losses = [-4.0 * p[1], 0.0, -0.25 * p[4]];
    let options = |reduction| Nll { weight: Some(&weight), reduction, ..Default::default() };
    check_close(&nll_loss(&logp, &labels, &options(Reduction::None)), &losses);
    check_close(&nll_loss(&logp, &labels, &options(Reduction::Mean)), &[(losses[0] + losses[2]) / 4.25]);
    let spread = [0, 2, 4].map(|row| -(0.25 * p[row] + 4.0 * p[row + 1]) / 2.0);
    let smooth = |row: usize| 0.8 * losses[row] + 0.2 * spread[row];
    let options = |reduction, label_smoothing| CrossEntropy {
        weight: Some(&weight),
        label_smoothing,
        reduction,
        ..Default::default()
    };
    let found = |reduction, smoothing| cross_entropy_with(&logits, &labels, &options(reduction, smoothing));
    check_close(&found(Reduction::None, 0.0), &losses);
    check_close(&found(Reduction::None, 0.2), &[smooth(0), 0.0, smooth(2)]);
    check_close(&found(Reduction::Mean, 0.2), &[(smooth(0) + smooth(2)) / 4.25]);
    check_close(&found(Reduction::BatchMean, 0.2), &[(smooth(0) + smooth(2)) / 3.0]);
    let all = CrossEntropy { ignore_index: 1, ..Default::default() };
    assert!(cross_entropy_with(&logits, &Index::new(&[1; 3], [3]), &all).item().is_nan());
}

#[test]
fn an_ignored_row_leaves_nothing_behind() {
    let (logits, labels, _) = rows();
    let logits = Tensor::<Autodiff<F64>>::variable(logits);
    let options = CrossEntropy { label_smoothing: 0.5, ..Default::default() };
    let loss = cross_entropy_with(&logits, &Index::constant_of(&labels), &options);
    let gradient = loss.grad(&[&logits])[0].clone().unwrap();
    assert_eq!(gradient.slice(0, 1..2).to_vec(), [0.0, 0.0]);
    assert!(gradient.slice(0, ..1).to_vec()[0] > 0.0);
}

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

#[test]
fn gradients_of_all_losses() {
    let draw = |seed, shape: [usize; 2]| Tensor::<F64>::normal(&Index::key(seed, &Default::default()), shape);
    let labels = || Index::new(&[2, -100, 2, 1], [4]);
    let pair = || [draw(5, [4, 3]), draw(6, [4, 3])];
    let entropy = |x: &[Tensor<Autodiff<Autodiff<F64>>>]| {
        let weight = x[1].slice(0, ..1).reshape([3]).exp();
        let options = CrossEntropy { weight: Some(&weight), label_smoothing: 0.1, ..Default::default() };
        cross_entropy_with(&x[0], &labels(), &options)
    };
    check_grads(entropy, &pair(), 1e-6).unwrap();
    check_grads(|x| nll_loss(&x[0].log_softmax(1), &labels(), &Default::default()), &pair()[..1], 1e-6).unwrap();
    let logits = |x: &[Tensor<Autodiff<Autodiff<F64>>>]| {
        let options = BinaryCrossEntropy { pos_weight: Some(&x[1]), ..Default::default() };
        binary_cross_entropy_with_logits(&x[0], &x[1].sigmoid(), &options)
    };
    check_grads(logits, &pair(), 1e-6).unwrap();
    let mean = Reduction::Mean;
    check_grads(|x| binary_cross_entropy(&x[0].sigmoid(), &x[1].sigmoid(), None, mean), &pair(), 1e-6).unwrap();
    check_grads(|x| l1_loss(&x[0], &x[1], mean), &pair(), 1e-6).unwrap();
    check_grads(|x| huber_loss(&x[0], &x[1], 0.7, Reduction::Sum), &pair(), 1e-6).unwrap();
    check_grads(|x| smooth_l1_loss(&x[0], &x[1], 0.7, mean), &pair(), 1e-6).unwrap();
    check_grads(|x| kl_div(&x[0], &x[1].softmax(1), false, Reduction::BatchMean), &pair(), 1e-6).unwrap();
    check_grads(|x| kl_div(&x[0], &x[1], true, Reduction::Sum), &pair(), 1e-6).unwrap();
}

/// The message of a panic and the line of this file that it points to.
#[track_caller]
fn panic_of(f: impl FnOnce() -> Tensor<F64>) -> (String, String, u32) {
    static ONE_HOOK: Mutex<()> = Mutex::new(());
    static SEEN: Mutex<(String, u32)> = Mutex::new((String::new(), 0));
    let _guard = ONE_HOOK.lock().unwrap_or_else(PoisonError::into_inner);
    let old = panic::take_hook();
    panic::set_hook(Box::new(|info| {
        let location = info.location().unwrap();
        *SEEN.lock().unwrap() = (location.file().to_owned(), location.line());
    }));
    let payload = panic::catch_unwind(AssertUnwindSafe(f)).map(|_| ());
    panic::set_hook(old);
    let payload = payload.expect_err("a panic was expected");
    let (file, line) = SEEN.lock().unwrap().clone();
    (payload.downcast_ref::<String>().unwrap().clone(), file, line)
}

/// A panic with this message that points below `line` in this file.
#[track_caller]
fn check_panic(expected: &str, line: u32, f: impl FnOnce() -> Tensor<F64>) {
    let (message, file, found) = panic_of(f);
    assert!(message.contains(expected), "{message}");
    assert!(file.ends_with("losses.rs"), "{file}");
    assert!((line..line + 3).contains(&found), "{found}: {message}");
}

#[test]
fn wrong_shapes_are_named_where_they_are_used() {
    let (logits, three, mean) = (x(&[0.0; 6], &[2, 3]), x(&[0.0; 3], &[3]), Reduction::Mean);
    let (labels, label) = (Index::new(&[0; 3], [3]), Index::new(&[0], []));
    check_panic("classes on axis 1: logits [2, 3] and labels [3]", line!(), || cross_entropy(&logits, &labels, mean));
    let one_shape = "cross_entropy_soft: logits and targets must have one shape: [2, 3] and [3]";
    check_panic(one_shape, line!(), || cross_entropy_soft(&logits, &three, mean));
    let one_shape = "mse_loss: input and target must have one shape: [2, 3] and [3]";
    check_panic(one_shape, line!(), || mse_loss(&logits, &three, mean));
    let (simple, nll) = (CrossEntropy::default(), Nll { weight: Some(&three), ..Default::default() });
    let per_row = "classes on axis 1: logits [2, 3] and labels [3]";
    check_panic(per_row, line!(), || cross_entropy_with(&logits, &labels, &simple));
    let (two, per_class) = (logits.t(), "nll_loss: one weight for each of 2 classes expected, their shape is [3]");
    check_panic(per_class, line!(), || nll_loss(&two, &labels, &nll));
    let one_shape = "input and target must have one shape: [2, 3] and [3]";
    check_panic(one_shape, line!(), || l1_loss(&logits, &three, mean));
    check_panic(one_shape, line!(), || huber_loss(&logits, &three, 1.0, mean));
    check_panic(one_shape, line!(), || smooth_l1_loss(&logits, &three, 1.0, mean));
    check_panic(one_shape, line!(), || kl_div(&logits, &three, false, mean));
    check_panic(one_shape, line!(), || binary_cross_entropy(&logits, &three, None, mean));
    check_panic(one_shape, line!(), || binary_cross_entropy_with_logits(&logits, &three, &Default::default()));
    check_panic("delta must be positive, found 0", line!(), || huber_loss(&three, &three, 0.0, mean));
    check_panic("beta must not be negative, found -1", line!(), || smooth_l1_loss(&three, &three, -1.0, mean));
    let scalar = "batchmean: the losses need an axis of examples";
    check_panic(scalar, line!(), || Reduction::BatchMean.apply(logits.sum()));
    let scalar = "cross_entropy: the logits need an axis of classes";
    check_panic(scalar, line!(), || cross_entropy(&logits.sum(), &label, mean));
}

#[test]
fn a_label_that_names_no_class_is_named_where_it_is_used() {
    let logits = x(&[0.0; 6], &[2, 3]);
    for label in [3, -1, i32::MAX] {
        let labels = Index::new(&[0, label], [2]);
        let line = line!() + 1;
        let (message, file, found) = panic_of(|| cross_entropy(&logits, &labels, Reduction::Mean));
        assert!(message.contains("cross_entropy") || message.contains("gather"), "{message}");
        assert!(message.contains(&label.to_string()) && message.contains('3'), "{message}");
        assert!(file.ends_with("losses.rs"), "{file}: {message}");
        assert_eq!(found, line, "{message}");
    }
}

#[test]
#[should_panic(expected = "cross_entropy: label smoothing is from 0 to 1, 2 given")]
fn smoothing_beyond_one_is_refused() {
    let logits = Tensor::<Cpu<f64>>::ones([1, 2], &Default::default());
    let options = CrossEntropy { label_smoothing: 2.0, ..Default::default() };
    let _ = cross_entropy_with(&logits, &Index::new(&[0], [1]), &options);
}

#[test]
#[should_panic(expected = "broadcast: ")]
fn weights_that_are_larger_than_the_losses_are_refused() {
    let x = Tensor::<Cpu<f64>>::ones([2], &Default::default());
    let weight = Tensor::ones([3, 2], x.device());
    let options = BinaryCrossEntropy { weight: Some(&weight), ..Default::default() };
    let _ = binary_cross_entropy_with_logits(&x, &x, &options);
}
