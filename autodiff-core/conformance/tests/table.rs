//! The backend of handles passes, and gives back all that it handed out.

#[path = "backends/table.rs"]
mod table;
#[path = "backends/toy.rs"]
mod toy;

use autodiff_core::{Autodiff, Backend, Index, Tensor, WengertList};
use conformance::Replay;
use table::{Device, Table};

conformance::backend!(table_f32, Table<f32>);
conformance::backend!(table_f32_replayed, Replay<Table<f32>>);

/// A step of training, its inputs made on the device.
fn step<B: Backend>(device: &B::Device) -> Tensor<B>
where
    B::Elem: From<f32>,
{
    let numbers = |values: &[f32]| values.iter().map(|&x| x.into()).collect::<Vec<B::Elem>>();
    let x = Tensor::from_slice(&numbers(&[1.0, -2.0, 0.5, 3.0]), [2, 2], device);
    let w = Tensor::<Autodiff<B>>::variable(Tensor::from_slice(&numbers(&[0.1, 0.2, -0.3, 0.4]), [2, 2], device));
    let labels = Index::from_slice(&[1, 0], [2], device);
    let loss = Tensor::constant_of(x).matmul(&w).cross_entropy(&labels).mean();
    let gradients = loss.backward();
    w.value() - gradients.get(&w).expect("the loss depends on w") * 0.1
}

#[test]
fn all_rows_are_given_back() {
    let device = Device::<f32>::default();
    let eager = step::<Table<f32>>(&device);
    let nested = step::<Autodiff<Table<f32>>>(&device);
    let replayed = step::<Replay<Table<f32>>>(&device);
    assert_eq!(eager.to_vec(), nested.to_vec());
    assert_eq!(eager.to_vec(), replayed.to_vec());
    assert!(device.given_out() > 50, "{} tensors were made", device.given_out());
    // What was replayed lives on the host until it is read; of the others only the results are left.
    assert_eq!(device.live(), 2);
    drop((eager, nested, replayed));
    assert_eq!(device.live(), 0);
}

#[test]
fn rows_are_given_back_by_a_panic_too() {
    let device = Device::<f32>::default();
    let outcome = std::panic::catch_unwind(|| {
        let table = Tensor::<Table<f32>>::from_slice(&[1.0, 2.0], [2], &device);
        table.gather(0, &Index::from_slice(&[2], [1], &device))
    });
    assert!(outcome.is_err());
    assert_eq!(device.live(), 0);
}

#[test]
fn a_list_is_evaluated_on_the_device_of_its_inputs() {
    let x = autodiff_core::Spec::elem([2]);
    let list = WengertList::<f32>::trace(&[("x", x)], |x| [("y", x[0].exp() * 2.0 + 1.0)]);
    let device = Device::<f32>::default();
    let y: Vec<Tensor<Table<f32>>> = list.eval(&[Tensor::from_slice(&[0.0, 0.0], [2], &device)]);
    assert_eq!(y[0].to_vec(), [3.0, 3.0]);
    assert_eq!(*y[0].device(), device);
}

#[test]
#[should_panic(expected = "the tensor lives on another device")]
fn two_devices_do_not_mix() {
    let on = |device: &Device<f32>| Tensor::<Table<f32>>::from_slice(&[1.0], [1], device);
    let _ = on(&Device::default()) + on(&Device::default());
}
