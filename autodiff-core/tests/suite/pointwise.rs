//! Users' functions of each element: broadcast, differentiated by what they declare, nested, traced.

use autodiff_core::{Autodiff, Backend, Index, Pointwise, Spec, Tensor, WengertList, check_grads, pointwise, vjp};
use backend_cpu::Cpu;

type F = Cpu<f64>;

/// `a tanh(b x) + c`, where `b` is an attribute.
#[derive(Clone, Debug, PartialEq)]
struct Squash {
    b: f64,
}

impl Pointwise<3> for Squash {
    fn name(&self) -> &'static str {
        "squash"
    }
    fn value<B: Backend>(&self, [x, a, c]: [&Tensor<B>; 3]) -> Tensor<B> {
        a * (x * self.b).tanh() + c
    }
    fn derivative<B: Backend>(&self, arg: usize, [x, a, _]: [&Tensor<B>; 3]) -> Tensor<B> {
        let t = (x * self.b).tanh();
        match arg {
            0 => a * (1.0 - t.square()) * self.b,
            1 => t,
            _ => x.ones_like(),
        }
    }
}

/// The identity, whose declared derivative is that of clamping to `[-1, 1]`.
#[derive(Clone, Debug, PartialEq)]
struct Clipped;

impl Pointwise<1> for Clipped {
    fn name(&self) -> &'static str {
        "clipped"
    }
    fn value<B: Backend>(&self, [x]: [&Tensor<B>; 1]) -> Tensor<B> {
        x.clone()
    }
    fn derivative<B: Backend>(&self, _: usize, [x]: [&Tensor<B>; 1]) -> Tensor<B> {
        x.abs().le(&x.ones_like())
    }
}

fn inputs() -> Vec<Tensor<F>> {
    vec![
        Tensor::new(&[0.3, -1.1, 0.8, 2.0, -0.4, 0.6], [2, 3]),
        Tensor::new(&[1.5, -0.5], [2, 1]),
        Tensor::new(&[0.1, 0.2, 0.3], [3]),
    ]
}

fn loss<B: Backend>(x: &[Tensor<B>]) -> Tensor<B> {
    pointwise(&Squash { b: 0.7 }, [&x[0], &x[1], &x[2]]).square().sum()
}

#[test]
fn inputs_are_broadcast_and_gradients_summed_back() {
    let x = inputs();
    let y = pointwise(&Squash { b: 0.7 }, [&x[0], &x[1], &x[2]]);
    assert_eq!(y.to_vec(), (&x[1] * (&x[0] * 0.7).tanh() + &x[2]).to_vec());
    check_grads(loss, &x, 1e-8).unwrap();
    // The first of all may be the narrow one.
    let turned = pointwise(&Squash { b: 0.7 }, [&x[2], &x[1], &x[0]]);
    assert_eq!(turned.shape(), [2, 3]);
}

#[test]
fn the_declared_derivative_counts_in_every_mode() {
    let x = Tensor::<F>::new(&[0.5, 3.0, -1.0], [3]);
    let expected = [1.0, 0.0, 1.0];
    let (_, eager) = vjp(|x| pointwise(&Clipped, [&x[0]]).sum(), core::slice::from_ref(&x), &Tensor::new(&[1.0], []));
    assert_eq!(eager[0].to_vec(), expected);
    let list = WengertList::<f64>::trace(&[("x", x.spec())], |x| [("y", pointwise(&Clipped, [&x[0]]).sum())]);
    assert!(list.to_string().contains("clipped(x)"), "{list}");
    let inner = Tensor::<Autodiff<F>>::variable(x);
    let (_, replayed) = vjp(|x| list.eval(x).remove(0), &[inner], &Tensor::new(&[1.0], []));
    assert_eq!(replayed[0].to_vec(), expected);
}

#[test]
fn gradients_are_traced_and_replayed() {
    let x = inputs();
    let names = ["x", "a", "c"];
    let specs: Vec<_> = names.into_iter().zip(x.iter().map(Tensor::spec)).collect();
    let list = WengertList::<f64>::trace(&specs, |x| {
        let one = Tensor::scalar(1.0, x[0].device());
        ["dx", "da", "dc"].into_iter().zip(vjp(loss, x, &one).1)
    });
    let (_, eager) = vjp(loss, &x, &Tensor::new(&[1.0], []));
    for (replayed, eager) in list.eval(&x).iter().zip(&eager) {
        assert_eq!(replayed.to_vec(), eager.to_vec());
    }
}

#[test]
fn calls_are_merged_where_their_attributes_are_equal() {
    let list = WengertList::<f64>::trace(&[("x", Spec::elem([2]))], |x| {
        let call = |b| pointwise(&Squash { b }, [&x[0], &x[0], &x[0]]);
        [("y", call(0.5) + call(0.25) + call(0.5))]
    });
    assert_eq!(list.to_string().matches("squash").count(), 2, "{list}");
}

#[test]
fn inputs_that_do_not_fit_are_refused_by_name() {
    let message = |x: &Tensor<F>, c: &Tensor<F>| {
        let call = core::panic::AssertUnwindSafe(|| pointwise(&Squash { b: 1.0 }, [x, x, c]));
        let caught = std::panic::catch_unwind(call).unwrap_err();
        caught.downcast_ref::<String>().cloned().expect("a message")
    };
    let (x, c) = (&inputs()[0], Tensor::new(&[1.0, 2.0], [2]));
    assert_eq!(message(x, &c), "squash: the shapes cannot be broadcast together: [2, 3] and [2]");
    let index = Index::<F>::new(&[1], [1]).tensor().clone();
    assert_eq!(message(&index, &c), "squash: input 0 must be floating-point, found index");
    assert_eq!(message(x, &index), "squash: the number formats differ: [2, 3] and index[2, 3]");
}
