//! A batch without its numbers, as text: what tracing it fixes.

use core::fmt::{self, Debug, Write};
use core::marker::PhantomData;

use alloc::format;
use alloc::string::String;

use autodiff_core::{Backend, Data, DataBuf, Element, Primitive, Shape, Spec, Tensor};

use crate::Module;

/// All of a batch but the numbers of its tensors.
pub(super) fn outline<B: Backend, X: Module<B>>(batch: &X) -> String {
    format!("{:?}", blank(batch))
}

/// Whether this is the outline of a batch. Nothing is allocated, unless the batch itself needs it to be cloned.
pub(super) fn has_outline<B: Backend, X: Module<B>>(batch: &X, outline: &str) -> bool {
    let mut rest = Rest(outline);
    write!(rest, "{:?}", blank(batch)).is_ok() && rest.0.is_empty()
}

fn blank<B: Backend, X: Module<B>>(batch: &X) -> X::With<Blank<B::Elem>> {
    batch.map_tensors(|_, tensor| Tensor::from_raw(tensor.spec()))
}

/// What a text still has to consist of.
struct Rest<'a>(&'a str);

impl Write for Rest<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(text).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// A backend whose tensors are shapes and formats without numbers. It computes nothing.
#[derive(Clone, Debug)]
struct Blank<E>(PhantomData<E>);

impl<E: Element> Backend for Blank<E> {
    type Elem = E;
    type Device = ();
    type Tensor = Spec;

    fn from_data(data: Data<'_, E>, shape: &Shape, (): &()) -> Spec {
        Spec { shape: *shape, dtype: data.dtype() }
    }
    fn to_data(spec: &Spec) -> DataBuf<E> {
        DataBuf::zeros(spec.dtype, spec.shape.elements())
    }
    fn spec(spec: &Spec) -> Spec {
        *spec
    }
    fn device(_: &Spec) -> &() {
        &()
    }
    fn apply(_: &Primitive, _: &[&Spec], out: &Spec, (): &()) -> Spec {
        *out
    }
}
