//! [`Dense`]: the eager backend on strided storage, for any set of [`Kernels`](crate::Kernels).

mod array;

use core::fmt;
use core::marker::PhantomData;

use autodiff_core::{Backend, Data, DataBuf, Primitive, Shape, Spec};

use crate::device::Resources;
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

impl<T: Scalar, K: KernelSet<T>> Backend for Dense<T, K> {
    type Elem = T;
    type Device = K::Device;
    type Tensor = DenseTensor<T, K::Device>;

    fn from_data(data: Data<'_, T>, shape: &Shape, device: &K::Device) -> Self::Tensor {
        DenseTensor::computed(device.hold(data), *shape, device)
    }

    fn to_data(tensor: &Self::Tensor) -> DataBuf<T> {
        match tensor.view() {
            AnyView::Elem(view) => DataBuf::Elem(view.to_vec()),
            AnyView::F16(view) => DataBuf::F16(view.to_vec()),
            AnyView::Bf16(view) => DataBuf::Bf16(view.to_vec()),
            AnyView::Index(view) => DataBuf::Index(view.to_vec()),
        }
    }

    fn spec(tensor: &Self::Tensor) -> Spec {
        tensor.spec()
    }

    fn device(tensor: &Self::Tensor) -> &K::Device {
        tensor.device()
    }

    #[track_caller]
    fn apply(primitive: &Primitive, inputs: &[&Self::Tensor], out: &Spec, device: &K::Device) -> Self::Tensor {
        match primitive {
            Primitive::Barrier => return inputs[0].clone(),
            Primitive::Call(composite) if !K::claims(composite) => return composite.call::<Self>(inputs),
            _ => {}
        }
        if primitive.is_movement()
            && let Some(layout) = inputs[0].layout().movement(primitive)
        {
            return inputs[0].with_layout(layout);
        }
        let len = out.shape.elements();
        let mut room = device.take(out.dtype, len);
        let written = room.as_data_mut().first(len);
        let work = || dispatch::apply::<T, K, _>(primitive, inputs, out, written);
        match device.run(|| dispatch::cost(primitive, inputs, out), work) {
            Ok(()) => DenseTensor::computed(room, out.shape, device),
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
