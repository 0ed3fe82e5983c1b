//! Layers beside PyTorch's: outputs and first gradients, for parameters and inputs that both sides compute.

use autodiff_core::{Autodiff, Index, Pool, Tensor};
use nn::*;

use super::F64;

type A = Autodiff<F64>;

/// What `tests/data/layers.py` wrote.
const EXPECTED: &str = include_str!("../../data/layers.txt");
/// The sums are short, and both sides compute in double precision.
const TOLERANCE: f64 = 1e-11;

/// `sin(step k + start)` for the element `k`.
fn wave<B: Backend>(shape: &[usize], step: f64, start: f64) -> Tensor<B> {
    let count = shape.iter().product::<usize>();
    let values: Vec<f64> = (0..u32::try_from(count).unwrap()).map(|k| (f64::from(k) * step + start).sin()).collect();
    Tensor::new(&values, shape)
}

fn x(shape: &[usize]) -> Tensor<F64> {
    wave(shape, 0.73, 0.1)
}

fn keys() -> Keys<F64> {
    Keys::new(0, &Default::default())
}

/// The places of the parameters in the order of their names.
fn by_name<T>(named: &[(String, T)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..named.len()).collect();
    order.sort_by_key(|&place| &named[place].0);
    order
}

/// The module with waves for parameters.
fn filled<M: Module<F64>>(module: M) -> M {
    module.with_parameters(&waves(module.named_parameters()))
}

fn waves(mut named: Vec<(String, Tensor<F64>)>) -> Vec<Tensor<F64>> {
    for (number, place) in by_name(&named).into_iter().enumerate() {
        let start = f64::from(u32::try_from(number).unwrap());
        named[place].1 = wave(named[place].1.shape().extents(), 0.37, start) * 0.5;
    }
    named.into_iter().map(|(_, value)| value).collect()
}

/// Outputs and gradients are those of the case.
#[track_caller]
fn check<M: Module<F64>>(
    name: &str,
    module: M,
    inputs: &[Tensor<F64>],
    forward: impl Fn(&M::With<A>, &[Tensor<A>]) -> Vec<Tensor<A>>,
) {
    let variables: Vec<_> = inputs.iter().cloned().map(Tensor::<A>::variable).collect();
    let model = filled(module).variables();
    let ys = forward(&model, &variables);
    compare(name, &ys, &variables, &model.named_parameters());
}

#[track_caller]
fn compare(name: &str, ys: &[Tensor<A>], inputs: &[Tensor<A>], parameters: &[(String, Tensor<A>)]) {
    let weighed = ys.iter().enumerate().map(|(number, y)| {
        let start = f64::from(u32::try_from(number).unwrap());
        (y * wave(y.shape().extents(), 0.61, start)).sum()
    });
    let loss = weighed.reduce(|a, b| a + b).unwrap();
    let wrt: Vec<_> = inputs.iter().chain(by_name(parameters).iter().map(|&place| &parameters[place].1)).collect();
    let gradients = loss.grad(&wrt);
    let zeros = |(gradient, x): (Option<Tensor<F64>>, &&Tensor<A>)| gradient.unwrap_or_else(|| x.value().zeros_like());
    let gradients = gradients.into_iter().zip(&wrt).map(zeros);
    let found: Vec<f64> = ys.iter().map(|y| y.value().clone()).chain(gradients).flat_map(|t| t.to_vec()).collect();
    compare_numbers(name, &found);
}

#[track_caller]
fn compare_numbers(name: &str, found: &[f64]) {
    let line = EXPECTED.lines().find(|line| line.split(' ').next() == Some(name)).unwrap();
    let expected: Vec<f64> = line.split(' ').skip(1).map(|number| number.parse().unwrap()).collect();
    assert_eq!(found.len(), expected.len(), "{name}: numbers of outputs and gradients");
    for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let apart = (found - expected).abs();
        assert!(apart <= TOLERANCE * expected.abs().max(1.0), "{name}, number {place}: {found}, {expected} expected");
    }
}

fn evaluation() -> Context<A> {
    Context::evaluation()
}

/// A layer as a function of one tensor.
macro_rules! layer {
    ($name:ident, $layer:expr, $shape:expr) => {
        #[test]
        fn $name() {
            check(stringify!($name), $layer, &[x(&$shape)], |layer, x| {
                vec![Layer::<A>::forward(layer, &x[0], &mut evaluation())]
            });
        }
    };
}

layer!(linear, Linear::new(3, 2, &mut keys()), [4, 3]);

#[test]
fn bilinear() {
    let inputs = [x(&[5, 2]), x(&[5, 3])];
    check("bilinear", Bilinear::new(2, 3, 4, &mut keys()), &inputs, |layer, x| vec![layer.forward(&x[0], &x[1])]);
}

/// With these options beside the defaults.
macro_rules! options {
    ($($field:ident: $value:expr),*) => { ConvOptions { $($field: $value,)* ..ConvOptions::default() } };
}

layer!(
    conv1d,
    Conv1d::with(
        4,
        2,
        [3],
        options! { stride: [2], padding: Padding::Zeros([1]), dilation: [2], groups: 2 },
        &mut keys()
    ),
    [2, 4, 9]
);
layer!(
    conv1d_same_even,
    Conv1d::with(1, 2, [4], options! { padding: Padding::Same, dilation: [3] }, &mut keys()),
    [2, 1, 11]
);
layer!(
    conv2d,
    Conv2d::with(2, 3, [3, 2], options! { stride: [1, 2], padding: Padding::Zeros([2, 0]), bias: false }, &mut keys()),
    [2, 2, 4, 5]
);
layer!(conv2d_same, Conv2d::with(2, 2, [3, 2], options! { padding: Padding::Same }, &mut keys()), [1, 2, 4, 5]);
layer!(conv2d_depthwise, Conv2d::with(3, 3, [2, 2], options! { groups: 3 }, &mut keys()), [1, 3, 3, 3]);
layer!(conv3d, Conv3d::new(1, 2, [2, 2, 2], &mut keys()), [1, 1, 2, 3, 3]);

#[test]
fn conv_transpose1d() {
    let options =
        ConvTransposeOptions { stride: [2], padding: [1], output_padding: [1], groups: 2, ..Default::default() };
    let layer = ConvTranspose1d::with(2, 4, [3], options, &mut keys());
    check("conv_transpose1d", layer, &[x(&[1, 2, 4])], |layer, x| vec![layer.forward(&x[0])]);
}

#[test]
fn conv_transpose2d() {
    let options = ConvTransposeOptions { stride: [2, 2], dilation: [2, 2], bias: false, ..Default::default() };
    let layer = ConvTranspose2d::with(2, 1, [3, 3], options, &mut keys());
    check("conv_transpose2d", layer, &[x(&[1, 2, 2, 3])], |layer, x| vec![layer.forward(&x[0])]);
}

layer!(max_pool1d, MaxPool1d::new([2]), [1, 2, 5]);
layer!(max_pool2d, MaxPool2d(Pool { stride: Some([2, 2]), padding: [1, 1], ..Pool::new([3, 3]) }), [1, 1, 5, 4]);
layer!(avg_pool1d, AvgPool1d::new([2]), [1, 2, 5]);
layer!(avg_pool2d, AvgPool2d(Pool { padding: [1, 1], count_include_pad: false, ..Pool::new([2, 2]) }), [1, 1, 4, 4]);
layer!(adaptive_avg_pool1d, AdaptiveAvgPool1d { output_size: [3] }, [1, 2, 7]);
layer!(adaptive_avg_pool2d, AdaptiveAvgPool2d { output_size: [2, 3] }, [1, 1, 5, 4]);
layer!(adaptive_max_pool1d, AdaptiveMaxPool1d { output_size: [3] }, [1, 2, 7]);
layer!(adaptive_max_pool2d, AdaptiveMaxPool2d { output_size: [2, 3] }, [1, 1, 5, 4]);

fn tokens(shape: &[usize]) -> Index<A> {
    Index::new(&[0, 2, 1, 1, 1, 3], shape)
}

#[test]
fn embedding() {
    // Filled after the padding was chosen, as on PyTorch's side: its row is not 0, but gets no gradient.
    let table = Embedding::new(4, 2, &mut keys()).with_padding_idx(1);
    check("embedding", table, &[], |table, _| vec![table.forward(&tokens(&[2, 3]))]);
}

#[test]
fn embedding_bag() {
    for (mode, name) in [(BagMode::Sum, "sum"), (BagMode::Mean, "mean"), (BagMode::Max, "max")] {
        let bag = EmbeddingBag { mode, padding_idx: Some(3), ..EmbeddingBag::new(4, 2, &mut keys()) };
        let name = format!("embedding_bag_{name}");
        check(&name, bag.clone(), &[], |bag, _| vec![bag.forward(&tokens(&[2, 3]))]);
        let offsets = Index::new(&[0, 2, 2], [3]);
        check(&format!("{name}_offsets"), bag, &[], |bag, _| vec![bag.forward_offsets(&tokens(&[6]), &offsets)]);
    }
}

fn training() -> Context<A> {
    Context::training(Index::key(0, &Default::default()))
}

/// Output, running mean and running variance after a training pass.
fn trained<const D: usize>(norm: &BatchNorm<A, D>, passes: &[Tensor<A>]) -> Vec<Tensor<A>> {
    let mut ctx = training();
    let mut results: Vec<_> = passes.iter().map(|x| norm.forward(x, &mut ctx)).collect();
    results.extend([&norm.running_mean, &norm.running_var].map(|buffer| ctx.buffer(buffer.as_ref().unwrap())));
    results
}

#[test]
fn batch_norm1d() {
    let norm = BatchNorm1d::new(3, &Default::default());
    check("batch_norm1d", norm.clone(), &[x(&[4, 3])], trained);
    let after = trained(&filled(norm.clone()).variables(), &[Tensor::constant_of(x(&[4, 3]))]);
    let [mean, var] = [1, 2].map(|part| after[part].value().clone());
    let norm = norm.with_buffers(&[mean, var, Tensor::new(&[1.0], [])]);
    check("batch_norm1d_evaluation", norm, &[x(&[2, 3, 4])], |norm, x| vec![norm.forward(&x[0], &mut evaluation())]);
}

#[test]
fn batch_norm2d_with_the_mean_of_all_batches() {
    let norm = BatchNorm2d::new(2, &Default::default());
    let norm = BatchNorm { momentum: None, weight: None, bias: None, ..norm };
    check("batch_norm2d_cumulative", norm, &[x(&[2, 2, 2, 3])], |norm, x| trained(norm, &[x[0].clone(), &x[0] * 2.0]));
}

layer!(layer_norm, LayerNorm::new([2, 3], &Default::default()), [4, 2, 3]);
layer!(group_norm, GroupNorm::new(2, 4, &Default::default()), [2, 4, 3]);
layer!(instance_norm1d, InstanceNorm1d::<F64>::new(), [2, 2, 4]);
layer!(instance_norm2d, InstanceNorm2d::affine(2, &Default::default()), [2, 2, 2, 3]);
layer!(rms_norm, RMSNorm::new([4], &Default::default()), [3, 4]);

#[test]
fn rnn() {
    check("rnn", RNN::new(2, 3, &mut keys()), &[x(&[4, 2, 2])], |rnn, x| {
        let (y, h) = rnn.forward(&x[0], None, &mut evaluation());
        vec![y, h]
    });
    let options = RecurrentOptions { num_layers: 2, bias: false, ..Default::default() };
    let mut rnn = RNN::with(2, 3, options, &mut keys());
    rnn.recurrence = Elman::ReLU;
    check("rnn_relu", rnn, &[x(&[4, 2, 2])], |rnn, x| {
        let (y, h) = rnn.forward(&x[0], None, &mut evaluation());
        vec![y, h]
    });
}

#[test]
fn lstm() {
    let options = RecurrentOptions { num_layers: 2, bidirectional: true, batch_first: true, ..Default::default() };
    let inputs = [x(&[2, 3, 2]), x(&[4, 2, 3]), x(&[4, 2, 3]) * 2.0];
    check("lstm", LSTM::with(2, 3, options, &mut keys()), &inputs, |lstm, x| {
        let (y, (h, c)) = lstm.forward(&x[0], Some(&(x[1].clone(), x[2].clone())), &mut evaluation());
        vec![y, h, c]
    });
}

#[test]
fn gru() {
    let options = RecurrentOptions { num_layers: 2, bidirectional: true, ..Default::default() };
    check("gru", GRU::with(2, 3, options, &mut keys()), &[x(&[3, 2, 2]), x(&[4, 2, 3])], |gru, x| {
        let (y, h) = gru.forward(&x[0], Some(&x[1]), &mut evaluation());
        vec![y, h]
    });
}

#[test]
fn cells() {
    let inputs = [x(&[2, 2]), x(&[2, 3]), x(&[2, 3]) * 2.0];
    check("rnn_cell", RNNCell::new(2, 3, &mut keys()), &inputs[..1], |cell, x| vec![cell.forward(&x[0], None)]);
    check("gru_cell", GRUCell::new(2, 3, &mut keys()), &inputs[..2], |cell, x| vec![cell.forward(&x[0], Some(&x[1]))]);
    check("lstm_cell", LSTMCell::new(2, 3, &mut keys()), &inputs, |cell, x| {
        let (h, c) = cell.forward(&x[0], Some(&(x[1].clone(), x[2].clone())));
        vec![h, c]
    });
}

#[test]
fn attention() {
    let layer = MultiheadAttention::new(4, 2, &mut keys());
    let inputs = [x(&[3, 2, 4])];
    for (name, mask) in [("attention", AttentionMask::default()), ("attention_causal", AttentionMask::causal())] {
        check(name, layer.clone(), &inputs, |layer, x| {
            vec![layer.forward(&x[0], &x[0], &x[0], &mask, &mut evaluation())]
        });
        check(name, layer.clone(), &inputs, |layer, x| vec![layer.forward_self(&x[0], &mask, &mut evaluation())]);
        // What dropout has to see is computed step by step; with next to none the result stays.
        let leaky = MultiheadAttention { dropout: 1e-300, ..layer.clone() };
        check(name, leaky, &inputs, |layer, x| vec![layer.forward_self(&x[0], &mask, &mut training())]);
    }
}

#[test]
fn attention_to_another_sequence() {
    let options = AttentionOptions { kdim: Some(3), vdim: Some(2), batch_first: true, ..Default::default() };
    let mask = AttentionMask {
        attn_mask: Some(wave(&[3, 5], 0.9, 0.0)),
        key_padding_mask: Some(Tensor::new(&[0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0], [2, 5])),
        is_causal: false,
    };
    let inputs = [x(&[2, 3, 4]), x(&[2, 5, 3]), x(&[2, 5, 2])];
    check("attention_crossed", MultiheadAttention::with(4, 2, options, &mut keys()), &inputs, |layer, x| {
        vec![layer.forward(&x[0], &x[1], &x[2], &mask, &mut evaluation())]
    });
}

fn transformer() -> TransformerOptions {
    TransformerOptions { dim_feedforward: 6, dropout: 0.0, ..Default::default() }
}

layer!(encoder_layer, TransformerEncoderLayer::with(4, 2, transformer(), &mut keys()), [3, 2, 4]);

#[test]
fn encoder_layer_norm_first() {
    let options = TransformerOptions {
        activation: TransformerActivation::GELU,
        layer_norm_eps: 1e-3,
        batch_first: true,
        norm_first: true,
        ..transformer()
    };
    let layer = TransformerEncoderLayer::with(4, 2, options, &mut keys());
    check("encoder_layer_norm_first", layer, &[x(&[2, 3, 4])], |layer, x| {
        vec![layer.forward(&x[0], &AttentionMask::causal(), &mut evaluation())]
    });
}

#[test]
fn decoder_layer() {
    let layer = TransformerDecoderLayer::with(4, 2, transformer(), &mut keys());
    check("decoder_layer", layer, &[x(&[3, 2, 4]), x(&[5, 2, 4])], |layer, x| {
        let (causal, all) = (AttentionMask::causal(), AttentionMask::default());
        vec![layer.forward(&x[0], &x[1], &causal, &all, &mut evaluation())]
    });
}

#[test]
fn encoder() {
    let keys = &mut keys();
    let layers = (0..2).map(|_| TransformerEncoderLayer::with(4, 2, transformer(), keys)).collect();
    let stack = TransformerEncoder { layers, norm: Some(LayerNorm::new([4], &Default::default())) };
    check("encoder", stack, &[x(&[3, 2, 4])], |stack, x| {
        vec![stack.forward(&x[0], &AttentionMask::default(), &mut evaluation())]
    });
}

layer!(prelu, PReLU::new(3, &Default::default()), [2, 3, 2]);
layer!(leaky_relu, LeakyReLU::default(), [3, 4]);
layer!(elu, ELU { alpha: 0.7 }, [3, 4]);
layer!(celu, CELU { alpha: 0.5 }, [3, 4]);
layer!(hardtanh, Hardtanh { min_val: -0.5, max_val: 0.8 }, [3, 4]);
layer!(softplus, Softplus { beta: 2.0 }, [3, 4]);
layer!(hardshrink, Hardshrink::default(), [3, 4]);
layer!(softshrink, Softshrink { lambda: 0.3 }, [3, 4]);
layer!(threshold, Threshold { threshold: 0.2, value: 0.7 }, [3, 4]);
layer!(glu, GLU { dim: 1 }, [3, 4]);
layer!(tanhshrink, Tanhshrink, [3, 4]);
layer!(gelu_tanh, GELUTanh, [3, 4]);
layer!(softmin, Softmin { dim: 1 }, [3, 4]);
layer!(rrelu, RReLU::default(), [3, 4]);
