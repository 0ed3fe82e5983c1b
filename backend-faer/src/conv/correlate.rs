//! The convolution and its adjoint as one: sums of products over a source in [places](super::axis).
//!
//! ```text
//! y[n, o, j] = sum over c, tap  x[n, c, place(j) + offset(tap)] w[o, c, tap]
//! ```
//!
//! For the adjoint `o` are the channels and `c` the outputs, with as many *pieces* as there are combinations of strips. The
//! registers hold either neighbouring pixels of up to six outputs, or neighbouring outputs of up to six pixels; an image's
//! results do not depend on which others there are.

mod tiles;

use self::tiles::{Outputs, Pixels};
use super::axis::{Axis, Strip};
use super::block::{Block, even, number, overlapping, parts, whole};
use super::grid::Grid;
use super::tile::Finite;
use crate::half::{Stored, narrow};
use crate::par;
use crate::registers::Lanes;
use crate::scratch::Room;
use crate::simd::compiled;

/// The most outputs whose pixels are added up together, and the most pixels whose outputs are.
const MOST: usize = 6;
/// More sums than any tile has.
const ROOM: usize = 512;

/// What is added up for each image.
pub(super) struct Correlation<L: Lanes> {
    axes: [Axis; 3],
    groups: usize,
    /// Channels of the source in a group.
    inner: usize,
    /// Outputs in a group.
    outputs: usize,
    /// Results of one output.
    plane: usize,
    by_pixels: bool,
    blocks: Room<Block>,
    pieces: Room<Piece<L::Of>>,
}

/// Results that have their taps in common.
struct Piece<R> {
    /// Where each channel's taps read for the first result.
    offsets: Room<u32>,
    /// By groups, blocks, `offsets` and the block's outputs.
    weights: Room<R>,
    runs: Room<Run>,
    step: usize,
}

/// Some neighbouring results.
#[derive(Clone, Copy, Debug)]
struct Run {
    base: usize,
    out: usize,
    count: usize,
}

/// Which axis of the weight are the outputs of a group, which the channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Forward,
    Adjoint,
}

impl Role {
    /// Channels of the source in a group, and outputs in one.
    const fn of_group<T>(self, w: &Grid<'_, T>, groups: usize) -> (usize, usize) {
        match self {
            Self::Forward => (w.extents[1], w.extents[0] / groups),
            Self::Adjoint => (w.extents[0] / groups, w.extents[1]),
        }
    }

    /// How much of registers of so many lanes is filled, in hundredths.
    pub(super) fn filled<T>(self, axes: &[Axis; 3], groups: usize, w: &Grid<'_, T>, lanes: usize) -> usize {
        let (_, outputs) = self.of_group(w, groups);
        let of = |count: usize| 100 * count / count.next_multiple_of(lanes).max(1);
        let pixels = axes[2].strips.iter().map(|strip| of(strip.count)).min().unwrap_or(0);
        if by_pixels(axes, outputs, lanes) { pixels } else { of(outputs) }
    }
}

/// Whether rows of pixels fill registers, unless outputs do so much better: results of pixels come out as they lie.
fn by_pixels(axes: &[Axis; 3], outputs: usize, lanes: usize) -> bool {
    let fill = |pixels: usize| {
        pixels >= lanes && 4 * pixels * outputs.next_multiple_of(lanes) >= 3 * outputs * pixels.next_multiple_of(lanes)
    };
    axes[2].strips.iter().all(|strip| fill(strip.count))
}

impl<L: Lanes> Correlation<L> {
    /// `None` where padding would not be left out, for numbers that are not finite.
    pub(super) fn new<T: Stored<Real = L::Of>>(
        axes: [Axis; 3],
        groups: usize,
        w: &Grid<'_, T>,
        role: Role,
        plane: [usize; 3],
    ) -> Option<Self> {
        let (inner, outputs) = role.of_group(w, groups);
        let by_pixels = by_pixels(&axes, outputs, L::COUNT);
        let blocks = if by_pixels { even(outputs, MOST).collect() } else { whole::<L>(outputs).collect() };
        let mut correlation = Self {
            groups,
            inner,
            outputs,
            plane: plane.iter().product(),
            by_pixels,
            blocks,
            pieces: Room::new(),
            axes,
        };
        let [a, b, c] = &correlation.axes;
        let mut pieces = Room::with_capacity(a.strips.len() * b.strips.len() * c.strips.len());
        for a in &*a.strips {
            for b in &*b.strips {
                for c in &*c.strips {
                    pieces.push(correlation.piece([a, b, c], w, role, plane));
                }
            }
        }
        let padded = correlation.axes.iter().any(Axis::is_padded);
        if padded && pieces.iter().any(|piece| !compiled(Finite(&piece.weights))) {
            return None;
        }
        correlation.pieces = pieces;
        Some(correlation)
    }

    /// Every image; `true`, as it is computed.
    pub(super) fn run<T: Stored<Real = L::Of>>(&self, x: &Grid<'_, T>, out: &mut [T]) -> bool {
        let image = self.groups * self.outputs * self.plane;
        // Some ten microseconds.
        let grain = (1 << 19) / self.pieces.first().map_or(1, |piece| piece.offsets.len().max(1));
        let few = x.extents[0] < par::threads();
        par::rows(out, image, grain, |first, out| {
            let mut places = Room::filled(L::Of::default(), self.inner * self.places());
            let mut wide = Room::new();
            for (number, out) in (first..).zip(out.chunks_exact_mut(image)) {
                if let Some(out) = T::as_real_mut(out) {
                    self.image(x, number, few, &mut places, out);
                    continue;
                }
                wide.resize(image, L::Of::default());
                self.image(x, number, few, &mut places, &mut wide);
                narrow(&wide, out);
            }
        });
        true
    }

    fn image<T: Stored<Real = L::Of>>(
        &self,
        x: &Grid<'_, T>,
        number: usize,
        few: bool,
        places: &mut [L::Of],
        out: &mut [L::Of],
    ) {
        for (group, out) in out.chunks_exact_mut(self.outputs * self.plane).enumerate() {
            x.places(&self.axes, number, group * self.inner, places);
            let (places, size) = (&*places, |block: &Block| block.count * self.plane);
            par::each(&self.blocks, out, few, size, |block, out| self.block(group, *block, places, out));
        }
    }

    fn block(&self, group: usize, block: Block, x: &[L::Of], out: &mut [L::Of]) {
        let width: usize = self.blocks.iter().map(|block| block.width).sum();
        let mut room = [L::Of::default(); ROOM];
        for piece in &*self.pieces {
            let taps = piece.offsets.len();
            let w = &piece.weights[(group * width + block.before) * taps..][..block.width * taps];
            let (plane, room) = (self.plane, &mut room[..]);
            match (self.by_pixels, block.width) {
                (true, 6) => L::compiled(Pixels::<L, 6> { piece, x, w, plane, out, room }),
                (true, 5) => L::compiled(Pixels::<L, 5> { piece, x, w, plane, out, room }),
                (true, 4) => L::compiled(Pixels::<L, 4> { piece, x, w, plane, out, room }),
                (true, 3) => L::compiled(Pixels::<L, 3> { piece, x, w, plane, out, room }),
                (true, 2) => L::compiled(Pixels::<L, 2> { piece, x, w, plane, out, room }),
                (true, _) => L::compiled(Pixels::<L, 1> { piece, x, w, plane, out, room }),
                (false, width) if width == L::COUNT => {
                    L::compiled(Outputs::<L, 1> { piece, x, w, plane, out, room });
                }
                (false, width) if width == 4 * L::COUNT => {
                    L::compiled(Outputs::<L, 4> { piece, x, w, plane, out, room });
                }
                (false, _) => L::compiled(Outputs::<L, 2> { piece, x, w, plane, out, room }),
            }
        }
    }

    /// How many places a channel has.
    fn places(&self) -> usize {
        self.axes.iter().map(|axis| axis.len).product()
    }

    fn piece<T: Stored<Real = L::Of>>(
        &self,
        strips: [&Strip; 3],
        w: &Grid<'_, T>,
        role: Role,
        plane: [usize; 3],
    ) -> Piece<L::Of> {
        let [a, b, c] = strips;
        let [_, l1, l2] = [0, 1, 2].map(|axis| self.axes[axis].len);
        let (mut taps, mut places) = (Room::new(), Room::new());
        for &(i0, p0) in &*a.taps {
            for &(i1, p1) in &*b.taps {
                for &(i2, p2) in &*c.taps {
                    taps.push([i0, i1, i2]);
                    places.push((p0 * l1 + p1) * l2 + p2);
                }
            }
        }
        let starts = (0..self.inner).map(|channel| channel * self.places());
        let offsets = starts.flat_map(|start| places.iter().map(move |place| number(start + place))).collect();
        Piece { offsets, weights: self.weights(&taps, w, role), runs: self.runs(strips, plane), step: c.step }
    }

    fn weights<T: Stored<Real = L::Of>>(&self, taps: &[[usize; 3]], w: &Grid<'_, T>, role: Role) -> Room<L::Of> {
        let taps: Room<usize> = taps.iter().map(|&[i0, i1, i2]| w.at([0, 0, i0, i1, i2])).collect();
        let width: usize = self.blocks.iter().map(|block| block.width).sum();
        let mut weights = Room::filled(L::Of::default(), self.groups * width * self.inner * taps.len());
        let mut rows = &mut *weights;
        let (outer, inner) = if role == Role::Forward { (0, 1) } else { (1, 0) };
        for group in 0..self.groups {
            let start = group * if role == Role::Forward { self.outputs } else { self.inner };
            for block in &*self.blocks {
                let size = block.width * self.inner * taps.len();
                let part;
                (part, rows) = rows.split_at_mut(size);
                for output in 0..block.count {
                    // No taps, no weights.
                    let mut to = part.get_mut(output..).unwrap_or_default().iter_mut().step_by(block.width);
                    for channel in 0..self.inner {
                        for &tap in &*taps {
                            let at = w.shift(w.shift(tap, 0, start), outer, block.first + output);
                            let at = w.shift(at, inner, channel);
                            if let Some(to) = to.next() {
                                *to = w.view.data()[at].widen();
                            }
                        }
                    }
                }
            }
        }
        weights
    }

    fn runs(&self, [a, b, c]: [&Strip; 3], [_, e1, e2]: [usize; 3]) -> Room<Run> {
        let [d0, d1, d2] = [0, 1, 2].map(|axis| self.axes[axis].advance);
        let (l1, l2) = (self.axes[1].len, self.axes[2].len);
        let starts: Room<(usize, usize)> =
            if self.by_pixels { overlapping(c.count, L::COUNT).collect() } else { parts(c.count, MOST).collect() };
        let mut runs = Room::with_capacity(a.count * b.count * starts.len());
        for j0 in 0..a.count {
            for j1 in 0..b.count {
                let base = (j0 * d0 * l1 + j1 * d1) * l2;
                let out = ((a.first + j0 * a.step) * e1 + b.first + j1 * b.step) * e2 + c.first;
                let run = |&(start, count): &(usize, usize)| Run {
                    base: base + start * d2,
                    out: out + start * c.step,
                    count,
                };
                runs.extend(starts.iter().map(run));
            }
        }
        runs
    }
}
