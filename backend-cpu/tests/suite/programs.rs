//! Random programs: their plans have the bits of eager evaluation, whatever is read when and through which view.

use autodiff_core::{Data, DataBuf, DataMut, Shape, Spec, Tensor, Trace, WengertList};
use backend_cpu::{Cpu, CpuDevice, PlanBuf, ScalarKernels, WorkspaceBuf};
use proptest::prelude::*;

type X = Tensor<Trace<f64>>;

/// One more value of shape `[3, 4]`, made from two of those that are there.
fn next(values: &[X], [kind, a, b]: [u8; 3]) -> X {
    let pick = |choice: u8| &values[usize::from(choice) % values.len()];
    let (a, b) = (pick(a), pick(b));
    match kind % 12 {
        0 => a.tanh(),
        1 => -a,
        2 => a + b,
        3 => a - b,
        4 => a * b,
        5 => a.maximum(b) * 0.5,
        6 => a.flip(&[1]) - b,
        7 => a.reshape([4, 3]).t() + b,
        8 => a.matmul(&b.t()).matmul(a).tanh(),
        9 => a - a.mean_axes(&[0]),
        10 => a.slice(0, 1..3).pad(0, 0, 1) + b.slice(1, 0..1),
        _ => a.lt(b).select(b, &a.t().reshape([3, 4])),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn plans_have_the_bits_of_eager_evaluation(
        choices in proptest::collection::vec(any::<[u8; 3]>(), 1..40),
        taken in proptest::array::uniform3(any::<u8>()),
    ) {
        let shape = Shape::from([3, 4]);
        let list = WengertList::<f64>::trace(&[("x", Spec::elem(shape)), ("y", Spec::elem(shape))], |inputs| {
            let mut values = inputs.to_vec();
            for choice in choices {
                values.push(next(&values, choice));
            }
            let output = |choice: u8| values[values.len() - 1 - usize::from(choice) % 4 % values.len()].clone();
            // The last one is seen through a view.
            [("a", output(taken[0])), ("b", output(taken[1])), ("c", output(taken[2]).t())]
        });
        let numbers: Vec<f64> = (0..24).map(|i| f64::from(i * 7 % 24) / 16.0 - 0.7).collect();
        let (x, y) = numbers.split_at(12);
        let eager = list.eval::<Cpu<f64>>(&[x, y].map(|x| Tensor::from_slice(x, shape, &CpuDevice)));
        let plan = PlanBuf::new(&list);
        let mut room = WorkspaceBuf::new(plan.as_plan().workspace());
        let (mut a, mut b, mut c) = ([f64::NAN; 12], [f64::NAN; 12], [f64::NAN; 12]);
        let mut outputs = [&mut a, &mut b, &mut c].map(|out| DataMut::Elem(out));
        let inputs = [Data::Elem(x), Data::Elem(y)];
        prop_assert_eq!(plan.as_plan().run_in::<ScalarKernels>(room.borrow(), &inputs, &mut outputs), Ok(()));
        for (planned, eager) in [a, b, c].into_iter().zip(eager) {
            prop_assert!(DataBuf::Elem(planned.to_vec()).same_bits(&eager.to_data()), "{:#}", list);
        }
    }
}
