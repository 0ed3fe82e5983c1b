//! Convolutions over one, two and three axes, plain and transposed.

use crate::{Backend, Primitive, Slide, SpecError, Tensor, Window};

/// How a convolution over `D` axes is done; the defaults are PyTorch's.
///
/// ```
/// use autodiff_core::{Conv, Tensor};
/// use backend_cpu::Cpu;
/// let x = Tensor::<Cpu<f32>>::new(&[1.0, 2.0, 3.0], [1, 1, 3]);
/// let w = Tensor::new(&[1.0, 10.0], [1, 1, 2]);
/// assert_eq!(x.conv1d(&w, None, Conv::default()).to_vec(), [21.0, 32.0]);
/// let padded = Conv { padding: [1], ..Conv::default() };
/// assert_eq!(x.conv1d(&w, None, padded).to_vec(), [10.0, 21.0, 32.0, 3.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Conv<const D: usize> {
    /// The distance of two windows along each axis; 1.
    pub stride: [usize; D],
    /// How many cells of padding on both sides of each axis; 0.
    pub padding: [usize; D],
    /// The distance of two cells of a window along each axis; 1.
    pub dilation: [usize; D],
    /// In how many parts the channels are taken, each seeing only its own; 1.
    pub groups: usize,
}

impl<const D: usize> Default for Conv<D> {
    fn default() -> Self {
        Self { stride: [1; D], padding: [0; D], dilation: [1; D], groups: 1 }
    }
}

macro_rules! conv {
    ($($name:ident, $D:literal, $axes:literal, $x:literal, $w:literal;)*) => {
        impl<B: Backend> Tensor<B> {
            $(#[doc = concat!("The convolution over ", $axes, ": `", $x, "`, weight `", $w, "`, bias `[o]`.")]
            ///
            /// ```text
            /// y[n, o, j] = bias[o] + sum over c, i  x[n, c, j stride + i dilation - padding] w[o, c, i]
            /// t          = (s + 2 padding - dilation (k - 1) - 1) / stride + 1
            /// ```
            ///
            /// The kernel is not turned round: a cross-correlation, as networks have it. Padding takes no part, so that an
            /// infinite weight does not make it NaN. Gradients are a transposed convolution for `x`, a convolution of `x`
            /// by `g` for the weight, a sum for the bias.
            ///
            /// # Panics
            /// When ranks, channels or groups do not fit each other, when the kernel does not fit into the padded axes, and
            /// when it, a stride or a dilation is 0.
            #[must_use]
            #[track_caller]
            pub fn $name(&self, weight: &Self, bias: Option<&Self>, conv: Conv<$D>) -> Self {
                let window = sliding(stringify!($name), weight, &conv, conv.padding);
                let groups = small(stringify!($name), "a number of groups", conv.groups);
                let y = Self::apply(&Primitive::Conv { window, groups }, [self, weight]);
                y.with_bias(stringify!($name), bias)
            })*
        }
    };
}

conv! {
    conv1d, 1, "one axis", "x [n, c, s] -> [n, o, t]", "[o, c / groups, k]";
    conv2d, 2, "two axes", "x [n, c, s, s] -> [n, o, t, t]", "[o, c / groups, k, k]";
    conv3d, 3, "three axes", "x [n, c, s, s, s] -> [n, o, t, t, t]", "[o, c / groups, k, k, k]";
}

macro_rules! conv_transpose {
    ($($name:ident, $D:literal, $axes:literal, $x:literal, $w:literal;)*) => {
        impl<B: Backend> Tensor<B> {
            $(#[doc = concat!("The transposed convolution over ", $axes, ": `", $x, "`, weight `", $w, "`, bias `[o]`.")]
            ///
            /// ```text
            /// y[n, o, p] = bias[o] + sum over c, j, i with j stride + i dilation - padding = p  x[n, c, j] w[c, o, i]
            /// t          = (s - 1) stride - 2 padding + dilation (k - 1) + output_padding + 1
            /// ```
            ///
            /// It is the gradient for the input of a convolution with the same attributes. Several sizes have windows for
            /// the same `s`; `output_padding` chooses among them, and adds cells at the end only.
            ///
            /// # Panics
            /// When ranks, channels or groups do not fit each other, when nothing is left of the result, when kernel, stride or
            /// dilation is 0, and when `output_padding` is neither below the stride nor below the dilation.
            #[must_use]
            #[track_caller]
            pub fn $name(
                &self,
                weight: &Self,
                bias: Option<&Self>,
                conv: Conv<$D>,
                output_padding: [usize; $D],
            ) -> Self {
                self.conv_transpose(stringify!($name), weight, &conv, output_padding).with_bias(stringify!($name), bias)
            })*
        }
    };
}

conv_transpose! {
    conv_transpose1d, 1, "one axis", "x [n, c, s] -> [n, o, t]", "[c, o / groups, k]";
    conv_transpose2d, 2, "two axes", "x [n, c, s, s] -> [n, o, t, t]", "[c, o / groups, k, k]";
}

impl<B: Backend> Tensor<B> {
    #[track_caller]
    fn conv_transpose<const D: usize>(
        &self,
        op: &'static str,
        weight: &Self,
        conv: &Conv<D>,
        output_padding: [usize; D],
    ) -> Self {
        let (mut hi, mut size, mut behind) = (conv.padding, [1; 3], [0; D]);
        for axis in 0..D {
            let (stride, dilation, padding) = (conv.stride[axis], conv.dilation[axis], conv.padding[axis]);
            let extra = output_padding[axis];
            assert!(
                extra < stride.max(dilation),
                "{op}: output padding {extra} is neither below stride {stride} nor below dilation {dilation}"
            );
            // Below the stride there is room for the same windows. Beyond it, the cells take the place of padding; when that
            // is used up, no window reaches them.
            let excess = if extra < stride { 0 } else { extra };
            hi[axis] = padding.saturating_sub(excess);
            behind[axis] = excess.saturating_sub(padding);
            let steps = extent(self, axis + 2).saturating_sub(1).saturating_mul(stride);
            let gaps = extent(weight, axis + 2).saturating_sub(1).saturating_mul(dilation);
            let whole = steps.saturating_add(gaps).saturating_add(1 + extra);
            let cut = padding.saturating_mul(2).saturating_add(behind[axis]);
            match whole.checked_sub(cut).filter(|&reached| reached + behind[axis] > 0) {
                Some(reached) => size[3 - D + axis] = small(op, "an extent", reached),
                None => {
                    let why = "the padding leaves nothing of the result";
                    panic!("{}", SpecError::shapes(op, why, &self.spec(), &weight.spec()));
                }
            }
        }
        let (window, groups) = (sliding(op, weight, conv, hi), small(op, "a number of groups", conv.groups));
        let x = Self::apply(&Primitive::ConvInputGrad { window, groups, size }, [self, weight]);
        (0..D).filter(|&axis| behind[axis] > 0).fold(x, |x, axis| x.pad_along(axis + 2, 0, behind[axis], 0))
    }

    /// One number added to each channel.
    #[track_caller]
    fn with_bias(self, op: &'static str, bias: Option<&Self>) -> Self {
        let Some(bias) = bias else { return self };
        let (out, given) = (self.spec(), bias.spec());
        assert!(
            given.shape == [out.shape[1]],
            "{}",
            SpecError::shapes(op, "the bias must hold one number for each output channel", &out, &given)
        );
        let mut column = [1; 5];
        column[1] = out.shape[1];
        self + bias.reshape(&column[1..out.shape.rank()])
    }
}

/// The windows of a convolution with this weight, padded so behind the last cells.
#[track_caller]
fn sliding<B: Backend, const D: usize>(op: &'static str, weight: &Tensor<B>, conv: &Conv<D>, hi: [usize; D]) -> Window {
    // No closure: the panic must point to the caller.
    let mut slides = [Slide::UNIT; D];
    for axis in 0..D {
        slides[axis] = Slide {
            kernel: small(op, "a kernel", extent(weight, axis + 2)),
            stride: small(op, "a stride", conv.stride[axis]),
            dilation: small(op, "a dilation", conv.dilation[axis]),
            lo: small(op, "padding", conv.padding[axis]),
            hi: small(op, "padding", hi[axis]),
        };
    }
    Window::new(&slides).unwrap_or_else(|| unreachable!("windows slide over one to three axes"))
}

/// The extent of an axis, 1 where there is none: the primitive says what is wrong with the rank.
pub(super) fn extent<B: Backend>(x: &Tensor<B>, axis: usize) -> usize {
    x.shape().extents().get(axis).copied().unwrap_or(1)
}

/// A number as a window stores it.
#[track_caller]
pub(super) fn small(op: &'static str, what: &'static str, value: usize) -> u32 {
    match u32::try_from(value) {
        Ok(value) => value,
        Err(_) => panic!("{op}: {what} of {value} exceeds 2^32 - 1"),
    }
}
