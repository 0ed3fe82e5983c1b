//! Which windows a tap reaches, and the planes that windows slide over.

use core::ops::Range;

use autodiff_core::{Shape, Slide, Window};
use backend_cpu::{Layout, View};

use crate::half::Stored;
use crate::lines::load;
use crate::scratch::Room;

/// Windows over the cells of a plane, which has three axes.
pub(super) struct Over {
    slides: [Slide; 3],
    /// Cells along each axis.
    cells: [usize; 3],
    /// Windows along each axis.
    windows: [usize; 3],
    /// So many planes that lie one behind the other are one tall plane.
    planes: usize,
    /// The taps of the last axis.
    last: Room<Reach>,
    /// Of the one, for each row of the other.
    rows: Groups,
}

/// The windows of a row that a tap reaches.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    pub(super) windows: Range<usize>,
    /// The first one's cell.
    pub(super) cell: usize,
}

impl Over {
    /// Results are windows: each row of these has rows of cells.
    pub(super) fn cells_of_windows(window: &Window, cells: &Shape, windows: &Shape, planes: usize) -> Self {
        let over = Self::new(window, cells, windows, planes);
        Self { rows: over.rows_of_cells(), ..over }
    }

    /// Results are cells: each row of these is in rows of windows.
    pub(super) fn windows_of_cells(window: &Window, cells: &Shape, windows: &Shape, planes: usize) -> Self {
        let over = Self::new(window, cells, windows, planes);
        Self { rows: over.rows_of_windows(), ..over }
    }

    fn new(window: &Window, cells: &Shape, windows: &Shape, planes: usize) -> Self {
        let (slides, mut cells, mut windows) = (*window.all(), inner(window, cells), inner(window, windows));
        cells[1] *= planes;
        windows[1] *= planes;
        let reach = |tap: usize| {
            let reached = slides[2].reaching(tap, 0..cells[2], 0..windows[2]);
            let cell = slides[2].cell(reached.start, tap, cells[2]).filter(|_| !reached.is_empty())?;
            Some(Reach { windows: reached, cell })
        };
        let last = (0..slides[2].kernel as usize).filter_map(reach).collect();
        Self {
            slides,
            cells,
            windows,
            planes,
            last,
            rows: Groups::new(core::iter::empty::<core::iter::Empty<usize>>()),
        }
    }

    pub(super) fn cells(&self) -> usize {
        self.cells.iter().product()
    }

    pub(super) fn windows(&self) -> usize {
        self.windows.iter().product()
    }

    /// Cells of a window.
    pub(super) fn taps(&self) -> usize {
        self.slides.iter().map(|slide| slide.kernel as usize).product()
    }

    /// Cells of a row, and windows.
    pub(super) fn row(&self) -> (usize, usize) {
        (self.cells[2], self.windows[2])
    }

    /// The place of a row's first cell in its plane.
    #[inline(always)]
    pub(super) fn place(&self, row: usize) -> usize {
        let [e0, e1, e2] = self.cells;
        if self.planes == 1 { row * e2 } else { row % (e0 * e1 / self.planes) * e2 }
    }

    /// For each row of results the rows that it is made from, in order.
    #[inline(always)]
    pub(super) fn rows(&self) -> impl Iterator<Item = &[usize]> {
        self.rows.iter()
    }

    /// The taps along a row.
    pub(super) fn last(&self) -> &[Reach] {
        &self.last
    }

    /// The distance of two windows of a row.
    pub(super) fn stride(&self) -> usize {
        self.slides[2].stride as usize
    }

    /// Whether a row consists of windows of two cells, side by side.
    pub(super) fn pairs(&self) -> bool {
        let slide = &self.slides[2];
        (slide.kernel, slide.stride, slide.dilation, slide.lo) == (2, 2, 1, 0) && 2 * self.windows[2] <= self.cells[2]
    }

    /// The rows of cells that each row of windows has, in order.
    fn rows_of_cells(&self) -> Groups {
        let ([s0, s1, _], [e0, e1, _], [t0, t1, _]) = (&self.slides, self.cells, self.windows);
        let cells = |slide: &Slide, count: usize, size: usize| {
            let taps = 0..slide.kernel as usize;
            Groups::new((0..count).map(|window| taps.clone().filter_map(move |tap| slide.cell(window, tap, size))))
        };
        Groups::product(&cells(s0, t0, e0), &cells(s1, t1, e1), e1)
    }

    /// The rows of windows that have each row of cells.
    fn rows_of_windows(&self) -> Groups {
        let ([s0, s1, _], [e0, e1, _], [t0, t1, _]) = (&self.slides, self.cells, self.windows);
        let windows = |slide: &Slide, size: usize, count: usize| {
            let taps = 0..slide.kernel as usize;
            let reached = move |cell: usize, tap: usize| slide.reaching(tap, cell..cell + 1, 0..count);
            Groups::new((0..size).map(|cell| taps.clone().flat_map(move |tap| reached(cell, tap))))
        };
        Groups::product(&windows(s0, e0, t0), &windows(s1, e1, t1), t1)
    }
}

/// So many planes of cells may be taken for one, because no window would reach from one into the next, and they are small: a
/// divisor of the number of planes, and 1 where the elements of `x` do not lie so.
pub(super) fn joined<T: Stored>(window: &Window, x: View<'_, T>, cells: &Shape, windows: &Shape) -> usize {
    let ([s0, s1, _], [e0, e1, e2], [t0, t1, _]) = (window.all(), inner(window, cells), inner(window, windows));
    let apart = s1.lo == 0 && (s1.kernel - 1) * s1.dilation < s1.stride && t1 * s1.stride as usize == e1;
    let lying = x.as_slice().is_some_and(|x| T::as_real(x).is_some());
    let size = e1 * e2;
    if !(apart && lying && *s0 == Slide::UNIT && e0 == 1 && t0 == 1) || size == 0 {
        return 1;
    }
    let planes = cells.elements() / size;
    (1..=TALL.div_ceil(size).min(planes)).rev().find(|&count| planes.is_multiple_of(count)).unwrap_or(1)
}

/// So many cells are a plane that is not small.
const TALL: usize = 1 << 11;

/// Numbers in groups.
struct Groups {
    numbers: Room<usize>,
    /// Where each group ends.
    ends: Room<usize>,
}

impl Groups {
    fn new(groups: impl Iterator<Item = impl Iterator<Item = usize>>) -> Self {
        let (mut numbers, mut ends) = (Room::new(), Room::new());
        for group in groups {
            numbers.extend(group);
            ends.push(numbers.len());
        }
        Self { numbers, ends }
    }

    /// The groups of rows of a plane, by those along both its axes, of which the second one has `size` places.
    fn product(first: &Self, second: &Self, size: usize) -> Self {
        let rows = first.iter().flat_map(|a| second.iter().map(move |b| (a, b)));
        Self::new(rows.map(|(a, b)| a.iter().flat_map(move |a| b.iter().map(move |b| a * size + b))))
    }

    #[inline(always)]
    fn iter(&self) -> impl Iterator<Item = &[usize]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let group = &self.numbers[start..end];
            start = end;
            group
        })
    }
}

/// The extents that windows slide over, as three.
fn inner(window: &Window, shape: &Shape) -> [usize; 3] {
    let mut inner = [1; 3];
    inner[3 - window.rank()..].copy_from_slice(&shape.extents()[shape.rank() - window.rank()..]);
    inner
}

/// What windows slide over, for each place along the axes in front.
pub(super) struct Planes<'a, T> {
    view: View<'a, T>,
    lead: usize,
    extents: [usize; 3],
    strides: [isize; 3],
    /// Elements lie in row-major order.
    contiguous: bool,
    /// So many planes are taken for one.
    joined: usize,
}

impl<'a, T: Stored> Planes<'a, T> {
    pub(super) fn new(window: &Window, view: View<'a, T>, joined: usize) -> Self {
        let (lead, extents) = (view.shape().rank() - window.rank(), inner(window, view.shape()));
        let mut strides = [0; 3];
        strides[3 - window.rank()..].copy_from_slice(&view.strides()[lead..]);
        let ordered = Layout::contiguous(Shape::from(extents));
        let contiguous = (0..3).all(|axis| extents[axis] == 1 || strides[axis] == ordered.strides()[axis]);
        Self { view, lead, extents, strides, contiguous, joined }
    }

    /// A plane's elements in row-major order: a copy where they do not lie so, or are not computed with as they are.
    pub(super) fn get<'p>(&'p self, number: usize, copy: &'p mut Room<T::Real>) -> &'p [T::Real] {
        let (mut start, mut rest) = (self.view.start(), number * self.joined);
        for axis in (0..self.lead).rev() {
            let extent = self.view.shape()[axis];
            start = self.shift(start, self.view.strides()[axis], rest % extent);
            rest /= extent;
        }
        let [e0, e1, e2] = self.extents;
        if e0 * e1 * e2 == 0 {
            return &[];
        }
        if self.contiguous
            && let Some(data) = T::as_real(self.view.data())
        {
            return &data[start..start + self.joined * e0 * e1 * e2];
        }
        copy.resize(e0 * e1 * e2, T::Real::default());
        for (row, copy) in copy.chunks_exact_mut(e2).enumerate() {
            let at = self.shift(self.shift(start, self.strides[0], row / e1), self.strides[1], row % e1);
            load(self.view, at, self.strides[2], copy);
        }
        copy
    }

    fn shift(&self, at: usize, stride: isize, steps: usize) -> usize {
        at.wrapping_add_signed(stride.wrapping_mul(steps.cast_signed()))
    }
}
