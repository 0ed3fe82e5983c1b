//! Losses: closed forms, finite differences, extreme logits, the golden values, messages and the lines they point to.

#![expect(clippy::unwrap_used, reason = "a test may fail by unwrapping, also in its helpers")]

use core::panic::AssertUnwindSafe;
use std::panic;
use std::sync::{Mutex, PoisonError};

use autodiff_core::{Autodiff, Index, Tensor, check_grads};
use backend_cpu::Cpu;
use nn::{Backend, Reduction, cross_entropy, cross_entropy_soft, mse_loss};

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
