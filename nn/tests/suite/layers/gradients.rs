//! Every smooth layer: derivatives to second order, a state that survives the way to another backend and back, tied use,
//! and halves.

use autodiff_core::{Autodiff, DType, Index, Tensor, check_grads};
use backend_cpu::Cpu;
use nn::*;

use super::F64;

/// Central differences lose half of the digits, those of gradients a little more.
const TOLERANCE: f64 = 2e-6;

/// Numbers that `f32` holds too, without order, none twice.
fn numbers(shape: &[usize]) -> Tensor<F64> {
    let count = shape.iter().product::<usize>();
    let value = |k: usize| f64::from(u32::try_from(k * 37 % 101).unwrap()) / 64.0 - 0.75;
    Tensor::new(&(0..count).map(value).collect::<Vec<_>>(), shape)
}

/// The same for the parameters of a module.
fn filled<M: Module<F64>>(module: &M) -> M {
    let values: Vec<_> = module.parameters().iter().map(|value| numbers(value.shape().extents())).collect();
    module.with_parameters(&values)
}

/// On the way to single precision and back nothing is lost: no number, no name, no tie.
#[track_caller]
fn check_way_and_back<M: Module<F64>>(module: &M) {
    let back = module.to::<Cpu<f32>>(&Default::default()).to::<F64>(&Default::default());
    let state = |module: &M| {
        let all = [module.named_parameters(), module.named_buffers()].concat();
        all.into_iter().map(|(name, value)| (name, value.shape(), value.to_vec())).collect::<Vec<_>>()
    };
    assert_eq!(state(&back), state(module));
    let tied = (module.clone(), back);
    assert_eq!(tied.parameters().len(), module.parameters().len(), "a parameter came back as another one");
}

/// In two places the module's parameters are those of one, and their gradients add up.
#[track_caller]
fn check_tied<M: Module<F64>>(module: &M) {
    let tied = (module.clone(), module.clone()).variables();
    let of = [tied.0.parameters(), tied.1.parameters()];
    let loss = of[0].iter().zip(&of[1]).map(|(first, second)| (first * 2.0 + second * 3.0).sum()).reduce(|a, b| a + b);
    let Some(loss) = loss else { return };
    let found = gradients(&tied, &loss.backward());
    assert_eq!(found.len(), of[0].len());
    for gradient in found {
        let gradient = gradient.unwrap();
        assert_eq!((gradient.min().item(), gradient.max().item()), (5.0, 5.0));
    }
}

/// In halves a layer computes the same, to their precision.
#[track_caller]
fn check_halves(exact: &Tensor<F64>, half: &Tensor<F64>) {
    assert_eq!(half.dtype(), DType::F16);
    let apart = (half.cast(DType::Elem) - exact).abs().max().item();
    // A few dozen roundings of numbers up to about 1, and up to a tenfold slope through a norm.
    assert!(apart < 0.05, "{apart}");
}

/// What a layer makes of its input and parameters, twice differentiable.
type Twice = fn(&[Tensor<Autodiff<Autodiff<F64>>>]) -> Tensor<Autodiff<Autodiff<F64>>>;

/// A layer, built on any backend, and what it makes of one tensor: all four properties.
macro_rules! smooth {
    ($($name:ident: $shape:expr, |$keys:ident| $build:expr, |$layer:ident, $x:ident, $ctx:ident| $forward:expr;)*) => {
        $(#[test]
        fn $name() {
            fn apply<B: Backend>(inputs: &[Tensor<B>]) -> Tensor<B> {
                let $keys = &mut Keys::<B>::new(0, inputs[0].device());
                let layer = Module::<B>::to_dtype(&$build, inputs[0].dtype());
                let $layer = &Module::<B>::with_parameters(&layer, &inputs[1..]);
                let ($x, $ctx) = (&inputs[0], &mut Context::<B>::training(Index::key(3, inputs[0].device())));
                $forward
            }
            let module = {
                let $keys = &mut Keys::<F64>::new(0, &Default::default());
                filled(&$build)
            };
            let x = numbers(&$shape);
            let inputs: Vec<_> = [x.clone()].into_iter().chain(Module::<F64>::parameters(&module)).collect();
            let twice: Twice = apply;
            check_grads(twice, &inputs, TOLERANCE).unwrap();
            check_way_and_back(&module);
            check_tied(&module);
            let halves: Vec<_> = inputs.iter().map(|input| input.cast(DType::F16)).collect();
            check_halves(&apply(&inputs), &apply(&halves));
        })*
    };
}

fn small() -> TransformerOptions {
    TransformerOptions { dim_feedforward: 3, activation: TransformerActivation::GELU, ..Default::default() }
}

smooth! {
    bilinear: [2, 2], |keys| Bilinear::new(2, 2, 2, keys), |layer, x, _ctx| layer.forward(x, &x.sin());
    conv1d: [2, 2, 4], |keys| Conv1d::new(2, 3, [2], keys), |layer, x, _ctx| layer.forward(x).tanh();
    conv2d: [1, 2, 3, 3],
        |keys| Conv2d::with(2, 2, [2, 2], ConvOptions { padding: Padding::Same, groups: 2, ..Default::default() }, keys),
        |layer, x, _ctx| layer.forward(x).tanh();
    conv_transpose1d: [2, 2, 3], |keys| ConvTranspose1d::new(2, 1, [2], keys), |layer, x, _ctx| layer.forward(x).tanh();
    conv_transpose2d: [1, 1, 2, 3],
        |keys| ConvTranspose2d::with(1, 2, [2, 2], ConvTransposeOptions { stride: [2, 2], ..Default::default() }, keys),
        |layer, x, _ctx| layer.forward(x).tanh();
    avg_pool: [1, 1, 4, 4], |_keys| AvgPool2d::new([2, 2]),
        |layer, x, _ctx| layer.forward(&x.tanh());
    max_pool: [1, 1, 4, 4], |_keys| MaxPool2d::new([2, 2]),
        |layer, x, _ctx| layer.forward(&x.tanh());
    adaptive_avg_pool: [1, 1, 4, 5], |_keys| AdaptiveAvgPool2d { output_size: [2, 2] },
        |layer, x, _ctx| layer.forward(&x.tanh());
    embedding: [3, 2], |keys| Embedding::new(3, 2, keys),
        |layer, x, _ctx| (layer.forward(&Index::new(&[2, 0, 2], [3])) * x).tanh();
    embedding_bag: [2, 2], |keys| EmbeddingBag::new(3, 2, keys),
        |layer, x, _ctx| (layer.forward(&Index::new(&[2, 0, 2, 1], [2, 2])) * x).tanh();
    dropout: [3, 3], |_keys| Dropout::default(),
        |layer, x, ctx| layer.forward(&x.tanh(), ctx);
    channel_dropout: [2, 3, 2], |_keys| ChannelDropout::default(),
        |layer, x, ctx| layer.forward(&x.tanh(), ctx);
    batch_norm1d: [4, 2], |keys| BatchNorm1d::new(2, keys.device()), |layer, x, ctx| layer.forward(x, ctx).tanh();
    batch_norm2d: [2, 2, 1, 2], |keys| BatchNorm2d::new(2, keys.device()), |layer, x, ctx| layer.forward(x, ctx).tanh();
    layer_norm: [2, 3], |keys| LayerNorm::new([3], keys.device()), |layer, x, _ctx| layer.forward(x).tanh();
    group_norm: [1, 4, 2], |keys| GroupNorm::new(2, 4, keys.device()), |layer, x, _ctx| layer.forward(x).tanh();
    instance_norm: [1, 2, 3], |keys| InstanceNorm1d::affine(2, keys.device()), |layer, x, _ctx| layer.forward(x).tanh();
    rms_norm: [2, 3], |keys| RMSNorm::new([3], keys.device()), |layer, x, _ctx| layer.forward(x).tanh();
    rnn: [2, 1, 2], |keys| RNN::new(2, 2, keys), |layer, x, ctx| layer.forward(x, None, ctx).0;
    lstm: [2, 1, 2],
        |keys| LSTM::with(2, 2, RecurrentOptions { bidirectional: true, dropout: 0.5, ..Default::default() }, keys),
        |layer, x, ctx| layer.forward(x, None, ctx).1.1;
    gru: [2, 1, 2], |keys| GRU::with(2, 2, RecurrentOptions { num_layers: 2, ..Default::default() }, keys),
        |layer, x, ctx| layer.forward(x, None, ctx).1;
    lstm_cell: [2, 2], |keys| LSTMCell::new(2, 2, keys), |layer, x, _ctx| layer.forward(x, Some(&(x.sin(), x.cos()))).0;
    attention: [2, 2, 4], |keys| MultiheadAttention::new(4, 2, keys),
        |layer, x, ctx| layer.forward(x, &x.sin(), x, &AttentionMask::causal(), ctx);
    attention_with_dropout: [2, 1, 2],
        |keys| MultiheadAttention::with(2, 1, AttentionOptions { dropout: 0.3, bias: false, ..Default::default() }, keys),
        |layer, x, ctx| layer.forward_self(x, &AttentionMask::default(), ctx);
    encoder_layer: [2, 1, 2], |keys| TransformerEncoderLayer::with(2, 1, small(), keys),
        |layer, x, ctx| layer.forward(x, &AttentionMask::default(), ctx);
    decoder_layer: [2, 1, 2], |keys| TransformerDecoderLayer::with(2, 1, small(), keys),
        |layer, x, ctx| layer.forward(x, &x.sin(), &AttentionMask::causal(), &AttentionMask::default(), ctx);
    sinusoidal: [1, 3, 4], |keys| SinusoidalPositions::new(5, 4, keys.device()), |layer, x, _ctx| layer.forward(x).tanh();
    rotary: [1, 3, 4], |keys| RotaryPositions::new(4, 5, 100.0, keys.device()), |layer, x, _ctx| layer.forward(x, 1).tanh();
    residual: [2, 2], |keys| Residual(Linear::new(2, 2, keys)),
        |layer, x, ctx| Layer::forward(layer, x, ctx).tanh();
    prelu: [2, 3], |keys| PReLU::new(3, keys.device()), |layer, x, _ctx| layer.forward(x).tanh();
}
