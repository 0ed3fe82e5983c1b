//! [`Choice`]: bytes read as decisions.

/// Decisions by the bytes, one after another; 0 when none are left, so that fewer and smaller bytes are a simpler program.
#[derive(Debug)]
pub(super) struct Choice<'a>(core::slice::Iter<'a, u8>);

impl<'a> Choice<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes.iter())
    }

    /// A number below `count`, or 0 where there is none.
    pub(super) fn below(&mut self, count: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)).checked_rem(count).unwrap_or(0)
    }

    /// One of these.
    pub(super) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Yes or no.
    pub(super) fn yes(&mut self) -> bool {
        self.below(2) == 1
    }
}
