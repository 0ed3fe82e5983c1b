//! Checkpointing saves the memory that theory says, eagerly and planned.
//!
//! A layer is `y = sin(w x)` with a weight for each element, so that its rules keep two tensors of one size `s`: `x` for
//! the weight's gradient and `w x` for the sine's; `w x` alone where the weights are constants. Weights and gradients are
//! the caller's and not counted. With `n` layers that keep `k` tensors each
//!
//! ```text
//! plain               k n s               all that was kept, when the backward pass begins
//! segments of m       n / m s + k m s     the inputs of the segments, and what was kept of one of them
//! ```

use autodiff_core::{Backend, Data, DataBuf, DataMut, Segment, Spec, Tensor, Trace, WengertList, checkpoint};
use backend_cpu::{Cpu, PlanBuf, ScalarKernels, WorkspaceBuf};

const LAYERS: usize = 256;
/// Layers of a segment.
const PART: usize = 16;

/// What theory says, in tensors of one size, where a layer keeps `kept` of them.
fn theory(kept: usize) -> [f64; 2] {
    [kept * LAYERS, LAYERS / PART + kept * PART].map(|tensors| tensors as f64)
}

/// Layers one after another, a weight for each.
#[derive(Clone, Debug, PartialEq)]
struct Layers;

impl Segment for Layers {
    fn run<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B> {
        inputs[1..].iter().fold(inputs[0].clone(), |x, w| (x * w).sin())
    }
}

/// The gradients of the sum of the last layer's result, for the input and all weights.
fn gradients<B: Backend>(inputs: &[Tensor<B>], checkpointed: bool) -> Vec<Tensor<B>> {
    let x: Vec<_> = inputs.iter().map(|x| Tensor::variable(x.clone())).collect();
    let gradients = loss(&x, checkpointed).backward();
    x.iter().map(|x| gradients.get(x).expect("every layer counts").clone()).collect()
}

fn loss<B: Backend>(x: &[Tensor<B>], checkpointed: bool) -> Tensor<B> {
    let mut y = x[0].clone();
    for weights in x[1..].chunks(PART) {
        let inputs: Vec<&Tensor<_>> = core::iter::once(&y).chain(weights).collect();
        y = if checkpointed {
            checkpoint(&Layers, &inputs)
        } else {
            Layers.run(&inputs.into_iter().cloned().collect::<Vec<_>>())
        };
    }
    y.sum()
}

fn list(size: usize, checkpointed: bool) -> WengertList<f64> {
    let names = |letter: char| (0..=LAYERS).map(|layer| format!("{letter}{layer}")).collect::<Vec<_>>();
    let (inputs, outputs) = (names('w'), names('d'));
    let specs: Vec<_> = inputs.iter().map(|name| (&name[..], Spec::elem([size]))).collect();
    WengertList::trace(&specs, |x| outputs.iter().map(|name| &name[..]).zip(gradients::<Trace<f64>>(x, checkpointed)))
}

fn inputs(size: usize) -> Vec<Vec<f64>> {
    let number = |i: usize| 0.5 + (i * 37 % 23) as f64 / 16.0;
    (0..=LAYERS).map(|layer| (0..size).map(|i| number(layer * 7 + i)).collect()).collect()
}

/// Within 20%, and so is the ratio of the two.
#[track_caller]
fn check(kept: usize, plain: f64, checkpointed: f64) {
    let near = |found: f64, expected: f64| (found / expected - 1.0).abs() <= 0.2;
    let [all, some] = theory(kept);
    assert!(near(plain, all), "plain: {plain} tensors, {all} expected");
    assert!(near(checkpointed, some), "checkpointed: {checkpointed} tensors, {some} expected");
    assert!(
        near(plain / checkpointed, all / some),
        "memory falls by {}, {} expected",
        plain / checkpointed,
        all / some
    );
}

#[test]
fn a_planned_step_needs_the_memory_that_theory_says() {
    const SIZE: usize = 32;
    let workspace = |checkpointed| {
        let plan = PlanBuf::new(&list(SIZE, checkpointed));
        plan.as_plan().workspace().elems as f64 / SIZE as f64
    };
    check(2, workspace(false), workspace(true));
}

#[test]
fn the_lists_own_estimate_agrees() {
    const SIZE: usize = 32;
    let names: Vec<String> = (0..=LAYERS).map(|layer| format!("w{layer}")).collect();
    let specs: Vec<_> = names.iter().map(|name| (&name[..], Spec::elem([SIZE]))).collect();
    // One output, since those count to the end: the input's gradient, which needs no weight's.
    let peak = |checkpointed| {
        let list = WengertList::<f64>::trace(&specs, |x| [("d", input_gradient(x, checkpointed))]);
        list.cost().peak as f64 / (8 * SIZE) as f64
    };
    check(1, peak(false), peak(true));
}

#[test]
fn an_eager_gradient_needs_the_memory_that_theory_says() {
    const SIZE: usize = 8192;
    let x: Vec<Tensor<Cpu<f64>>> = inputs(SIZE).iter().map(|x| Tensor::new(x, [SIZE])).collect();
    let peak = |checkpointed| {
        let info = allocation_counter::measure(|| drop(input_gradient(&x, checkpointed)));
        info.bytes_max as f64 / (8 * SIZE) as f64
    };
    check(1, peak(false), peak(true));
}

/// The gradient for the input alone.
fn input_gradient<B: Backend>(inputs: &[Tensor<B>], checkpointed: bool) -> Tensor<B> {
    let mut x: Vec<_> = inputs.iter().map(|x| Tensor::constant_of(x.clone())).collect();
    x[0] = Tensor::variable(inputs[0].clone());
    let gradients = loss(&x, checkpointed).backward();
    gradients.get(&x[0]).expect("the input counts").clone()
}

#[test]
fn planned_and_eager_gradients_have_the_same_bits_with_and_without() {
    const SIZE: usize = 5;
    let x = inputs(SIZE);
    let tensors: Vec<Tensor<Cpu<f64>>> = x.iter().map(|x| Tensor::new(x, [SIZE])).collect();
    let expected: Vec<_> = gradients(&tensors, false).iter().map(Tensor::to_data).collect();
    for (checkpointed, eager) in [true, false].map(|c| (c, gradients(&tensors, c))) {
        let plan = PlanBuf::new(&list(SIZE, checkpointed));
        let mut room = WorkspaceBuf::new(plan.as_plan().workspace());
        let given: Vec<Data<'_, f64>> = x.iter().map(|x| Data::Elem(x)).collect();
        let mut planned = vec![DataBuf::Elem(vec![0.0; SIZE]); x.len()];
        let mut taken: Vec<DataMut<'_, f64>> = planned.iter_mut().map(DataBuf::as_data_mut).collect();
        plan.as_plan().run_in::<ScalarKernels>(room.borrow(), &given, &mut taken).unwrap();
        for ((planned, eager), expected) in planned.iter().zip(&eager).zip(&expected) {
            assert!(planned.same_bits(expected) && eager.to_data().same_bits(expected));
        }
    }
}
