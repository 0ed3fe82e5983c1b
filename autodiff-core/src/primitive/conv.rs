//! Convolution of any number of axes, and the two gradients of it: each one's gradients are the other two.
//!
//! With groups `q`, an input `x [n, c, s..]`, a weight `w [o, c / q, k..]` and an output `y [n, o, t..]` are tied together
//! by products of three, one for each place where a cell of a window is no padding:
//!
//! ```text
//! conv              y[n, o, j] = sum over c, i  x[n, c, cell(j, i)] w[o, c, i]
//! conv_input_grad   x[n, c, p] = sum over o, j, i with cell(j, i) = p  y[n, o, j] w[o, c, i]
//! conv_weight_grad  w[o, c, i] = sum over n, j  x[n, c, cell(j, i)] y[n, o, j]
//! ```
//!
//! (Dumoulin and Visin, *A guide to convolution arithmetic for deep learning*, 2016, chapters 2, 4 and 5.)

use crate::spec::{self, Spec, SpecError};
use crate::{Shape, Window};

pub(super) fn infer(inputs: &[Spec], window: &Window, groups: u32) -> Result<Spec, SpecError> {
    let [x, w] = pair("conv", inputs)?;
    let y = output(&x.shape, &w.shape, window, groups);
    y.map(|y| x.reshaped(y)).map_err(|why| SpecError::shapes("conv", why, x, w))
}

pub(super) fn infer_input_grad(
    inputs: &[Spec],
    window: &Window,
    groups: u32,
    size: [u32; 3],
) -> Result<Spec, SpecError> {
    let [g, w] = pair("conv_input_grad", inputs)?;
    let refuse = |why| SpecError::shapes("conv_input_grad", why, g, w);
    ranks(&g.shape, &w.shape, window).map_err(refuse)?;
    let channels = w.shape[1].checked_mul(groups as usize).ok_or("there are too many channels").map_err(refuse)?;
    let x = window.inputs(&g.shape, size).with(1, channels);
    if output(&x, &w.shape, window, groups).map_err(refuse)? != g.shape {
        return Err(refuse("the weight does not have the input's channels, or the size asked for its windows"));
    }
    Ok(g.reshaped(x))
}

pub(super) fn infer_weight_grad(inputs: &[Spec], window: &Window, groups: u32) -> Result<Spec, SpecError> {
    let [x, g] = pair("conv_weight_grad", inputs)?;
    let refuse = |why| SpecError::shapes("conv_weight_grad", why, x, g);
    ranks(&x.shape, &g.shape, window).map_err(refuse)?;
    let channels = x.shape[1].checked_div(groups as usize).ok_or("there is at least one group").map_err(refuse)?;
    let w = window.inputs(&x.shape, window.all().map(|slide| slide.kernel)).with(0, g.shape[1]).with(1, channels);
    if output(&x.shape, &w, window, groups).map_err(refuse)? != g.shape {
        return Err(refuse("batches differ, or the input does not have as many windows"));
    }
    Ok(x.reshaped(w))
}

fn pair<'a>(op: &'static str, inputs: &'a [Spec]) -> Result<&'a [Spec; 2], SpecError> {
    let pair @ [a, b] = spec::arity(op, inputs)?;
    spec::float(op, 0, a)?;
    if a.dtype != b.dtype {
        return Err(SpecError::shapes(op, "the number formats differ", a, b));
    }
    Ok(pair)
}

fn ranks(a: &Shape, b: &Shape, window: &Window) -> Result<(), &'static str> {
    let rank = window.rank() + 2;
    if a.rank() == rank && b.rank() == rank {
        return Ok(());
    }
    Err(match rank {
        3 => "a convolution over 1 axis takes tensors of 3 axes",
        4 => "a convolution over 2 axes takes tensors of 4 axes",
        _ => "a convolution over 3 axes takes tensors of 5 axes",
    })
}

/// The shape of `y`, or the rule that the three shapes break.
fn output(x: &Shape, w: &Shape, window: &Window, groups: u32) -> Result<Shape, &'static str> {
    ranks(x, w, window)?;
    let groups = groups as usize;
    if groups == 0 || !w[0].is_multiple_of(groups) {
        return Err("the groups do not divide the output channels");
    }
    if w[1].checked_mul(groups) != Some(x[1]) {
        return Err("the weight's channels times the groups must be the input's channels");
    }
    if window.inputs(w, window.all().map(|slide| slide.kernel)) != *w {
        return Err("the weight does not have the window's size");
    }
    Ok(window.outputs(x)?.with(1, w[0]))
}

#[cfg(feature = "alloc")]
pub(super) mod rule {
    use crate::{Backend, Needs, Node, Primitive, Saves, Tensor, Window};

    /// Each argument's gradient reads the other argument.
    pub(in crate::primitive) const fn saves(needs: Needs) -> Saves {
        Saves::NONE.and_input_if(0, needs.contains(1)).and_input_if(1, needs.contains(0))
    }

    /// ```text
    /// x  conv_input_grad(g, w)      w  conv_weight_grad(x, g)
    /// ```
    pub(in crate::primitive) fn conv<B: Backend>(
        window: Window,
        groups: u32,
        arg: usize,
        at: &Node<'_, B>,
    ) -> Tensor<B> {
        match arg {
            0 => input_grad(window, groups, window.size(&at.shape(0)), [at.grad(), at.input(1)]),
            _ => Tensor::apply(&Primitive::ConvWeightGrad { window, groups }, [at.input(0), at.grad()]),
        }
    }

    /// Of `(y, w) -> x`:
    ///
    /// ```text
    /// y  conv(g, w)      w  conv_weight_grad(g, y)
    /// ```
    pub(in crate::primitive) fn conv_input_grad<B: Backend>(
        window: Window,
        groups: u32,
        arg: usize,
        at: &Node<'_, B>,
    ) -> Tensor<B> {
        match arg {
            0 => Tensor::apply(&Primitive::Conv { window, groups }, [at.grad(), at.input(1)]),
            _ => Tensor::apply(&Primitive::ConvWeightGrad { window, groups }, [at.grad(), at.input(0)]),
        }
    }

    /// Of `(x, y) -> w`:
    ///
    /// ```text
    /// x  conv_input_grad(y, g)      y  conv(x, g)
    /// ```
    pub(in crate::primitive) fn conv_weight_grad<B: Backend>(
        window: Window,
        groups: u32,
        arg: usize,
        at: &Node<'_, B>,
    ) -> Tensor<B> {
        match arg {
            0 => input_grad(window, groups, window.size(&at.shape(0)), [at.input(1), at.grad()]),
            _ => Tensor::apply(&Primitive::Conv { window, groups }, [at.input(0), at.grad()]),
        }
    }

    fn input_grad<B: Backend>(window: Window, groups: u32, size: [u32; 3], inputs: [&Tensor<B>; 2]) -> Tensor<B> {
        Tensor::apply(&Primitive::ConvInputGrad { window, groups, size }, inputs)
    }
}
