//! A checkpointed segment computes what the segment computes, at every level, in a list and out of it, and runs again
//! for its gradient, whose contributions are then added up segment by segment. What it saves is measured in
//! `backend-cpu/tests/suite/checkpoint_memory.rs`, where plans are.

use autodiff_core::{
    Autodiff, Backend, Index, Segment, Spec, Tensor, Trace, WengertList, check_grads, checkpoint,
    hessian_vector_product, vjp,
};
use backend_cpu::Cpu;

type F = Cpu<f64>;

/// A layer with labels: an input of indices, one that several values read, a composite.
#[derive(Clone, Debug, PartialEq)]
struct Layer {
    scale: f64,
}

impl Segment for Layer {
    fn run<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B> {
        let [x, w, labels] = inputs else { panic!("a layer takes x, w and labels") };
        let h = (x.matmul(w) * self.scale).tanh();
        (&h * &h).index_select(1, &labels.to_index()).softmax(-1) + h.sin()
    }
}

/// Two layers, the second of which is a segment inside a segment.
#[derive(Clone, Debug, PartialEq)]
struct Nested;

impl Segment for Nested {
    fn run<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B> {
        let [x, w, labels] = inputs else { panic!("a layer takes x, w and labels") };
        let h = Layer { scale: 0.5 }.run(inputs);
        checkpoint(&Layer { scale: 2.0 }, &[&h, w, labels]) * x
    }
}

/// The same loss with and without checkpoints.
fn loss<B: Backend>(inputs: &[Tensor<B>], kept: bool) -> Tensor<B> {
    let run = |segment: &Nested, x: &Tensor<B>| {
        let inputs = [x, &inputs[1], &inputs[2]];
        if kept { segment.run(&inputs.map(Clone::clone)) } else { checkpoint(segment, &inputs) }
    };
    let h = run(&Nested, &inputs[0]);
    run(&Nested, &(h + 0.25)).square().sum()
}

fn inputs() -> Vec<Tensor<F>> {
    let numbers = |n: u8, step: f64| (1..=n).map(|i| (f64::from(i) * step).sin()).collect::<Vec<_>>();
    let labels = Index::new(&[2, 0, 1], [3]).tensor().clone();
    vec![Tensor::new(&numbers(6, 0.7), [2, 3]), Tensor::new(&numbers(9, 1.3), [3, 3]), labels]
}

fn gradients<B: Backend>(x: &[Tensor<B>], kept: bool) -> Vec<Tensor<B>> {
    vjp(|x| loss(x, kept), x, &Tensor::scalar(1.0, x[0].device())).1
}

fn bits(tensors: &[Tensor<F>]) -> Vec<Vec<u64>> {
    tensors.iter().map(|t| t.to_vec().iter().map(|v| v.to_bits()).collect()).collect()
}

/// Equal but for the order in which contributions were added.
#[track_caller]
fn close(found: &[Tensor<F>], expected: &[Tensor<F>]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let apart = (found - expected).abs().max().item();
        assert!(apart <= 1e-13 * expected.abs().max().item(), "{found:?}, not {expected:?}");
    }
}

const NAMES: [&str; 3] = ["x", "w", "labels"];

fn specs() -> Vec<(&'static str, Spec)> {
    NAMES.into_iter().zip(inputs().iter().map(Tensor::spec)).collect()
}

fn traced(kept: bool) -> WengertList<f64> {
    WengertList::trace(&specs(), |x| ["dx", "dw"].into_iter().zip(gradients::<Trace<f64>>(x, kept)))
}

#[test]
fn eager_traced_expanded_and_nested_are_equal() {
    let x = inputs();
    assert_eq!(loss(&x, false).item().to_bits(), loss(&x, true).item().to_bits());
    let eager = gradients(&x, false);
    close(&eager[..2], &gradients(&x, true)[..2]);
    let expected = bits(&eager[..2]);
    assert_eq!(bits(&traced(false).eval(&x)), expected, "replayed");
    assert_eq!(bits(&traced(false).expand(|_| false).eval(&x)), expected, "expanded");
    let inner: Vec<_> = x.iter().map(|x| Tensor::<Autodiff<F>>::variable(x.clone())).collect();
    let nested: Vec<_> = gradients(&inner, false).iter().map(|g| g.value().clone()).collect();
    assert_eq!(bits(&nested[..2]), expected, "nested");
}

#[test]
fn a_list_with_checkpoints_is_differentiated_by_replaying_it() {
    let x = inputs();
    let list = WengertList::<f64>::trace(&specs(), |x| [("loss", loss(x, false))]);
    assert_eq!(list.to_string().matches("checkpoint(").count(), 2, "{list}");
    let (_, again) = vjp(|x| list.eval(x).remove(0), &x, &Tensor::new(&[1.0], []));
    assert_eq!(bits(&again[..2]), bits(&gradients(&x, false)[..2]));
    let anew = WengertList::<f64>::trace(&specs(), |x| [("loss", list.eval(x).remove(0))]);
    assert_eq!(anew, list);
}

#[test]
fn the_second_order_is_right() {
    let x = inputs();
    let labels = x[2].clone();
    let f = |x: &[Tensor<Autodiff<Autodiff<F>>>]| {
        let labels = Tensor::constant_of(Tensor::constant_of(labels.clone()));
        loss(&[x[0].clone(), x[1].clone(), labels], false)
    };
    check_grads(f, &x[..2], 1e-7).unwrap();
    let kept = hessian_vector_product(|x| loss(x, true), &x, &x);
    let again = hessian_vector_product(|x| loss(x, false), &x, &x);
    close(&again[..2], &kept[..2]);
}

#[test]
fn the_second_run_is_not_merged_with_the_first() {
    let tanhs = |kept| traced(kept).expand(|_| false).to_string().matches("tanh(").count();
    // Four layers, of which two are segments of their own and run twice; as part of other segments all run once more.
    assert_eq!((tanhs(true), tanhs(false)), (4 + 2, 4 + 4 + 2));
}

#[test]
fn equal_segments_of_equal_inputs_are_merged() {
    let list = WengertList::<f64>::trace(&specs(), |x| {
        let call = |scale| checkpoint(&Layer { scale }, &[&x[0], &x[1], &x[2]]);
        [("y", call(0.5) + call(0.25) + call(0.5))]
    });
    assert_eq!(list.to_string().matches("checkpoint(").count(), 2, "{list}");
}

#[test]
fn what_the_segment_does_not_read_has_no_gradient() {
    #[derive(Clone, Debug, PartialEq)]
    struct First;
    impl Segment for First {
        fn run<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B> {
            inputs[0].sin()
        }
    }
    let [x, unread] = [0.5, 2.0].map(|v| Tensor::<Autodiff<F>>::variable(Tensor::new(&[v], [])));
    let gradients = checkpoint(&First, &[&x, &unread]).backward();
    assert_eq!(gradients.get(&x).unwrap().item(), 0.5_f64.cos());
    assert!(gradients.get(&unread).is_none());
}
