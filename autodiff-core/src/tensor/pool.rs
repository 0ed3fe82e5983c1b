//! Pooling: the largest and the mean numbers of windows, of a size that is given or that gives a size.

use alloc::vec::Vec;

use crate::{Backend, Element, Index, MAX_RANK, Primitive, Shape, Slide, SpecError, Tensor, Window};

use super::conv::{extent, small};

/// How pooling over the last `D` axes is done; the defaults are PyTorch's.
///
/// ```
/// use autodiff_core::{Pool, Tensor};
/// use backend_cpu::Cpu;
/// let x = Tensor::<Cpu<f32>>::new(&[1.0, 4.0, 2.0, 6.0, 3.0], [1, 5]);
/// assert_eq!(x.max_pool1d(Pool::new([2])).to_vec(), [4.0, 6.0]);
/// let all = Pool { ceil_mode: true, ..Pool::new([2]) };
/// assert_eq!(x.avg_pool1d(all).to_vec(), [2.5, 4.0, 3.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pool<const D: usize> {
    /// How many cells a window has along each axis.
    pub kernel_size: [usize; D],
    /// The distance of two windows along each axis; `None` for the kernel's size, so that they neither overlap nor leave gaps.
    pub stride: Option<[usize; D]>,
    /// How many cells of padding on both sides of each axis, at most half of what a window spans; 0.
    pub padding: [usize; D],
    /// The distance of two cells of a window along each axis; 1.
    pub dilation: [usize; D],
    /// Whether a last window may end behind the padding, if it begins before it; no.
    pub ceil_mode: bool,
    /// Whether a mean divides by the padding that a window holds too, but not by what lies behind it; yes.
    pub count_include_pad: bool,
}

impl<const D: usize> Pool<D> {
    /// Windows of this size side by side, without padding.
    #[must_use]
    pub const fn new(kernel_size: [usize; D]) -> Self {
        let (padding, dilation) = ([0; D], [1; D]);
        Self { kernel_size, stride: None, padding, dilation, ceil_mode: false, count_include_pad: true }
    }

    /// From the first cell of a window to behind the last.
    fn span(&self, axis: usize) -> usize {
        self.kernel_size[axis].saturating_sub(1).saturating_mul(self.dilation[axis]).saturating_add(1)
    }

    /// So many cells behind the last that the windows in question fit, on an axis of `size` cells.
    fn behind(&self, axis: usize, size: usize) -> usize {
        let (span, padding, stride) =
            (self.span(axis), self.padding[axis], self.stride.unwrap_or(self.kernel_size)[axis]);
        let end = size.saturating_add(padding);
        let room = end.saturating_add(padding).saturating_add(stride.saturating_sub(1)).checked_sub(span);
        match room.and_then(|room| room.checked_div(stride)) {
            Some(last) if self.ceil_mode && last * stride < end => {
                padding.max((last * stride + span).saturating_sub(end))
            }
            _ => padding,
        }
    }

    /// The windows over `x`.
    #[track_caller]
    fn window<B: Backend>(&self, op: &'static str, x: &Tensor<B>) -> Window {
        let mut slides = [Slide::UNIT; D];
        for axis in 0..D {
            let (padding, span) = (self.padding[axis], self.span(axis));
            assert!(
                padding <= span / 2,
                "{op}: padding {padding} exceeds half of the {span} cells that a window spans"
            );
            let size = x.rank().checked_sub(D).map_or(1, |lead| extent(x, lead + axis));
            slides[axis] = Slide {
                kernel: small(op, "a kernel", self.kernel_size[axis]),
                stride: small(op, "a stride", self.stride.unwrap_or(self.kernel_size)[axis]),
                dilation: small(op, "a dilation", self.dilation[axis]),
                lo: small(op, "padding", padding),
                hi: small(op, "padding", self.behind(axis, size)),
            };
        }
        Window::new(&slides).unwrap_or_else(|| unreachable!("windows slide over one to three axes"))
    }

    /// By how much each window along an axis is divided.
    fn counts(&self, axis: usize, slide: &Slide, size: usize, windows: usize) -> Vec<usize> {
        let (lo, padded) = (self.padding[axis], size + 2 * self.padding[axis]);
        let counted = if self.count_include_pad { 0..padded } else { lo..lo + size };
        let cell = |window: usize, tap: usize| window * slide.stride as usize + tap * slide.dilation as usize;
        let count = |window| (0..self.kernel_size[axis]).filter(|&tap| counted.contains(&cell(window, tap))).count();
        (0..windows).map(|window| count(window).max(1)).collect()
    }
}

macro_rules! pool {
    ($($D:literal, $axes:literal, $max:ident, $indices:ident, $avg:ident;)*) => {
        impl<B: Backend> Tensor<B> {
            $(#[doc = concat!("The largest number of each window over the last ", $axes, "; any axes may stand in front.")]
            ///
            /// Padding is never chosen, nor is it where nothing else is: that is refused. The whole gradient goes to the first
            /// largest cell of a window, or the first NaN.
            ///
            /// # Panics
            /// When there are fewer axes, a window does not fit or would hold no cell, the padding exceeds half a window, and when
            /// a kernel, stride or dilation is 0.
            #[must_use]
            #[track_caller]
            pub fn $max(&self, pool: Pool<$D>) -> Self {
                self.max_pool(&pool.window(stringify!($max), self)).0
            }

            #[doc = concat!("[`", stringify!($max), "`](Self::", stringify!($max), "), and where the largest cells lie.")]
            ///
            /// Positions count in row-major order over the axes that are pooled.
            ///
            /// # Panics
            /// As the pooling itself does.
            #[must_use]
            #[track_caller]
            pub fn $indices(&self, pool: Pool<$D>) -> (Self, Index<B>) {
                self.max_pool(&pool.window(stringify!($max), self))
            }

            #[doc = concat!("The mean of each window over the last ", $axes, "; any axes may stand in front.")]
            ///
            /// ```text
            /// y[.., j] = (sum over i  x[.., j stride + i dilation - padding]) / count      gradient  g / count to each cell
            /// ```
            ///
            /// `count` is the number of the window's cells, of which `count_include_pad` says whether padding is one. Cells
            /// behind the padding, which `ceil_mode` brings, never are. Halves beside a wider element are added up in that;
            /// otherwise the sum must be finite.
            ///
            /// # Panics
            /// When there are fewer axes, a window does not fit, the padding exceeds half a window, and when a kernel, stride or
            /// dilation is 0.
            #[must_use]
            #[track_caller]
            pub fn $avg(&self, pool: Pool<$D>) -> Self {
                self.avg_pool(&pool, pool.window(stringify!($avg), self))
            })*
        }
    };
}

pool! {
    1, "axis", max_pool1d, max_pool1d_with_indices, avg_pool1d;
    2, "two axes", max_pool2d, max_pool2d_with_indices, avg_pool2d;
    3, "three axes", max_pool3d, max_pool3d_with_indices, avg_pool3d;
}

macro_rules! adaptive {
    ($($D:literal, $axes:literal, $max:ident, $pool:ident, $avg:ident;)*) => {
        impl<B: Backend> Tensor<B> {
            $(#[doc = concat!("The largest number of each of `output_size` windows that cover the last ", $axes, ".")]
            ///
            /// Window `i` of `n` holds the cells from `floor(i s / n)` to before `ceil((i + 1) s / n)` of `s`.
            ///
            /// # Panics
            /// When there are fewer axes, one of them is empty, and for an output size of 0.
            #[must_use]
            #[track_caller]
            pub fn $max(&self, output_size: [usize; $D]) -> Self {
                let (mut x, mut kernel_size) = (self.clone(), [1; $D]);
                for axis in 0..$D {
                    let at = self.inner_axis(stringify!($max), $D, axis);
                    let parts = Parts::new(stringify!($max), &x, at, output_size[axis]);
                    (x, kernel_size[axis]) = (parts.repeated(&x), parts.longest);
                }
                x.$pool(Pool::new(kernel_size))
            }

            #[doc = concat!("The mean of each of `output_size` windows that cover the last ", $axes, ".")]
            ///
            /// Window `i` of `n` holds the cells from `floor(i s / n)` to before `ceil((i + 1) s / n)` of `s`. The means are taken
            /// along one axis after the other, of halves in a wider element where the backend's is.
            ///
            /// # Panics
            /// When there are fewer axes, one of them is empty, and for an output size of 0.
            #[must_use]
            #[track_caller]
            pub fn $avg(&self, output_size: [usize; $D]) -> Self {
                let mut x = self.widened();
                for axis in 0..$D {
                    let at = self.inner_axis(stringify!($avg), $D, axis);
                    x = Parts::new(stringify!($avg), &x, at, output_size[axis]).means(&x);
                }
                x.cast(self.dtype())
            })*
        }
    };
}

adaptive! {
    1, "axis", adaptive_max_pool1d, max_pool1d, adaptive_avg_pool1d;
    2, "two axes", adaptive_max_pool2d, max_pool2d, adaptive_avg_pool2d;
}

impl<B: Backend> Tensor<B> {
    /// Pooling is reading at positions, so that the gradient is right at every order.
    #[track_caller]
    fn max_pool(&self, window: &Window) -> (Self, Index<B>) {
        let index = Self::apply(&Primitive::WindowArgMax { window: *window }, [self]).to_index();
        let lead = self.rank() - window.rank();
        let (axis, windows) = (lead.cast_signed(), index.shape());
        if lead == self.rank() - 1 {
            return (self.gather(axis, &index), index);
        }
        (self.flatten(axis).gather(axis, &index.flatten(axis)).reshape(windows), index)
    }

    #[track_caller]
    fn avg_pool<const D: usize>(&self, pool: &Pool<D>, window: Window) -> Self {
        let sums = Self::apply(&Primitive::WindowSum { window }, [&self.widened()]);
        let (from, to, lead) = (self.shape(), sums.shape(), self.rank() - D);
        // What is the same for all windows along an axis is one number, so that most poolings divide by a constant.
        let (mut factor, mut columns) = (1.0, None::<Self>);
        for (axis, slide) in window.slides().iter().enumerate() {
            let at = lead + axis;
            let counts = pool.counts(axis, slide, from[at], to[at]);
            match counts[..] {
                [first, ref rest @ ..] if rest.iter().all(|&count| count == first) => factor *= to_f64(first),
                _ => {
                    let column = sums.column(at, &counts);
                    columns = Some(if let Some(columns) = columns { columns * column } else { column });
                }
            }
        }
        let means = match columns {
            Some(columns) => sums / (columns * factor),
            None => sums / factor,
        };
        means.cast(self.dtype())
    }

    /// Counts along an axis of a tensor of this rank, 1 along all others.
    fn column(&self, axis: usize, counts: &[usize]) -> Self {
        let shape = Shape::new(&[1; MAX_RANK][..self.rank()]).with(axis, counts.len());
        let elements: Vec<B::Elem> = counts.iter().map(|&count| B::Elem::from_f64(to_f64(count))).collect();
        Self::from_slice(&elements, shape, self.device()).cast(self.dtype())
    }

    /// The axis of the tensor that is one of the last `count`.
    #[track_caller]
    fn inner_axis(&self, op: &'static str, count: usize, axis: usize) -> usize {
        match self.rank().checked_sub(count) {
            Some(lead) => lead + axis,
            None => panic!("{}", SpecError::shape(op, "the window has more axes than the tensor", &self.spec())),
        }
    }
}

/// The parts of an axis that pooling to a size takes together, which overlap where the sizes do not divide.
struct Parts {
    op: &'static str,
    axis: usize,
    /// The first cell of each, and the one behind the last.
    bounds: Vec<(usize, usize)>,
    longest: usize,
}

impl Parts {
    #[track_caller]
    fn new<B: Backend>(op: &'static str, x: &Tensor<B>, axis: usize, count: usize) -> Self {
        let size = x.shape()[axis];
        assert!(size > 0, "{}", SpecError::shape(op, "an empty axis has nothing to pool", &x.spec()));
        assert!(count > 0, "{op}: the output size is at least 1");
        let (size, count) = (size as u64, count as u64);
        // No position exceeds the size.
        let position = |position: u64| usize::try_from(position).unwrap_or(usize::MAX);
        let bound = |part: u64| (position(part * size / count), position(((part + 1) * size).div_ceil(count)));
        let bounds: Vec<(usize, usize)> = (0..count).map(bound).collect();
        let longest = bounds.iter().map(|(start, stop)| stop - start).max().unwrap_or(1);
        Self { op, axis, bounds, longest }
    }

    /// All parts one after another, each as long as the longest: what is missing is the cell that `behind` names.
    #[track_caller]
    fn side_by_side<B: Backend>(&self, x: &Tensor<B>, behind: impl Fn(usize) -> usize) -> Tensor<B> {
        let cells = self.bounds.iter().flat_map(|&(start, stop)| {
            let behind = behind(stop);
            (start..start + self.longest).map(move |cell| if cell < stop { cell } else { behind })
        });
        x.index_select(self.axis.cast_signed(), &Index::positions(self.op, cells, x.device()))
    }

    /// The parts for a maximum: the last cell once more changes neither that nor which is the first.
    #[track_caller]
    fn repeated<B: Backend>(&self, x: &Tensor<B>) -> Tensor<B> {
        self.side_by_side(x, |stop| stop - 1)
    }

    /// The mean of each part.
    #[track_caller]
    fn means<B: Backend>(&self, x: &Tensor<B>) -> Tensor<B> {
        let (shape, axis, count) = (x.shape(), self.axis, self.bounds.len());
        let (lead, tail) = (&shape.extents()[..axis], &shape.extents()[axis + 1..]);
        let split = [lead.iter().product(), count, self.longest, tail.iter().product()];
        let sizes: Vec<usize> = self.bounds.iter().map(|(start, stop)| stop - start).collect();
        let means = if self.longest * count == shape[axis] {
            x.reshape(split).mean_axes(&[2])
        } else if sizes.iter().all(|&size| size == self.longest) {
            self.repeated(x).reshape(split).mean_axes(&[2])
        } else {
            let sums = self.side_by_side(&x.pad_along(axis, 0, 1, 0), |_| shape[axis]).reshape(split).sum_keepdim(&[2]);
            &sums / sums.column(1, &sizes)
        };
        means.reshape(shape.with(axis, count))
    }
}

pub(super) fn to_f64(count: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "more than 2^53 cells fit no memory")]
    let count = count as f64;
    count
}
