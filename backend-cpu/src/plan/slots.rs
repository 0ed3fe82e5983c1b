//! [`Slots`]: which parts of a workspace are in use, for one number format.

use alloc::vec::Vec;

/// The free parts of a workspace that grows as far as it must.
#[derive(Debug, Default)]
pub(super) struct Slots {
    /// Start and length, by ascending start; never empty, never touching each other.
    free: Vec<(usize, usize)>,
    size: usize,
}

impl Slots {
    /// The size that was needed so far.
    pub(super) const fn size(&self) -> usize {
        self.size
    }

    /// A slot of this length: the smallest free part that holds it, or else new room at the end.
    pub(super) fn take(&mut self, len: usize) -> usize {
        if len == 0 {
            return 0;
        }
        let fits = self.free.iter().enumerate().filter(|(_, (_, free))| *free >= len);
        let Some((place, &(start, free))) = fits.min_by_key(|(_, (_, free))| *free) else {
            return self.grow(len);
        };
        if free == len {
            self.free.remove(place);
        } else {
            self.free[place] = (start + len, free - len);
        }
        start
    }

    /// Gives a slot back.
    pub(super) fn give(&mut self, start: usize, len: usize) {
        if len == 0 {
            return;
        }
        let place = self.free.partition_point(|&(other, _)| other < start);
        self.free.insert(place, (start, len));
        self.join(place);
        if let Some(before) = place.checked_sub(1) {
            self.join(before);
        }
    }

    /// Room at the end, beginning in the free part there if there is one.
    fn grow(&mut self, len: usize) -> usize {
        let start = match self.free.last() {
            Some(&(start, free)) if start + free == self.size => {
                self.free.pop();
                start
            }
            _ => self.size,
        };
        self.size = start + len;
        start
    }

    /// Joins a free part with the next one if they touch.
    fn join(&mut self, place: usize) {
        if let [(start, len), (next, next_len)] = self.free[place..][..2.min(self.free.len() - place)]
            && start + len == next
        {
            self.free[place] = (start, len + next_len);
            self.free.remove(place + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Slots;

    #[test]
    fn freed_neighbours_are_joined_and_the_best_fit_is_taken() {
        let mut slots = Slots::default();
        let [a, b, c, d] = [4, 2, 3, 5].map(|len| slots.take(len));
        assert_eq!([a, b, c, d], [0, 4, 6, 9]);
        slots.give(a, 4);
        slots.give(c, 3);
        assert_eq!(slots.take(3), c, "the smallest part that holds it");
        slots.give(c, 3);
        slots.give(b, 2);
        assert_eq!(slots.take(9), 0, "three neighbours became one");
        assert_eq!(slots.size(), 14);
    }

    #[test]
    fn the_end_grows_only_by_what_is_missing() {
        let mut slots = Slots::default();
        let (a, b) = (slots.take(4), slots.take(4));
        slots.give(b, 4);
        assert_eq!((slots.take(6), slots.size()), (b, 10));
        slots.give(a, 4);
        assert_eq!(slots.take(0), 0);
    }
}
