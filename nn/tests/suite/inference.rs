//! Compiled inference: the same bits as eager, batches of several shapes, other weights, several answers, errors, memory.

use autodiff_core::{Autodiff, DataMut, Index, Passes, Tensor};
use backend_cpu::Cpu;
use nn::{Backend, BatchNorm1d, Context, Dropout, Embedding, Inference, Keys, Layer, Linear, Module, Param, Tanh};

type F32 = Cpu<f32>;
type Model<B> = (Linear<B>, BatchNorm1d<B>, (Tanh, Dropout), Linear<B>);

fn model(seed: u64) -> Model<F32> {
    let mut keys = Keys::new(seed, &Default::default());
    let device = Default::default();
    let (tanh, dropout) = (Tanh, Dropout { p: 0.5 });
    (Linear::new(3, 8, &mut keys), BatchNorm1d::new(8, &device), (tanh, dropout), Linear::new(8, 2, &mut keys))
}

fn rows(seed: u64, count: usize) -> Tensor<F32> {
    Tensor::normal(&Index::key(seed, &Default::default()), [count, 3])
}

fn forward<B: Backend>(model: &Model<B>, x: &Tensor<B>, ctx: &mut Context<B>) -> Tensor<B> {
    model.forward(x, ctx)
}

fn eager(model: &Model<F32>, x: &Tensor<F32>) -> Vec<u32> {
    bits(&forward(model, x, &mut Context::evaluation()))
}

fn bits(x: &Tensor<F32>) -> Vec<u32> {
    x.to_vec().into_iter().map(f32::to_bits).collect()
}

#[test]
fn it_answers_what_eager_evaluation_does_for_batches_of_any_shape() {
    let model = model(1);
    let mut inference = Inference::compile(&model, forward, &rows(0, 4));
    for (seed, count) in [(1, 4), (2, 1), (3, 4), (4, 7), (5, 1), (6, 0)] {
        let x = rows(seed, count);
        assert_eq!(bits(&inference.run(&x).unwrap()), eager(&model, &x));
    }
    let rows: Vec<_> = inference.traces().iter().map(|trace| trace.batch[0].1.shape[0]).collect();
    assert_eq!(rows, [4, 1, 7, 0]);
    assert_eq!(inference.traces()[0].to_string(), "step 1: compiled 29 assignments for batch [4, 3]");
}

#[test]
fn other_weights_need_no_other_list() {
    let (first, second, x) = (model(1), model(2), rows(0, 4));
    let mut inference = Inference::compile(&first, forward, &x);
    inference.set_model(&second);
    assert_eq!(bits(&inference.run(&x).unwrap()), eager(&second, &x));
    inference.set_model(&first);
    assert_eq!(bits(&inference.run(&x).unwrap()), eager(&first, &x));
    assert_eq!(inference.traces().len(), 1);
}

#[test]
#[should_panic(expected = "inference: compiled for `model.weight` of [2, 3], given `model.weight` of [4, 3]")]
fn weights_of_another_shape_are_refused() {
    fn forward<B: Backend>(model: &Linear<B>, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
        model.forward(x)
    }
    let mut keys = Keys::<F32>::new(1, &Default::default());
    let mut inference = Inference::compile(&Linear::new(3, 2, &mut keys), forward, &rows(0, 4));
    inference.set_model(&Linear::new(3, 4, &mut keys));
}

#[expect(clippy::ptr_arg, reason = "a batch is a vector")]
/// A number of answers that depends on the batch, and indices among them.
fn several<B: Backend>(x: &Param<B>, batch: &Vec<Tensor<B>>, _: &mut Context<B>) -> (Vec<Tensor<B>>, Index<B>) {
    let sums: Vec<_> = batch.iter().map(|y| y + x.value()).collect();
    let largest = sums[0].argmax(0);
    (sums, largest)
}

#[test]
fn answers_have_the_structure_that_the_function_gives_them() {
    let x = Param::new(Tensor::<F32>::new(&[1.0, 2.0], [2]));
    let batch = |count| vec![Tensor::<F32>::new(&[5.0, 3.0], [2]); count];
    let mut inference = Inference::compile(&x, several, &batch(1));
    for count in [1, 3, 1] {
        let (sums, largest) = inference.run(&batch(count)).unwrap();
        assert_eq!(sums.iter().map(Tensor::to_vec).collect::<Vec<_>>(), vec![[6.0, 5.0]; count]);
        assert_eq!(largest.to_vec(), [0]);
    }
}

/// The gradient of a model's output by its input.
fn saliency<B: Backend>(model: &Model<B>, x: &Tensor<B>, ctx: &mut Context<B>) -> (Tensor<B>, Tensor<B>) {
    let recorded = Tensor::<Autodiff<B>>::variable(x.clone());
    let lifted = model.map_tensors(|_, tensor| Tensor::constant_of(tensor.clone()));
    let y = lifted.forward(&recorded, &mut Context::evaluation());
    let gradient = y.sum().grad(&[&recorded]).remove(0).unwrap_or_else(|| x.zeros_like());
    (model.forward(x, ctx), gradient)
}

#[test]
fn gradients_may_be_part_of_the_answer() {
    let (model, x) = (model(3), rows(1, 5));
    let mut inference = Inference::compile(&model, saliency, &x);
    let (y, gradient) = inference.run(&x).unwrap();
    let (expected_y, expected) = saliency(&model, &x, &mut Context::evaluation());
    assert_eq!((bits(&y), bits(&gradient)), (bits(&expected_y), bits(&expected)));
}

#[test]
fn an_index_out_of_range_is_an_error_and_the_next_run_is_sound() {
    fn forward<B: Backend>(table: &Embedding<B>, tokens: &Index<B>, _: &mut Context<B>) -> Tensor<B> {
        table.forward(tokens)
    }
    let table = Embedding::<F32>::new(4, 2, &mut Keys::new(1, &Default::default()));
    let tokens = |tokens: &[i32]| Index::<F32>::new(tokens, [2]);
    let mut inference = Inference::compile(&table, forward, &tokens(&[0, 1]));
    let error = inference.run(&tokens(&[0, 4])).unwrap_err().to_string();
    assert_eq!(error, "the compiled list failed: step 0: gather: index 4 is out of range for axis 0 of length 4");
    assert_eq!(bits(&inference.run(&tokens(&[3, 2])).unwrap()), bits(&table.forward(&tokens(&[3, 2]))));
}

#[test]
fn computing_and_reading_allocate_nothing() {
    let (model, x) = (model(1), rows(0, 4));
    let mut inference = Inference::compile(&model, forward, &x);
    let (expected, mut out) = (inference.run(&x).unwrap().to_vec(), [0.0; 8]);
    let info = allocation_counter::measure(|| {
        inference.compute(&x).unwrap();
        inference.read(0, DataMut::Elem(&mut out));
    });
    assert_eq!((info.count_total, &out[..]), (0, &expected[..]));
}

/// What can be said shorter.
fn twice<B: Backend>(model: &Model<B>, x: &Tensor<B>, ctx: &mut Context<B>) -> Tensor<B> {
    -(-model.forward(x, ctx) * 1.0)
}

#[test]
fn passes_can_be_switched_off_and_are_explained() {
    let (model, x) = (model(1), rows(0, 4));
    let mut plain = Inference::compile_with(&model, twice, &x, Passes::NONE);
    assert_eq!(bits(&plain.run(&x).unwrap()), eager(&model, &x));
    assert!(plain.traces()[0].passes.is_empty());
    let mut inference = Inference::compile(&model, twice, &x);
    assert!(inference.list().assignments().len() < plain.list().assignments().len());
    inference.profile(&x).unwrap();
    let explanation = inference.explain();
    let names: Vec<_> = explanation.stages.iter().map(|stage| stage.name).collect();
    assert_eq!(
        names,
        ["traced", "fold_constants", "simplify", "join_parts", "absorb_transposes", "accumulate", "expanded"]
    );
    assert_eq!(explanation.stages[0].list, *plain.list());
    assert_eq!(explanation.times.len(), explanation.instructions.len());
    let text = explanation.to_string();
    assert!(text.contains("== plan: "), "{text}");
    for line in &explanation.instructions {
        assert!(text.contains(line));
    }
    // What is kept is there all the time, and no two values are in one place at one time.
    let values = &explanation.memory.values;
    assert_eq!(values[0].name, "model.0.weight");
    assert_eq!(values[0].steps, 0..explanation.memory.steps);
    for (place, one) in values.iter().enumerate() {
        for other in &values[..place] {
            let [bytes, steps] = [(&one.bytes, &other.bytes), (&one.steps, &other.steps)]
                .map(|(a, b)| a.start.max(b.start) < a.end.min(b.end));
            // A result may take over the place of an operand in the step that reads it last.
            let handed_on = one.steps.start + 1 == other.steps.end;
            assert!(!bytes || !steps || handed_on, "{one:?} and {other:?}");
        }
    }
    assert!(explanation.memory.bytes <= explanation.memory.sum());
}
