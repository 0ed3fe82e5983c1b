//! [`Erased`]: a backend whose type was forgotten, so that the properties are compiled once for each element instead of
//! once for each backend and once more for each level of nesting on it.

use core::any::{Any, type_name};
use core::fmt::{self, Debug};
use core::marker::PhantomData;

use alloc::vec::Vec;

use autodiff_core::{Backend, Data, DataBuf, Element, MaybeSendSync, Primitive, Shape, Shared, Spec};

/// Any backend of this element, chosen at run time by the device: what passes on it passes on the backend behind it.
///
/// Operations from outside the set come here as their forward form; a backend that answers them otherwise, as decorators
/// do, is asked by name.
#[derive(Clone, Copy, Debug, Default)]
pub struct Erased<E>(PhantomData<E>);

/// A device of a backend whose type was forgotten. The default one is nowhere: a tensor made there panics, since every
/// property is to stay on the device that it was given.
#[derive(Clone)]
pub struct Place<E>(Option<Shared<dyn Site<E>>>);

/// A tensor of a backend whose type was forgotten.
#[derive(Clone, Debug)]
pub struct Handle<E> {
    value: Shared<dyn Value<E>>,
    place: Place<E>,
}

/// The element of a backend.
pub type ElementOf<B> = <B as Backend>::Elem;

/// What a backend does on one device.
trait Site<E>: Any + Debug + MaybeSendSync {
    fn make(&self, data: Data<'_, E>, shape: &Shape) -> Handle<E>;
    fn apply(&self, op: &Primitive, inputs: &[&Handle<E>], out: &Spec) -> Handle<E>;
    fn equals(&self, other: &dyn Any) -> bool;
}

/// What a tensor answers.
trait Value<E>: Any + Debug + MaybeSendSync {
    fn to_data(&self) -> DataBuf<E>;
    fn spec(&self) -> Spec;
}

/// A device of `B`.
struct On<B: Backend>(B::Device);

/// A tensor of `B`.
struct Of<B: Backend>(B::Tensor);

impl<E: Element> Place<E> {
    /// A device of the backend `B`.
    #[must_use]
    pub fn of<B: Backend<Elem = E>>(device: B::Device) -> Self {
        Self(Some(Shared::new(On::<B>(device))))
    }

    #[track_caller]
    fn site(&self) -> &dyn Site<E> {
        match &self.0 {
            Some(site) => &**site,
            None => panic!("a tensor is made on the default device, not on that of the property"),
        }
    }
}

impl<E> Default for Place<E> {
    fn default() -> Self {
        Self(None)
    }
}

impl<E: Element> PartialEq for Place<E> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(left), Some(right)) => left.equals(&**right),
            (left, right) => left.is_none() && right.is_none(),
        }
    }
}

impl<E> Debug for Place<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(site) => Debug::fmt(site, f),
            None => f.write_str("nowhere"),
        }
    }
}

impl<B: Backend> On<B> {
    fn handle(tensor: B::Tensor) -> Handle<B::Elem> {
        let place = Place::of::<B>(B::device(&tensor).clone());
        Handle { value: Shared::new(Of::<B>(tensor)), place }
    }

    #[track_caller]
    fn tensor(handle: &Handle<B::Elem>) -> &B::Tensor {
        match (&*handle.value as &dyn Any).downcast_ref::<Of<B>>() {
            Some(tensor) => &tensor.0,
            None => panic!("{:?} is no tensor of {}", handle.value, type_name::<B>()),
        }
    }
}

impl<B: Backend> Debug for On<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of {}", self.0, type_name::<B>())
    }
}

impl<B: Backend> Debug for Of<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.0, f)
    }
}

impl<B: Backend> Site<B::Elem> for On<B> {
    fn make(&self, data: Data<'_, B::Elem>, shape: &Shape) -> Handle<B::Elem> {
        Self::handle(B::from_data(data, shape, &self.0))
    }

    fn apply(&self, op: &Primitive, inputs: &[&Handle<B::Elem>], out: &Spec) -> Handle<B::Elem> {
        let raw: Vec<&B::Tensor> = inputs.iter().map(|input| Self::tensor(input)).collect();
        Self::handle(B::apply(op, &raw, out, &self.0))
    }

    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<Self>().is_some_and(|other| self.0 == other.0)
    }
}

impl<B: Backend> Value<B::Elem> for Of<B> {
    fn to_data(&self) -> DataBuf<B::Elem> {
        B::to_data(&self.0)
    }

    fn spec(&self) -> Spec {
        B::spec(&self.0)
    }
}

impl<E: Element> Backend for Erased<E> {
    type Elem = E;
    type Device = Place<E>;
    type Tensor = Handle<E>;

    #[track_caller]
    fn from_data(data: Data<'_, E>, shape: &Shape, device: &Place<E>) -> Handle<E> {
        device.site().make(data, shape)
    }

    fn to_data(tensor: &Handle<E>) -> DataBuf<E> {
        tensor.value.to_data()
    }

    fn spec(tensor: &Handle<E>) -> Spec {
        tensor.value.spec()
    }

    fn device(tensor: &Handle<E>) -> &Place<E> {
        &tensor.place
    }

    #[track_caller]
    fn apply(op: &Primitive, inputs: &[&Handle<E>], out: &Spec, device: &Place<E>) -> Handle<E> {
        device.site().apply(op, inputs, out)
    }
}
