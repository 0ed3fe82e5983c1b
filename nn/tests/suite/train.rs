//! Training steps: eager and compiled, tied parameters, buffers, random numbers, errors.

use autodiff_core::{Index, Tensor};
use backend_cpu::Cpu;
use nn::{
    Backend, Buffer, Context, Dropout, Keys, Layer, Linear, Module, Param, Reduction, Tanh, TrainStep, cross_entropy,
    mse_loss,
};
use optim::{Adam, Optimizer, ParamStep, Rule, Sgd, Updated};

type F32 = Cpu<f32>;
type F64 = Cpu<f64>;
type Mlp<B> = (Linear<B>, Tanh, Linear<B>);
type Labelled<B> = (Tensor<B>, Index<B>);

fn mlp<B: Backend>(seed: u64) -> Mlp<B> {
    let mut keys = Keys::new(seed, &Default::default());
    (Linear::new(4, 8, &mut keys), Tanh, Linear::new(8, 3, &mut keys))
}

fn batch<B: Backend>(seed: u64, rows: usize) -> Labelled<B> {
    let key = Index::key(seed, &Default::default());
    (Tensor::normal(&key.fold_in(0), [rows, 4]), key.fold_in(1).random_bits(1, [rows]))
}

fn classify<B: Backend>(model: &Mlp<B>, (x, labels): &Labelled<B>, ctx: &mut Context<B>) -> Tensor<B> {
    cross_entropy(&model.forward(x, ctx), labels, Reduction::Mean)
}

/// Every number of a module's parameters and buffers, widened.
fn numbers<B: Backend, M: Module<B>>(module: &M) -> Vec<u64> {
    let mut bits = Vec::new();
    module.visit(|_, tensor| bits.extend(tensor.to_data().to_f64().into_iter().map(f64::to_bits)));
    bits
}

macro_rules! check_equal {
    ($model:expr, $optimizer:expr, $loss:ident, $steps:expr, $batch:expr) => {{
        let (model, batch) = ($model, $batch);
        let mut eager = TrainStep::eager(model.clone(), $optimizer, $loss);
        let mut compiled = TrainStep::compile(model, $optimizer, $loss, &batch(0));
        for step in 0_u32..$steps {
            let batch = batch(u64::from(step));
            let (left, right) = (eager.run(&batch).unwrap(), compiled.run(&batch).unwrap());
            assert_eq!(left.to_bits(), right.to_bits(), "loss of step {step}: {left} and {right}");
        }
        let (eager, compiled) = (eager.model(), compiled.model());
        assert_eq!(numbers(&eager), numbers(&compiled));
        eager
    }};
}

mod equal;
mod halves;
mod passes;
mod schedules;
mod shapes;
mod wrapped;

#[test]
fn five_hundred_steps_of_adam_are_the_same_eager_and_compiled() {
    check_equal!(mlp::<F32>(1), Adam::new(0.01), classify, 500, |step: u64| batch::<F32>(step % 7, 6));
    check_equal!(mlp::<F64>(1), Adam { weight_decay: 0.1, ..Adam::new(0.01) }, classify, 50, |step: u64| batch::<F64>(
        step, 6
    ));
}

#[test]
fn sgd_is_the_same_eager_and_compiled() {
    let plain = Sgd::new(0.1);
    check_equal!(mlp::<F32>(2), plain, classify, 50, |step: u64| batch::<F32>(step, 5));
    let all = Sgd { momentum: 0.9, dampening: 0.2, weight_decay: 0.01, ..plain };
    check_equal!(mlp::<F32>(2), all, classify, 50, |step: u64| batch::<F32>(step, 5));
    let nesterov = Sgd { momentum: 0.9, nesterov: true, ..plain };
    check_equal!(mlp::<F32>(2), nesterov, classify, 50, |step: u64| batch::<F32>(step, 5));
}

#[test]
fn training_lowers_the_loss() {
    let batch = batch::<F32>(3, 16);
    let mut step = TrainStep::compile(mlp::<F32>(3), Adam::new(0.05), classify, &batch);
    let first = step.run(&batch).unwrap();
    for _ in 0..300 {
        step.run(&batch).unwrap();
    }
    assert!(step.run(&batch).unwrap() < first / 20.0);
    assert_eq!(step.steps(), 302);
}

#[test]
fn two_traces_at_different_steps_are_equal_lists() {
    let batch = batch::<F32>(3, 4);
    let mut step = TrainStep::compile(mlp::<F32>(3), Adam::new(0.05), classify, &batch);
    let fresh = step.list().unwrap().clone();
    for _ in 0..5 {
        step.run(&batch).unwrap();
    }
    let later = TrainStep::compile(step.model(), Adam::new(0.001), classify, &batch);
    assert!(*later.list().unwrap() == fresh);
}

/// `(w1 w2 - 6)^2`
fn product<B: Backend>((first, second): &(Param<B>, Param<B>), (): &(), _: &mut Context<B>) -> Tensor<B> {
    (first.value() * second.value() - 6.0).square()
}

#[test]
fn a_tied_parameter_is_updated_once_with_the_sum_of_its_gradients() {
    let param = Param::new(Tensor::<F64>::scalar(2.0, &Default::default()));
    let tied = (param.clone(), param);
    let check = |model: (Param<F64>, Param<F64>)| {
        // d/dw (w w - 6)^2 = 4 w (w w - 6) = -16 at w = 2.
        assert_eq!(model.0.item(), 2.0 + 16.0 * 0.01);
        assert_eq!(model.1.item(), model.0.item());
        assert_eq!(model.1.id(), model.0.id());
    };
    let mut eager = TrainStep::eager(tied.clone(), Sgd::new(0.01), product);
    eager.run(&()).unwrap();
    check(eager.model());
    let mut compiled = TrainStep::compile(tied, Sgd::new(0.01), product, &());
    compiled.run(&()).unwrap();
    check(compiled.model());
    assert_eq!(compiled.list().unwrap().outputs().len(), 2);
}

/// Keeps a running mean of its input and subtracts it.
#[derive(Clone, Debug, Module)]
struct Centre<B: Backend> {
    mean: Buffer<B>,
    fixed: Tensor<B>,
}

impl<B: Backend> Layer<B> for Centre<B> {
    type Output = Tensor<B>;
    fn forward(&self, x: &Tensor<B>, ctx: &mut Context<B>) -> Tensor<B> {
        let mean = ctx.buffer(&self.mean) * 0.9 + x.mean_axes(&[0]) * 0.1;
        if ctx.is_training() {
            ctx.set_buffer(&self.mean, mean);
        }
        (x - self.mean.value()) * &self.fixed
    }
}

type Noisy<B> = (Centre<B>, Linear<B>, Dropout, Centre<B>, Param<B>);

fn noisy_loss<B: Backend>(model: &Noisy<B>, (x, t): &(Tensor<B>, Tensor<B>), ctx: &mut Context<B>) -> Tensor<B> {
    let y = model.1.forward(&model.0.forward(x, ctx));
    let y = model.3.forward(&model.2.forward(&y, ctx), ctx);
    mse_loss(&y, t, Reduction::Mean)
}

fn noisy() -> Noisy<F32> {
    let centre = |n: usize| Centre {
        mean: Buffer::new(Tensor::zeros([n], &Default::default())),
        fixed: Tensor::full([n], 0.5, &Default::default()),
    };
    let mut keys = Keys::new(4, &Default::default());
    let unused = Param::new(Tensor::ones([3], &Default::default()));
    (centre(4), Linear::new(4, 2, &mut keys), Dropout::default(), centre(2), unused)
}

#[test]
fn buffers_and_random_numbers_are_the_same_eager_and_compiled() {
    let batch = |seed: u64| {
        let key = Index::<F32>::key(seed, &Default::default());
        (Tensor::normal(&key.fold_in(0), [6, 4]), Tensor::normal(&key.fold_in(1), [6, 2]))
    };
    let trained = check_equal!(noisy(), Adam::new(0.01), noisy_loss, 40, batch);
    assert!(trained.0.mean.to_vec().iter().all(|mean| *mean != 0.0));
    // The loss does not depend on it, so it stays, as in PyTorch.
    assert_eq!(trained.4.to_vec(), [1.0; 3]);
}

/// Two buffers that get one value, and one that keeps its own: outputs that are inputs, and one output twice.
type Kept<B> = (Param<B>, Buffer<B>, Buffer<B>, Buffer<B>);

fn keeping<B: Backend>(model: &Kept<B>, x: &Tensor<B>, ctx: &mut Context<B>) -> Tensor<B> {
    ctx.set_buffer(&model.1, x.clone());
    ctx.set_buffer(&model.2, x.clone());
    ctx.set_buffer(&model.3, model.3.value().clone());
    (model.0.value() * x).sum()
}

#[test]
fn a_buffer_may_become_the_input_or_stay() {
    let tensor = |value| Tensor::<F32>::full([2], value, &Default::default());
    let model = (Param::new(tensor(1.0)), Buffer::new(tensor(2.0)), Buffer::new(tensor(3.0)), Buffer::new(tensor(4.0)));
    let trained = check_equal!(model, Sgd::new(0.1), keeping, 3, |step: u64| tensor(
        [5.0, 6.0, 7.0][usize::try_from(step).unwrap()]
    ));
    assert_eq!((trained.1.to_vec(), trained.3.to_vec()), (vec![7.0; 2], vec![4.0; 2]));
    assert_eq!(trained.2.to_vec(), trained.1.to_vec());
}

/// The fraction of a mask that was kept, as loss: what was drawn, made visible.
fn drawn<B: Backend>(model: &Param<B>, (): &(), ctx: &mut Context<B>) -> Tensor<B> {
    Dropout::default().forward(model, ctx).sum()
}

#[test]
fn every_step_draws_anew_and_the_seed_decides_what() {
    let model = Param::new(Tensor::<F32>::ones([1000], &Default::default()));
    let losses = |seed: u64| {
        let mut step = TrainStep::compile(model.clone(), Sgd::new(0.0), drawn, &()).with_seed(seed);
        (0..3).map(|_| step.run(&()).unwrap()).collect::<Vec<f32>>()
    };
    let first = losses(1);
    assert!(first[0] != first[1] && first[1] != first[2]);
    assert_eq!(losses(1), first);
    assert_ne!(losses(2), first);
}

#[test]
fn the_learning_rate_can_change_without_another_trace() {
    let batch = batch::<F32>(3, 4);
    let mut step = TrainStep::compile(mlp::<F32>(3), Sgd::default(), classify, &batch);
    step.set_lr(0.0);
    let before = numbers(&step.model());
    step.run(&batch).unwrap();
    assert_eq!(numbers(&step.model()), before);
    step.set_lr(0.5);
    step.run(&batch).unwrap();
    assert_ne!(numbers(&step.model()), before);
    assert_eq!(step.lr(), 0.5);
}

#[test]
fn a_label_out_of_range_is_an_error_of_the_compiled_step_and_changes_nothing() {
    let good = batch::<F32>(0, 4);
    let bad = (good.0.clone(), Index::new(&[0, 1, 7, 2], [4]));
    let mut step = TrainStep::compile(mlp::<F32>(3), Adam::default(), classify, &good);
    step.run(&good).unwrap();
    let before = numbers(&step.model());
    let error = step.run(&bad).unwrap_err();
    assert!(error.to_string().contains('7'), "{error}");
    assert_eq!(numbers(&step.model()), before);
    step.run(&good).unwrap();
    assert_eq!(step.steps(), 2);
}

#[test]
fn the_list_names_what_it_reads_and_writes() {
    let batch = batch::<F32>(0, 4);
    let model = (mlp::<F32>(3).0,);
    fn loss<B: Backend>(model: &(Linear<B>,), (x, labels): &Labelled<B>, ctx: &mut Context<B>) -> Tensor<B> {
        cross_entropy(&model.forward(x, ctx), labels, Reduction::Mean)
    }
    let step = TrainStep::compile(model, Sgd { momentum: 0.9, ..Sgd::default() }, loss, &batch);
    let list = step.list().unwrap();
    let inputs: Vec<_> = list.inputs().iter().map(|var| list[*var].instruction.name()).collect();
    let expected = [
        "model.0.weight",
        "model.0.bias",
        "state.0.weight.momentum_buffer",
        "state.0.bias.momentum_buffer",
        "batch.0",
        "batch.1",
        "lr",
        "step",
        "key",
    ];
    assert_eq!(inputs, expected);
    assert_eq!(list.outputs()[0].0, "loss");
    assert_eq!(list.outputs()[1].0, "new.model.0.weight");
    assert_eq!(list.outputs()[3].0, "new.state.0.weight.momentum_buffer");
}

#[test]
#[should_panic(expected = "backward: the loss must have one element, its shape is [4]")]
fn a_loss_for_each_example_is_refused() {
    fn each<B: Backend>(model: &Mlp<B>, (x, labels): &Labelled<B>, ctx: &mut Context<B>) -> Tensor<B> {
        cross_entropy(&model.forward(x, ctx), labels, Reduction::None)
    }
    let _ = TrainStep::compile(mlp::<F32>(3), Sgd::default(), each, &batch(0, 4));
}

#[test]
#[should_panic(expected = "sgd: Nesterov's momentum needs a momentum above 0 and no dampening")]
fn settings_that_contradict_each_other_are_refused() {
    let _ = TrainStep::compile(mlp::<F32>(3), Sgd { nesterov: true, ..Sgd::default() }, classify, &batch(0, 4));
}

/// A parameter that some steps reach and others do not counts its own updates.
#[test]
fn adam_counts_the_updates_of_each_parameter() {
    let param = |value| Param::new(Tensor::<F64>::scalar(value, &Default::default()));
    fn choose<B: Backend>(model: &(Param<B>, Param<B>), which: &usize, _: &mut Context<B>) -> Tensor<B> {
        if *which == 0 { model.0.square() } else { model.1.square() }
    }
    let mut step = TrainStep::eager((param(1.0), param(1.0)), Adam::new(0.1), choose);
    for which in [0, 0, 0, 1_usize] {
        step.run(&which).unwrap();
    }
    // Adam's first step has the length of the learning rate.
    assert!((step.model().1.item() - 0.9).abs() < 1e-8);
    assert_eq!(step.lr(), 0.1);
}

/// Plain descent, but for what it answers.
#[derive(Clone, Copy, Debug)]
struct Careless {
    slots: usize,
    answered: usize,
}

impl Rule for Careless {
    fn lr(&self) -> f64 {
        0.1
    }
    fn init<B: Backend>(&self, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        vec![("slot", param.zeros_like()); self.slots]
    }
    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        state: &[Tensor<B>],
        at: &optim::StepInputs<B>,
    ) -> Updated<B> {
        (param - &at.lr * grad, vec![state[0].clone(); self.answered])
    }
}

#[test]
#[should_panic(expected = "optimizer: parameter `0.weight` has two slots `slot`: [\"slot\", \"slot\"]")]
fn an_optimizer_names_each_slot_differently() {
    let optimizer = Careless { slots: 2, answered: 2 };
    let _ = TrainStep::compile(mlp::<F32>(1), optimizer, classify, &batch(0, 6));
}

#[test]
#[should_panic(expected = "optimizer: parameter `0.weight` and its state are")]
fn an_optimizer_answers_each_slot() {
    let optimizer = Careless { slots: 1, answered: 2 };
    let _ = TrainStep::compile(mlp::<F32>(1), optimizer, classify, &batch(0, 6));
}

/// Forgets all parameters but the first.
#[derive(Clone, Copy, Debug)]
struct Forgetful;

impl Optimizer for Forgetful {
    fn base_lr(&self) -> f64 {
        0.1
    }
    fn initial_state<B: Backend>(&self, _: &str, _: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        Vec::new()
    }
    fn step<B: Backend>(&self, params: &[ParamStep<'_, B>]) -> Vec<Updated<B>> {
        params[..1].iter().map(|param| (param.value.clone(), Vec::new())).collect()
    }
}

#[test]
#[should_panic(expected = "optimizer: 4 parameters given, 1 answered")]
fn an_optimizer_answers_each_parameter() {
    let _ = TrainStep::compile(mlp::<F32>(1), Forgetful, classify, &batch(0, 6));
}

#[test]
#[should_panic(expected = "module: `1` is [2], but the parameter that it is tied to is [1]")]
fn a_tied_parameter_has_one_shape() {
    let param = Param::new(Tensor::<F32>::new(&[1.0], [1]));
    let other = param.with_value(Tensor::<F32>::new(&[1.0, 2.0], [2]));
    let _ = (param, other).variables();
}

#[test]
fn adam_leaves_a_half_alone_that_has_no_gradient() {
    use autodiff_core::f16;
    let (adam, x) = (Adam::new(0.1), Tensor::<Cpu<f16>>::new(&[1.0, 1.0], [2]));
    let gradient = Tensor::new(&[0.0, 1.0], [2]);
    let at = optim::StepInputs::new(adam.lr, 1, x.device());
    let (x, _) = adam.update(&x, &gradient, &[x.zeros_like(), x.zeros_like()], &at);
    assert_eq!(x.to_vec()[0], f16::from_f32(1.0));
    assert!(x.to_vec()[1] < f16::from_f32(0.95));
}
