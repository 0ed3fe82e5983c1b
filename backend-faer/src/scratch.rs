//! [`Room`]: a vector whose memory is lent for as long as a kernel needs it, so that kernels allocate nothing once all of
//! them have run.

mod pool;

use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ops::{Deref, DerefMut};

use pool::{LINE, Memory, give_back, lend};
pub(crate) use pool::{Level, at_level, below};

/// Elements one after another, as in a `Vec`. It stays on the thread that took it; others may look at it.
pub(crate) struct Room<T> {
    memory: Memory,
    /// So many elements at the beginning of the memory are there.
    len: usize,
    of: PhantomData<*mut T>,
}

impl<T> Room<T> {
    /// Nothing, for which no memory is taken.
    pub(crate) fn new() -> Self {
        Self { memory: Memory::default(), len: 0, of: PhantomData }
    }

    /// Nothing, and memory for so many elements.
    pub(crate) fn with_capacity(len: usize) -> Self {
        let mut room = Self::new();
        room.reserve(len);
        room
    }

    /// The same element so many times.
    pub(crate) fn filled(value: T, len: usize) -> Self
    where
        T: Copy,
    {
        let mut room = Self::new();
        room.resize(len, value);
        room
    }

    /// Drops what is too much, or fills up.
    pub(crate) fn resize(&mut self, len: usize, value: T)
    where
        T: Copy,
    {
        let filled = self.len.min(len);
        self.reserve(len);
        self.places()[filled..len].fill(MaybeUninit::new(value));
        self.len = len;
    }

    pub(crate) fn clear(&mut self)
    where
        T: Copy,
    {
        self.len = 0;
    }

    pub(crate) fn push(&mut self, value: T) {
        let len = self.len;
        self.reserve(len + 1);
        self.places()[len].write(value);
        self.len = len + 1;
    }

    /// Memory for `len` elements in all.
    fn reserve(&mut self, len: usize) {
        const { assert!(align_of::<T>() <= LINE && size_of::<T>() > 0) };
        if len * size_of::<T>() > self.memory.len() * LINE {
            let mut memory = lend(len * size_of::<T>());
            memory[..self.memory.len()].copy_from_slice(&self.memory);
            give_back(core::mem::replace(&mut self.memory, memory));
        }
    }

    /// All places for elements.
    fn places(&mut self) -> &mut [MaybeUninit<T>] {
        let count = self.memory.len() * LINE / size_of::<T>();
        // SAFETY: the memory is borrowed as this is, has room for so many, is aligned to a line, and may be uninitialised.
        #[expect(unsafe_code, reason = "memory for elements of any type")]
        unsafe {
            core::slice::from_raw_parts_mut(self.memory.as_mut_ptr().cast(), count)
        }
    }
}

impl<T> Deref for Room<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: so many elements were written, from the memory's beginning on, which is aligned to a line.
        #[expect(unsafe_code, reason = "what was written is there")]
        unsafe {
            core::slice::from_raw_parts(self.memory.as_ptr().cast(), self.len)
        }
    }
}

impl<T> DerefMut for Room<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        let len = self.len;
        // SAFETY: so many elements were written.
        #[expect(unsafe_code, reason = "what was written is there")]
        unsafe {
            self.places()[..len].assume_init_mut()
        }
    }
}

impl<T> Extend<T> for Room<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        let items = items.into_iter();
        self.reserve(self.len + items.size_hint().0);
        items.for_each(|item| self.push(item));
    }
}

impl<T> FromIterator<T> for Room<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut room = Self::new();
        room.extend(items);
        room
    }
}

impl<T> Drop for Room<T> {
    fn drop(&mut self) {
        let len = core::mem::take(&mut self.len);
        // SAFETY: so many elements were written, and nobody will see them again.
        #[expect(unsafe_code, reason = "what was written is to be dropped")]
        unsafe {
            self.places()[..len].assume_init_drop();
        }
        give_back(core::mem::take(&mut self.memory));
    }
}

// SAFETY: behind a shared reference there are shared references to elements, and nothing else.
#[expect(unsafe_code, reason = "it points to elements as a slice does")]
unsafe impl<T: Sync> Sync for Room<T> {}

#[cfg(test)]
mod tests {
    use super::Room;
    use std::rc::Rc;

    #[test]
    fn elements_stay_as_it_grows_and_are_dropped_once() {
        let one = Rc::new(1);
        let mut room: Room<Rc<i32>> = (0..100).map(|_| one.clone()).collect();
        room.extend((0..1000).map(|_| one.clone()));
        room.push(Rc::new(2));
        assert_eq!((Rc::strong_count(&one), room.iter().map(|x| **x).sum::<i32>()), (1101, 1102));
        drop(room);
        assert_eq!(Rc::strong_count(&one), 1);
    }

    #[test]
    fn what_fills_up_is_as_said_and_the_rest_as_it_was() {
        let mut room = Room::filled(3_u8, 5);
        room.resize(2, 4);
        room.resize(4, 5);
        assert_eq!(*room, [3, 3, 5, 5]);
        room.resize(1000, 6);
        assert_eq!((room[3], room[4], room.len()), (5, 6, 1000));
        room.clear();
        room[..].sort_unstable();
        assert!(room.is_empty());
    }

    #[test]
    fn rooms_that_are_there_together_have_nothing_in_common() {
        let mut rooms = [1_u64, 2, 3].map(|x| Room::filled(x, 40));
        rooms[1][39] = 7;
        assert_eq!(rooms.each_ref().map(|room| room.iter().sum::<u64>()), [40, 85, 120]);
        assert!(rooms.iter().all(|room| room.as_ptr().addr().is_multiple_of(64)));
    }
}
