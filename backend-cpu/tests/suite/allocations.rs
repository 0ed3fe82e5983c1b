//! A run of a plan allocates nothing, and an eager operation no more than it must.

use autodiff_core::{Data, DataMut, Spec, Tensor, WengertList};
use backend_cpu::{Cpu, PlanBuf, ScalarKernels, WorkspaceBuf};

fn allocations<R>(f: impl FnOnce() -> R) -> (u64, R) {
    let mut result = None;
    let info = allocation_counter::measure(|| result = Some(f()));
    (info.count_total, result.expect("measured once"))
}

#[test]
fn a_planned_step_allocates_nothing() {
    let specs = [("x", Spec::elem([8, 5])), ("w", Spec::elem([5, 3])), ("labels", Spec::index([8]))];
    let list = WengertList::<f32>::trace(&specs, |x| {
        let y = x[0].matmul(&x[1]).tanh();
        [("loss", y.cross_entropy(&x[2].to_index()).mean()), ("turned", y.t())]
    });
    let plan = PlanBuf::new(&list);
    let mut room = WorkspaceBuf::new(plan.as_plan().workspace());
    let (x, w, labels) = ([0.5; 40], [0.25; 15], [0, 1, 2, 0, 1, 2, 0, 1]);
    let (mut loss, mut turned) = ([0.0; 1], [0.0; 24]);
    let (count, result) = allocations(|| {
        plan.as_plan().run_in::<ScalarKernels>(
            room.borrow(),
            &[Data::Elem(&x), Data::Elem(&w), Data::Index(&labels)],
            &mut [DataMut::Elem(&mut loss), DataMut::Elem(&mut turned)],
        )
    });
    assert_eq!((count, result), (0, Ok(())));
    assert!(loss[0] > 0.0);
}

#[test]
fn an_eager_result_is_two_allocations_and_a_view_one() {
    let x = Tensor::<Cpu<f32>>::new(&[1.0; 6], [2, 3]);
    assert_eq!(allocations(|| &x + &x).0, 2);
    assert_eq!(allocations(|| x.tanh()).0, 2);
    assert_eq!(allocations(|| x.t()).0, 1);
    assert_eq!(allocations(|| x.clone()).0, 0);
}
