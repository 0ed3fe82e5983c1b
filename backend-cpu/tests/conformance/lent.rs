//! A device that lends rooms which are too long and full of rubbish: what reads what it has not written, or asks the room
//! for its length, fails. And it gets every room back.

extern crate alloc;

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};

use autodiff_core::{Autodiff, DType, Data, DataBuf, Tensor, bf16, f16};
use backend_cpu::{Dense, KernelSet, Kernels, Resources, Scalar};

/// The plain loops on the device below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LentKernels;

impl<T: Scalar> Kernels<T> for LentKernels {}

impl<T: Scalar> KernelSet<T> for LentKernels {
    type Device = Lender;
}

/// Counts the rooms that are out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lender(Arc<AtomicUsize>);

impl PartialEq for Lender {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T: Scalar> Resources<T> for Lender {
    fn take(&self, dtype: DType, len: usize) -> DataBuf<T> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let len = len + 1 + len % 7;
        match dtype {
            DType::Elem => DataBuf::Elem(vec![T::nan(); len]),
            DType::F16 => DataBuf::F16(vec![f16::NAN; len]),
            DType::Bf16 => DataBuf::Bf16(vec![bf16::NAN; len]),
            DType::Index => DataBuf::Index(vec![i32::MIN; len]),
        }
    }

    fn hold(&self, data: Data<'_, T>) -> DataBuf<T> {
        let mut room = self.take(data.dtype(), data.len());
        room.as_data_mut().first(data.len()).copy_from(data);
        room
    }

    fn give_back(&self, _: DataBuf<T>) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The scalar backend on rooms that are lent.
pub(crate) type Lent<T> = Dense<T, LentKernels>;

#[test]
fn all_rooms_come_back() {
    type B = Lent<f32>;
    let device = Lender::default();
    let w = Tensor::<Autodiff<B>>::variable(Tensor::from_slice(&[0.5, -1.0, 2.0, 0.0], [2, 2], &device));
    let loss = w.matmul(&w.t()).log_softmax(-1).slice(0, ..1).sum();
    let gradient = loss.backward().get(&w).cloned();
    assert_eq!(gradient.map(|gradient| gradient.shape()), Some([2, 2].into()));
    drop(w);
    assert_eq!(device.0.load(Ordering::Relaxed), 0);
}
