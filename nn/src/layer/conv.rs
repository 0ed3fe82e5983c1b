//! Convolutions.

use autodiff_core::{Backend, Conv, Shape, Tensor};

use super::linear::fan_bound;
use crate::{Context, Keys, Layer, Module, Param, init};

/// What stands around the input of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Padding<const D: usize> {
    /// So many zeros on both sides of each axis.
    Zeros([usize; D]),
    /// As many zeros as give an output of the input's size: `dilation (k - 1)` along an axis, an odd one at the end. Only
    /// with stride 1.
    Same,
}

/// How a convolutional layer is done; the defaults are PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvOptions<const D: usize> {
    /// The distance of two windows along each axis; 1.
    pub stride: [usize; D],
    /// What stands around the input; nothing.
    pub padding: Padding<D>,
    /// The distance of two cells of a window along each axis; 1.
    pub dilation: [usize; D],
    /// In how many parts the channels are taken, each seeing only its own; 1. With as many as there are channels the
    /// convolution is depthwise.
    pub groups: usize,
    /// Whether a number is added to each output channel; yes.
    pub bias: bool,
}

impl<const D: usize> Default for ConvOptions<D> {
    fn default() -> Self {
        Self { stride: [1; D], padding: Padding::Zeros([0; D]), dilation: [1; D], groups: 1, bias: true }
    }
}

/// The convolution over `D` axes: [`Conv1d`], [`Conv2d`], [`Conv3d`].
///
/// ```text
/// y[n, o, j] = bias[o] + sum over c, i  weight[o, c, i] x[n, c, j stride + i dilation - padding]
///
/// x [N, C, S..]    weight [O, C / groups, K..]    bias [O]    ->    y [N, O, T..]
/// T = (S + 2 padding - dilation (K - 1) - 1) / stride + 1
/// ```
///
/// The kernel is not turned round: a cross-correlation, as networks have it. Weight and bias begin uniformly distributed
/// between `-1/sqrt(n)` and `1/sqrt(n)` with the `n = C / groups K..` inputs of one output, as PyTorch's do.
///
/// (LeCun, Bottou, Bengio and Haffner, *Gradient-based learning applied to document recognition*, 1998, section II.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Conv2d, ConvOptions, Keys, Padding};
/// let mut keys = Keys::<Cpu<f32>>::new(0, &Default::default());
/// let x = Tensor::ones([8, 3, 28, 28], keys.device());
/// let conv = Conv2d::new(3, 6, [5, 5], &mut keys);
/// assert_eq!(conv.forward(&x).shape(), [8, 6, 24, 24]);
/// let same = ConvOptions { padding: Padding::Same, bias: false, ..ConvOptions::default() };
/// assert_eq!(Conv2d::with(3, 6, [5, 5], same, &mut keys).forward(&x).shape(), [8, 6, 28, 28]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct ConvNd<B: Backend, const D: usize> {
    /// Of shape `[out_channels, in_channels / groups, kernel..]`.
    pub weight: Param<B>,
    /// Of shape `[out_channels]`.
    pub bias: Option<Param<B>>,
    /// The distance of two windows along each axis.
    pub stride: [usize; D],
    /// What stands around the input.
    #[module(skip)]
    pub padding: Padding<D>,
    /// The distance of two cells of a window along each axis.
    pub dilation: [usize; D],
    /// In how many parts the channels are taken.
    pub groups: usize,
}

/// The convolution over one axis: `[N, C, L]`. See [`ConvNd`].
pub type Conv1d<B> = ConvNd<B, 1>;
/// The convolution over two axes: `[N, C, H, W]`. See [`ConvNd`].
pub type Conv2d<B> = ConvNd<B, 2>;
/// The convolution over three axes: `[N, C, D, H, W]`. See [`ConvNd`].
pub type Conv3d<B> = ConvNd<B, 3>;

impl<B: Backend, const D: usize> ConvNd<B, D> {
    /// A layer with PyTorch's defaults, initialised from two keys.
    ///
    /// # Panics
    /// When the extents are too large for a tensor.
    #[must_use]
    #[track_caller]
    pub fn new(in_channels: usize, out_channels: usize, kernel_size: [usize; D], keys: &mut Keys<B>) -> Self {
        Self::with(in_channels, out_channels, kernel_size, ConvOptions::default(), keys)
    }

    /// A layer with these options, initialised from one key for the weight and one for the bias.
    ///
    /// # Panics
    /// When the groups do not divide the channels, when the extents are too large for a tensor, and for a stride other than 1
    /// with [`Padding::Same`].
    #[must_use]
    #[track_caller]
    pub fn with(
        in_channels: usize,
        out_channels: usize,
        kernel_size: [usize; D],
        options: ConvOptions<D>,
        keys: &mut Keys<B>,
    ) -> Self {
        let ConvOptions { stride, padding, dilation, groups, bias } = options;
        check_groups("convolution", groups, [in_channels, out_channels]);
        assert!(
            padding != Padding::Same || stride == [1; D],
            "convolution: the padding `Same` needs stride 1, found {stride:?}"
        );
        let (weight, bias) = parameters(
            "convolution",
            [out_channels, in_channels / groups],
            kernel_size,
            bias.then_some(out_channels),
            keys,
        );
        Self { weight, bias, stride, padding, dilation, groups }
    }

    /// The input as the windows see it, and how they slide over it.
    #[track_caller]
    fn padded(&self, x: &Tensor<B>) -> (Tensor<B>, Conv<D>) {
        let shape = x.shape();
        assert!(
            shape.rank() == D + 2,
            "convolution: an input with {D} axes behind examples and channels expected, its shape is {shape}"
        );
        let (mut x, mut padding) = (x.clone(), [0; D]);
        match self.padding {
            Padding::Zeros(zeros) => padding = zeros,
            Padding::Same => {
                let kernel = self.weight.shape();
                for axis in 0..D {
                    // What saturates here is refused below, as an empty kernel is.
                    let around = self.dilation[axis].saturating_mul(kernel[axis + 2].saturating_sub(1));
                    padding[axis] = around / 2;
                    if around % 2 == 1 {
                        x = x.pad((axis + 2).cast_signed(), 0, 1);
                    }
                }
            }
        }
        (x, Conv { stride: self.stride, padding, dilation: self.dilation, groups: self.groups })
    }
}

macro_rules! forward {
    ($($D:literal $f:ident)*) => {
        $(impl<B: Backend> ConvNd<B, $D> {
            /// The convolution of `x` by the weight, and the bias.
            ///
            /// # Panics
            /// When the input is not `[N, C, S..]` with the layer's channels, or the kernel does not fit into it.
            #[must_use]
            #[track_caller]
            pub fn forward(&self, x: &Tensor<B>) -> Tensor<B> {
                let (x, conv) = self.padded(x);
                x.$f(&self.weight, self.bias.as_deref(), conv)
            }
        }

        impl<B: Backend> Layer<B> for ConvNd<B, $D> {
            type Output = Tensor<B>;
            fn forward(&self, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
                self.forward(x)
            }
        })*
    };
}

forward! { 1 conv1d 2 conv2d 3 conv3d }

/// The groups must divide both numbers of channels.
#[track_caller]
pub(super) fn check_groups(op: &str, groups: usize, [inputs, outputs]: [usize; 2]) {
    assert!(
        groups > 0 && inputs % groups == 0 && outputs % groups == 0,
        "{op}: {groups} groups do not divide {inputs} input and {outputs} output channels"
    );
}

/// A weight `[a, b, kernel..]` and a bias of this length, as PyTorch's `reset_parameters` draws them: uniformly within
/// `1 / sqrt(b kernel..)`.
#[track_caller]
pub(super) fn parameters<B: Backend, const D: usize>(
    op: &str,
    [a, b]: [usize; 2],
    kernel_size: [usize; D],
    bias: Option<usize>,
    keys: &mut Keys<B>,
) -> (Param<B>, Option<Param<B>>) {
    let mut extents = [a, b, 1, 1, 1];
    extents[2..2 + D].copy_from_slice(&kernel_size);
    let shape = Shape::new(&extents[..2 + D]);
    init::check_size(op, &shape);
    let bound = fan_bound(b * kernel_size.iter().product::<usize>());
    let weight = Param::new(init::uniform(&keys.next_key(), shape, -bound, bound));
    // No closure: the panic must point to the caller.
    let Some(channels) = bias else { return (weight, None) };
    (weight, Some(Param::new(init::uniform(&keys.next_key(), [channels], -bound, bound))))
}
