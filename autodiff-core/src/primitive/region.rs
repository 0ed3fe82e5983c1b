//! Parts of an axis and their composition: pad, slice, concat, each other's gradients.

use crate::spec::{self, Fault, Spec, SpecError};

pub(super) fn infer_pad(inputs: &[Spec], axis: usize, sizes: [usize; 3]) -> Result<Spec, SpecError> {
    let [x] = spec::arity("pad", inputs)?;
    spec::has_axis("pad", axis, &x.shape)?;
    match padded(x.shape[axis], sizes) {
        Some(extent) => Ok(x.reshaped(x.shape.with(axis, extent))),
        None => Err(SpecError::shape("pad", "the padded axis has too many elements", x)),
    }
}

/// The extent of an axis of `extent` elements with zeros before, after and between them.
fn padded(extent: usize, [lo, hi, interior]: [usize; 3]) -> Option<usize> {
    let between = extent.saturating_sub(1).checked_mul(interior)?;
    extent.checked_add(between)?.checked_add(lo)?.checked_add(hi)
}

pub(super) fn infer_slice(inputs: &[Spec], axis: usize, range: [usize; 3]) -> Result<Spec, SpecError> {
    let [x] = spec::arity("slice", inputs)?;
    spec::has_axis("slice", axis, &x.shape)?;
    let [start, stop, step] = range;
    if start > stop || stop > x.shape[axis] || step == 0 {
        let out = x.reshaped(x.shape.with(axis, stop.saturating_sub(start)));
        let why = "the range does not lie within the axis, or its step is 0";
        return Err(SpecError::shapes("slice", why, x, &out));
    }
    Ok(x.reshaped(x.shape.with(axis, (stop - start).div_ceil(step))))
}

pub(super) fn infer_concat(inputs: &[Spec], axis: usize) -> Result<Spec, SpecError> {
    let Some((first, rest)) = inputs.split_first() else {
        return Err(SpecError { op: "concat", fault: Fault::Arity { expected: 1, found: 0 } });
    };
    spec::has_axis("concat", axis, &first.shape)?;
    let mut extent = first.shape[axis];
    for next in rest {
        let same_rank = next.shape.rank() == first.shape.rank();
        if next.dtype != first.dtype || !same_rank || next.shape.with(axis, first.shape[axis]) != first.shape {
            return Err(SpecError::shapes("concat", "the inputs may differ on the joined axis only", first, next));
        }
        extent = extent
            .checked_add(next.shape[axis])
            .ok_or(SpecError { op: "concat", fault: Fault::TooLarge { shape: first.shape } })?;
    }
    Ok(first.reshaped(first.shape.with(axis, extent)))
}

#[cfg(feature = "alloc")]
pub(super) mod rule {
    use crate::{Backend, Node, Tensor};

    /// ```text
    /// pad  the slice of g where x lies
    /// ```
    pub(in crate::primitive) fn pad<B: Backend>(
        axis: usize,
        lo: usize,
        interior: usize,
        at: &Node<'_, B>,
    ) -> Tensor<B> {
        let (extent, step) = (at.shape(0)[axis], interior + 1);
        let stop = lo + extent.saturating_sub(1) * step + usize::from(extent > 0);
        at.grad().slice_along(axis, lo, stop, step)
    }

    /// ```text
    /// slice  g with zeros where x was left out
    /// ```
    pub(in crate::primitive) fn slice<B: Backend>(
        axis: usize,
        start: usize,
        step: usize,
        at: &Node<'_, B>,
    ) -> Tensor<B> {
        let (extent, taken) = (at.shape(0)[axis], at.grad().shape()[axis]);
        let end = start + taken.saturating_sub(1) * step + usize::from(taken > 0);
        at.grad().pad_along(axis, start, extent - end, step - 1)
    }

    /// ```text
    /// concat  the slice of g where that input lies
    /// ```
    ///
    /// Of all inputs in one pass: where they lie is added up once.
    pub(in crate::primitive) fn concat_all<B: Backend>(
        axis: usize,
        at: &Node<'_, B>,
        sink: &mut dyn FnMut(usize, Tensor<B>),
    ) {
        let mut start = 0;
        for arg in 0..at.arity() {
            let stop = start + at.shape(arg)[axis];
            if at.needs(arg) {
                sink(arg, at.grad().slice_along(axis, start, stop, 1));
            }
            start = stop;
        }
    }
}
