//! [`Resources`]: what a device of a dense backend lends to its tensors and operations.

use core::fmt::Debug;

use autodiff_core::MaybeSendSync;
#[cfg(feature = "alloc")]
use autodiff_core::{DType, Data, DataBuf};

use crate::math::Scalar;

/// The memory that results live in, and the threads that compute them.
pub trait Resources<T: Scalar>: Clone + Default + Debug + PartialEq + MaybeSendSync + 'static {
    /// Room for at least `len` elements. What it holds means nothing: a kernel writes all that it answers.
    #[cfg(feature = "alloc")]
    fn take(&self, dtype: DType, len: usize) -> DataBuf<T> {
        DataBuf::zeros(dtype, len)
    }

    /// Room that begins with a copy of these elements.
    #[cfg(feature = "alloc")]
    fn hold(&self, data: Data<'_, T>) -> DataBuf<T> {
        DataBuf::copy(data)
    }

    /// Takes back room that no tensor needs any more.
    #[cfg(feature = "alloc")]
    fn give_back(&self, room: DataBuf<T>) {
        drop(room);
    }

    /// Does some work of about `cost()` arithmetic operations where the threads for it are.
    #[inline]
    fn run<R: MaybeSendSync>(&self, cost: impl FnOnce() -> usize, work: impl FnOnce() -> R + MaybeSendSync) -> R {
        let _ = cost;
        work()
    }
}

/// The host's memory and one of its processors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuDevice;

impl<T: Scalar> Resources<T> for CpuDevice {}
