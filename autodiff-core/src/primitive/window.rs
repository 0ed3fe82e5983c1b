//! Windows over the last axes: their sums, and where their largest cells are.
//!
//! Both take floating-point numbers only; a pooled index would have no use.

use crate::spec::{self, Spec, SpecError};
use crate::{Shape, Window};

pub(super) fn infer_sum(inputs: &[Spec], window: &Window) -> Result<Spec, SpecError> {
    let [x] = spec::arity("window_sum", inputs)?;
    spec::float("window_sum", 0, x)?;
    window.outputs(&x.shape).map(|y| x.reshaped(y)).map_err(|why| SpecError::shape("window_sum", why, x))
}

pub(super) fn infer_spread(inputs: &[Spec], window: &Window, size: [u32; 3]) -> Result<Spec, SpecError> {
    let [g] = spec::arity("window_spread", inputs)?;
    spec::float("window_spread", 0, g)?;
    let x = if g.shape.rank() < window.rank() { g.shape } else { window.inputs(&g.shape, size) };
    match window.outputs(&x) {
        Ok(y) if y == g.shape => Ok(g.reshaped(x)),
        Ok(_) => Err(SpecError::shapes("window_spread", "the result does not have as many windows", g, &g.reshaped(x))),
        Err(why) => Err(SpecError::shapes("window_spread", why, g, &g.reshaped(x))),
    }
}

pub(super) fn infer_arg_max(inputs: &[Spec], window: &Window) -> Result<Spec, SpecError> {
    let [x] = spec::arity("window_argmax", inputs)?;
    spec::float("window_argmax", 0, x)?;
    let refuse = |why| SpecError::shape("window_argmax", why, x);
    let windows = window.outputs(&x.shape).map_err(refuse)?;
    let inner = &x.shape.extents()[x.shape.rank() - window.rank()..];
    if window.slides().iter().zip(inner).any(|(slide, &size)| slide.misses(size)) {
        return Err(refuse("a window that holds no cell has no largest"));
    }
    match Shape::new(inner).checked_elements().and_then(|cells| i32::try_from(cells).ok()) {
        Some(_) => Ok(Spec::index(windows)),
        None => Err(refuse("an index holds 31 bits")),
    }
}

#[cfg(feature = "alloc")]
pub(super) mod rule {
    use crate::{Backend, Node, Primitive, Tensor, Window};

    /// ```text
    /// window_sum  window_spread(g)
    /// ```
    pub(in crate::primitive) fn sum<B: Backend>(window: Window, at: &Node<'_, B>) -> Tensor<B> {
        Tensor::apply(&Primitive::WindowSpread { window, size: window.size(&at.shape(0)) }, [at.grad()])
    }

    /// ```text
    /// window_spread  window_sum(g)
    /// ```
    pub(in crate::primitive) fn spread<B: Backend>(window: Window, at: &Node<'_, B>) -> Tensor<B> {
        Tensor::apply(&Primitive::WindowSum { window }, [at.grad()])
    }
}
