//! The lecture's two-layer network, trained by SGD as one planned list: no allocation in a step, and the eager step's bits.

use autodiff_core::{Data, DataBuf, DataMut, Index, Tensor};
use backend_cpu::{Cpu, PlanBuf, ScalarKernels, WorkspaceBuf};
use nn::{Backend, Context, Module, Param, Reduction, TrainStep, cross_entropy_soft};
use optim::Sgd;

type B = Cpu<f32>;

/// X W1 + B1, tanh, W2 + B2, tanh, W3; B1 and B2 may be one parameter.
#[derive(Clone, Debug, Module)]
struct LectureMlp<B: Backend> {
    w1: Param<B>,
    b1: Param<B>,
    w2: Param<B>,
    b2: Param<B>,
    w3: Param<B>,
}

impl<B: Backend> LectureMlp<B> {
    fn new(tied: bool) -> Self {
        let key = Index::<B>::key(5, &Default::default());
        let weight = |n: u32, shape: [usize; 2]| Param::new(Tensor::normal(&key.fold_in(n), shape) * 0.3);
        let bias = || Param::new(Tensor::zeros([32], &Default::default()));
        let b1 = bias();
        let b2 = if tied { b1.clone() } else { bias() };
        Self { w1: weight(1, [20, 32]), b1, w2: weight(2, [32, 32]), b2, w3: weight(3, [32, 5]) }
    }

    fn logits(&self, x: &Tensor<B>) -> Tensor<B> {
        let h = (x.matmul(self.w1.value()) + self.b1.value()).tanh();
        let h = (h.matmul(self.w2.value()) + self.b2.value()).tanh();
        h.matmul(self.w3.value())
    }
}

type Batch<B> = (Tensor<B>, Tensor<B>);

fn loss<B: Backend>(model: &LectureMlp<B>, (x, y): &Batch<B>, _: &mut Context<B>) -> Tensor<B> {
    cross_entropy_soft(&model.logits(x), y, Reduction::Mean)
}

/// 32 points in five clusters.
fn batch() -> Batch<B> {
    let key = Index::key(9, &Default::default());
    let labels: Vec<i32> = (0..32).map(|row| row % 5).collect();
    let labels = Index::<B>::new(&labels, [32]);
    let centres = Tensor::normal(&key.fold_in(1), [5, 20]);
    (centres.index_select(0, &labels) + Tensor::normal(&key.fold_in(2), [32, 20]) * 0.5, labels.one_hot(5))
}

fn bits(tensors: &[Tensor<B>]) -> Vec<Vec<u32>> {
    tensors.iter().map(|t| t.to_vec().into_iter().map(f32::to_bits).collect()).collect()
}

/// Runs `steps` steps of the plan over host memory, checking that none but the first allocates.
fn planned(step: &TrainStep<B, LectureMlp<B>, Batch<B>, Sgd>, model: &LectureMlp<B>, steps: u16) -> Vec<Tensor<B>> {
    let list = step.list().unwrap();
    let plan = PlanBuf::new(list);
    let mut room = WorkspaceBuf::new(plan.as_plan().workspace());
    let parameters = model.parameters();
    let mut old: Vec<DataBuf<f32>> = parameters.iter().map(Tensor::to_data).collect();
    let mut new = old.clone();
    let (x, y) = batch();
    let (x, y, mut loss) = (x.to_vec(), y.to_vec(), [0.0]);
    for number in 1..=steps {
        let (lr, count, key) = ([0.1], [f32::from(number)], [0, 0]);
        let mut inputs = [Data::Index(&[]); 10];
        let last = [Data::Elem(&x), Data::Elem(&y), Data::Elem(&lr), Data::Elem(&count), Data::Index(&key)];
        let given = old.iter().map(DataBuf::as_data).chain(last);
        let inputs = &mut inputs[..parameters.len() + 5];
        inputs.iter_mut().zip(given).for_each(|(slot, data)| *slot = data);
        let mut rooms = new.iter_mut().map(DataBuf::as_data_mut);
        let mut outputs: [DataMut<'_, f32>; 6] = core::array::from_fn(|i| {
            if i == 0 { DataMut::Index(&mut []) } else { rooms.next().unwrap_or(DataMut::Index(&mut [])) }
        });
        outputs[0] = DataMut::Elem(&mut loss);
        let outputs = &mut outputs[..=parameters.len()];
        let info = allocation_counter::measure(|| {
            plan.as_plan().run_in::<ScalarKernels>(room.borrow(), inputs, outputs).unwrap();
        });
        assert_eq!((info.count_total, info.bytes_total), (0, 0), "step {number} allocates");
        core::mem::swap(&mut old, &mut new);
    }
    old.iter().zip(&parameters).map(|(data, p)| Tensor::from_data(data.as_data(), p.shape(), p.device())).collect()
}

#[track_caller]
fn check(tied: bool) {
    const STEPS: u16 = 100;
    let model = LectureMlp::<B>::new(tied);
    let mut eager = TrainStep::eager(model.clone(), Sgd::new(0.1), loss);
    let mut compiled = TrainStep::compile(model.clone(), Sgd::new(0.1), loss, &batch());
    let start = eager.run(&batch()).unwrap();
    for _ in 1..STEPS {
        eager.run(&batch()).unwrap();
    }
    let trained = bits(&eager.model().parameters());
    assert_eq!(trained.len(), if tied { 4 } else { 5 }, "a tied parameter is one");
    assert_eq!(bits(&planned(&compiled, &model, STEPS)), trained);
    for _ in 0..STEPS {
        compiled.run(&batch()).unwrap();
    }
    assert_eq!(bits(&compiled.model().parameters()), trained);
    assert!(eager.run(&batch()).unwrap() < start / 4.0, "it learns");
}

#[test]
fn a_planned_step_allocates_nothing_and_has_the_eager_steps_bits() {
    check(false);
}

#[test]
fn and_so_with_a_tied_bias() {
    check(true);
}

#[test]
fn a_later_trace_is_an_equal_list() {
    let model = LectureMlp::<B>::new(false);
    let mut first = TrainStep::compile(model, Sgd::new(0.1), loss, &batch());
    for _ in 0..3 {
        first.run(&batch()).unwrap();
    }
    let second = TrainStep::compile(first.model(), Sgd::new(0.01), loss, &batch());
    assert_eq!(first.list().unwrap(), second.list().unwrap());
}

#[test]
fn ten_thousand_steps_leave_no_memory_behind() {
    let small = |tensor: &Tensor<B>| tensor.slice(0, ..4);
    let batch = (small(&batch().0), small(&batch().1));
    let mut eager = TrainStep::eager(LectureMlp::<B>::new(true), Sgd::new(0.1), loss);
    let mut compiled = TrainStep::compile(LectureMlp::<B>::new(true), Sgd::new(0.1), loss, &batch);
    let mut steps = |count: usize| {
        let run = |step: &mut TrainStep<_, _, _, _>| {
            for _ in 0..count {
                step.run(&batch).unwrap();
            }
        };
        let info = allocation_counter::measure(|| {
            run(&mut eager);
            run(&mut compiled);
        });
        (info.count_current, info.bytes_current, info.bytes_max)
    };
    let (.., few) = steps(10);
    let (count, bytes, many) = steps(10_000);
    assert_eq!((count, bytes), (0, 0), "allocations and bytes still held");
    assert!(many <= few, "{many} bytes at the peak of ten thousand steps, {few} of ten");
}

/// What `ARCHITECTURE.md` shows of this step is what it is.
#[test]
fn the_architecture_shows_this_step() {
    let shown = include_str!("../../../ARCHITECTURE.md");
    let step = TrainStep::compile(LectureMlp::<B>::new(false), Sgd::new(0.1), loss, &batch());
    let explanation = step.explain().unwrap();
    let list = |name: &str| explanation.stages.iter().find(|stage| stage.name == name).unwrap().list.to_string();
    let plan = explanation.instructions.join("\n") + "\n";
    let missing: Vec<String> =
        [list("traced"), list("accumulate"), plan].into_iter().filter(|text| !shown.contains(text)).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md does not show this:\n{}", missing.join("\n"));
}
