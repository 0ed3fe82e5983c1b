//! [`Lines`]: a view as lines along some of its axes, from which numbers are loaded to compute with.

use std::ops::Range;

use autodiff_core::Axes;
use backend_cpu::{Row, Step, View, Walk};

use crate::half::{Stored, widen};
use crate::scratch::Room;

/// So many lines are copied at once where their elements lie apart.
const ABREAST: usize = 16;
/// So many numbers are where they do not, unless a line has more.
const ROOM: usize = 1 << 12;

/// The lines of a view along some axes, numbered in row-major order.
pub(crate) struct Lines<'a, T> {
    pub(crate) x: View<'a, T>,
    /// The lines' first elements, in rows of neighbours.
    starts: Walk<1>,
    pub(crate) row: Step<1>,
    /// The elements of a line as displacements from its first, in runs.
    shifts: Walk<1>,
    pub(crate) run: Step<1>,
    /// How many elements a line has.
    pub(crate) len: usize,
    /// Whether a line's elements follow each other in row-major order: no axis lies behind theirs.
    pub(crate) innermost: bool,
    /// Whether they do so without the elements of another line among them.
    pub(crate) trailing: bool,
}

impl<'a, T> Lines<'a, T> {
    pub(crate) fn new(axes: Axes, x: View<'a, T>) -> Self {
        let (mut starts, mut shifts) = (Walk::new([x.start()]), Walk::new([0]));
        let (mut innermost, mut begun, mut trailing) = (true, false, true);
        for (axis, (&extent, &stride)) in x.shape().extents().iter().zip(x.strides()).enumerate() {
            let along = axes.contains(axis);
            if along { &mut shifts } else { &mut starts }.push(extent, [stride]);
            if extent != 1 {
                innermost = along;
                begun |= along;
                trailing &= along || !begun;
            }
        }
        let len = shifts.left();
        Self { x, row: starts.pop(), starts, run: shifts.pop(), shifts, len, innermost, trailing }
    }

    /// The first elements of the lines from `first` on.
    #[inline(always)]
    pub(crate) fn starts(&self, first: usize) -> Runs<1> {
        Runs::new(self.starts, self.row, first)
    }

    /// The elements of any line from number `first` on, as displacements from its own first.
    #[inline(always)]
    pub(crate) fn elements(&self, first: usize) -> Runs<1> {
        Runs::new(self.shifts, self.run, first)
    }
}

/// Numbers in rows, of which each begins so many behind the one before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<'a, R> {
    pub(crate) x: &'a [R],
    pub(crate) stride: usize,
    pub(crate) rows: usize,
    pub(crate) cols: usize,
}

impl<R> Block<'_, R> {
    /// One of the rows.
    #[inline(always)]
    pub(crate) fn row(&self, row: usize) -> &[R] {
        &self.x[row * self.stride..][..self.cols]
    }
}

/// Gets a block, and the numbers of its first line and element.
pub(crate) type Visit<'a, R> = &'a mut dyn FnMut(usize, usize, Block<'_, R>);

impl<T: Stored> Lines<'_, T> {
    /// Shows `elements` of the lines from `first` on, `count` of them, in blocks whose rows are lines, counted from the first:
    /// where they lie, or copied, at most `chunk` elements of a line at once.
    pub(crate) fn by_line(
        &self,
        [first, count]: [usize; 2],
        elements: Range<usize>,
        chunk: usize,
        visit: Visit<'_, T::Real>,
    ) {
        if elements.is_empty() {
            return visit(0, elements.start, Block { x: &[], stride: 0, rows: count, cols: 0 });
        }
        let ([down], [right]) = (self.row.strides, self.run.strides);
        let (mut starts, mut line, mut room) = (self.starts(first), 0, Room::new());
        while line < count {
            let ([from], run) = starts.next_run(count - line);
            let begin = from.wrapping_add_signed(right.wrapping_mul(elements.start.cast_signed()));
            if let Some(block) = self.lying(begin, [run, elements.len()], [down, right]) {
                visit(line, elements.start, block);
            } else {
                // Where elements lie apart, neighbouring lines share what is fetched from memory.
                let most = if right == 1 { (ROOM / self.len).max(1) } else { ABREAST };
                for (first, rows) in parts(run, most) {
                    for (at, cols) in parts(elements.len(), chunk) {
                        room.resize(rows * cols, T::Real::default());
                        self.copy_lines(self.start(from, first), elements.start + at, &mut room, cols);
                        visit(line + first, elements.start + at, Block { x: &room, stride: cols, rows, cols });
                    }
                }
            }
            line += run;
        }
    }

    /// The same in blocks whose rows are elements, with a number of each line.
    pub(crate) fn by_element(
        &self,
        [first, count]: [usize; 2],
        elements: Range<usize>,
        chunk: usize,
        visit: Visit<'_, T::Real>,
    ) {
        if elements.is_empty() {
            return;
        }
        let ([down], [right]) = (self.run.strides, self.row.strides);
        let (mut starts, mut line, mut room) = (self.starts(first), 0, Room::new());
        while line < count {
            let ([from], cols) = starts.next_run(count - line);
            let begin = from.wrapping_add_signed(down.wrapping_mul(elements.start.cast_signed()));
            if let Some(block) = self.lying(begin, [elements.len(), cols], [down, right]) {
                visit(line, elements.start, block);
            } else {
                let mut next = self.elements(elements.start);
                for (at, rows) in parts(elements.len(), chunk) {
                    room.resize(rows * cols, T::Real::default());
                    for row in room.chunks_exact_mut(cols) {
                        load(self.x, from.wrapping_add(next.next_place()[0]), right, row);
                    }
                    visit(line, elements.start + at, Block { x: &room, stride: cols, rows, cols });
                }
            }
            line += cols;
        }
    }

    /// A block as it lies from a place on, where its columns are neighbours and its rows follow each other.
    fn lying(&self, at: usize, [rows, cols]: [usize; 2], [down, right]: [isize; 2]) -> Option<Block<'_, T::Real>> {
        let simple = self.shifts.left() == 1 && (cols == 1 || right == 1) && (rows == 1 || down >= 0);
        let x = if simple { T::as_real(&self.x.data()[at..])? } else { return None };
        Some(Block { x, stride: if rows == 1 { 0 } else { down.unsigned_abs() }, rows, cols })
    }

    /// Copies so many elements of lines from number `first` on, the first of which begins at `from`.
    fn copy_lines(&self, from: usize, first: usize, room: &mut [T::Real], cols: usize) {
        for (line, numbers) in room.chunks_exact_mut(cols).enumerate() {
            let (from, mut elements, mut rest) = (self.start(from, line), self.elements(first), numbers);
            while !rest.is_empty() {
                let ([shift], len) = elements.next_run(rest.len());
                let (now, later) = rest.split_at_mut(len);
                load(self.x, from.wrapping_add(shift), self.run.strides[0], now);
                rest = later;
            }
        }
    }

    /// Where a line begins, so many after the one that begins at `from`.
    fn start(&self, from: usize, lines: usize) -> usize {
        from.wrapping_add_signed(self.row.strides[0].wrapping_mul(lines.cast_signed()))
    }
}

/// Ranges of at most `most`, the last of them what is left: `(start, count)`.
fn parts(count: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).step_by(most).map(move |start| (start, most.min(count - start)))
}

/// The elements `from, from + stride, ..` of a view, as numbers to compute with.
pub(crate) fn load<T: Stored>(x: View<'_, T>, from: usize, stride: isize, numbers: &mut [T::Real]) {
    match x.row(from, numbers.len(), stride) {
        Row::Slice(row) => match T::as_real(row) {
            Some(row) => numbers.copy_from_slice(row),
            None => widen(row, numbers),
        },
        Row::Same(x) => numbers.fill(x.wide()),
        Row::Strided(row) => numbers.iter_mut().zip(row).for_each(|(number, x)| *number = x.wide()),
    }
}

/// Places in several arrays in row-major order, a run of equal distances at a time.
pub(crate) struct Runs<const N: usize> {
    walk: Walk<N>,
    step: Step<N>,
    at: [usize; N],
    left: usize,
}

impl<const N: usize> Runs<N> {
    /// Runs along `step` from every place of the walk on, from place number `first` on.
    #[inline(always)]
    pub(crate) fn new(mut walk: Walk<N>, step: Step<N>, first: usize) -> Self {
        if first == 0 {
            return Self { walk, step, at: [0; N], left: 0 };
        }
        let (at, inside) = (walk.nth(first / step.len).unwrap_or([0; N]), first % step.len);
        let mut runs = Self { walk, step, at, left: step.len };
        runs.go(inside);
        runs
    }

    /// Where the next run begins, and how long it is, at most `most`; as if without end behind the last.
    #[inline(always)]
    pub(crate) fn next_run(&mut self, most: usize) -> ([usize; N], usize) {
        if self.left == 0 {
            self.at = self.walk.next().unwrap_or([0; N]);
            self.left = self.step.len;
        }
        let (from, len) = (self.at, self.left.min(most));
        self.go(len);
        (from, len)
    }

    /// The next place.
    #[inline(always)]
    pub(crate) fn next_place(&mut self) -> [usize; N] {
        self.next_run(1).0
    }

    #[inline(always)]
    fn go(&mut self, steps: usize) {
        self.left -= steps;
        for (at, stride) in self.at.iter_mut().zip(self.step.strides) {
            *at = at.wrapping_add_signed(stride.wrapping_mul(steps.cast_signed()));
        }
    }
}
