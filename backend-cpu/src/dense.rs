//! [`Dense`]: the eager backend on strided storage, for any set of [`Kernels`](crate::Kernels).

mod array;

use core::fmt;
use core::marker::PhantomData;

use autodiff_core::{Backend, Data, DataBuf, Primitive, Shape, Spec};

use crate::dispatch;
use crate::kernels::{KernelSet, ScalarKernels};
use crate::math::Scalar;
use crate::view::AnyView;

pub use array::DenseTensor;

/// The backend that computes at once, by plain scalar loops: the reference, with the same bits on every machine.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// let x = Tensor::<Cpu<f32>>::new(&[3.0, 4.0], [2]);
/// assert_eq!((&x * &x).sum().sqrt().item(), 5.0);
/// ```
pub type Cpu<T> = Dense<T, ScalarKernels>;

/// A backend that computes at once, by the kernels `K`, on dense strided storage.
///
/// A change of shape or order yields a view of its input; only a reshape that no strides can describe copies.
pub struct Dense<T, K>(PhantomData<(T, K)>);

/// The host's memory and one of its processors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuDevice;

impl<T: Scalar, K: KernelSet<T>> Backend for Dense<T, K> {
    type Elem = T;
    type Device = CpuDevice;
    type Tensor = DenseTensor<T>;

    fn from_data(data: Data<'_, T>, shape: &Shape, _device: &CpuDevice) -> DenseTensor<T> {
        DenseTensor::new(DataBuf::copy(data), *shape)
    }

    fn to_data(tensor: &DenseTensor<T>) -> DataBuf<T> {
        match tensor.view() {
            AnyView::Elem(view) => DataBuf::Elem(view.to_vec()),
            AnyView::F16(view) => DataBuf::F16(view.to_vec()),
            AnyView::Bf16(view) => DataBuf::Bf16(view.to_vec()),
            AnyView::Index(view) => DataBuf::Index(view.to_vec()),
        }
    }

    fn spec(tensor: &DenseTensor<T>) -> Spec {
        tensor.spec()
    }

    fn device(_tensor: &DenseTensor<T>) -> &CpuDevice {
        &CpuDevice
    }

    #[track_caller]
    fn apply(primitive: &Primitive, inputs: &[&DenseTensor<T>], out: &Spec, _device: &CpuDevice) -> DenseTensor<T> {
        match primitive {
            Primitive::Barrier => return inputs[0].clone(),
            Primitive::Call(composite) if !dispatch::claims(composite) => return composite.call::<Self>(inputs),
            _ => {}
        }
        if primitive.is_movement()
            && let Some(layout) = inputs[0].layout().movement(primitive)
        {
            return inputs[0].with_layout(layout);
        }
        let mut data = DataBuf::zeros(out.dtype, out.shape.elements());
        match dispatch::apply::<T, K, _>(primitive, inputs, out, data.as_data_mut()) {
            Ok(()) => DenseTensor::computed(data, out.shape),
            Err(error) => panic!("{}: {error}", primitive.name()),
        }
    }
}

// The parameters only choose code, so nothing is asked of them.
impl<T, K> Clone for Dense<T, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, K> Copy for Dense<T, K> {}

impl<T, K> fmt::Debug for Dense<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dense")
    }
}
