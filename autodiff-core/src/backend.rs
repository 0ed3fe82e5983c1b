//! [`Backend`]: what computes, chosen by a type parameter.

use core::fmt::Debug;

use alloc::vec::Vec;

use crate::{Data, DataBuf, Element, MaybeSendSync, Op, Primitive, Shape, Spec, Tensor};

/// Something that applies [`Primitive`]s to tensors of its own kind.
///
/// **For model authors**: a network is code generic over `B: Backend`; the type given for `B` decides what running it
/// does: compute, differentiate ([`Autodiff`](crate::Autodiff)), or write down what would be computed
/// ([`Trace`](crate::Trace)).
///
/// **For backend authors**: six functions. Inputs are valid when `apply` is called, since the caller has asked
/// [`Primitive::infer`], whose answer is `out`; match the primitive exhaustively, and answer
/// [`Primitive::Call`] with [`Composite::call`](crate::Composite::call) unless you have a kernel for it. What cannot be
/// known from shapes, an index out of range, panics with the operation, the index and the bound. Run the `conformance`
/// crate against the result; its tests hold two complete backends to read.
pub trait Backend: Clone + Debug + 'static {
    /// The numbers that tensors hold.
    type Elem: Element;
    /// Where tensors live, and with what resources: threads, pools, sinks of a profile.
    type Device: Clone + Default + Debug + PartialEq + MaybeSendSync + 'static;
    /// A tensor: cheap to clone, never changed, knows its device.
    type Tensor: Clone + Debug + MaybeSendSync + 'static;

    /// A tensor with these elements, in row-major order; their number is that of `shape`.
    #[track_caller]
    fn from_data(data: Data<'_, Self::Elem>, shape: &Shape, device: &Self::Device) -> Self::Tensor;
    /// The elements, in row-major order.
    #[track_caller]
    fn to_data(tensor: &Self::Tensor) -> DataBuf<Self::Elem>;
    /// Shape and number format.
    fn spec(tensor: &Self::Tensor) -> Spec;
    /// Where the tensor lives.
    fn device(tensor: &Self::Tensor) -> &Self::Device;
    /// The primitive's result, which will have the spec `out`.
    #[track_caller]
    fn apply(primitive: &Primitive, inputs: &[&Self::Tensor], out: &Spec, device: &Self::Device) -> Self::Tensor;
    /// The result of an operation from outside the set; by default its forward form, computed by this backend.
    #[track_caller]
    fn custom<O: Op>(op: &O, inputs: &[&Self::Tensor]) -> Self::Tensor {
        let inputs: Vec<Tensor<Self>> = inputs.iter().map(|&tensor| Tensor::from_raw(tensor.clone())).collect();
        op.forward(&inputs).into_raw()
    }
}
