//! [`Lines`]: a view as lines along some of its axes, from which numbers are loaded to compute with.

#[cfg(test)]
pub(crate) mod samples;

use autodiff_core::Axes;
use backend_cpu::{Row, Step, View, Walk};

use crate::half::Stored;

/// So many lines are copied at once where their elements lie apart.
pub(crate) const ABREAST: usize = 16;
/// So many where they do not.
pub(crate) const FEW_ABREAST: usize = 4;

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

    /// The elements of the line that begins at `from`, where they lie next to each other.
    #[inline(always)]
    pub(crate) fn slice(&self, from: usize) -> Option<&'a [T]> {
        if self.len == 0 {
            return Some(&[]);
        }
        let neighbours = self.shifts.left() == 1 && (self.run.strides == [1] || self.len == 1);
        neighbours.then(|| &self.x.data()[from..from + self.len])
    }
}

impl<T: Stored> Lines<'_, T> {
    /// The next elements of the line that begins at `from`.
    #[inline(always)]
    pub(crate) fn load(&self, from: usize, elements: &mut Runs<1>, numbers: &mut [T::Real]) {
        let mut rest = numbers;
        while !rest.is_empty() {
            let ([shift], len) = elements.next_run(rest.len());
            let (now, later) = rest.split_at_mut(len);
            load(self.x, from.wrapping_add(shift), self.run.strides[0], now);
            rest = later;
        }
    }
}

/// The elements `from, from + stride, ..` of a view, as numbers to compute with.
#[inline(always)]
pub(crate) fn load<T: Stored>(x: View<'_, T>, from: usize, stride: isize, numbers: &mut [T::Real]) {
    match x.row(from, numbers.len(), stride) {
        Row::Slice(row) => widen(row, numbers),
        Row::Same(x) => numbers.fill(x.wide()),
        Row::Strided(row) => numbers.iter_mut().zip(row).for_each(|(number, x)| *number = x.wide()),
    }
}

/// The same of elements that are neighbours.
#[inline(always)]
pub(crate) fn widen<T: Stored>(x: &[T], numbers: &mut [T::Real]) {
    match T::as_real(x) {
        Some(x) => numbers.copy_from_slice(x),
        None => numbers.iter_mut().zip(x).for_each(|(number, x)| *number = x.wide()),
    }
}

/// Numbers rounded to elements.
#[inline(always)]
pub(crate) fn narrow<T: Stored>(numbers: &[T::Real], out: &mut [T]) {
    out.iter_mut().zip(numbers).for_each(|(y, &number)| *y = T::rounded(number));
}

/// Lines as numbers that are neighbours: where they lie so themselves, or copied, several at once.
pub(crate) struct Source<'a, T: Stored> {
    lines: &'a Lines<'a, T>,
    starts: Runs<1>,
    /// So many lines are copied at once at most.
    pub(crate) abreast: usize,
    places: [usize; ABREAST],
    room: Vec<T::Real>,
}

impl<'a, T: Stored> Source<'a, T> {
    /// The lines from `first` on.
    pub(crate) fn new(lines: &'a Lines<'a, T>, first: usize) -> Self {
        // Where elements lie apart, neighbouring lines share what is fetched from memory.
        let abreast = if lines.run.strides == [1] { FEW_ABREAST } else { ABREAST };
        Self { lines, starts: lines.starts(first), abreast, places: [0; ABREAST], room: Vec::new() }
    }

    /// The next `count` lines.
    #[inline(always)]
    pub(crate) fn load(&mut self, count: usize) {
        for place in &mut self.places[..count] {
            [*place] = self.starts.next_place();
        }
        if self.direct(0).is_some() {
            return;
        }
        let (len, places) = (self.lines.len, &self.places[..count]);
        self.room.resize(self.abreast * len, T::Real::default());
        if count == 1 || self.abreast < ABREAST {
            for (numbers, &place) in self.room.chunks_exact_mut(len).zip(places) {
                self.lines.load(place, &mut self.lines.elements(0), numbers);
            }
            return;
        }
        let (data, mut shifts) = (self.lines.x.data(), self.lines.elements(0));
        for element in 0..len {
            let [shift] = shifts.next_place();
            for (line, place) in places.iter().enumerate() {
                self.room[line * len + element] = data[place.wrapping_add(shift)].wide();
            }
        }
    }

    /// One of the loaded lines.
    #[inline(always)]
    pub(crate) fn line(&self, line: usize) -> &[T::Real] {
        let len = self.lines.len;
        self.direct(line).unwrap_or_else(|| &self.room[line * len..(line + 1) * len])
    }

    #[inline(always)]
    fn direct(&self, line: usize) -> Option<&'a [T::Real]> {
        if self.lines.len == 0 {
            return Some(&[]);
        }
        self.lines.slice(self.places[line]).and_then(T::as_real)
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
