//! Transposed convolutions.

use autodiff_core::{Backend, Conv, Tensor};

use super::conv::{check_groups, parameters};
use crate::{Context, Keys, Layer, Module, Param};

/// How a transposed convolutional layer is done; the defaults are PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvTransposeOptions<const D: usize> {
    /// The distance of two windows on the output along each axis; 1.
    pub stride: [usize; D],
    /// How many cells are cut off on both sides of each axis of the output; 0.
    pub padding: [usize; D],
    /// Which of the output sizes that have windows for the same input it is, counted from the smallest; 0.
    pub output_padding: [usize; D],
    /// The distance of two cells of a window along each axis; 1.
    pub dilation: [usize; D],
    /// In how many parts the channels are taken, each seeing only its own; 1.
    pub groups: usize,
    /// Whether a number is added to each output channel; yes.
    pub bias: bool,
}

impl<const D: usize> Default for ConvTransposeOptions<D> {
    fn default() -> Self {
        Self { stride: [1; D], padding: [0; D], output_padding: [0; D], dilation: [1; D], groups: 1, bias: true }
    }
}

/// The transposed convolution over `D` axes: [`ConvTranspose1d`], [`ConvTranspose2d`].
///
/// ```text
/// y[n, o, p] = bias[o] + sum over c, j, i with j stride + i dilation - padding = p  x[n, c, j] weight[c, o, i]
///
/// x [N, C, S..]    weight [C, O / groups, K..]    bias [O]    ->    y [N, O, T..]
/// T = (S - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1
/// ```
///
/// It is the gradient for the input of a [`ConvNd`](super::ConvNd) with the same attributes: it leads from the size of the
/// output to that of the input. Weight and bias begin as in PyTorch, uniformly distributed within `1 / sqrt(O / groups K..)`.
///
/// (Dumoulin and Visin, *A guide to convolution arithmetic for deep learning*, 2016, chapter 4.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{ConvTranspose2d, ConvTransposeOptions, Keys};
/// let mut keys = Keys::<Cpu<f32>>::new(0, &Default::default());
/// let twice = ConvTransposeOptions { stride: [2, 2], padding: [1, 1], ..Default::default() };
/// let layer = ConvTranspose2d::with(8, 4, [4, 4], twice, &mut keys);
/// assert_eq!(layer.forward(&Tensor::ones([2, 8, 7, 7], keys.device())).shape(), [2, 4, 14, 14]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct ConvTransposeNd<B: Backend, const D: usize> {
    /// Of shape `[in_channels, out_channels / groups, kernel..]`.
    pub weight: Param<B>,
    /// Of shape `[out_channels]`.
    pub bias: Option<Param<B>>,
    /// The distance of two windows on the output along each axis.
    pub stride: [usize; D],
    /// How many cells are cut off on both sides of each axis of the output.
    pub padding: [usize; D],
    /// Which of the possible output sizes it is.
    pub output_padding: [usize; D],
    /// The distance of two cells of a window along each axis.
    pub dilation: [usize; D],
    /// In how many parts the channels are taken.
    pub groups: usize,
}

/// The transposed convolution over one axis: `[N, C, L]`. See [`ConvTransposeNd`].
pub type ConvTranspose1d<B> = ConvTransposeNd<B, 1>;
/// The transposed convolution over two axes: `[N, C, H, W]`. See [`ConvTransposeNd`].
pub type ConvTranspose2d<B> = ConvTransposeNd<B, 2>;

impl<B: Backend, const D: usize> ConvTransposeNd<B, D> {
    /// A layer with PyTorch's defaults, initialised from two keys.
    ///
    /// # Panics
    /// When the extents are too large for a tensor.
    #[must_use]
    #[track_caller]
    pub fn new(in_channels: usize, out_channels: usize, kernel_size: [usize; D], keys: &mut Keys<B>) -> Self {
        Self::with(in_channels, out_channels, kernel_size, ConvTransposeOptions::default(), keys)
    }

    /// A layer with these options, initialised from one key for the weight and one for the bias.
    ///
    /// # Panics
    /// When the groups do not divide the channels, or the extents are too large for a tensor.
    #[must_use]
    #[track_caller]
    pub fn with(
        in_channels: usize,
        out_channels: usize,
        kernel_size: [usize; D],
        options: ConvTransposeOptions<D>,
        keys: &mut Keys<B>,
    ) -> Self {
        let ConvTransposeOptions { stride, padding, output_padding, dilation, groups, bias } = options;
        check_groups("transposed convolution", groups, [in_channels, out_channels]);
        let bias = bias.then_some(out_channels);
        let (weight, bias) =
            parameters("transposed convolution", [in_channels, out_channels / groups], kernel_size, bias, keys);
        Self { weight, bias, stride, padding, output_padding, dilation, groups }
    }
}

macro_rules! forward {
    ($($D:literal $f:ident)*) => {
        $(impl<B: Backend> ConvTransposeNd<B, $D> {
            /// The transposed convolution of `x` by the weight, and the bias.
            ///
            /// # Panics
            /// When the input is not `[N, C, S..]` with the layer's channels, when nothing is left of the output, and when
            /// `output_padding` is neither below the stride nor below the dilation.
            #[must_use]
            #[track_caller]
            pub fn forward(&self, x: &Tensor<B>) -> Tensor<B> {
                let Self { stride, padding, dilation, groups, .. } = *self;
                let conv = Conv { stride, padding, dilation, groups };
                x.$f(&self.weight, self.bias.as_deref(), conv, self.output_padding)
            }
        }

        impl<B: Backend> Layer<B> for ConvTransposeNd<B, $D> {
            type Output = Tensor<B>;
            fn forward(&self, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
                self.forward(x)
            }
        })*
    };
}

forward! { 1 conv_transpose1d 2 conv_transpose2d }
