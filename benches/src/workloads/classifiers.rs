//! Classifiers: softmax regression, perceptrons, convolutional networks.

use autodiff_core::{Autodiff, Backend, Conv, Execute, Index, Pool, Tensor};
use nn::{Buffer, Context, Flatten, Keys, Layer, Linear, Module, Param, ReLU, Tanh, TrainStep, init};
use optim::{Adam, Optimizer, Sgd};

use super::{Inputs, Mode, Step, number};

/// Numbers and the class of each row.
type Batch<B> = (Tensor<B>, Index<B>);

/// A training step by this mode; one function item cannot be generic over both, so it is a macro.
macro_rules! training {
    ($mode:expr, $model:expr, $optimizer:expr, $loss:path, $batch:expr) => {{
        let (model, optimizer, batch) = ($model, $optimizer, $batch);
        let step = match $mode {
            Mode::Eager => TrainStep::eager(model, optimizer, $loss),
            Mode::Compiled => TrainStep::compile(model, optimizer, $loss, &batch),
        };
        super::classifiers::repeated(step, batch)
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

pub(super) fn mlp_infer1<B: Execute>(device: &B::Device) -> Step {
    let mut inputs = Inputs::<B>::new(device);
    let (x, model) = (inputs.normal([1, 784], 1.0), perceptron(&mut inputs.keys));
    Box::new(move || Ok(number(model.forward(&x, &mut Context::evaluation()).slice(1, ..1).reshape([]).item())))
}

/// A convolution with square windows; what it is behind is up to the fields.
#[derive(Clone, Debug, Module)]
struct Conv2d<B: Backend> {
    weight: Param<B>,
    bias: Option<Param<B>>,
    padding: usize,
}

impl<B: Backend> Conv2d<B> {
    fn new([inputs, outputs]: [usize; 2], size: usize, padding: usize, bias: bool, keys: &mut Keys<B>) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let bound = ((inputs * size * size) as f64).powf(-0.5);
        let weight = init::uniform(&keys.next_key(), [outputs, inputs, size, size], -bound, bound);
        let bias = bias.then(|| Param::new(init::uniform(&keys.next_key(), [outputs], -bound, bound)));
        Self { weight: Param::new(weight), bias, padding }
    }
}

impl<B: Backend> Layer<B> for Conv2d<B> {
    type Output = Tensor<B>;
    fn forward(&self, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
        let conv = Conv { padding: [self.padding; 2], ..Conv::default() };
        x.conv2d(&self.weight, self.bias.as_deref(), conv)
    }
}

/// The mean of each two by two numbers.
#[derive(Clone, Copy, Debug, Module)]
struct AvgPool;

impl<B: Backend> Layer<B> for AvgPool {
    type Output = Tensor<B>;
    fn forward(&self, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
        x.avg_pool2d(Pool::new([2, 2]))
    }
}

/// The largest of each two by two numbers.
#[derive(Clone, Copy, Debug, Module)]
struct MaxPool;

impl<B: Backend> Layer<B> for MaxPool {
    type Output = Tensor<B>;
    fn forward(&self, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
        x.max_pool2d(Pool::new([2, 2]))
    }
}

type LeNet5<B> =
    ((Conv2d<B>, Tanh, AvgPool), (Conv2d<B>, Tanh, AvgPool), Flatten, (Linear<B>, Tanh), (Linear<B>, Tanh), Linear<B>);

fn lenet<B: Backend>(keys: &mut Keys<B>) -> LeNet5<B> {
    (
        (Conv2d::new([1, 6], 5, 2, true, keys), Tanh, AvgPool),
        (Conv2d::new([6, 16], 5, 0, true, keys), Tanh, AvgPool),
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

pub(super) fn lenet5_infer1<B: Execute>(device: &B::Device) -> Step {
    let mut inputs = Inputs::<B>::new(device);
    let (x, model) = (inputs.normal([1, 1, 28, 28], 1.0), lenet(&mut inputs.keys));
    Box::new(move || Ok(number(model.forward(&x, &mut Context::evaluation()).slice(1, ..1).reshape([]).item())))
}

/// A convolution, batch normalisation with running statistics, and a rectifier.
#[derive(Clone, Debug, Module)]
struct Block<B: Backend> {
    conv: Conv2d<B>,
    weight: Param<B>,
    bias: Param<B>,
    mean: Buffer<B>,
    variance: Buffer<B>,
}

impl<B: Backend> Block<B> {
    fn new(channels: [usize; 2], keys: &mut Keys<B>) -> Self {
        let [zeros, ones] = [0.0, 1.0].map(|value| Tensor::full([channels[1]], value, keys.device()));
        Self {
            conv: Conv2d::new(channels, 3, 1, false, keys),
            weight: Param::new(ones.clone()),
            bias: Param::new(zeros.clone()),
            mean: Buffer::new(zeros),
            variance: Buffer::new(ones),
        }
    }
}

impl<B: Backend> Layer<B> for Block<B> {
    type Output = Tensor<B>;
    fn forward(&self, x: &Tensor<B>, ctx: &mut Context<B>) -> Tensor<B> {
        let x = self.conv.forward(x, ctx);
        let (y, mean, variance) = x.batch_norm_train(Some(&self.weight), Some(&self.bias), 1e-5);
        for (buffer, new) in [(&self.mean, mean), (&self.variance, variance)] {
            ctx.set_buffer(buffer, (ctx.buffer(buffer) * 0.9 + new * 0.1).detach());
        }
        y.relu()
    }
}

type Stage<B> = (Block<B>, Block<B>, MaxPool);
type Vgg<B> = (Stage<B>, Stage<B>, Stage<B>, Flatten, Linear<B>);

pub(super) fn vgg_small<B: Execute>(mode: Mode, device: &B::Device) -> Step {
    let mut inputs = Inputs::<B>::new(device);
    let batch = (inputs.normal([64, 3, 32, 32], 1.0), inputs.below(10, [64]));
    let keys = &mut inputs.keys;
    let mut stage = |from, to| (Block::new([from, to], keys), Block::new([to, to], keys), MaxPool);
    let stages = (stage(3, 32), stage(32, 64), stage(64, 128));
    let model: Vgg<B> = (stages.0, stages.1, stages.2, Flatten::default(), Linear::new(2048, 10, keys));
    training!(mode, model, Adam::new(1e-3), labelled, batch)
}
