//! What is composed of primitives: normalisation, attention, activations, lengths. Values by plain formulas, gradients by
//! differences to second order, and both finite at the ends of the range.

use autodiff_core::{Autodiff, Backend, DType, Instruction, Primitive, Reduce, Spec, Tensor, WengertList, check_grads};
use backend_cpu::Cpu;

type F = Cpu<f64>;
type D<B> = Autodiff<B>;
type Twice = D<D<F>>;

/// Numbers between -1 and 1 in no order.
fn numbers(shape: &[usize], step: f64) -> Tensor<F> {
    let count: usize = shape.iter().product();
    let values: Vec<f64> = (1_u32..).map(|i| (f64::from(i * i) * step).sin()).take(count).collect();
    Tensor::new(&values, shape)
}

/// A dozen roundings, relative to 1 or the number.
#[track_caller]
fn check_close(found: &Tensor<F>, expected: &[f64]) {
    let found = found.to_vec();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let close = (found - expected).abs() <= 16.0 * f64::EPSILON * expected.abs().max(1.0);
        assert!(close || found.is_nan() && expected.is_nan() || found == expected, "{found}, {expected} expected");
    }
}

#[track_caller]
fn check_gradients(f: impl Fn(&[Tensor<Twice>]) -> Tensor<Twice>, inputs: &[Tensor<F>]) {
    if let Err(mismatch) = check_grads(f, inputs, 1e-6) {
        panic!("{mismatch}");
    }
}

/// First and second derivative of a function of each element.
fn slopes(f: impl Fn(&Tensor<Twice>) -> Tensor<Twice>, x: &[f64]) -> [Vec<f64>; 2] {
    let inner = Tensor::<D<F>>::variable(Tensor::new(x, [x.len()]));
    let outer = Tensor::<Twice>::variable(inner.clone());
    let first = f(&outer).sum().grad(&[&outer]).remove(0).expect("depends on x");
    let second = first.sum().grad(&[&inner]).remove(0);
    [first.value().to_vec(), second.map_or(vec![0.0; x.len()], |second| second.to_vec())]
}

#[test]
fn normalisation_by_plain_loops() {
    let (x, w, b) = (numbers(&[2, 4, 3], 0.7), numbers(&[4], 1.1), numbers(&[4], 0.3));
    let (values, weights, biases) = (x.to_vec(), w.to_vec(), b.to_vec());
    // The elements that share statistics with element `i` are those with the same number.
    let expected = |group: &dyn Fn(usize) -> usize, scale: &dyn Fn(usize) -> f64, shift: &dyn Fn(usize) -> f64| {
        let of = |i: usize| (0..24).filter(move |&j| group(j) == group(i)).map(|j| values[j]).collect::<Vec<_>>();
        let mean = |x: &[f64]| x.iter().sum::<f64>() / x.iter().map(|_| 1.0).sum::<f64>();
        let unit = |i: usize| {
            let own = of(i);
            let m = mean(&own);
            (values[i] - m) / (mean(&own.iter().map(|x| (x - m) * (x - m)).collect::<Vec<_>>()) + 0.1).sqrt()
        };
        (0..24).map(|i| unit(i) * scale(i) + shift(i)).collect::<Vec<_>>()
    };
    let channel = |i: usize| i / 3 % 4;
    let (scale, shift) = (|i| weights[channel(i)], |i| biases[channel(i)]);
    check_close(&x.group_norm(2, Some(&w), Some(&b), 0.1), &expected(&|i| i / 6, &scale, &shift));
    check_close(&x.instance_norm(Some(&w), None, 0.1), &expected(&|i| i / 3, &scale, &|_| 0.0));
    let (y, mean, variance) = x.batch_norm_train(Some(&w), Some(&b), 0.1);
    check_close(&y, &expected(&channel, &scale, &shift));
    check_close(&x.batch_norm(&mean, &(variance * (5.0 / 6.0)), Some(&w), Some(&b), 0.1), &y.to_vec());
    let (w, b) = (numbers(&[4, 3], 1.1), numbers(&[4, 3], 0.3));
    let (weights, biases) = (w.to_vec(), b.to_vec());
    let y = x.layer_norm([4, 3], Some(&w), Some(&b), 0.1);
    check_close(&y, &expected(&|i| i / 12, &|i| weights[i % 12], &|i| biases[i % 12]));
    let lone = x.slice(0, ..1).slice(2, ..1).batch_norm_train(None, None, 0.1);
    assert!(lone.0.to_vec() == [0.0; 4] && lone.2.to_vec().iter().all(|v| v.is_nan()));
}

#[test]
fn a_large_mean_takes_no_digits() {
    // Steps that stay exact beside the mean.
    let steps: Vec<f64> = (0_u32..8).map(|i| f64::from(i * i % 11) / 16.0).collect();
    let x = Tensor::<F>::new(&steps, [2, 4]);
    let moved = &x + 1e9;
    let expected = x.layer_norm([4], None, None, 1e-5).to_vec();
    check_close(&moved.layer_norm([4], None, None, 1e-5), &expected);
}

#[test]
fn halves_are_normalised_in_the_element() {
    let x = Tensor::<Cpu<f32>>::new(&[300.0, -20.0, 0.5, 1000.0, 7.0, 6.0], [2, 3]).cast(DType::F16);
    let found = x.layer_norm([3], None, None, 1e-5);
    let wide = x.cast(DType::Elem).layer_norm([3], None, None, 1e-5);
    assert_eq!((found.dtype(), found.to_vec()), (DType::F16, wide.cast(DType::F16).to_vec()));
    let (y, mean, _) = x.reshape([3, 2]).batch_norm_train(None, None, 1e-5);
    assert_eq!((y.dtype(), mean.dtype()), (DType::F16, DType::Elem));
}

/// The statistics that training answers are those that the composite's body computes.
#[test]
fn a_list_holds_batch_statistics_once() {
    let list = WengertList::<f64>::trace(&[("x", Spec::elem([3, 2]))], |x| {
        let (y, mean, variance) = x[0].batch_norm_train(None, None, 1e-5);
        [("y", y), ("mean", mean), ("variance", variance)]
    });
    let is_mean =
        |op: &Instruction<f64>| matches!(op, Instruction::Apply(Primitive::Reduce { kind: Reduce::Mean, .. }));
    let written_out = list.expand(|_| false);
    assert_eq!(written_out.assignments().iter().filter(|line| is_mean(&line.instruction)).count(), 2, "{written_out}");
}

#[test]
fn nothing_is_normalised_to_nothing() {
    assert_eq!(numbers(&[2, 0], 1.0).layer_norm([0], None, None, 1e-5).shape(), [2, 0]);
    assert_eq!(numbers(&[0, 3], 1.0).rms_norm([3], None, 1e-5).shape(), [0, 3]);
    assert_eq!(numbers(&[2, 0, 3], 1.0).group_norm(0, None, None, 1e-5).shape(), [2, 0, 3]);
}

#[test]
fn gradients_of_normalisation() {
    let (x, w, b) = (numbers(&[3, 4, 2], 0.7), numbers(&[4, 2], 1.1), numbers(&[4, 2], 0.4));
    check_gradients(|x| x[0].layer_norm([4, 2], Some(&x[1]), Some(&x[2]), 0.1), &[x.clone(), w.clone(), b]);
    check_gradients(|x| x[0].rms_norm([4, 2], Some(&x[1]), 0.1), &[x.clone(), w]);
    let channels = || [x.clone(), numbers(&[4], 1.2), numbers(&[4], 0.6)];
    check_gradients(|x| x[0].group_norm(2, Some(&x[1]), Some(&x[2]), 0.1), &channels());
    check_gradients(|x| x[0].batch_norm(&x[1], &x[2].exp(), None, None, 0.1), &channels());
    let train = |x: &[Tensor<Twice>]| {
        let (y, mean, variance) = x[0].batch_norm_train(Some(&x[1]), Some(&x[2]), 0.1);
        y.mean_axes(&[0, 2]) * mean + y.square().sum() * variance
    };
    check_gradients(train, &channels());
}

/// Attention as its formula says it.
fn plain<B: Backend>(x: &[Tensor<B>], scale: f64) -> Tensor<B> {
    (x[0].matmul(&x[1].t()) * scale + &x[3]).softmax(-1).matmul(&x[2])
}

#[test]
fn attention_broadcasts() {
    let x = [numbers(&[2, 1, 3, 4], 0.7), numbers(&[3, 5, 4], 0.4), numbers(&[5, 2], 1.3), numbers(&[3, 1, 5], 0.9)];
    let [q, k, v, mask] = &x;
    let found = q.scaled_dot_product_attention(k, v, Some(mask), false, None);
    assert_eq!(found.shape(), [2, 3, 3, 2]);
    check_close(&found, &plain(&x, 0.5).to_vec());
    let low = Tensor::new(&[1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0], [3, 5]);
    let masked = q.scaled_dot_product_attention(k, v, Some(&low.additive_mask()), false, Some(0.5));
    check_close(&q.scaled_dot_product_attention(k, v, None, true, Some(0.5)), &masked.to_vec());
    let blind = low.zeros_like().additive_mask();
    assert!(q.scaled_dot_product_attention(k, v, Some(&blind), false, None).to_vec().iter().all(|y| y.is_nan()));
}

fn attend(x: &[Tensor<Twice>], mask: Option<&Tensor<Twice>>, causal: bool) -> Tensor<Twice> {
    x[0].scaled_dot_product_attention(&x[1], &x[2], mask, causal, None)
}

#[test]
fn gradients_of_attention() {
    let x = [numbers(&[2, 3, 4], 0.7), numbers(&[1, 5, 4], 0.4), numbers(&[5, 2], 1.3), numbers(&[3, 5], 0.9)];
    check_gradients(|x| attend(x, Some(&x[3]), false), &x);
    check_gradients(|x| attend(x, None, true), &x[..3]);
    let lift = || x.clone().map(Tensor::<D<F>>::variable);
    let (own, formula) = (lift(), lift());
    let found = own[0].scaled_dot_product_attention(&own[1], &own[2], Some(&own[3]), false, None).tanh().sum();
    let expected = plain(&formula, 0.5).tanh().sum();
    for (found, expected) in found.grad(&own.each_ref()).iter().zip(expected.grad(&formula.each_ref())) {
        check_close(found.as_ref().expect("reached"), &expected.expect("reached").to_vec());
    }
}

macro_rules! activations {
    ($($name:literal, $f:expr, $formula:expr, $kinks:expr;)*) => {
        #[test]
        fn activations_by_their_formulas() {
            let far = [-1e30, -1e3, -50.0, -7.0, -2.9, -1.1, -0.3, -1e-9, 1e-9, 0.4, 1.3, 2.6, 5.0, 8.0, 50.0, 1e3, 1e30];
            $({
                let formula: fn(f64) -> f64 = $formula;
                check_close(&($f)(&Tensor::<F>::new(&far, [far.len()])), &far.map(formula));
                assert!(($f)(&Tensor::<F>::new(&[f64::NAN], [1])).item().is_nan(), $name);
                let [first, second] = slopes(|x| ($f)(x), &far);
                assert!(first.iter().chain(&second).all(|y| y.is_finite()), "{}: {first:?} {second:?}", $name);
                let kinks: &[f64] = $kinks;
                let smooth: Vec<f64> = far[3..14].iter().copied().filter(|x| kinks.iter().all(|k| (x - k).abs() > 0.01)).collect();
                check_gradients(|x| ($f)(&x[0]), &[Tensor::new(&smooth, [smooth.len()])]);
            })*
        }
    };
}

fn elu(x: f64, alpha: f64) -> f64 {
    if x > 0.0 { x } else { alpha * x.exp_m1() }
}

activations! {
    "leaky_relu", |x: &Tensor<_>| x.leaky_relu(0.1), |x| if x > 0.0 { x } else { 0.1 * x }, &[0.0];
    "elu", |x: &Tensor<_>| x.elu(0.7), |x| elu(x, 0.7), &[0.0];
    "selu", Tensor::selu, |x| 1.050_700_987_355_480_5 * elu(x, 1.673_263_242_354_377_2), &[0.0];
    "celu", |x: &Tensor<_>| x.celu(0.5), |x| if x > 0.0 { x } else { 0.5 * (x / 0.5).exp_m1() }, &[0.0];
    "gelu_tanh", Tensor::gelu_tanh,
        |x| x * 0.5 * (1.0 + ((2.0 / core::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3))).tanh()), &[];
    "softplus_beta", |x: &Tensor<_>| x.softplus_beta(2.0), |x| x.max(0.0) + (-2.0 * x.abs()).exp().ln_1p() / 2.0, &[];
    "mish", Tensor::mish, |x| x * (x.max(0.0) + (-x.abs()).exp().ln_1p()).tanh(), &[];
    "softsign", Tensor::softsign, |x| x / (1.0 + x.abs()), &[0.0];
    "clamp", |x: &Tensor<_>| x.clamp(Some(-1.0), Some(2.0)), |x| x.clamp(-1.0, 2.0), &[-1.0, 2.0];
    "hardtanh", |x: &Tensor<_>| x.hardtanh(-1.0, 2.0), |x| x.clamp(-1.0, 2.0), &[-1.0, 2.0];
    "relu6", Tensor::relu6, |x| x.clamp(0.0, 6.0), &[0.0, 6.0];
    "hardsigmoid", Tensor::hardsigmoid, |x| (x + 3.0).clamp(0.0, 6.0) / 6.0, &[-3.0, 3.0];
    "hardswish", Tensor::hardswish, |x| x * (x + 3.0).clamp(0.0, 6.0) / 6.0, &[-3.0, 3.0];
}

#[test]
fn conventions_at_kinks() {
    let at = |f: &dyn Fn(&Tensor<Twice>) -> Tensor<Twice>, x: &[f64]| slopes(f, x)[0].clone();
    assert_eq!(at(&|x| x.leaky_relu(0.25), &[0.0, -0.0]), [0.25, 0.25]);
    assert_eq!(at(&|x| x.elu(0.5), &[0.0]), [0.5]);
    assert_eq!(at(&|x| x.clamp(Some(-1.0), Some(1.0)), &[-2.0, -1.0, 0.0, 1.0, 2.0]), [0.0, 1.0, 1.0, 1.0, 0.0]);
    assert_eq!(at(&|x| x.hardtanh(-1.0, 1.0), &[-2.0, -1.0, 0.0, 1.0, 2.0]), [0.0, 0.0, 1.0, 0.0, 0.0]);
    assert_eq!(at(&|x| x.softsign(), &[0.0]), [1.0]);
    // What is not chosen leaves no NaN behind, infinite as it may be.
    let inf = f64::INFINITY;
    assert_eq!(at(&|x| x.elu(1.0), &[inf, -inf]), [1.0, 0.0]);
    assert_eq!(Tensor::<F>::new(&[inf, -inf], [2]).elu(1.0).to_vec(), [inf, -1.0]);
    assert_eq!(Tensor::<F>::new(&[3.0, f64::NAN], [2]).clamp(Some(2.0), Some(1.0)).to_vec()[0], 1.0);
}

#[test]
fn slopes_that_are_learned() {
    let (x, w) = (numbers(&[2, 3, 2], 0.7), numbers(&[3], 1.1));
    let values = x.to_vec();
    let weights = w.to_vec();
    let expected: Vec<f64> =
        values.iter().enumerate().map(|(i, &x)| if x > 0.0 { x } else { x * weights[i / 2 % 3] }).collect();
    assert_eq!(x.prelu(&w).to_vec(), expected);
    check_gradients(|x| x[0].prelu(&x[1]), &[x.clone(), w]);
    check_gradients(|x| x[0].prelu(&x[1]), &[x.clone(), numbers(&[1], 1.0)]);
    check_gradients(|x| x[0].glu(0) + x[0].glu(-1).sum(), core::slice::from_ref(&x));
    let w = Tensor::<D<F>>::variable(numbers(&[], 1.0));
    let y = Tensor::constant_of(Tensor::new(&[f64::INFINITY, -2.0], [2])).prelu(&w);
    assert_eq!(y.sum().grad(&[&w])[0].as_ref().expect("reached").item(), -2.0);
    check_close(&x.softmin(1), &(-&x).softmax(1).to_vec());
}

#[test]
fn lengths() {
    let x = Tensor::<F>::new(&[3.0, 0.0, -4.0, 0.0, 0.0, 0.0], [2, 3]);
    let inf = f64::INFINITY;
    for (p, expected) in [(0.0, [2.0, 0.0]), (1.0, [7.0, 0.0]), (2.0, [5.0, 0.0]), (inf, [4.0, 0.0]), (-inf, [0.0; 2])]
    {
        assert_eq!(x.vector_norm(p, &[1]).to_vec(), expected, "p = {p}");
    }
    check_close(&x.vector_norm(3.0, &[-1]), &[91.0_f64.cbrt(), 0.0]);
    check_close(&x.vector_norm_keepdim(0.5, &[1]), &[(3.0_f64.sqrt() + 2.0).powi(2), 0.0]);
    for p in [0.5, 1.0, 1.5, 2.0, 3.0] {
        let [first, second] = slopes(|x| x.vector_norm(p, &[0]), &[0.0, 0.0]);
        assert_eq!((first, second), (vec![0.0; 2], vec![0.0; 2]), "p = {p}");
        check_gradients(|x| x[0].vector_norm(p, &[0]), &[numbers(&[3, 2], 0.7)]);
    }
    check_gradients(|x| x[0].normalize(2.0, 1, 1e-12), &[numbers(&[3, 2], 0.7)]);
    check_gradients(|x| x[0].cosine_similarity(&x[1], -1, 1e-8), &[numbers(&[3, 2], 0.7), numbers(&[2], 0.4)]);
    assert_eq!(x.normalize(2.0, 1, 1e-12).to_vec(), [0.6, 0.0, -0.8, 0.0, 0.0, 0.0]);
    assert_eq!(x.slice(0, 1..).cosine_similarity(&x.slice(0, ..1), 1, 1e-8).to_vec(), [0.0]);
}

/// Where an element is 0 its negative power is infinite, and the length 0.
#[test]
fn lengths_of_negative_order() {
    let x = Tensor::<F>::new(&[0.0, 2.0, 3.0, -6.0], [2, 2]);
    assert_eq!(x.vector_norm(-1.0, &[1]).to_vec(), [0.0, 2.0]);
    check_close(&x.vector_norm(-2.0, &[1]), &[0.0, (36.0_f64 / 5.0).sqrt()]);
    assert_eq!(Tensor::<F>::new(&[f64::INFINITY; 2], [2]).vector_norm(-1.0, &[0]).item(), f64::INFINITY);
    let [first, second] = slopes(|x| x.vector_norm(-1.0, &[0]), &[0.0, 2.0]);
    assert_eq!((first, second), (vec![0.0; 2], vec![0.0; 2]));
    check_gradients(|x| x[0].vector_norm(-1.5, &[0]), &[numbers(&[3, 2], 0.7)]);
}

#[test]
fn logarithms_of_sums_along_several_axes() {
    let x = numbers(&[2, 3, 4], 0.7);
    let expected = x.exp().sum_axes(&[0, 2]).log();
    check_close(&x.logsumexp_axes(&[2, 0]), &expected.to_vec());
    assert_eq!(x.logsumexp_keepdim(&[-1, 0]).shape(), [1, 3, 1]);
    assert_eq!(x.logsumexp_axes(&[]).to_vec(), x.to_vec());
    assert_eq!(numbers(&[0, 2], 1.0).logsumexp_axes(&[0]).to_vec(), [f64::NEG_INFINITY; 2]);
    check_gradients(|x| x[0].logsumexp_axes(&[0, 2]), &[x]);
}

#[test]
fn what_is_unbound_can_be_stacked_again() {
    for (shape, axis) in [([5, 3], 0), ([3, 7], -1), ([1, 4], 0), ([4, 1], 1)] {
        let x = numbers(&shape, 0.3);
        let parts = x.unbind(axis);
        let extent = if axis == 0 { shape[0] } else { shape[1] };
        assert_eq!(parts.len(), extent);
        assert_eq!(Tensor::stack(&parts, axis).to_vec(), x.to_vec());
    }
    assert!(numbers(&[0, 3], 0.3).unbind(0).is_empty());
    let product = |x: &[Tensor<Twice>]| x[0].unbind(0).into_iter().reduce(|a, b| a * b).expect("five rows");
    check_gradients(product, &[numbers(&[5, 2], 0.7)]);
}
