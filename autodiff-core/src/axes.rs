//! [`Axes`] and [`Order`], sets and orders of the axes of a tensor, inline, without a heap.

use core::fmt;

use crate::MAX_RANK;

/// A set of axes.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Axes(u8);

impl Axes {
    /// No axis at all.
    pub const NONE: Self = Self(0);

    /// Every axis of a tensor of this rank.
    #[must_use]
    pub fn all(rank: usize) -> Self {
        (0..rank).collect()
    }

    /// Only this axis.
    #[must_use]
    pub fn one(axis: usize) -> Self {
        Self::NONE.with(axis)
    }

    /// The set and one axis more.
    ///
    /// # Panics
    /// When the axis is beyond any rank.
    #[must_use]
    #[track_caller]
    pub fn with(self, axis: usize) -> Self {
        assert!(axis < MAX_RANK, "axes: axis {axis} is beyond rank {MAX_RANK}");
        Self(self.0 | 1 << axis)
    }

    /// Whether `axis` is in the set.
    #[must_use]
    pub fn contains(self, axis: usize) -> bool {
        axis < MAX_RANK && self.0 >> axis & 1 == 1
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The axes, ascending.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..MAX_RANK).filter(move |&axis| self.contains(axis))
    }
}

impl FromIterator<usize> for Axes {
    fn from_iter<I: IntoIterator<Item = usize>>(axes: I) -> Self {
        axes.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Axes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// An order of the axes of a tensor: output axis `i` is input axis `order[i]`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Order {
    rank: u8,
    from: [u8; MAX_RANK],
}

impl Order {
    /// The order that takes output axis `i` from input axis `from[i]`; `None` unless every axis occurs once.
    #[must_use]
    pub fn try_new(from: &[usize]) -> Option<Self> {
        let mut order = Self { rank: u8::try_from(from.len()).ok()?, from: [0; MAX_RANK] };
        let mut seen = Axes::NONE;
        for (slot, &axis) in order.from.get_mut(..from.len())?.iter_mut().zip(from) {
            if axis >= from.len() || seen.contains(axis) {
                return None;
            }
            seen = seen.with(axis);
            *slot = u8::try_from(axis).ok()?;
        }
        Some(order)
    }

    /// The number of axes that are ordered.
    #[must_use]
    pub const fn rank(&self) -> usize {
        self.rank as usize
    }

    /// The input axis of each output axis.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.from[..self.rank()].iter().map(|&axis| usize::from(axis))
    }

    /// The order that undoes this one.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let mut inverse = *self;
        for (to, from) in (0_u8..).zip(self.iter()) {
            inverse.from[from] = to;
        }
        inverse
    }
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
