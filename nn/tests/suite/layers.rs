//! Layers and initialisers: values, statistics, gradients, messages.

use autodiff_core::{Autodiff, Element, Index, Tensor, check_grads};
use backend_cpu::Cpu;
use nn::init::{self, Fan, Nonlinearity};
use nn::{Backend, Context, Dropout, Flatten, Keys, Layer, Linear, Module, Param, ReLU, Softmax, Tanh};

mod behaviour;
mod gradients;
mod messages;
mod pytorch;

pub(super) type F64 = Cpu<f64>;

fn keys() -> Keys<F64> {
    Keys::new(5, &Default::default())
}

fn ones(shape: &[usize]) -> Tensor<F64> {
    Tensor::ones(shape, &Default::default())
}

fn training() -> Context<F64> {
    Context::training(Index::key(0, &Default::default()))
}

fn key(seed: u64) -> Index<F64> {
    Index::key(seed, &Default::default())
}

/// Mean and standard deviation of a sample of ten thousand lie within five standard errors of what was asked for.
#[track_caller]
fn check_moments(sample: &Tensor<F64>, mean: f64, std: f64) {
    let n = Tensor::ones_like(sample).sum().item();
    let found = sample.mean().item();
    let variance = (sample - found).square().mean().item();
    assert!((found - mean).abs() < 5.0 * std / n.sqrt(), "mean {found}, {mean} expected");
    assert!((variance.sqrt() / std - 1.0).abs() < 5.0 / n.sqrt(), "deviation {}, {std} expected", variance.sqrt());
}

#[test]
fn initialisers_have_the_moments_they_promise() {
    let root3 = 3.0_f64.sqrt();
    let shape = [100, 20, 5];
    let (fan_in, fan_out) = (100.0_f64, 500.0_f64);
    check_moments(&init::uniform(&key(0), shape, -1.0, 3.0), 1.0, 2.0 / root3);
    check_moments(&init::normal(&key(1), shape, -1.0, 0.5), -1.0, 0.5);
    check_moments(&init::xavier_uniform(&key(2), shape, 1.5), 0.0, 1.5 * (2.0 / (fan_in + fan_out)).sqrt());
    check_moments(&init::xavier_normal(&key(3), shape, 1.0), 0.0, (2.0 / (fan_in + fan_out)).sqrt());
    let relu = Nonlinearity::ReLU;
    check_moments(&init::kaiming_uniform(&key(4), shape, Fan::In, relu), 0.0, (2.0 / fan_in).sqrt());
    check_moments(&init::kaiming_normal(&key(5), shape, Fan::Out, relu), 0.0, (2.0 / fan_out).sqrt());
}

#[test]
fn uniform_stays_within_its_bounds() {
    let drawn = init::uniform(&key(0), [10_000], 2.0, 3.0).to_vec();
    assert!(drawn.iter().all(|x| (2.0..3.0).contains(x)));
    assert_ne!(drawn[0], drawn[1]);
}

#[test]
#[should_panic(expected = "xavier_normal: a weight of two axes or more expected, its shape is [3]")]
fn a_vector_has_no_fan_out() {
    let _ = init::xavier_normal(&key(0), [3], 1.0);
}

#[test]
fn linear_begins_as_pytorch_does() {
    let mut keys = Keys::from_key(key(3));
    let layer = Linear::new(100, 100, &mut keys);
    check_moments(&layer.weight, 0.0, 0.1 / 3.0_f64.sqrt());
    let all = layer.parameters().iter().flat_map(Tensor::to_vec).collect::<Vec<_>>();
    assert!(all.iter().all(|x| (-0.1..0.1).contains(x)));
    let other = Linear::new(100, 100, &mut keys);
    assert_ne!(other.weight.to_vec(), layer.weight.to_vec());
    assert_eq!(Linear::without_bias(0, 3, &mut keys).weight.shape(), [3, 0]);
}

/// `tanh(x W^T + b)` as a function of all three.
fn affine<B: Backend>(inputs: &[Tensor<B>]) -> Tensor<B> {
    let [x, w, b] = inputs else { unreachable!() };
    let linear = Linear { weight: Param::new(w.clone()), bias: Some(Param::new(b.clone())) };
    (linear, Tanh, Softmax { dim: -1 }).forward(x, &mut Context::evaluation())
}

#[test]
fn linear_has_its_gradients_to_second_order() {
    let draw = |seed, shape: &[usize]| init::normal(&key(seed), shape, 0.0, 1.0);
    check_grads(affine, &[draw(0, &[5, 3]), draw(1, &[4, 3]), draw(2, &[4])], 1e-6).unwrap();
    check_grads(affine, &[draw(0, &[2, 5, 3]), draw(1, &[4, 3]), draw(2, &[4])], 1e-6).unwrap();
}

#[test]
fn linear_takes_leading_axes_of_any_number() {
    let layer = Linear::new(3, 2, &mut Keys::from_key(key(0)));
    for (x, y) in [(&[3][..], &[2][..]), (&[5, 3], &[5, 2]), (&[4, 5, 3], &[4, 5, 2]), (&[0, 3], &[0, 2])] {
        assert_eq!(layer.forward(&Tensor::ones(x, &Default::default())).shape().extents(), y);
    }
}

#[test]
#[should_panic(expected = "linear: the last axis of the input must be the weight's: [5, 4] and [2, 3]")]
fn linear_refuses_another_number_of_features() {
    let layer = Linear::new(3, 2, &mut Keys::from_key(key(0)));
    let _ = layer.forward(&Tensor::ones([5, 4], &Default::default()));
}

#[test]
fn sequences_of_layers_are_layers() {
    let mut keys = Keys::from_key(key(1));
    let layers: Vec<_> = (0..3).map(|_| (Linear::new(2, 2, &mut keys), ReLU)).collect();
    let x = init::normal(&key(2), [4, 2], 0.0, 1.0);
    let by_hand = layers.iter().fold(x.clone(), |x, layer| ReLU.forward(&layer.0.forward(&x)));
    let ctx = &mut Context::evaluation();
    assert_eq!(layers.forward(&x, ctx).to_vec(), by_hand.to_vec());
    let array = [layers[0].clone(), layers[1].clone(), layers[2].clone()];
    assert_eq!((array, Some(Flatten::default())).forward(&x, ctx).to_vec(), by_hand.to_vec());
    assert_eq!(None::<ReLU>.forward(&x, ctx).to_vec(), x.to_vec());
}

#[test]
fn dropout_scales_what_it_keeps_and_so_does_its_gradient() {
    let x = Tensor::<Autodiff<F64>>::variable(Tensor::ones([20_000], &Default::default()));
    let ctx = &mut Context::training(Index::key(3, x.device()));
    let y = Dropout { p: 0.3 }.forward(&x, ctx);
    let kept = y.value().gt(&y.value().zeros_like()).sum().item();
    // Five standard deviations of the binomial distribution.
    assert!((kept - 14_000.0).abs() < 5.0 * (20_000.0_f64 * 0.3 * 0.7).sqrt());
    let gradient = y.sum().grad(&[&x])[0].clone().unwrap();
    assert_eq!(gradient.to_vec(), y.value().to_vec());
    // Another use in the same pass draws another mask, the same pass again the same one.
    let again = Dropout { p: 0.3 }.forward(&x, ctx);
    assert_ne!(again.to_vec(), y.to_vec());
    let repeated = Dropout { p: 0.3 }.forward(&x, &mut Context::training(Index::key(3, x.device())));
    assert_eq!(repeated.to_vec(), y.to_vec());
}

#[test]
fn dropout_at_its_limits() {
    let x = Tensor::<F64>::ones([100], &Default::default());
    let run = |p| Dropout { p }.forward(&x, &mut Context::training(key(0))).to_vec();
    assert_eq!(run(0.0), x.to_vec());
    assert_eq!(run(1.0), [0.0; 100]);
    let evaluated = Dropout { p: 1.0 }.forward(&x, &mut Context::evaluation());
    assert_eq!(evaluated.to_vec(), x.to_vec());
}

#[test]
#[should_panic(expected = "an evaluation has no key unless it is given one")]
fn an_evaluation_draws_nothing_without_a_key() {
    let _ = Context::<F64>::evaluation().next_key();
}

#[test]
fn a_smaller_element_gets_the_same_stream() {
    let wide = init::uniform(&key(9), [50], 0.0, 1.0);
    let narrow = init::uniform(&Index::<Cpu<f32>>::key(9, &Default::default()), [50], 0.0, 1.0);
    for (wide, narrow) in wide.to_vec().into_iter().zip(narrow.to_vec()) {
        // The first 24 bits of the same 31.
        assert!((wide - narrow.into_f64()).abs() <= 2.0_f64.powi(-24));
    }
}
