//! How the three convolutions read one axis of their source, so that neighbouring results read neighbouring elements.
//!
//! The source is copied into *places* with its padding around it. Where windows are `s` apart on the last axis, every `s`-th
//! place lies beside the next, so that a tap reads neighbours for neighbouring windows whatever the stride.

use autodiff_core::Slide;

use crate::scratch::Room;

/// An axis of the source in its places.
pub(super) struct Axis {
    /// How many cells the source has.
    pub(super) size: usize,
    /// The cell in the first place; those before 0 and from `size` on are padding.
    pub(super) origin: isize,
    /// How many places, a multiple of `phases`.
    pub(super) len: usize,
    /// Every so many-th place lies beside the next.
    pub(super) phases: usize,
    /// How many places neighbouring results of a strip are apart.
    pub(super) advance: usize,
    /// The results, in strips that have their taps in common.
    pub(super) strips: Room<Strip>,
}

/// Results that the same taps reach.
pub(super) struct Strip {
    /// The taps, and where each one reads for the first result.
    pub(super) taps: Room<(usize, usize)>,
    /// The first result.
    pub(super) first: usize,
    /// The distance of two results.
    pub(super) step: usize,
    /// How many there are.
    pub(super) count: usize,
}

impl Axis {
    /// Of a convolution from `size` cells to `count` windows; `last` says that this is the last axis.
    pub(super) fn windows(slide: &Slide, size: usize, count: usize, last: bool) -> Self {
        let (stride, dilation) = (slide.stride as usize, slide.dilation as usize);
        let taps = 0..slide.kernel as usize;
        let len = (count - 1) * stride + (taps.end - 1) * dilation + 1;
        let phases = if last { stride } else { 1 };
        let each = len.div_ceil(phases);
        let place = |shift: usize| shift % phases * each + shift / phases;
        let taps = taps.map(|tap| (tap, place(tap * dilation))).collect();
        Self {
            size,
            origin: -(slide.lo as isize),
            len: each * phases,
            phases,
            advance: stride / phases,
            strips: [Strip { taps, first: 0, step: 1, count }].into_iter().collect(),
        }
    }

    /// Of the adjoint, from `count` windows to `size` cells: cells that are a stride apart meet the same taps.
    pub(super) fn cells(slide: &Slide, count: usize, size: usize) -> Self {
        let (stride, dilation, lo) = (slide.stride as usize, slide.dilation as usize, slide.lo as usize);
        let kernel = slide.kernel as usize;
        let shift = |tap: usize| tap * dilation / stride;
        let (least, most) = (lo / stride, (size - 1 + lo) / stride);
        let before = shift(kernel - 1);
        let strip = |first: usize| {
            let (window, rest) = ((first + lo) / stride, (first + lo) % stride);
            let taps = (0..kernel).filter(|tap| tap * dilation % stride == rest);
            Strip {
                taps: taps.map(|tap| (tap, window + before - shift(tap) - least)).collect(),
                first,
                step: stride,
                count: (size - 1 - first) / stride + 1,
            }
        };
        Self {
            size: count,
            origin: least.cast_signed() - before.cast_signed(),
            len: most - least + before + 1,
            phases: 1,
            advance: 1,
            strips: (0..stride.min(size)).map(strip).collect(),
        }
    }

    /// Whether some place is padding.
    pub(super) fn is_padded(&self) -> bool {
        let end = self.origin.saturating_add_unsigned(self.len);
        self.origin < 0 || end > self.size.cast_signed()
    }

    /// The cells that have places of a phase, by their number, step and first place: `(first cell, count, first place)`.
    pub(super) fn run(&self, phase: usize) -> (usize, usize, usize) {
        let each = self.len / self.phases;
        let cell = |place: usize| (place * self.phases + phase).cast_signed() + self.origin;
        let first = usize::try_from(-(phase.cast_signed() + self.origin)).unwrap_or(0).div_ceil(self.phases).min(each);
        let left = self.size.cast_signed() - cell(first);
        let count = usize::try_from(left).unwrap_or(0).div_ceil(self.phases).min(each - first);
        (usize::try_from(cell(first)).unwrap_or(0), count, phase * each + first)
    }
}
