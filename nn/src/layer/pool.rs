//! Pooling: windows made into one number each.

use autodiff_core::{Backend, Pool, Shape, Tensor};

use crate::{Context, Layer, Module};

macro_rules! layer {
    ($Name:ident, $f:ident, $attribute:tt $(, $check:path)?) => {
        impl<B: Backend> Layer<B> for $Name {
            type Output = Tensor<B>;
            fn forward(&self, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
                self.forward(x)
            }
        }

        impl $Name {
            /// The pooled tensor.
            ///
            /// # Panics
            /// When there are fewer axes than are pooled, and where the sizes do not fit.
            #[must_use]
            #[track_caller]
            pub fn forward<B: Backend>(&self, x: &Tensor<B>) -> Tensor<B> {
                $($check(stringify!($f), &x.shape(), &self.$attribute);)?
                x.$f(self.$attribute)
            }
        }
    };
}

macro_rules! pools {
    ($($(#[$doc:meta])* $Name:ident, $D:literal, $f:ident;)*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Module)]
        pub struct $Name(
            /// Size and stride of the windows, padding, and so on.
            #[module(skip)]
            pub Pool<$D>,
        );

        impl $Name {
            /// Windows of this size side by side, without padding: PyTorch's defaults.
            #[must_use]
            pub const fn new(kernel_size: [usize; $D]) -> Self {
                Self(Pool::new(kernel_size))
            }
        }

        layer!($Name, $f, 0, check);)*
    };
}

pools! {
    /// The largest number of each window over the last axis: `[.., L] -> [.., T]`.
    ///
    /// ```text
    /// y[j] = max over i  x[j stride + i dilation - padding],    T = (L + 2 padding - dilation (kernel - 1) - 1) / stride + 1
    /// ```
    ///
    /// The whole gradient goes to the first largest cell of a window.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[1.0, 4.0, 2.0, 6.0], [1, 4]);
    /// assert_eq!(nn::MaxPool1d::new([2]).forward(&x).to_vec(), [4.0, 6.0]);
    /// ```
    MaxPool1d, 1, max_pool1d;

    /// The largest number of each window over the last two axes: `[.., H, W] -> [.., T, U]`. See [`MaxPool1d`].
    ///
    /// ```
    /// use autodiff_core::{Pool, Tensor};
    /// use backend_cpu::Cpu;
    /// use nn::MaxPool2d;
    /// let x = Tensor::<Cpu<f32>>::zeros([8, 3, 28, 28], &Default::default());
    /// assert_eq!(MaxPool2d::new([2, 2]).forward(&x).shape(), [8, 3, 14, 14]);
    /// let overlapping = Pool { stride: Some([2, 2]), padding: [1, 1], ..Pool::new([3, 3]) };
    /// assert_eq!(MaxPool2d(overlapping).forward(&x).shape(), [8, 3, 14, 14]);
    /// ```
    MaxPool2d, 2, max_pool2d;

    /// The mean of each window over the last axis: `[.., L] -> [.., T]`.
    ///
    /// ```text
    /// y[j] = (sum over i  x[j stride + i dilation - padding]) / count
    /// T    = (L + 2 padding - dilation (kernel - 1) - 1) / stride + 1
    /// ```
    ///
    /// `count` is the number of the window's cells; without `count_include_pad`, of those that are no padding. PyTorch's has no
    /// dilation.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[1.0, 4.0, 2.0, 6.0], [1, 4]);
    /// assert_eq!(nn::AvgPool1d::new([2]).forward(&x).to_vec(), [2.5, 4.0]);
    /// ```
    AvgPool1d, 1, avg_pool1d;

    /// The mean of each window over the last two axes: `[.., H, W] -> [.., T, U]`. See [`AvgPool1d`].
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[1.0, 4.0, 2.0, 5.0], [1, 2, 2]);
    /// assert_eq!(nn::AvgPool2d::new([2, 2]).forward(&x).to_vec(), [3.0]);
    /// ```
    AvgPool2d, 2, avg_pool2d;
}

macro_rules! adaptive {
    ($($(#[$doc:meta])* $Name:ident, $D:literal, $f:ident;)*) => {
        $($(#[$doc])*
        ///
        /// Window `i` of `n` holds the cells from `floor(i s / n)` to before `ceil((i + 1) s / n)` of `s`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Module)]
        pub struct $Name {
            /// How many windows there are along each axis.
            pub output_size: [usize; $D],
        }

        layer!($Name, $f, output_size);)*
    };
}

adaptive! {
    /// The mean of each of `output_size` windows that cover the last axis: `[.., L] -> [.., output_size]`.
    AdaptiveAvgPool1d, 1, adaptive_avg_pool1d;

    /// The mean of each of `output_size` windows that cover the last two axes: `[.., H, W] -> [.., output_size..]`.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1, 2, 3]);
    /// assert_eq!(nn::AdaptiveAvgPool2d { output_size: [1, 1] }.forward(&x).to_vec(), [3.5]);
    /// assert_eq!(nn::AdaptiveAvgPool2d { output_size: [1, 2] }.forward(&x).to_vec(), [3.0, 4.0]);
    /// ```
    AdaptiveAvgPool2d, 2, adaptive_avg_pool2d;

    /// The largest number of each of `output_size` windows that cover the last axis: `[.., L] -> [.., output_size]`.
    AdaptiveMaxPool1d, 1, adaptive_max_pool1d;

    /// The largest number of each of `output_size` windows that cover the last two axes: `[.., H, W] -> [.., output_size..]`.
    AdaptiveMaxPool2d, 2, adaptive_max_pool2d;
}

/// What the windows beneath would refuse without knowing what they are for.
#[track_caller]
fn check<const D: usize>(op: &str, shape: &Shape, pool: &Pool<D>) {
    let Some(lead) = shape.rank().checked_sub(D) else {
        panic!("{op}: an input of {D} axes or more expected, its shape is {shape}");
    };
    for axis in 0..D {
        let (kernel, dilation, padding) = (pool.kernel_size[axis], pool.dilation[axis], pool.padding[axis]);
        let stride = pool.stride.unwrap_or(pool.kernel_size)[axis];
        assert!(
            kernel > 0 && stride > 0 && dilation > 0,
            "{op}: kernel, stride and dilation are at least 1, found {kernel}, {stride} and {dilation}"
        );
        let span = (kernel - 1).saturating_mul(dilation).saturating_add(1);
        // A last window that may end behind the padding has to begin before that.
        let behind = if pool.ceil_mode { stride - 1 } else { 0 };
        let room = padding.saturating_mul(2).saturating_add(shape[lead + axis]).saturating_add(behind);
        assert!(
            span <= room,
            "{op}: a window of {span} cells with padding {padding} does not fit into axis {} of an input {shape}",
            lead + axis
        );
    }
}
