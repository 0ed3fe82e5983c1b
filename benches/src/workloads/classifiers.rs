//! Classifiers: softmax regression, perceptrons, convolutional networks.

use autodiff_core::{Autodiff, Backend, Execute, Index, Tensor};
use nn::{
    AvgPool2d, BatchNorm2d, Context, Conv2d, ConvOptions, Flatten, Inference, Keys, Layer, Linear, MaxPool2d, Module,
    Padding, Param, ReLU, Tanh, TrainStep,
};
use optim::{Adam, Optimizer, Sgd};

use super::{Inputs, Mode, Step, number};

/// Numbers and the class of each row.
type Batch<B> = (Tensor<B>, Index<B>);

/// A training step by this mode; one function item cannot be generic over both, so it is a macro.
macro_rules! training {
    ($mode:expr, $model:expr, $optimizer:expr, $loss:path, $batch:expr) => {{
        use super::classifiers::repeated;
        let (model, optimizer, batch) = ($model, $optimizer, $batch);
        let step: super::Step = match $mode {
            Mode::Eager => repeated(TrainStep::eager(model, optimizer, $loss), batch),
            Mode::Compiled => repeated(TrainStep::compile(model, optimizer, $loss, &batch), batch),
            Mode::Explained => {
                super::classifiers::explained(TrainStep::compile(model, optimizer, $loss, &batch), batch)
            }
            Mode::Planned => Box::new(move || {
                let step = TrainStep::compile(model.clone(), optimizer, $loss, &batch);
                Ok(step.list().map_or(0.0, super::length))
            }),
        };
        step
    }};
}
pub(super) use training;

pub(super) fn repeated<B: Execute, M: Module<B> + 'static, X: Module<B> + 'static, O: Optimizer + 'static>(
    mut step: TrainStep<B, M, X, O>,
    batch: X,
) -> Step {
    Box::new(move || Ok(number(step.run(&batch)?)))
}

fn labelled<B: Backend, M: Layer<B, Output = Tensor<B>>>(
    model: &M,
    (x, labels): &Batch<B>,
    ctx: &mut Context<B>,
) -> Tensor<B> {
    model.forward(x, ctx).cross_entropy(labels).mean()
}

/// The same, told of.
pub(super) fn explained<B: Execute, M: Module<B> + 'static, X: Module<B> + 'static, O: Optimizer + 'static>(
    mut step: TrainStep<B, M, X, O>,
    batch: X,
) -> Step {
    Box::new(move || {
        for _ in 0..3 {
            step.run(&batch)?;
        }
        step.profile(&batch)?;
        step.explain().as_ref().map_or(Ok(0.0), super::tell)
    })
}

/// `W` alone: `softmax(X W)` against one-hot rows.
fn regression<B: Backend>(w: &Param<B>, (x, y): &(Tensor<B>, Tensor<B>), _: &mut Context<B>) -> Tensor<B> {
    -(x.matmul(w).log_softmax(-1) * y).sum_axes(&[1]).mean()
}

pub(super) fn softmax_regression<B: Execute>(mode: Mode, device: &B::Device) -> Step {
    let mut inputs = Inputs::<B>::new(device);
    let batch = (inputs.normal([10_000, 500], 1.0), inputs.below(5, [10_000]).one_hot(5));
    let w = Param::new(inputs.normal([500, 5], 0.1));
    training!(mode, w, Sgd::new(0.1), regression, batch)
}

/// The lecture's network; its two biases may be one parameter.
#[derive(Clone, Debug, Module)]
struct Lecture<B: Backend> {
    w1: Param<B>,
    b1: Param<B>,
    w2: Param<B>,
    b2: Param<B>,
    w3: Param<B>,
}

impl<B: Execute> Lecture<B> {
    fn new(inputs: &mut Inputs<B>, tied: bool) -> Self {
        let mut leaf = |shape| Param::new(inputs.normal(shape, 0.1));
        let (w1, w2, w3) = (leaf([20, 32]), leaf([32, 32]), leaf([32, 5]));
        let b1 = Param::new(inputs.normal([32], 0.1));
        let b2 = if tied { b1.clone() } else { Param::new(inputs.normal([32], 0.1)) };
        Self { w1, b1, w2, b2, w3 }
    }
}

fn lecture<B: Backend>(model: &Lecture<B>, (x, y): &(Tensor<B>, Tensor<B>), _: &mut Context<B>) -> Tensor<B> {
    let h = (x.matmul(&model.w1) + model.b1.value()).tanh();
    let h = (h.matmul(&model.w2) + model.b2.value()).tanh();
    -(h.matmul(&model.w3).log_softmax(-1) * y).sum_axes(&[1]).mean()
}

fn lecture_parts<B: Execute>(device: &B::Device, tied: bool) -> (Lecture<B>, (Tensor<B>, Tensor<B>)) {
    let mut inputs = Inputs::<B>::new(device);
    let batch = (inputs.normal([32, 20], 1.0), inputs.below(5, [32]).one_hot(5));
    (Lecture::new(&mut inputs, tied), batch)
}

pub(super) fn lecture_mlp<B: Execute>(mode: Mode, device: &B::Device, tied: bool) -> Step {
    let (model, batch) = lecture_parts::<B>(device, tied);
    training!(mode, model, Sgd::new(0.1), lecture, batch)
}

/// The sum of the first weight's gradient.
pub(super) fn one_gradient<B: Execute>(device: &B::Device) -> f64 {
    let (model, (x, y)) = lecture_parts::<B>(device, false);
    let w1 = Param::new(Tensor::<Autodiff<B>>::variable(model.w1.value().clone()));
    let constant = |x: &Tensor<B>| Tensor::<Autodiff<B>>::constant_of(x.clone());
    let fixed = |param: &Param<B>| Param::new(constant(param));
    let [b1, w2, b2, w3] = [&model.b1, &model.w2, &model.b2, &model.w3].map(fixed);
    let model = Lecture { w1, b1, w2, b2, w3 };
    let loss = lecture(&model, &(constant(&x), constant(&y)), &mut Context::evaluation());
    loss.grad(&[&model.w1]).remove(0).map_or(f64::NAN, |gradient| number(gradient.sum().item()))
}

type Mlp<B> = (Linear<B>, ReLU, Linear<B>, ReLU, Linear<B>);

fn perceptron<B: Backend>(keys: &mut Keys<B>) -> Mlp<B> {
    (Linear::new(784, 512, keys), ReLU, Linear::new(512, 256, keys), ReLU, Linear::new(256, 10, keys))
}

pub(super) fn mlp<B: Execute>(mode: Mode, device: &B::Device) -> Step {
    let mut inputs = Inputs::<B>::new(device);
    let batch = (inputs.normal([128, 784], 1.0), inputs.below(10, [128]));
    training!(mode, perceptron(&mut inputs.keys), Adam::new(1e-3), labelled, batch)
}

/// The logits of one image, of which a step answers the first. As `training`, a macro.
macro_rules! inference {
    ($mode:expr, $model:expr, $forward:path, $x:expr) => {{
        let (model, x) = ($model, $x);
        let step: Step = match $mode {
            Mode::Eager => Box::new(move || Ok(number($forward(&model, &x, &mut Context::evaluation()).0.item()))),
            Mode::Compiled => super::functions::compiled(Inference::compile(&model, $forward, &x), x),
            Mode::Explained => super::functions::explained(Inference::compile(&model, $forward, &x), x),
            Mode::Planned => Box::new(move || Ok(super::length(Inference::compile(&model, $forward, &x).list()))),
        };
        step
    }};
}

fn logits<B: Backend, M: Layer<B, Output = Tensor<B>>>(
    model: &M,
    x: &Tensor<B>,
    ctx: &mut Context<B>,
) -> (Tensor<B>, Tensor<B>) {
    let logits = model.forward(x, ctx);
    (logits.slice(1, ..1).reshape([]), logits)
}

pub(super) fn mlp_infer1<B: Execute>(mode: Mode, device: &B::Device) -> Step {
    let mut inputs = Inputs::<B>::new(device);
    let x = inputs.normal([1, 784], 1.0);
    inference!(mode, perceptron(&mut inputs.keys), logits, x)
}

type LeNet5<B> = (
    (Conv2d<B>, Tanh, AvgPool2d),
    (Conv2d<B>, Tanh, AvgPool2d),
    Flatten,
    (Linear<B>, Tanh),
    (Linear<B>, Tanh),
    Linear<B>,
);

fn lenet<B: Backend>(keys: &mut Keys<B>) -> LeNet5<B> {
    let padded = ConvOptions { padding: Padding::Zeros([2, 2]), ..ConvOptions::default() };
    (
        (Conv2d::with(1, 6, [5, 5], padded, keys), Tanh, AvgPool2d::new([2, 2])),
        (Conv2d::new(6, 16, [5, 5], keys), Tanh, AvgPool2d::new([2, 2])),
        Flatten::default(),
        (Linear::new(400, 120, keys), Tanh),
        (Linear::new(120, 84, keys), Tanh),
        Linear::new(84, 10, keys),
    )
}

pub(super) fn lenet5<B: Execute>(mode: Mode, device: &B::Device) -> Step {
    let mut inputs = Inputs::<B>::new(device);
    let batch = (inputs.normal([128, 1, 28, 28], 1.0), inputs.below(10, [128]));
    let optimizer = Sgd { momentum: 0.9, ..Sgd::new(0.01) };
    training!(mode, lenet(&mut inputs.keys), optimizer, labelled, batch)
}

pub(super) fn lenet5_infer1<B: Execute>(mode: Mode, device: &B::Device) -> Step {
    let mut inputs = Inputs::<B>::new(device);
    let x = inputs.normal([1, 1, 28, 28], 1.0);
    inference!(mode, lenet(&mut inputs.keys), logits, x)
}

/// A convolution, batch normalisation, and a rectifier.
type Block<B> = (Conv2d<B>, BatchNorm2d<B>, ReLU);
type Stage<B> = (Block<B>, Block<B>, MaxPool2d);
type Vgg<B> = (Stage<B>, Stage<B>, Stage<B>, Flatten, Linear<B>);

fn block<B: Backend>(from: usize, to: usize, keys: &mut Keys<B>) -> Block<B> {
    let options = ConvOptions { padding: Padding::Zeros([1, 1]), bias: false, ..ConvOptions::default() };
    (Conv2d::with(from, to, [3, 3], options, keys), BatchNorm2d::new(to, keys.device()), ReLU)
}

pub(super) fn vgg_small<B: Execute>(mode: Mode, device: &B::Device) -> Step {
    let mut inputs = Inputs::<B>::new(device);
    let batch = (inputs.normal([64, 3, 32, 32], 1.0), inputs.below(10, [64]));
    let keys = &mut inputs.keys;
    let mut stage = |from, to| (block(from, to, keys), block(to, to, keys), MaxPool2d::new([2, 2]));
    let stages = (stage(3, 32), stage(32, 64), stage(64, 128));
    let model: Vgg<B> = (stages.0, stages.1, stages.2, Flatten::default(), Linear::new(2048, 10, keys));
    training!(mode, model, Adam::new(1e-3), labelled, batch)
}
