//! One generic loss in every mode: eager, traced and replayed, nested twice; equal, and equal to finite differences.
//! With it, an operation from outside, whose declared rule holds everywhere.

use autodiff_core::{
    Autodiff, Backend, Index, Node, Op, Spec, SpecError, Tensor, Trace, WengertList, check_grads, spec,
};
use backend_cpu::Cpu;

type F = Cpu<f64>;
type D<B> = Autodiff<B>;

/// A two-layer network with a tied weight, a reduction of each kind, gather and a composite.
fn loss<B: Backend>(x: &[Tensor<B>]) -> Tensor<B> {
    let [input, w, b] = x else { panic!("three inputs") };
    let h = (input.matmul(w) + b).tanh();
    let y = (h.matmul(w) - b.exp()).softplus();
    let picked = y.index_select(1, &Index::from_slice(&[2, 0, 2], [3], y.device()));
    let labels = Index::from_slice(&[0, 2], [2], y.device());
    picked.cross_entropy(&labels).mean() + y.logsumexp(-1).sum() / (1.0 + w.square().sum().sqrt())
}

fn inputs() -> Vec<Tensor<F>> {
    let numbers = |n: u8, step: f64| (0..n).map(|i| (f64::from(i) * step).sin()).collect::<Vec<_>>();
    vec![
        Tensor::new(&numbers(6, 0.7), [2, 3]),
        Tensor::new(&numbers(9, 1.3), [3, 3]),
        Tensor::new(&numbers(3, 2.1), [3]),
    ]
}

fn variables<B: Backend>(x: &[Tensor<B>]) -> Vec<Tensor<D<B>>> {
    x.iter().map(|x| Tensor::variable(x.clone())).collect()
}

/// The loss and its gradients at any level.
fn with_gradients<B: Backend>(x: &[Tensor<B>]) -> Vec<Tensor<B>> {
    let x = variables(x);
    let y = loss(&x);
    let gradients = y.grad(&x.iter().collect::<Vec<_>>());
    core::iter::once(y.value().clone()).chain(gradients.into_iter().map(Option::unwrap)).collect()
}

/// The gradient of the sum of the squares of the gradients.
fn second_order<B: Backend>(x: &[Tensor<B>]) -> Vec<Tensor<B>> {
    let x = variables(x);
    let gradients = with_gradients(&x);
    let squares = gradients[1..].iter().map(|g| g.square().sum()).reduce(|a, b| a + b).expect("three gradients");
    squares.grad(&x.iter().collect::<Vec<_>>()).into_iter().map(Option::unwrap).collect()
}

fn bits(tensors: &[Tensor<F>]) -> Vec<Vec<u64>> {
    tensors.iter().map(|t| t.to_vec().iter().map(|v| v.to_bits()).collect()).collect()
}

/// The list that `f` writes, evaluated.
fn replayed(f: impl Fn(&[Tensor<Trace<f64>>]) -> Vec<Tensor<Trace<f64>>>, x: &[Tensor<F>]) -> Vec<Tensor<F>> {
    let named: Vec<_> = ["x", "w", "b"].into_iter().zip(x).map(|(name, x)| (name, x.spec())).collect();
    let list = WengertList::trace(&named, |x| ["y1", "y2", "y3", "y4"].into_iter().zip(f(x)));
    assert_eq!(bits(&list.expand(|_| false).eval(x)), bits(&list.eval(x)));
    list.eval(x)
}

#[test]
fn eager_traced_and_nested_evaluation_are_equal() {
    let x = inputs();
    let eager = with_gradients(&x);
    assert_eq!(eager[0].item().to_bits(), loss(&x).item().to_bits());
    assert_eq!(bits(&replayed(with_gradients, &x)), bits(&eager), "traced with its gradient");

    let inner: Vec<Tensor<D<F>>> = variables(&x);
    let nested: Vec<_> = with_gradients(&inner).iter().map(|t| t.value().clone()).collect();
    assert_eq!(bits(&nested), bits(&eager), "nested");
    assert_eq!(bits(&replayed(second_order, &x)), bits(&second_order(&x)), "second order traced");
}

#[test]
fn a_list_is_differentiated_by_replaying_it() {
    let x = inputs();
    let named: Vec<_> = ["x", "w", "b"].into_iter().zip(&x).map(|(name, x)| (name, x.spec())).collect();
    let list = WengertList::<f64>::trace(&named, |x| [("y", loss(x))]);
    let variables = variables(&x);
    let y = list.eval(&variables).remove(0);
    let gradients: Vec<_> = y.grad(&variables.iter().collect::<Vec<_>>()).into_iter().map(Option::unwrap).collect();
    assert_eq!(bits(&gradients), bits(&with_gradients(&x)[1..]));
}

#[test]
fn the_gradients_are_those_of_finite_differences() {
    // Central differences in f64 with h = 2^-18 leave about h^2 of the third derivative.
    check_grads(loss, &inputs(), 1e-8).unwrap();
}

#[test]
fn a_list_is_evaluated_in_another_element() {
    let x = inputs();
    let named: Vec<_> = ["x", "w", "b"].into_iter().zip(&x).map(|(name, x)| (name, x.spec())).collect();
    let list = WengertList::<f64>::trace(&named, |x| [("y", loss(x))]);
    let single: Vec<Tensor<Cpu<f32>>> = x.iter().map(|x| Tensor::new(&x.to_vec(), x.shape())).collect();
    assert_eq!(list.eval(&single)[0].item().to_bits(), loss(&single).item().to_bits());
}

/// Rounds to multiples of a step, but lets the gradient pass, scaled (an attribute that only the rule reads).
#[derive(Clone, Debug, PartialEq)]
struct StraightThrough {
    scale: f64,
}

impl Op for StraightThrough {
    fn name(&self) -> &'static str {
        "straight_through"
    }
    fn infer(&self, inputs: &[Spec]) -> Result<Spec, SpecError> {
        let [x] = spec::arity(self.name(), inputs)?;
        spec::float(self.name(), 0, x)?;
        Ok(*x)
    }
    fn forward<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B> {
        inputs[0].round()
    }
    fn backward<B: Backend>(&self, _: usize, at: &Node<'_, B>) -> Tensor<B> {
        at.grad() * self.scale
    }
    fn saves(&self, _: autodiff_core::Needs) -> autodiff_core::Saves {
        autodiff_core::Saves::NONE
    }
}

/// y = sum of round(x)^3, whose declared gradient is 3 s round(x)^2 and whose second is 6 s^2 round(x).
fn rounded<B: Backend>(x: &Tensor<B>) -> Tensor<B> {
    let r = Tensor::call(&StraightThrough { scale: 0.5 }, &[x]);
    (&r * &r * &r).sum()
}

#[test]
fn a_declared_rule_holds_at_the_inner_and_the_outer_level() {
    let x = Tensor::<D<F>>::variable(Tensor::new(&[0.7, 2.2], [2]));
    let outer = Tensor::<D<D<F>>>::variable(x.clone());
    let first = rounded(&outer).grad(&[&outer]).remove(0).unwrap();
    assert_eq!(first.to_vec(), [1.5, 6.0]);
    let second = first.sum().grad(&[&x]).remove(0).unwrap();
    assert_eq!(second.to_vec(), [1.5, 3.0]);
}

#[test]
fn a_declared_rule_holds_in_a_trace_and_when_the_list_is_differentiated() {
    let spec = Spec::elem([2]);
    let x = Tensor::<F>::new(&[0.7, 2.2], [2]);
    // The gradient taken under the trace.
    let list = WengertList::<f64>::trace(&[("x", spec)], |x| {
        let v = Tensor::<D<Trace<f64>>>::variable(x[0].clone());
        [("dx", rounded(&v).grad(&[&v]).remove(0).unwrap())]
    });
    assert_eq!(list.eval(core::slice::from_ref(&x))[0].to_vec(), [1.5, 6.0]);
    // The forward list, differentiated when it is replayed: first and second order.
    let list = WengertList::<f64>::trace(&[("x", spec)], |x| [("y", rounded(&x[0]))]);
    assert!(list.to_string().contains("straight_through(x)"), "{list}");
    let inner = Tensor::<D<F>>::variable(x);
    let outer = Tensor::<D<D<F>>>::variable(inner.clone());
    let first = list.eval(core::slice::from_ref(&outer))[0].grad(&[&outer]).remove(0).unwrap();
    assert_eq!(first.to_vec(), [1.5, 6.0]);
    assert_eq!(first.sum().grad(&[&inner]).remove(0).unwrap().to_vec(), [1.5, 3.0]);
    // And traced anew.
    let again = WengertList::<f64>::trace(&[("x", spec)], |x| [("y", list.eval(x).remove(0))]);
    assert_eq!(again, list);
}

#[test]
fn operations_of_other_attributes_are_not_merged() {
    let list = WengertList::<f64>::trace(&[("x", Spec::elem([2]))], |x| {
        let call = |scale| Tensor::call(&StraightThrough { scale }, &[&x[0]]);
        [("y", call(0.5) + call(0.25) + call(0.5))]
    });
    assert_eq!(list.to_string().matches("straight_through").count(), 2, "{list}");
}
