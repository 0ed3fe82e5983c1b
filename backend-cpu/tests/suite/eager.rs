//! The eager backend's own promises: views share memory, clones are shared, printing is short.

use autodiff_core::{Index, Primitive, Tensor};
use backend_cpu::{AnyView, Cpu, CpuDevice};

type X = Tensor<Cpu<f64>>;

fn matrix() -> X {
    X::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3])
}

#[track_caller]
fn share_memory(a: &X, b: &X, shared: bool) {
    match (a.raw().view(), b.raw().view()) {
        (AnyView::Elem(a), AnyView::Elem(b)) => assert_eq!(core::ptr::eq(a.data(), b.data()), shared),
        _ => panic!("elements expected"),
    }
}

#[test]
fn movements_share_memory_with_their_source() {
    let x = matrix();
    let moved = x.transpose(0, 1).flip(&[0]).slice(0, 1..3).unsqueeze(0).broadcast_to([4, 2, 2]);
    assert_eq!(moved.slice(0, 0..1).to_vec(), [2.0, 5.0, 1.0, 4.0]);
    share_memory(&x, &moved, true);
    share_memory(&x, &x.clone(), true);
}

#[test]
fn a_reshape_copies_only_where_it_must() {
    let x = matrix();
    share_memory(&x, &x.reshape([3, 2]), true);
    share_memory(&x, &x.t().reshape([6]), false);
    assert_eq!(x.t().reshape([6]).to_vec(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
}

#[test]
fn a_view_outlives_its_source() {
    let row = matrix().slice(0, 1..2);
    assert_eq!(row.to_vec(), [4.0, 5.0, 6.0]);
}

#[test]
fn a_barrier_is_its_first_input() {
    let x = matrix();
    share_memory(&x, &Tensor::call(&Primitive::Barrier, &[&x, &X::scalar(0.0, &CpuDevice)]), true);
}

#[test]
fn debug_shows_shape_format_and_a_few_numbers() {
    assert_eq!(format!("{:?}", matrix().t().raw()), "[3, 2] [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]");
    let many = Index::<Cpu<f32>>::iota(100, &CpuDevice);
    assert_eq!(format!("{:?}", many.to_elem().raw()), "[100] [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0] ..");
    assert_eq!(format!("{:?}", X::zeros([0], &CpuDevice).raw()), "[0] []");
}

#[test]
fn composites_without_a_kernel_run_their_bodies() {
    let x = X::new(&[1e3, 0.0, -1e3, f64::NEG_INFINITY], [4]);
    assert_eq!(x.softmax(0).to_vec(), [1.0, 0.0, 0.0, 0.0]);
}

/// 10,000 additions in a row would be off by several times as much.
#[test]
fn a_long_sum_keeps_its_digits() {
    let x = 1.609_437_8_f32;
    let rows = Tensor::<Cpu<f32>>::from_slice(&[x; 20_000], [2, 10_000], &CpuDevice);
    let additions = 10_000.0 / 128.0 + 128.0;
    for means in [rows.mean_axes(&[1]), rows.reshape([10_000, 2]).mean_axes(&[0])] {
        for mean in means.to_vec() {
            assert!((mean - x).abs() <= x * additions * f32::EPSILON / 2.0, "{mean} for {x}");
        }
    }
}
