//! Derivatives of functions: products with Jacobians and Hessians, forward mode, a gradient inside a loss.

use autodiff_core::{
    Autodiff, Backend, Index, Node, Op, Spec, SpecError, Tangent, Tensor, Trace, WengertList, check_grads, hessian,
    hessian_vector_product, jacobian, jvp, spec, vjp,
};
use backend_cpu::Cpu;

type F = Cpu<f64>;

fn tensor(step: f64, shape: &[usize]) -> Tensor<F> {
    let numbers = (1_u8..).map(|i| (f64::from(i) * step).sin());
    Tensor::new(&numbers.take(shape.iter().product()).collect::<Vec<_>>(), shape)
}

/// Equal but for the order in which sums were taken.
#[track_caller]
fn close(found: &Tensor<F>, expected: &Tensor<F>) {
    assert_eq!(found.spec(), expected.spec());
    let apart = (found - expected).abs().sum().item();
    assert!(apart <= 1e-12 * (1.0 + expected.abs().sum().item()), "{found:?}, not {expected:?}");
}

/// Squares; its declared derivative is three times the true one, so that a body that is differentiated shows.
#[derive(Clone, Debug, PartialEq)]
struct Declared;

impl Op for Declared {
    fn name(&self) -> &'static str {
        "declared"
    }
    fn infer(&self, inputs: &[Spec]) -> Result<Spec, SpecError> {
        spec::arity::<1>(self.name(), inputs).map(|[x]| *x)
    }
    fn forward<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B> {
        inputs[0].square()
    }
    fn backward<B: Backend>(&self, _: usize, at: &Node<'_, B>) -> Tensor<B> {
        at.grad() * at.input(0) * 6.0
    }
}

/// `[2, 3] -> [2, 2]` with every kind of argument: broadcast, index, composite, declared, a tie with itself.
fn f<B: Backend>(x: &[Tensor<B>]) -> Tensor<B> {
    let (a, b) = (&x[0], &x[1]);
    let rows = Index::from_slice(&[1, 0], [2], a.device());
    let h = (a + b).tanh().index_select(0, &rows);
    let y = h.matmul(&a.t()).softmax(-1) + Tensor::call(&Declared, &[&b.slice(0, 1..3)]);
    &y / (1.0 + a.maximum(b).max().square())
}

fn inputs() -> Vec<Tensor<F>> {
    vec![tensor(0.7, &[2, 3]), tensor(1.9, &[3])]
}

fn dot(left: &[Tensor<F>], right: &[Tensor<F>]) -> f64 {
    left.iter().zip(right).map(|(a, b)| (a * b).sum().item()).sum()
}

#[test]
fn products_with_the_jacobian_are_those_of_the_matrix() {
    let x = inputs();
    let v = [tensor(2.3, &[2, 3]), tensor(0.4, &[3])];
    let u = tensor(1.1, &[2, 2]);
    let (y, pulled) = vjp(f, &x, &u);
    let (same, pushed) = jvp(f, &x, &v);
    assert_eq!(y.to_vec(), f(&x).to_vec());
    assert_eq!(same.to_vec(), y.to_vec());
    assert!(((&u * &pushed).sum().item() - dot(&pulled, &v)).abs() < 1e-12);

    let j = jacobian(f, &x);
    assert_eq!((j[0].shape(), j[1].shape()), ([2, 2, 2, 3].into(), [2, 2, 3].into()));
    let times = |j: &Tensor<F>, v: &Tensor<F>| j.reshape([4, v.shape().elements()]).matmul(&v.flatten(0));
    close(&pushed.flatten(0), &(times(&j[0], &v[0]) + times(&j[1], &v[1])));
    for (j, pulled) in j.iter().zip(&pulled) {
        close(&pulled.flatten(0), &u.flatten(0).matmul(&j.reshape([4, pulled.shape().elements()])));
    }
}

#[test]
fn forward_mode_has_the_derivatives_of_reverse_mode() {
    let x = inputs();
    let v = [tensor(2.3, &[2, 3]), tensor(0.4, &[3])];
    let (_, expected) = jvp(f, &x, &v);
    let moving: Vec<_> = x.iter().zip(&v).map(|(x, v)| Tensor::<Tangent<F>>::dual(x.clone(), v.clone())).collect();
    let y = f(&moving);
    assert_eq!(y.value().to_vec(), f(&x).to_vec());
    close(y.tangent().unwrap(), &expected);
    // One input at rest.
    let half = [moving[0].clone(), Tensor::at_rest(x[1].clone())];
    let (_, expected) = jvp(f, &x, &[v[0].clone(), x[1].zeros_like()]);
    close(f(&half).tangent().unwrap(), &expected);
    assert!(f(&[Tensor::<Tangent<F>>::at_rest(x[0].clone()), half[1].clone()]).tangent().is_none());
    assert!(moving[0].floor().tangent().is_none(), "floor is declared to have no derivative");
}

#[test]
fn forward_over_reverse_is_the_product_with_the_hessian() {
    let x = inputs();
    let v = [tensor(2.3, &[2, 3]), tensor(0.4, &[3])];
    let expected = hessian_vector_product(|x| f(x).square().sum(), &x, &v);
    let moving: Vec<_> = x.iter().zip(&v).map(|(x, v)| Tensor::<Tangent<F>>::dual(x.clone(), v.clone())).collect();
    let recorded: Vec<_> = moving.into_iter().map(Tensor::<Autodiff<Tangent<F>>>::variable).collect();
    let gradients = f(&recorded).square().sum().grad(&recorded.iter().collect::<Vec<_>>());
    for (gradient, expected) in gradients.iter().zip(&expected) {
        close(gradient.as_ref().unwrap().tangent().unwrap(), expected);
    }
}

#[test]
fn products_with_the_hessian_are_those_of_the_matrix() {
    let x = inputs();
    let v = [tensor(2.3, &[2, 3]), tensor(0.4, &[3])];
    let product = hessian_vector_product(|x| f(x).square().sum(), &x, &v);
    let h = hessian(|x| f(x).square().sum(), &x);
    for (row, product) in h.iter().zip(&product) {
        let n = product.shape().elements();
        let times = |h: &Tensor<F>, v: &Tensor<F>| h.reshape([n, v.shape().elements()]).matmul(&v.flatten(0));
        close(&product.flatten(0), &(times(&row[0], &v[0]) + times(&row[1], &v[1])));
    }
    assert_eq!(h[0][1].shape(), [2, 3, 3]);
    close(&h[0][1].reshape([6, 3]).t().reshape([3, 2, 3]), &h[1][0]);
}

#[test]
fn what_nothing_depends_on_has_zeros() {
    let x = [tensor(0.3, &[2]), tensor(0.9, &[3])];
    let product = hessian_vector_product(|x| x[0].square().sum(), &x, &x.clone());
    assert_eq!(product[0].to_vec(), (&x[0] * 2.0).to_vec());
    assert_eq!(product[1].to_vec(), [0.0; 3]);
    let linear = hessian_vector_product(|x| x[0].sum() * 3.0 + x[1].sum(), &x, &x.clone());
    assert!(linear.iter().all(|h| h.to_vec().iter().all(|&h| h == 0.0)));
    assert_eq!(jvp(|x| x[0].floor(), &x, &x.clone()).1.to_vec(), [0.0; 2]);
    assert_eq!(vjp(|x| x[0].floor(), &x, &x[0]).1[0].to_vec(), [0.0; 2]);
    let empty = jacobian(|x| x[0].slice(0, 0..0), &x);
    assert_eq!((empty[0].shape(), empty[1].shape()), ([0, 2].into(), [0, 3].into()));
    let eight = [Tensor::<F>::zeros([1; 8], x[0].device())];
    assert_eq!(jacobian(|x| x[0].sum(), &eight)[0].shape(), [1; 8]);
}

#[test]
fn a_direction_of_another_shape_is_refused() {
    let message = |f: &dyn Fn()| {
        let caught = std::panic::catch_unwind(core::panic::AssertUnwindSafe(f)).unwrap_err();
        caught.downcast_ref::<String>().cloned().expect("a message")
    };
    let (x, v) = (inputs(), [tensor(0.1, &[3]), tensor(0.1, &[3])]);
    let why = "a direction must have its input's shape and format: [3] and [2, 3]";
    assert_eq!(message(&|| drop(jvp(f, &x, &v))), format!("jvp: {why}"));
    let hvp = || drop(hessian_vector_product(|x| f(x).sum(), &x, &v[..1]));
    assert_eq!(message(&hvp), "hessian_vector_product: 1 directions for 2 inputs");
    assert_eq!(
        message(&|| drop(vjp(f, &x, &v[0]))),
        "grad: the cotangent must have the result's shape and format: [3] and [2, 2]"
    );
    let wide = [Tensor::<F>::zeros([1; 5], x[0].device())];
    assert_eq!(
        message(&|| drop(jacobian(|x| x[0].clone(), &wide))),
        "jacobian: [1, 1, 1, 1, 1] by [1, 1, 1, 1, 1] has more than 8 axes"
    );
}

/// The critic's loss of a Wasserstein GAN with a penalty on the norm of its gradient (Gulrajani et al. 2017, equation 3):
/// a gradient inside a loss that is generic like any other.
fn critic_loss<B: Backend>(x: &[Tensor<B>]) -> Tensor<B> {
    fn critic<B: Backend>(w: &[Tensor<B>], x: &Tensor<B>) -> Tensor<B> {
        (x.matmul(&w[0]) + &w[1]).tanh().matmul(&w[2])
    }
    let (w, real, fake) = (&x[..3], &x[3], &x[4]);
    let between = Tensor::<Autodiff<B>>::variable((real + fake) * 0.5);
    let held: Vec<_> = w.iter().map(|w| Tensor::constant_of(w.clone())).collect();
    let slope = critic(&held, &between).sum().grad(&[&between]).remove(0).expect("the critic reads its input");
    let penalty = (slope.square().sum_axes(&[1]).sqrt() - 1.0).square().mean();
    critic(w, fake).mean() - critic(w, real).mean() + 10.0 * penalty
}

/// The gradients of the critic's weights, at any level.
fn critic_gradients<B: Backend>(x: &[Tensor<B>]) -> Vec<Tensor<B>> {
    let (_, gradients) = vjp(critic_loss, x, &Tensor::scalar(1.0, x[0].device()));
    gradients
}

#[test]
fn a_gradient_inside_a_loss_eager_nested_traced_and_replayed() {
    let x =
        vec![tensor(0.7, &[4, 6]), tensor(1.9, &[6]), tensor(2.6, &[6]), tensor(0.3, &[5, 4]), tensor(1.2, &[5, 4])];
    check_grads(critic_loss, &x, 1e-7).unwrap();
    let eager = critic_gradients(&x);

    let inner: Vec<_> = x.iter().map(|x| Tensor::<Autodiff<F>>::variable(x.clone())).collect();
    for (nested, eager) in critic_gradients(&inner).iter().zip(&eager) {
        assert_eq!(nested.value().to_vec(), eager.to_vec());
    }
    let names = ["w1", "b1", "w2", "real", "fake"];
    let specs: Vec<_> = names.into_iter().zip(x.iter().map(Tensor::spec)).collect();
    let list = WengertList::<f64>::trace(&specs, |x| {
        ["dw1", "db1", "dw2", "dreal", "dfake"].into_iter().zip(critic_gradients::<Trace<f64>>(x))
    });
    for (replayed, eager) in list.eval(&x).iter().zip(&eager) {
        assert_eq!(replayed.to_vec(), eager.to_vec());
    }
    // The loss as a list, differentiated by replaying it.
    let list = WengertList::<f64>::trace(&specs, |x| [("loss", critic_loss(x))]);
    let (_, again) = vjp(|x| list.eval(x).remove(0), &x, &Tensor::new(&[1.0], []));
    for (again, eager) in again.iter().zip(&eager) {
        close(again, eager);
    }
}

#[test]
fn a_product_with_the_hessian_is_traced_and_replayed() {
    let (x, v) = (inputs(), [tensor(2.3, &[2, 3]), tensor(0.4, &[3])]);
    let specs = [("x", x[0].spec()), ("y", x[1].spec()), ("v", v[0].spec()), ("w", v[1].spec())];
    let list = WengertList::<f64>::trace(&specs, |x| {
        ["hv", "hw"].into_iter().zip(hessian_vector_product(|x| f(x).square().sum(), &x[..2], &x[2..]))
    });
    let all: Vec<_> = x.iter().chain(&v).cloned().collect();
    let eager = hessian_vector_product(|x| f(x).square().sum(), &x, &v);
    for (replayed, eager) in list.eval(&all).iter().zip(&eager) {
        assert_eq!(replayed.to_vec(), eager.to_vec());
    }
}

#[test]
fn a_tolerance_that_is_no_number_tolerates_nothing() {
    assert!(check_grads(|x| x[0].square(), &[tensor(0.3, &[2])], f64::NAN).is_err());
}
