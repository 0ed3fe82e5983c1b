//! Plans against eager evaluation of the same list, to the bit; slots, in-place steps and refusals.

use autodiff_core::{
    Binary, DType, Data, DataBuf, DataMut, Index, Primitive, Reduce, Shape, Spec, Tensor, Trace, Unary, WengertList,
    bf16, f16,
};
use backend_cpu::{
    Amount, Constants, Cpu, CpuDevice, IndexError, Layout, Operand, Place, Plan, PlanBuf, PlanStep, RunError, Scalar,
    ScalarKernels, Source, Target, Work, Workspace, WorkspaceBuf, WorkspaceSize,
};

type Traced<T> = Tensor<Trace<T>>;

/// Runs a plan of the list with memory of the right size.
fn run<T: Scalar>(list: &WengertList<T>, inputs: &[DataBuf<T>]) -> Result<Vec<DataBuf<T>>, RunError> {
    let plan = PlanBuf::new(list);
    let mut outputs: Vec<DataBuf<T>> =
        plan.as_plan().outputs.iter().map(|spec| DataBuf::zeros(spec.dtype, spec.shape.elements())).collect();
    let mut room = WorkspaceBuf::new(plan.as_plan().workspace());
    let given: Vec<Data<'_, T>> = inputs.iter().map(DataBuf::as_data).collect();
    // Twice in the same memory: nothing may be left over from the first time.
    for _ in 0..2 {
        let mut taken: Vec<DataMut<'_, T>> = outputs.iter_mut().map(DataBuf::as_data_mut).collect();
        plan.as_plan().run_in::<ScalarKernels>(room.borrow(), &given, &mut taken)?;
    }
    Ok(outputs)
}

/// The plan of what `f` writes has the bits of `f` run eagerly.
#[track_caller]
fn check<T: Scalar>(inputs: &[(Shape, DataBuf<T>)], f: impl Fn(&[Traced<T>]) -> Vec<Traced<T>>) -> PlanBuf<T> {
    let names: Vec<String> = (0..inputs.len()).map(|n| format!("x{n}")).collect();
    let specs: Vec<(&str, Spec)> = names
        .iter()
        .zip(inputs)
        .map(|(name, (shape, data))| (&name[..], Spec { shape: *shape, dtype: data.dtype() }))
        .collect();
    const OUT: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
    let list = WengertList::trace(&specs, |x| OUT.into_iter().zip(f(x)).collect::<Vec<_>>());
    let tensors: Vec<Tensor<Cpu<T>>> =
        inputs.iter().map(|(shape, data)| Tensor::from_data(data.as_data(), *shape, &CpuDevice)).collect();
    let eager = list.eval::<Cpu<T>>(&tensors);
    let buffers: Vec<DataBuf<T>> = inputs.iter().map(|(_, data)| data.clone()).collect();
    let planned = run(&list, &buffers).unwrap();
    assert_eq!(planned.len(), eager.len());
    for (place, (planned, eager)) in planned.iter().zip(&eager).enumerate() {
        let eager = eager.to_data();
        assert!(planned.same_bits(&eager), "output {place} in {}: {planned:?}, not {eager:?}\n{list:#}", T::NAME);
    }
    PlanBuf::new(&list)
}

fn elems<T: Scalar>(shape: impl Into<Shape>) -> (Shape, DataBuf<T>) {
    let shape = shape.into();
    let number = |i: usize| T::from_f64((i * 37 % 23) as f64 / 8.0 - 1.25);
    (shape, DataBuf::Elem((0..shape.elements()).map(number).collect()))
}

fn indices<T: Scalar>(numbers: &[i32], shape: impl Into<Shape>) -> (Shape, DataBuf<T>) {
    (shape.into(), DataBuf::Index(numbers.to_vec()))
}

fn in_place(plan: &PlanBuf<impl Scalar>) -> usize {
    plan.as_plan().steps.iter().filter(|step| step.takes_over.is_some()).count()
}

fn network<T: Scalar>() {
    let labels = indices::<T>(&[0, 2, 1, 2], [4]);
    check(&[elems::<T>([4, 5]), elems([5, 3]), elems([3]), labels], |x| {
        let hidden = (x[0].matmul(&x[1]) + &x[2]).tanh();
        let loss = hidden.cross_entropy(&x[3].to_index()).mean();
        vec![loss, hidden.softmax(-1), hidden.t(), hidden.max_axes(&[1])]
    });
}

fn everything_at_once<T: Scalar>() {
    let index = indices::<T>(&[2, 0, 1, 1], [4]);
    check(&[elems::<T>([3, 4]), index], |x| {
        let i = x[1].to_index();
        let rows = x[0].index_select(0, &i);
        let spread = x[0].pad(1, 1, 2).slice_step(1, 0..7, 2).flip(&[0, 1]);
        let joined = Tensor::concat(&[rows.clone(), spread], 0);
        let sorted = joined.argmax(1).to_elem();
        let half = joined.cast(DType::F16) * 2.0;
        let chosen = joined.lt(&joined.zeros_like()).select(&joined, &(&joined * &joined));
        vec![joined, sorted, half, chosen.sum_axes(&[0]), rows.reshape([2, 8]).t().reshape([16])]
    });
}

fn outputs_of_all_kinds<T: Scalar>() {
    // An input, a view of one, a constant, a value twice, and a view of a value that is an output itself.
    check(&[elems::<T>([2, 3])], |x| {
        let y = x[0].exp();
        let constant = x[0].ones_like();
        vec![x[0].clone(), x[0].t(), constant, y.clone(), y.clone(), y.t()]
    });
}

fn empty_and_scalar<T: Scalar>() {
    check(&[elems::<T>([0, 3]), elems([])], |x| {
        let y = (&x[0] * &x[1]).tanh();
        vec![y.sum(), y.mean(), y.sum_axes(&[0]), Tensor::concat(&[y.clone(), y], 0), x[1].sqrt()]
    });
}

macro_rules! for_each_element {
    ($($family:ident),*) => {
        $(
            mod $family {
                #[test]
                fn in_f32() {
                    super::$family::<f32>();
                }
                #[test]
                fn in_f64() {
                    super::$family::<f64>();
                }
                #[test]
                fn in_f16() {
                    super::$family::<super::f16>();
                }
                #[test]
                fn in_bf16() {
                    super::$family::<super::bf16>();
                }
            }
        )*
    };
}

for_each_element!(network, everything_at_once, outputs_of_all_kinds, empty_and_scalar);

#[test]
fn a_chain_runs_in_one_slot() {
    let plan = check(&[elems::<f32>([7])], |x| {
        let y = (0..10).fold(x[0].sin(), |y, _| (-&y).tanh());
        vec![y.sum()]
    });
    assert_eq!(in_place(&plan), 20);
    assert_eq!(plan.as_plan().workspace(), WorkspaceSize { elems: 7, ..WorkspaceSize::default() });
}

#[test]
fn either_side_of_a_function_of_two_is_taken_over() {
    let plan = check(&[elems::<f64>([2, 3]), elems([3])], |x| {
        let y = x[0].exp();
        let left = &y - &x[1];
        let right = &x[1] / &left;
        vec![right.sum()]
    });
    assert_eq!(in_place(&plan), 2);
}

#[test]
fn a_slot_that_is_still_read_is_not_taken_over() {
    let plan = check(&[elems::<f64>([2, 2])], |x| {
        let y = x[0].exp();
        // The same slot under another layout, the same operand twice, and a later reader.
        let turned = &y + y.t();
        let squared = &turned * &turned;
        let negative = -&squared;
        vec![(negative + squared).sum()]
    });
    let taken: Vec<_> = plan.as_plan().steps.iter().map(|step| (step.work.name(), step.takes_over)).collect();
    assert_eq!(taken, [("exp", None), ("add", None), ("mul", None), ("neg", None), ("add", Some(0)), ("sum", None)]);
}

#[test]
fn scatter_add_takes_over_what_it_adds_to() {
    let plan = check(&[elems::<f32>([3, 2]), indices(&[2, 2], [2, 1]), elems([2, 2])], |x| {
        let index = x[1].to_index().broadcast_to([2, 2]);
        vec![x[0].exp().scatter_add(0, &index, &x[2]).sum()]
    });
    assert_eq!(in_place(&plan), 1);
}

#[test]
fn movements_and_constants_cost_no_step() {
    let plan = check(&[elems::<f32>([2, 3])], |x| vec![(x[0].t().flip(&[0]).slice(0, 1..3) * 2.0 + 1.0).sum()]);
    let names: Vec<_> = plan.as_plan().steps.iter().map(|step| step.work.name()).collect();
    assert_eq!(names, ["mul", "add", "sum"]);
}

#[test]
fn results_are_written_where_the_caller_wants_them() {
    let plan = check(&[elems::<f32>([5])], |x| vec![x[0].exp()]);
    assert_eq!(plan.as_plan().workspace(), WorkspaceSize::default());
    assert_eq!(plan.as_plan().steps.len(), 1);
}

#[test]
fn random_numbers_come_from_the_key() {
    let key = indices::<f32>(&[7, -3], [2]);
    check(&[key], |x| vec![Tensor::call(&Primitive::RandomBits { shape: Shape::from([9]), bits: 20 }, &[&x[0]])]);
}

#[test]
fn data_in_the_list_is_kept() {
    check(&[elems::<f32>([2, 2])], |x| vec![x[0].matmul(&Tensor::new(&[1.0, 2.0, 3.0, 4.0], [2, 2]))]);
}

fn doubled() -> PlanBuf<f32> {
    PlanBuf::new(&WengertList::trace(&[("x", Spec::elem([3]))], |x| [("y", (&x[0].exp() * 2.0).sum())]))
}

#[test]
fn wrong_lengths_are_refused_by_name() {
    let (plan, x) = (doubled(), [1.0, 2.0, 3.0]);
    let elem = |len| Amount { dtype: DType::Elem, len };
    let run = |room: &mut [f32], inputs: &[Data<'_, f32>], outputs: &mut [DataMut<'_, f32>]| {
        plan.as_plan().run_in::<ScalarKernels>(Workspace { elems: room, ..Workspace::default() }, inputs, outputs)
    };
    let (mut room, mut y, mut long) = ([0.0; 3], [0.0; 1], [0.0; 2]);
    let short = run(&mut room[..2], &[Data::Elem(&x)], &mut [DataMut::Elem(&mut y)]).unwrap_err();
    assert_eq!(short, RunError::Workspace { expected: elem(3), found: elem(2) });
    assert_eq!(short.to_string(), "the workspace is 3 elem at least, 2 elem given");
    let error = run(&mut room, &[], &mut [DataMut::Elem(&mut y)]).unwrap_err();
    assert_eq!(error.to_string(), "the plan takes 1 inputs, 0 given");
    let error = run(&mut room, &[Data::Elem(&x[1..])], &mut [DataMut::Elem(&mut y)]).unwrap_err();
    assert_eq!(error, RunError::Input { place: 0, expected: elem(3), found: elem(2) });
    let error = run(&mut room, &[Data::Index(&[1, 2, 3])], &mut [DataMut::Elem(&mut y)]).unwrap_err();
    assert_eq!(error.to_string(), "input 0 is 3 elem, 3 index given");
    let error = run(&mut room, &[Data::Elem(&x)], &mut [DataMut::Elem(&mut long)]).unwrap_err();
    assert_eq!(error.to_string(), "output 0 is 1 elem, 2 elem given");
    let error = run(&mut room, &[Data::Elem(&x)], &mut []).unwrap_err();
    assert_eq!(error.to_string(), "the plan writes 1 outputs, 0 given");
    assert_eq!(run(&mut room, &[Data::Elem(&x)], &mut [DataMut::Elem(&mut y)]), Ok(()));
}

#[test]
fn an_index_out_of_range_is_an_error_of_its_step() {
    let specs = [("x", Spec::elem([2, 10])), ("labels", Spec::index([2]))];
    let list = WengertList::<f32>::trace(&specs, |x| [("y", x[0].exp().cross_entropy(&x[1].to_index()))]);
    let error = run(&list, &[DataBuf::Elem(vec![0.0; 20]), DataBuf::Index(vec![3, 12])]).unwrap_err();
    let inner = IndexError { index: 12, bound: 10, place: Place::Classes };
    assert_eq!(error, RunError::Index { step: 1, op: "cross_entropy", error: inner });
    assert_eq!(error.to_string(), "step 1: cross_entropy: label 12 is out of range for 10 classes");
}

/// `y = relu(w x + b) > 0` and its sum, with memory on the stack only: what firmware without an allocator would run.
#[test]
fn a_plan_made_by_hand_needs_no_allocator() {
    let (matrix, vector, scalar) = (Spec::elem([2, 3]), Spec::elem([2, 1]), Spec::elem([1, 1]));
    let operand = |source, spec: Spec, offset| Operand {
        source,
        dtype: spec.dtype,
        layout: Layout::contiguous(spec.shape).offset_by(offset),
    };
    let operands = [
        operand(Source::Constant, matrix, 0),
        operand(Source::Input(0), Spec::elem([3, 1]), 0),
        operand(Source::Workspace, vector, 0),
        operand(Source::Constant, vector, 6),
        operand(Source::Workspace, vector, 0),
        operand(Source::Output(0), vector, 0),
    ];
    let step = |primitive, first, count, spec, target, takes_over| PlanStep {
        work: Work::Primitive(primitive),
        first,
        count,
        spec,
        target,
        takes_over,
    };
    let sum = Primitive::Reduce { kind: Reduce::Sum, axes: autodiff_core::Axes::all(2) };
    let steps = [
        step(Primitive::MatMul, 0, 2, vector, Target::Workspace(0), None),
        step(Primitive::Binary(Binary::Add), 2, 2, vector, Target::Workspace(0), Some(0)),
        step(Primitive::Unary(Unary::Relu), 4, 1, vector, Target::Output(0), None),
        step(sum, 5, 1, scalar, Target::Output(1), None),
    ];
    let constants = Constants { elems: &[1.0, 2.0, 3.0, -1.0, -2.0, -3.0, 0.5, 0.25], ..Constants::default() };
    let workspace = WorkspaceSize { elems: 2, ..WorkspaceSize::default() };
    let (inputs, outputs) = ([Spec::elem([3, 1])], [vector, scalar]);
    let (inputs, outputs) = (&inputs[..], &outputs[..]);
    let plan = Plan { steps: &steps, operands: &operands, fused: &[], constants, inputs, outputs, workspace };
    let (mut room, mut y, mut total) = ([f32::NAN; 2], [0.0; 2], [0.0; 1]);
    plan.run_in::<ScalarKernels>(
        Workspace { elems: &mut room, ..Workspace::default() },
        &[Data::Elem(&[1.0, 1.0, 1.0])],
        &mut [DataMut::Elem(&mut y), DataMut::Elem(&mut total)],
    )
    .unwrap();
    assert_eq!((y, total), ([6.5, 0.0], [6.5]));
}

#[test]
fn values_of_several_formats_have_slots_of_their_own() {
    let plan = check(&[elems::<f32>([5])], |x| {
        let small = (x[0].cast(DType::F16) * 2.0).exp();
        let brain = (x[0].cast(DType::Bf16) * 2.0).exp();
        let whole: Index<Trace<f32>> = x[0].cast(DType::Index).to_index();
        vec![small.cast(DType::Elem) + brain.cast(DType::Elem) + whole.to_elem()]
    });
    let WorkspaceSize { elems, f16, bf16, index } = plan.as_plan().workspace();
    assert_eq!((f16, bf16, index), (5, 5, 5));
    assert!(elems <= 15);
}
