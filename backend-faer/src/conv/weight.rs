//! The gradient for the weight: sums over the pixels of all images.
//!
//! ```text
//! w[o, c, tap] = sum over n, j  x[n, c, place(j) + offset(tap)] y[n, o, j]
//! ```
//!
//! Images are added up in parts whose number the shapes alone decide, then the parts in order. The registers hold either
//! neighbouring outputs, for which `y` is transposed, or neighbouring pixels. For these an output's pixels lie as the places
//! do that they read, with zeros between the rows: for each offset an image is a single product of two long lines.

mod tiles;

use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, Ordering};

use self::tiles::{ByOutputs, ByPixels};
use super::axis::Axis;
use super::block::{Block, even, number, parts, whole};
use super::grid::Grid;
use super::tile::Finite;
use crate::half::Stored;
use crate::lines::load;
use crate::par;
use crate::registers::{Lanes, Tile};
use crate::scratch::Room;
use crate::simd::compiled;

/// The most places that are added up together, in the two ways.
const MOST: usize = 4;
const MOST_BY_PIXELS: usize = 2;
/// The most outputs that are, by pixels.
const MOST_OUTPUTS: usize = 6;
/// About so many transposed pixels stay in the nearest cache.
const NEAR: usize = 192;
/// About so many of a line's pixels do too.
const NEAR_BY_PIXELS: usize = 512;
/// A part has at most so many sums by pixels, which are loaded and stored for each of those stretches.
const SUMS: usize = 1 << 16;
/// A part has at least so many pixels, so that adding the parts up is little beside.
const PART: usize = 1 << 10;
const MOST_PARTS: usize = 16;

/// What is added up.
pub(super) struct WeightGrad<L> {
    axes: [Axis; 3],
    groups: usize,
    inner: usize,
    outputs: usize,
    by_pixels: bool,
    blocks: Room<Block>,
    /// Where each channel's taps read for the first pixel.
    offsets: Room<u32>,
    /// Which of these are added up together: the first, and how many.
    together: Room<(usize, usize)>,
    /// Where each row of pixels begins.
    rows: Room<usize>,
    /// Pixels in a row.
    count: usize,
    /// From the first pixel's place to the last one's, and what fills registers up.
    line: usize,
    padded: bool,
    lanes: PhantomData<L>,
}

impl<L: Lanes> WeightGrad<L> {
    pub(super) fn new<T: Stored<Real = L::Of>>(
        axes: [Axis; 3],
        groups: usize,
        x: &Grid<'_, T>,
        y: &Grid<'_, T>,
    ) -> Self {
        let (inner, outputs) = (x.extents[1] / groups, y.extents[1] / groups);
        let [a, b, c] = &axes;
        let mut offsets = Room::new();
        for channel in 0..inner {
            for &(_, p0) in &*a.strips[0].taps {
                for &(_, p1) in &*b.strips[0].taps {
                    let row = ((channel * a.len + p0) * b.len + p1) * c.len;
                    offsets.extend(c.strips[0].taps.iter().map(|&(_, p2)| number(row + p2)));
                }
            }
        }
        let row = |row: usize| {
            let (j0, j1) = (row / b.strips[0].count, row % b.strips[0].count);
            (j0 * a.advance * b.len + j1 * b.advance) * c.len
        };
        let rows: Room<usize> = (0..a.strips[0].count * b.strips[0].count).map(row).collect();
        let count = c.strips[0].count;
        let lanes = L::COUNT;
        let line = (rows.last().map_or(0, |row| row + count)).next_multiple_of(lanes);
        let sums = groups * outputs * offsets.len() * lanes;
        let pixels = outputs * offsets.len() * (line / lanes + line.div_ceil(NEAR_BY_PIXELS));
        let transposed = rows.len() * count * (outputs.div_ceil(lanes) * offsets.len() + 2 * outputs);
        let by_pixels = pixels <= transposed && sums <= SUMS;
        let blocks = if by_pixels { even(outputs, MOST_OUTPUTS).collect() } else { whole::<L>(outputs).collect() };
        let together = parts(offsets.len(), if by_pixels { MOST_BY_PIXELS } else { MOST }).collect();
        let padded = axes.iter().any(Axis::is_padded);
        Self {
            groups,
            inner,
            outputs,
            by_pixels,
            blocks,
            offsets,
            together,
            rows,
            count,
            line,
            padded,
            axes,
            lanes: PhantomData,
        }
    }

    /// Whether it was computed: not where padding would not be left out, for numbers that are not finite.
    pub(super) fn run<T: Stored<Real = L::Of>>(&self, x: &Grid<'_, T>, y: &Grid<'_, T>, out: &mut [T]) -> bool {
        let images = x.extents[0];
        let count = (images * self.rows.len() * self.count / PART).clamp(1, MOST_PARTS.min(images.max(1)));
        let parts: Room<(usize, usize)> = parts(images.max(1), images.max(1).div_ceil(count)).collect();
        let size = self.groups * self.width() * self.offsets.len() * self.lanes();
        let mut sums = Room::filled(T::Real::default(), parts.len() * size);
        let (failed, few) = (AtomicBool::new(false), parts.len() < par::threads());
        par::rows(&mut sums, size, 1, |first, sums| {
            let mut scratch = Scratch::new(self);
            for (&(first, count), sums) in parts[first..].iter().zip(sums.chunks_exact_mut(size)) {
                for image in first..(first + count).min(images) {
                    if !self.image(x, y, image, few, &mut scratch, sums) {
                        failed.store(true, Ordering::Relaxed);
                        return;
                    }
                }
            }
        });
        if failed.into_inner() {
            return false;
        }
        self.total(&mut sums, size, out);
        true
    }
}

impl<L: Lanes> WeightGrad<L> {
    /// Adds an image's sums; `false` where one of its numbers makes padding count.
    fn image<T: Stored<Real = L::Of>>(
        &self,
        x: &Grid<'_, T>,
        y: &Grid<'_, T>,
        image: usize,
        few: bool,
        scratch: &mut Scratch<T::Real>,
        sums: &mut [T::Real],
    ) -> bool {
        let room = self.offsets.len() * self.lanes();
        for (group, sums) in sums.chunks_exact_mut(self.width() * room).enumerate() {
            x.places(&self.axes, image, group * self.inner, &mut scratch.places[..self.places()]);
            self.pixels(y, [image, group * self.outputs], &mut scratch.pixels);
            // Padding is multiplied by pixels, and the zeros between rows by what lies behind a row's places.
            let whole = (!self.padded || compiled(Finite(&scratch.pixels)))
                && (!self.by_pixels || compiled(Finite(&scratch.places)));
            if !whole {
                return false;
            }
            let (x, y, size) = (&*scratch.places, &*scratch.pixels, |block: &Block| block.width * room);
            par::each(&self.blocks, sums, few, size, |block, sums| self.block(*block, x, y, sums));
        }
        true
    }

    /// The pixels of a group's outputs, in the order that the registers take them in.
    fn pixels<T: Stored<Real = L::Of>>(&self, y: &Grid<'_, T>, [image, first]: [usize; 2], out: &mut [T::Real]) {
        if self.by_pixels {
            return self.lines(y, [image, first], out);
        }
        let (pixels, [.., e1, e2]) = (self.rows.len() * self.count, y.extents);
        for block in &*self.blocks {
            let out = &mut out[block.before * pixels..][..block.width * pixels];
            for (row, out) in out.chunks_exact_mut(block.width * e2).enumerate() {
                for output in 0..block.count {
                    let at = y.at([image, first + block.first + output, row / e1, row % e1, 0]);
                    y.strew(at, block.width, &mut out[output..]);
                }
            }
        }
    }

    /// The pixels of a group's outputs, each where it reads.
    fn lines<T: Stored<Real = L::Of>>(&self, y: &Grid<'_, T>, [image, first]: [usize; 2], out: &mut [T::Real]) {
        for (output, line) in (first..).zip(out.chunks_exact_mut(self.line)) {
            for (row, &place) in self.rows.iter().enumerate() {
                let at = y.at([image, output, row / y.extents[3], row % y.extents[3], 0]);
                load(y.view, at, y.strides[4], &mut line[place..place + self.count]);
            }
        }
    }

    fn block(&self, block: Block, x: &[L::Of], y: &[L::Of], sums: &mut [L::Of]) {
        if !self.by_pixels {
            let pixels = self.rows.len() * self.count;
            let y = &y[block.before * pixels..][..block.width * pixels];
            return match block.width / L::COUNT {
                4 => L::compiled(ByOutputs::<L, 4> { plan: self, x, y, sums }),
                2 => L::compiled(ByOutputs::<L, 2> { plan: self, x, y, sums }),
                _ => L::compiled(ByOutputs::<L, 1> { plan: self, x, y, sums }),
            };
        }
        let y = &y[block.before * self.line..][..block.width * self.line];
        match block.width {
            6 => L::compiled(ByPixels::<L, 6> { plan: self, x, y, sums }),
            5 => L::compiled(ByPixels::<L, 5> { plan: self, x, y, sums }),
            4 => L::compiled(ByPixels::<L, 4> { plan: self, x, y, sums }),
            3 => L::compiled(ByPixels::<L, 3> { plan: self, x, y, sums }),
            2 => L::compiled(ByPixels::<L, 2> { plan: self, x, y, sums }),
            _ => L::compiled(ByPixels::<L, 1> { plan: self, x, y, sums }),
        }
    }

    /// Adds the parts up.
    fn total<T: Stored<Real = L::Of>>(&self, sums: &mut [T::Real], size: usize, out: &mut [T]) {
        let (places, lanes) = (self.offsets.len(), self.lanes());
        let (sums, others) = sums.split_at_mut(size);
        for part in others.chunks_exact(size.max(1)) {
            sums.iter_mut().zip(part).for_each(|(sum, &x)| *sum += x);
        }
        for (group, out) in out.chunks_exact_mut((self.outputs * places).max(1)).enumerate() {
            for block in &*self.blocks {
                let start = (group * self.width() + block.before) * places;
                let out = &mut out[block.first * places..][..block.count * places];
                for (number, out) in out.iter_mut().enumerate() {
                    let (output, place) = (number / places, number % places);
                    let at = start + if self.by_pixels { number } else { place * block.width + output };
                    *out = T::narrow(added(&sums[at * lanes..][..lanes]));
                }
            }
        }
    }

    /// Outputs of a group with those that fill registers up.
    fn width(&self) -> usize {
        self.blocks.iter().map(|block| block.width).sum()
    }

    /// Places of a group's channels.
    fn places(&self) -> usize {
        self.inner * self.axes.iter().map(|axis| axis.len).product::<usize>()
    }

    /// How many numbers are to be added up for each sum.
    fn lanes(&self) -> usize {
        if self.by_pixels { L::COUNT } else { 1 }
    }
}

/// The sum of a register's numbers, half with half.
fn added<R: Tile>(lanes: &[R]) -> R {
    match lanes {
        [one] => *one,
        _ => {
            let (a, b) = lanes.split_at(lanes.len() / 2);
            added(a) + added(b)
        }
    }
}

/// An image's copies. What is not written to them stays 0.
struct Scratch<R> {
    places: Room<R>,
    pixels: Room<R>,
}

impl<R: Tile> Scratch<R> {
    fn new<L: Lanes<Of = R>>(plan: &WeightGrad<L>) -> Self {
        let pixels = if plan.by_pixels { plan.line } else { plan.rows.len() * plan.count };
        Self {
            // The last register of a line may read on.
            places: Room::filled(R::zero(), plan.places() + L::COUNT),
            pixels: Room::filled(R::zero(), plan.width() * pixels),
        }
    }
}
