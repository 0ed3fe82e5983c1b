//! [`Window`], how windows slide over the last axes of a tensor, inline, without a heap.

use core::fmt;
use core::ops::Range;

use crate::Shape;

/// The most axes that windows can slide over.
const MAX: usize = 3;

/// How windows slide along one axis.
///
/// ```text
/// cell i of window j  =  j stride + i dilation - lo      for i < kernel
/// windows             =  (size + lo + hi - dilation (kernel - 1) - 1) / stride + 1
/// ```
///
/// A cell outside the axis is padding: it takes no part.
///
/// ```
/// use autodiff_core::Slide;
/// let slide = Slide { kernel: 3, stride: 2, lo: 1, hi: 1, ..Slide::UNIT };
/// assert_eq!(slide.windows(5), Some(3));
/// assert_eq!([0, 1, 2].map(|i| slide.cell(0, i, 5)), [None, Some(0), Some(1)]);
/// assert_eq!([0, 1, 2].map(|i| slide.cell(2, i, 5)), [Some(3), Some(4), None]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Slide {
    /// How many cells a window has.
    pub kernel: u32,
    /// The distance of two windows, at least 1.
    pub stride: u32,
    /// The distance of two cells of a window, at least 1.
    pub dilation: u32,
    /// How many cells of padding before the first.
    pub lo: u32,
    /// How many after the last.
    pub hi: u32,
}

impl Slide {
    /// Each cell is a window of its own.
    pub const UNIT: Self = Self { kernel: 1, stride: 1, dilation: 1, lo: 0, hi: 0 };

    /// From the first cell of a window to behind the last: `dilation (kernel - 1) + 1`. `None` for an empty kernel, or
    /// where the number is too large.
    #[must_use]
    pub fn span(&self) -> Option<usize> {
        let gaps = (self.kernel as usize).checked_sub(1)?;
        gaps.checked_mul(self.dilation as usize)?.checked_add(1)
    }

    /// How many windows fit into an axis of `size` cells and its padding. `None` where none does, where a number is 0 that
    /// must not be, and where one is too large.
    #[must_use]
    pub fn windows(&self, size: usize) -> Option<usize> {
        let padded = size.checked_add(self.lo as usize)?.checked_add(self.hi as usize)?;
        let steps = padded.checked_sub(self.span()?)?.checked_div(self.stride as usize)?;
        // So that places count from 0 to at most `isize::MAX`, padding included.
        let countable = isize::try_from(padded).is_ok() && self.dilation > 0;
        countable.then_some(steps + 1)
    }

    /// The cell in place `tap` of a window, on an axis of `size` cells; `None` for padding.
    ///
    /// There is such a place where the window's number is below [`windows`](Self::windows) and `tap` below the kernel.
    ///
    /// # Panics
    /// Beyond those, with overflow checks, where the place exceeds `usize`; without, the cell is not specified.
    #[inline]
    #[must_use]
    pub fn cell(&self, window: usize, tap: usize, size: usize) -> Option<usize> {
        let padded = window * self.stride as usize + tap * self.dilation as usize;
        padded.checked_sub(self.lo as usize).filter(|&cell| cell < size)
    }

    /// Whether some window holds nothing but padding of an axis of `size` cells.
    pub(crate) fn misses(&self, size: usize) -> bool {
        let windows = self.windows(size).unwrap_or(0);
        let (stride, lo) = (self.stride as usize, self.lo as usize);
        // A window that begins within the axis holds its first cell.
        let before = windows.min(lo.div_ceil(stride));
        // Of those that begin before it, the first reaches least far.
        let short = before > 0 && lo.div_ceil(self.dilation as usize) >= self.kernel as usize;
        let leaps = self.first_leap(size as u64).is_some_and(|window| window < before as u64);
        short || leaps || windows.checked_sub(1).is_some_and(|last| last * stride >= size + lo)
    }

    /// The first window of those before the axis that has cells on both sides of it and none in it, were its kernel long
    /// enough: the first cell that is not before the axis lies at `(window stride - lo) mod dilation`.
    fn first_leap(&self, size: u64) -> Option<u64> {
        let (dilation, lo) = (u64::from(self.dilation), u64::from(self.lo));
        let start = (dilation - lo % dilation) % dilation;
        match size.checked_sub(start) {
            _ if size >= dilation => None,
            None | Some(0) => Some(0),
            Some(from) => least_multiple(u64::from(self.stride) % dilation, dilation, from, dilation - 1 - start),
        }
    }

    /// Those of `windows` whose cell in place `tap` lies in `cells`; they follow one another.
    ///
    /// It is meant for cells of an axis that has [`windows`](Self::windows), and for a `tap` below the kernel.
    ///
    /// # Panics
    /// When the stride is 0. With overflow checks, for cells and a `tap` beyond those, where a place exceeds `usize`; without,
    /// the windows are not specified.
    #[inline]
    #[must_use]
    pub fn reaching(&self, tap: usize, cells: Range<usize>, windows: Range<usize>) -> Range<usize> {
        let (stride, lo, shift) = (self.stride as usize, self.lo as usize, tap * self.dilation as usize);
        let first = |cell: usize| (cell + lo).saturating_sub(shift).div_ceil(stride);
        let start = first(cells.start).max(windows.start);
        start..first(cells.end).min(windows.end).max(start)
    }
}

/// The least `n` for which `n a mod m` lies from `low` to `high`, where `a < m` and `low <= high < m`.
///
/// By Euclid's steps, not by trying: extents may come from anywhere. Where no multiple of `a` lies there before the first
/// wrap, `n a - k m` does for the least `k` with `k m mod a` from `-high` to `-low`, modulo `a`. No number exceeds `m m`.
fn least_multiple(a: u64, m: u64, low: u64, high: u64) -> Option<u64> {
    if low == 0 || a == 0 {
        return (low == 0).then_some(0);
    }
    let n = low.div_ceil(a);
    if n * a <= high {
        return Some(n);
    }
    let wraps = least_multiple(m % a, a, a - high % a, a - low % a)?;
    Some((low + wraps * m).div_ceil(a))
}

/// How windows slide over the last one, two or three axes of a tensor.
///
/// ```
/// use autodiff_core::{Shape, Slide, Window};
/// let slide = Slide { kernel: 3, stride: 2, ..Slide::UNIT };
/// let window = Window::new(&[slide, slide]).unwrap();
/// assert_eq!(window.slides(), [slide, slide]);
/// assert_eq!(window.all(), &[Slide::UNIT, slide, slide]);
/// assert_eq!(window.to_string(), "kernel=[3, 3], stride=[2, 2]");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    rank: u8,
    /// Aligned at the last axis; those in front of the rank are [`Slide::UNIT`], so that comparisons are right.
    slides: [Slide; MAX],
}

impl Window {
    /// Windows that slide so along the last axes; `None` for no axis, and above three.
    #[must_use]
    pub fn new(slides: &[Slide]) -> Option<Self> {
        let lead = MAX.checked_sub(slides.len()).filter(|&lead| lead < MAX)?;
        let mut window = Self { rank: u8::try_from(slides.len()).ok()?, slides: [Slide::UNIT; MAX] };
        window.slides[lead..].copy_from_slice(slides);
        Some(window)
    }

    /// Over how many axes they slide.
    #[must_use]
    pub const fn rank(&self) -> usize {
        self.rank as usize
    }

    /// How they slide along each axis.
    #[must_use]
    pub fn slides(&self) -> &[Slide] {
        &self.slides[MAX - self.rank()..]
    }

    /// The same for three axes: a missing leading one has a window for each cell.
    #[must_use]
    pub const fn all(&self) -> &[Slide; MAX] {
        &self.slides
    }

    /// The extents of the axes that they slide over, as three: 1 for a missing leading one. The shape is one that
    /// [`outputs`](Self::outputs) takes: it refuses an extent that does not fit.
    #[cfg(feature = "alloc")]
    pub(crate) fn size(&self, shape: &Shape) -> [u32; MAX] {
        let mut size = [1; MAX];
        let inner = &shape.extents()[shape.rank() - self.rank()..];
        for (size, &extent) in size[MAX - self.rank()..].iter_mut().zip(inner) {
            *size = u32::try_from(extent).unwrap_or_else(|_| unreachable!("windows slide over at most 2^32 - 1 cells"));
        }
        size
    }

    /// The shape with the number of windows on the axes that they slide over, or the rule that is broken.
    pub(crate) fn outputs(&self, shape: &Shape) -> Result<Shape, &'static str> {
        let lead = shape.rank().checked_sub(self.rank()).ok_or("the window has more axes than the tensor")?;
        let mut outputs = *shape;
        for (axis, slide) in (lead..).zip(self.slides()) {
            if slide.kernel == 0 || slide.stride == 0 || slide.dilation == 0 {
                return Err("kernel, stride and dilation of a window are at least 1");
            }
            if u32::try_from(shape[axis]).is_err() {
                return Err("windows slide over at most 2^32 - 1 cells");
            }
            outputs =
                outputs.with(axis, slide.windows(shape[axis]).ok_or("the window does not fit into the padded axis")?);
        }
        Ok(outputs)
    }

    /// The shape with this size on the axes that they slide over. The rank must not be below the window's.
    pub(crate) fn inputs(&self, shape: &Shape, size: [u32; MAX]) -> Shape {
        let lead = shape.rank() - self.rank();
        let sizes = (lead..).zip(&size[MAX - self.rank()..]);
        sizes.fold(*shape, |shape, (axis, &extent)| shape.with(axis, extent as usize))
    }

    fn list(&self, f: &mut fmt::Formatter<'_>, name: &str, of: impl Fn(&Slide) -> u32) -> fmt::Result {
        write!(f, "{name}=")?;
        f.debug_list().entries(self.slides().iter().map(of)).finish()
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Window({self})")
    }
}

/// The kernel, and whatever is not as [`Slide::UNIT`] has it.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list(f, "kernel", |slide| slide.kernel)?;
        if self.slides.iter().any(|slide| slide.stride != 1) {
            self.list(f, ", stride", |slide| slide.stride)?;
        }
        if self.slides.iter().any(|slide| slide.dilation != 1) {
            self.list(f, ", dilation", |slide| slide.dilation)?;
        }
        if self.slides.iter().any(|slide| slide.lo != slide.hi) {
            self.list(f, ", lo", |slide| slide.lo)?;
            return self.list(f, ", hi", |slide| slide.hi);
        }
        if self.slides.iter().any(|slide| slide.lo != 0) {
            self.list(f, ", padding", |slide| slide.lo)?;
        }
        Ok(())
    }
}
