//! The recorded graph: what it keeps, what it frees, and that nothing about it recurses.

use autodiff_core::{Autodiff, Backend, Index, Tensor, Trace, WengertList, f16};
use backend_cpu::Cpu;

type D = Autodiff<Cpu<f64>>;

/// Runs `f` on a thread with a stack of 512 KB.
fn on_a_small_stack(f: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(512 * 1024).spawn(f).expect("a thread can be started");
    thread.join().expect("the thread does not panic");
}

const LONG: usize = 1_000_000;

#[test]
fn a_chain_of_a_million_operations_is_recorded_differentiated_and_dropped_in_a_small_stack() {
    on_a_small_stack(|| {
        let x = Tensor::<D>::variable(Tensor::new(&[1.0], []));
        let mut y = x.clone();
        for _ in 0..LONG {
            y = -y;
        }
        let kept = y.grad(&[&x]);
        assert_eq!(kept[0].as_ref().unwrap().item(), 1.0);
        let consumed = y.backward();
        assert_eq!(consumed.get(&x).unwrap().item(), 1.0);
    });
}

#[test]
fn a_long_chain_that_is_never_differentiated_drops_in_a_small_stack() {
    on_a_small_stack(|| {
        let x = Tensor::<Autodiff<D>>::variable(Tensor::variable(Tensor::new(&[1.0], [])));
        let mut y = x.clone();
        for _ in 0..LONG / 4 {
            y = &y + &x;
        }
        drop(y);
    });
}

#[test]
fn a_long_chain_is_traced_and_replayed_in_a_small_stack() {
    on_a_small_stack(|| {
        let x = Tensor::<Trace<f64>>::input("x", autodiff_core::Spec::elem([]));
        let mut y = x.clone();
        for _ in 0..LONG / 4 {
            y = y.tanh();
        }
        let list = WengertList::new(&[&x], &[("y", &y)]);
        drop(y);
        assert_eq!(list.assignments().len(), LONG / 4 + 1);
        assert!(list.eval::<Cpu<f64>>(&[Tensor::new(&[1.0], [])])[0].item() > 0.0);
    });
}

#[test]
fn a_long_chain_of_reshapes_prints_in_a_small_stack() {
    on_a_small_stack(|| {
        let x = Tensor::<Trace<f64>>::input("x", autodiff_core::Spec::elem([]));
        let (mut y, mut number) = (x.clone(), x.new_full([1, 1], 2.0));
        for _ in 0..LONG / 40 {
            y = y.reshape([1]).reshape([]);
            number = number.reshape([1]).reshape([1, 1]);
        }
        let list = WengertList::new(&[&x], &[("y", &(y * number).reshape([]))]);
        drop(x);
        assert!(list.to_string().ends_with("y = reshape(z50002, [])\n"), "{}", list.names().len());
        assert!(list.to_dot().len() > LONG / 40);
    });
}

#[test]
fn many_parts_are_joined_and_differentiated_in_linear_time() {
    let x = Tensor::<D>::variable(Tensor::new(&[1.0], [1]));
    let parts: Vec<_> = (0..20_000).map(|_| x.clone()).collect();
    let gradients = Tensor::concat(&parts, 0).sum().backward();
    assert_eq!(gradients.get(&x).unwrap().item(), 20_000.0);
}

#[test]
fn nan_does_not_end_a_gradient() {
    let x = Tensor::<D>::variable(Tensor::new(&[f64::NAN, 3.0], [2]));
    let ones = Tensor::new(&[1.0, 1.0], [2]);
    assert_eq!(x.maximum(&ones).sum().backward().get(&x).unwrap().to_vec(), [1.0, 1.0]);
    assert_eq!(x.minimum(&ones).sum().backward().get(&x).unwrap().to_vec(), [1.0, 0.0]);
    assert_eq!(x.max().backward().get(&x).unwrap().to_vec(), [0.5, 0.5]);
    assert_eq!(x.min().backward().get(&x).unwrap().to_vec(), [0.5, 0.5]);
}

/// f16 ends at 65,504, so that a sum over more classes than that must not be formed.
#[test]
fn more_elements_than_a_half_can_count() {
    type H = Autodiff<Cpu<f16>>;
    const N: usize = 70_000;
    let x = Tensor::<H>::variable(Tensor::zeros([N], &Default::default()));
    let close = |found: f16, expected: f64| {
        let (found, ulp) = (f64::from(found), f64::from(f16::EPSILON) * expected.abs() + f64::from(f16::from_bits(1)));
        assert!((found - expected).abs() <= ulp, "{found}, expected {expected}");
    };
    let (n, log_n) = (70_000.0_f64, 70_000.0_f64.ln());
    close((&x + 1.0).mean().item(), 1.0);
    close((&x + 1.0).mean().backward().get(&x).unwrap().to_vec()[7], 1.0 / n);
    close(x.softmax(0).to_vec()[7], 1.0 / n);
    close(x.log_softmax(0).to_vec()[7], -log_n);
    close(x.logsumexp(0).item(), log_n);
    close(x.reshape([1, N]).cross_entropy(&Index::new(&[3], [1])).item(), log_n);
}

#[test]
fn a_value_without_a_variable_records_nothing() {
    let x = Tensor::<D>::new(&[1.0, 2.0], [2]);
    let y = (&x * 2.0 + x.exp()).sum();
    assert!(!y.requires_grad());
    assert!(y.backward().is_empty());
    let w = Tensor::<D>::variable(Tensor::new(&[1.0, 2.0], [2]));
    assert!(w.tanh().requires_grad());
    assert!(!w.detach().tanh().requires_grad(), "detach cuts the history off");
    assert!(!w.floor().requires_grad(), "floor is declared to have no gradient");
    assert!(!w.lt(&x).requires_grad(), "comparisons are declared to have no gradient");
}

#[test]
fn contributions_add_up_where_a_value_is_used_twice() {
    let x = Tensor::<D>::variable(Tensor::new(&[3.0], []));
    let shared = &x * &x;
    let y = &shared * &shared + &x; // x^4 + x
    assert_eq!(y.backward().get(&x).unwrap().item(), 4.0 * 27.0 + 1.0);
}

#[test]
fn what_the_loss_does_not_reach_has_no_gradient() {
    let [x, w] = [2.0, 5.0].map(|v| Tensor::<D>::variable(Tensor::new(&[v], [])));
    let y = &x * 3.0;
    let unused = &w * 2.0;
    assert!(y.grad(&[&w, &unused]).iter().all(Option::is_none));
    let gradients = y.backward();
    assert_eq!(gradients.get(&x).unwrap().item(), 3.0);
    assert!(gradients.get(&w).is_none());
    assert_eq!(gradients.len(), 1);
}

#[test]
fn gradients_can_be_asked_for_values_between() {
    let x = Tensor::<D>::variable(Tensor::new(&[2.0], []));
    let h = &x * &x;
    let y = &h * &h;
    let gradients = y.grad(&[&h, &x, &y]);
    let numbers: Vec<f64> = gradients.iter().map(|g| g.as_ref().unwrap().item()).collect();
    assert_eq!(numbers, [8.0, 32.0, 1.0]);
}

#[test]
fn backward_leaves_what_another_value_still_needs() {
    let x = Tensor::<D>::variable(Tensor::new(&[2.0], []));
    let h = x.square();
    let (first, second) = (&h * 3.0, &h * 5.0);
    assert_eq!(first.backward().get(&x).unwrap().item(), 12.0);
    assert_eq!(second.backward().get(&x).unwrap().item(), 20.0);
}

#[test]
fn threads_differentiate_one_shared_part_at_the_same_time() {
    let x = Tensor::<D>::variable(Tensor::new(&[0.5], []));
    let mut shared = x.clone();
    for _ in 0..1000 {
        shared = shared.tanh();
    }
    let expected = shared.grad(&[&x])[0].as_ref().unwrap().item();
    // Powers of two, so that the scale leaves the digits alone.
    let workers: Vec<_> = [1.0, 2.0, 4.0, 8.0]
        .into_iter()
        .map(|scale| {
            let (x, shared) = (x.clone(), shared.clone());
            std::thread::spawn(move || {
                let gradients = (shared * scale).backward();
                gradients.get(&x).unwrap().item() / scale
            })
        })
        .collect();
    drop(shared);
    for worker in workers {
        assert_eq!(worker.join().unwrap(), expected);
    }
}

#[test]
fn the_cotangent_weighs_the_results() {
    let x = Tensor::<D>::variable(Tensor::new(&[1.0, 2.0, 3.0], [3]));
    let y = x.square();
    let cotangent = Tensor::new(&[1.0, 10.0, 100.0], [3]);
    assert_eq!(y.grad_with(&[&x], cotangent.clone())[0].as_ref().unwrap().to_vec(), [2.0, 40.0, 600.0]);
    assert_eq!(y.backward_with(cotangent).get(&x).unwrap().to_vec(), [2.0, 40.0, 600.0]);
}

/// The README of micrograd gives these numbers for its example (A. Karpathy, 2020).
#[test]
fn micrograd_readme() {
    fn g<B: Backend>(a: &Tensor<B>, b: &Tensor<B>) -> Tensor<B> {
        let mut c = a + b;
        let mut d = a * b + b.powf(3.0);
        c = &c + &c + 1.0;
        c = &c + 1.0 + &c + (-a);
        d = &d + &d * 2.0 + (b + a).relu();
        d = &d + 3.0 * &d + (b - a).relu();
        let e = &c - &d;
        let f = e.square();
        &f / 2.0 + 10.0 / &f
    }
    let [a, b] = [-4.0, 2.0].map(|v| Tensor::<D>::variable(Tensor::new(&[v], [])));
    let value = g(&a, &b);
    let round = |x: f64| (x * 1e4).round() / 1e4;
    assert_eq!(round(value.item()), 24.7041);
    let gradients = value.backward();
    assert_eq!(round(gradients.get(&a).unwrap().item()), 138.8338);
    assert_eq!(round(gradients.get(&b).unwrap().item()), 645.5773);
}
